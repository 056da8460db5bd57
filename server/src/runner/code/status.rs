//! How well steps are locked up here, and why one is refused.

use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Attestation, Level};

use super::pool::Status;

/// How well steps are locked up here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxStatus {
    /// The level that was measured; `L0` when there is no step host.
    pub level: Level,
    /// The level that is asked for.
    pub minimum: Level,
    /// What was tried, when the step host runs.
    pub attestation: Option<Attestation>,
    /// Version of the Python inside, or of Node.js, when the step host runs.
    pub version: Option<String>,
    /// Process of the step host, when it runs.
    pub pid: Option<u32>,
    /// Why there is no step host.
    pub problem: Option<String>,
}

impl SandboxStatus {
    /// What `known` means where `minimum` is asked for.
    pub(super) fn of(known: Option<Status>, minimum: Level) -> Self {
        let nothing = Self { level: Level::L0, minimum, attestation: None, version: None, pid: None, problem: None };
        match known {
            None => Self { problem: Some("the step host is not warm yet".to_owned()), ..nothing },
            Some(Status::Failed(problem)) => Self { problem: Some(problem), ..nothing },
            Some(Status::Attested { attestation, version, pid }) => {
                Self { level: attestation.level, attestation: Some(attestation), version: Some(version), pid, ..nothing }
            }
        }
    }

    /// Whether code steps are run.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.attestation.is_some() && self.level >= self.minimum && self.level > Level::L0
    }

    /// The walls that don't hold, and why, in one line; empty when all hold.
    #[must_use]
    pub fn missing(&self) -> String {
        self.attestation.as_ref().map(fallen).unwrap_or_default()
    }

    /// The error of a step that is not run.
    pub(super) fn refusal(&self) -> StepError {
        let Self { level, minimum, .. } = self;
        let why = self.problem.clone().unwrap_or_else(|| self.missing());
        let message =
            format!("this server runs no such steps: their sandbox reaches {level}, and {minimum} is asked for ({why})");
        StepError::new(FailureClass::SandboxUnavailable, message)
    }
}

/// The walls that don't hold, and why, in one line; empty when all hold.
pub(super) fn fallen(attestation: &Attestation) -> String {
    let fallen = attestation.walls.iter().filter(|wall| !wall.holds);
    fallen.map(|wall| format!("{}: {}", wall.name, wall.detail)).collect::<Vec<_>>().join("; ")
}
