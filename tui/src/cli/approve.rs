//! `approve`, `reject` and `decide`: what people say about steps that wait for them.

use clap::{Args, ValueEnum};
use tidemill_common::api::approval::{ApprovalDecision, StepDecision, StepOutcome};

use super::session::Session;
use super::start::read_input;
use super::{Error, Exit, reference};

/// Approve what a step of an execution waits for
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill approve @latest --comment 'checked with the bank'\n  tidemill approve 3f2a9c01 --step refund --answer '{\"amount\": 7}'"
)]
pub struct Approve {
    #[command(flatten)]
    which: Which,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// The answer to the step's form: a JSON document, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    answer: Option<String>,
}

/// Reject what a step of an execution waits for
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill reject 3f2a9c01 --comment 'ordered twice'")]
pub struct Reject {
    #[command(flatten)]
    which: Which,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// Decide about a step whose node was lost and that is never repeated by itself
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill decide 3f2a9c01 retry --reason 'the bank knows nothing of it'\n  tidemill decide 3f2a9c01 succeed --result '{\"id\": 7}'"
)]
pub struct Decide {
    #[command(flatten)]
    which: Which,
    /// What becomes of the step
    #[arg(value_enum)]
    outcome: Outcome,
    /// The step's output, with succeed: a JSON document, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    result: Option<String>,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Which step of which execution.
#[derive(Debug, Args)]
struct Which {
    /// An id, a part of one, or @latest
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// The step, when more than one waits
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// Which iteration of the step, from 0, when more than one waits
    #[arg(long, value_name = "N")]
    iteration: Option<u32>,
}

/// What becomes of a step, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Outcome {
    /// It is carried out again, although it may have had its effect
    Retry,
    /// It counts as succeeded
    Succeed,
    /// It has failed
    Fail,
}

impl Approve {
    /// Approves.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.which.id).await?;
        let answer = self.answer.as_deref().map(read_input).transpose()?;
        let Which { step, iteration, .. } = self.which;
        let decision = ApprovalDecision { step, iteration, comment: self.comment, answer };
        let execution = client.execution_approve(id, &decision).await?;
        session.printer.change("execution", &id.to_string(), "approved", &execution)?;
        Ok(Exit::Ok)
    }
}

impl Reject {
    /// Rejects.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.which.id).await?;
        let Which { step, iteration, .. } = self.which;
        let decision = ApprovalDecision { step, iteration, comment: self.comment, answer: None };
        let execution = client.execution_reject(id, &decision).await?;
        session.printer.change("execution", &id.to_string(), "rejected", &execution)?;
        Ok(Exit::Ok)
    }
}

impl Decide {
    /// Decides.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.which.id).await?;
        let output = self.result.as_deref().map(read_input).transpose()?;
        let Which { step, iteration, .. } = self.which;
        let (outcome, verbed) = match self.outcome {
            Outcome::Retry => (StepOutcome::Retry, "decided: the step is carried out again"),
            Outcome::Succeed => (StepOutcome::Succeed, "decided: the step has succeeded"),
            Outcome::Fail => (StepOutcome::Fail, "decided: the step has failed"),
        };
        let decision = StepDecision { outcome, step, iteration, output, reason: self.reason };
        let execution = client.execution_decide(id, &decision).await?;
        session.printer.change("execution", &id.to_string(), verbed, &execution)?;
        Ok(Exit::Ok)
    }
}
