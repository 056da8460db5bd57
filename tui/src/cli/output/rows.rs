//! The columns of each kind of thing.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidemill_common::api::credential::CredentialView;
use tidemill_common::api::execution::{ExecutionView, StepView};
use tidemill_common::api::secret::SecretView;
use tidemill_common::api::token::TokenView;
use tidemill_common::api::workflow::{VersionView, WorkflowView};
use tidemill_common::api::workspace::{Role, WorkspaceView};
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::{Cell, Column, Row, Tone};
use crate::cli::time::human_millis;

/// The tone of an execution's state.
#[must_use]
pub fn execution_tone(status: ExecutionStatus) -> Tone {
    match status {
        ExecutionStatus::Succeeded => Tone::Good,
        ExecutionStatus::Failed | ExecutionStatus::DeadLetter => Tone::Bad,
        ExecutionStatus::Cancelled | ExecutionStatus::Paused => Tone::Warn,
        ExecutionStatus::Queued | ExecutionStatus::Running | ExecutionStatus::Waiting => Tone::Live,
    }
}

/// The tone of a step's state.
#[must_use]
pub fn step_tone(status: StepStatus) -> Tone {
    match status {
        StepStatus::Succeeded => Tone::Good,
        StepStatus::Failed => Tone::Bad,
        StepStatus::Retrying | StepStatus::Cancelled => Tone::Warn,
        StepStatus::Running | StepStatus::Waiting => Tone::Live,
        StepStatus::Pending | StepStatus::Skipped => Tone::Dim,
    }
}

pub(super) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Viewer => "viewer",
        Role::Guest => "guest",
    }
}

fn millis(millis: Option<i64>) -> Cell {
    millis.map_or_else(|| Cell::optional(None::<String>), |millis| Cell::both(human_millis(millis), millis.to_string()))
}

impl Row for WorkflowView {
    const KIND: &'static str = "workflow";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("VERSION"),
        Column::new("ACTIVE"),
        Column::new("TRIGGERS"),
        Column::wide("NAME"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let kinds: Vec<_> = self.triggers.iter().map(|trigger| trigger.kind.as_str()).collect();
        let active = self.active_version.map(|version| version.to_string());
        vec![
            Cell::text(&self.id),
            Cell::text(self.version.to_string()),
            Cell::optional(active).tone(if self.active_version.is_some() { Tone::Good } else { Tone::Dim }),
            Cell::optional((!kinds.is_empty()).then(|| kinds.join(","))),
            Cell::text(&self.name),
            Cell::at(now, self.updated_at),
        ]
    }
}

impl Row for ExecutionView {
    const KIND: &'static str = "execution";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("WORKFLOW"),
        Column::new("STATUS"),
        Column::wide("VERSION"),
        Column::wide("TRIGGER"),
        Column::new("DURATION"),
        Column::wide("ERROR"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(&self.workflow_id),
            Cell::text(self.status.as_str()).tone(execution_tone(self.status)),
            Cell::text(self.version.to_string()),
            Cell::text(&self.trigger_type),
            millis(self.duration_ms),
            Cell::optional(self.error.as_deref()),
            Cell::at(now, self.created_at),
        ]
    }
}

impl Row for StepView {
    const KIND: &'static str = "step";
    const COLUMNS: &'static [Column] = &[
        Column::new("STEP"),
        Column::new("USES"),
        Column::new("STATUS"),
        Column::new("ATTEMPT"),
        Column::new("DURATION"),
        Column::new("AFTER"),
    ];

    fn id(&self) -> String {
        self.id.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let took = self.started_at.map(|from| (self.finished_at.unwrap_or(now) - from).num_milliseconds());
        vec![
            Cell::text(&self.id),
            Cell::text(&self.uses),
            Cell::text(self.status.as_str()).tone(step_tone(self.status)),
            Cell::text(self.attempt.to_string()),
            millis(took),
            Cell::optional((!self.depends_on.is_empty()).then(|| self.depends_on.join(","))),
        ]
    }
}

