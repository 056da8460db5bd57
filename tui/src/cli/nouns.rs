//! `execution VERB` and `workflow VERB`: the same commands, ordered by what they are about.

use clap::Subcommand;
use tidemill_common::api::workflow::ValidationView;

use super::activate::{Activate, Deactivate, Versions};
use super::apply::Apply;
use super::approve::{Approve, Decide, Reject};
use super::cancel::Cancel;
use super::delete::Delete;
use super::diff::Diff;
use super::logs::Logs;
use super::pause::{Pause, Resume};
use super::payload::Payload;
use super::retry::Retry;
use super::session::Session;
use super::start::Run;
use super::validate::Validate;
use super::watch::Watch;
use super::why::Why;
use super::{Error, Exit, describe, get};

/// Commands about executions
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill exec list --status failed")]
pub enum Execution {
    /// List executions, newest first
    #[command(visible_alias = "ls")]
    List(get::Executions),
    /// Show an execution: input, steps, output, error
    Show(describe::Execution),
    /// Print an execution's events until it ends
    Watch(Watch),
    /// Print an execution's events
    Logs(Logs),
    /// Print an input or output that events only refer to, as JSON
    Payload(Payload),
    /// Cancel an execution
    Cancel(Cancel),
    /// Say why an execution isn't moving: the whole chain
    Why(Why),
    /// Pause an execution: what is under way ends, nothing new begins
    Pause(Pause),
    /// Let a paused execution go on
    Resume(Resume),
    /// Try an execution again: a new one, linked to it
    Retry(Retry),
    /// Approve what a step of an execution waits for
    Approve(Approve),
    /// Reject what a step of an execution waits for
    Reject(Reject),
    /// Decide about a step whose node was lost and that is never repeated by itself
    Decide(Decide),
}

/// Commands about workflows
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill workflow versions order-intake")]
pub enum Workflow {
    /// List workflows
    #[command(visible_alias = "ls")]
    List(get::Workflows),
    /// Show a workflow: versions, triggers, steps
    Show(describe::Workflow),
    /// Create workflows, or new versions of them, from files
    Apply(Apply),
    /// Check workflow files; change nothing
    Validate(Validate),
    /// Show how files differ from the newest versions
    Diff(Diff),
    /// Start an execution of a workflow
    Run(Run),
    /// List a workflow's versions, or print one's file
    Versions(Versions),
    /// Switch a workflow's triggers on
    Activate(Activate),
    /// Switch a workflow's triggers off
    Deactivate(Deactivate),
    /// Remove a workflow; its executions stay
    Delete(Delete),
}

impl Execution {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Watch(watch) => watch.run(session).await,
            Self::Logs(logs) => logs.run(session).await,
            Self::Payload(payload) => payload.run(session).await,
            Self::Cancel(cancel) => cancel.run(session).await,
            Self::Why(why) => why.run(session).await,
            Self::Pause(pause) => pause.run(session).await,
            Self::Resume(resume) => resume.run(session).await,
            Self::Retry(retry) => retry.run(session).await,
            Self::Approve(approve) => approve.run(session).await,
            Self::Reject(reject) => reject.run(session).await,
            Self::Decide(decide) => decide.run(session).await,
        }
    }
}

impl Workflow {
    /// Does what was asked.
    pub async fn run(self, session: &Session, check: fn(&str) -> ValidationView) -> Result<Exit, Error> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Apply(apply) => apply.run(session).await,
            Self::Validate(validate) => validate.run(session, check).await,
            Self::Diff(diff) => diff.run(session).await,
            Self::Run(run) => run.run(session).await,
            Self::Versions(versions) => versions.run(session).await,
            Self::Activate(activate) => activate.run(session).await,
            Self::Deactivate(deactivate) => deactivate.run(session).await,
            Self::Delete(delete) => delete.run(session).await,
        }
    }
}