impl Row for VersionView {
    const KIND: &'static str = "version";
    const COLUMNS: &'static [Column] = &[Column::new("VERSION"), Column::new("SHA256"), Column::new("AGE")];

    fn id(&self) -> String {
        self.version.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let short: String = self.sha256.chars().take(12).collect();
        vec![Cell::text(self.version.to_string()), Cell::both(short, &self.sha256), Cell::at(now, self.created_at)]
    }
}

impl Row for TokenView {
    const KIND: &'static str = "token";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("NAME"),
        Column::new("ROLE"),
        Column::new("ENDS"),
        Column::wide("LAST4"),
        Column::wide("EXPIRES"),
        Column::wide("USED"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let time = |at: Option<DateTime<Utc>>| at.map_or_else(|| Cell::optional(None::<String>), |at| Cell::at(now, at));
        let days = self.expires_at.map(|at| format!("{}d", (at - now).num_days()));
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(&self.name),
            Cell::text(role_word(self.role)),
            Cell::optional(days),
            Cell::text(&self.last_four),
            Cell::optional(self.expires_at.map(super::row::rfc3339)),
            time(self.last_used_at),
            Cell::at(now, self.created_at),
        ]
    }
}

impl Row for SecretView {
    const KIND: &'static str = "secret";
    const COLUMNS: &'static [Column] = &[Column::new("NAME"), Column::new("AGE")];

    fn id(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![Cell::text(&self.name), Cell::at(now, self.updated_at)]
    }
}

impl Row for CredentialView {
    const KIND: &'static str = "credential";
    const COLUMNS: &'static [Column] = &[Column::new("NAME"), Column::new("TYPE"), Column::new("HOSTS"), Column::new("AGE")];

    fn id(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::text(self.kind.as_str()),
            Cell::text(self.hosts.join(",")),
            Cell::at(now, self.updated_at),
        ]
    }
}

impl Row for WorkspaceView {
    const KIND: &'static str = "workspace";
    const COLUMNS: &'static [Column] = &[
        Column::new("SLUG"),
        Column::new("ROLE"),
        Column::new("STATE"),
        Column::wide("ID"),
        Column::wide("NAME"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.slug.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let state = match (self.delete_after, self.archived_at) {
            (Some(_), _) => Cell::text("deleted").tone(Tone::Bad),
            (None, Some(_)) => Cell::text("archived").tone(Tone::Warn),
            (None, None) => Cell::text("live").tone(Tone::Good),
        };
        vec![
            Cell::text(&self.slug),
            Cell::text(role_word(self.role)),
            state,
            Cell::text(self.id.to_string()),
            Cell::text(&self.name),
            Cell::at(now, self.created_at),
        ]
    }
}

/// A stored context in `ctx ls`.
#[derive(Debug, Serialize)]
pub struct ContextRow {
    /// Its name.
    pub name: String,
    /// Whether it is the current one.
    pub current: bool,
    /// The server's base URL.
    pub server: String,
    /// The workspace to act on.
    pub workspace: Option<String>,
    /// Whether a token is stored.
    pub logged_in: bool,
    /// Whether what can't be taken back asks for its name.
    pub protected: bool,
}

impl Row for ContextRow {
    const KIND: &'static str = "context";
    const COLUMNS: &'static [Column] = &[
        Column::new("NAME"),
        Column::new("CURRENT"),
        Column::new("SERVER"),
        Column::new("WORKSPACE"),
        Column::new("LOGIN"),
        Column::new("PROTECTED"),
    ];

    fn id(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let yes = |yes: bool| Cell::text(if yes { "yes" } else { "no" }).tone(if yes { Tone::Good } else { Tone::Dim });
        vec![
            Cell::text(&self.name),
            yes(self.current),
            Cell::text(&self.server),
            Cell::optional(self.workspace.as_deref()),
            yes(self.logged_in),
            yes(self.protected),
        ]
    }
}
