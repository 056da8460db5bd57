//! What operators order: cancel, pause, resume.

use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;

use super::engine::{Command, EngineError, Order};
use super::error::Error;
use super::execution::Executions;
use crate::auth::{Caller, Operation};

/// Longest reason, in characters.
const REASON: usize = 1_000;

impl Executions {
    /// Asks an execution to stop. It ends as `cancelled` soon after; with `force` at once, whoever holds its lease.
    pub async fn cancel(
        &self,
        caller: &Caller,
        id: ExecutionId,
        reason: Option<String>,
        force: bool,
    ) -> Result<ExecutionView, Error> {
        self.permit(caller, Operation::ExecutionCancel, id).await?;
        let command = if force { Command::ForceCancel } else { Command::Cancel };
        self.order(caller, id, command, reason).await
    }

    /// Asks that nothing new begins. What is under way ends; then the execution rests until it is resumed.
    pub async fn pause(&self, caller: &Caller, id: ExecutionId, reason: Option<String>) -> Result<ExecutionView, Error> {
        self.permit(caller, Operation::ExecutionPause, id).await?;
        self.order(caller, id, Command::Pause, reason).await
    }

    /// Lets a paused execution go on.
    pub async fn resume(&self, caller: &Caller, id: ExecutionId, reason: Option<String>) -> Result<ExecutionView, Error> {
        self.permit(caller, Operation::ExecutionResume, id).await?;
        self.order(caller, id, Command::Resume, reason).await
    }

    async fn order(
        &self,
        caller: &Caller,
        id: ExecutionId,
        command: Command,
        reason: Option<String>,
    ) -> Result<ExecutionView, Error> {
        check_reason(reason.as_deref())?;
        let present = self.row_view(caller.workspace, id).await?;
        let operation = match command {
            Command::Cancel | Command::ForceCancel => Operation::ExecutionCancel,
            Command::Pause => Operation::ExecutionPause,
            Command::Resume => Operation::ExecutionResume,
        };
        if !present.status.is_terminal() {
            self.write_down(caller, operation, "execution", id).await?;
        }
        let order = Order { command, reason, by: caller.user_name.to_string() };
        match self.engine.order(caller.workspace, id, order).await {
            Ok(()) => self.row_view(caller.workspace, id).await,
            Err(EngineError::NotFound) => Err(Error::NotFound("execution")),
            Err(EngineError::Ended) => {
                let ended = self.row_view(caller.workspace, id).await.unwrap_or(present);
                Err(Error::Conflict(format!("the execution has ended already: it is {}", ended.status)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses a reason that is too long to be one.
pub(super) fn check_reason(reason: Option<&str>) -> Result<(), Error> {
    let Some(reason) = reason else { return Ok(()) };
    if reason.chars().count() > REASON || reason.contains('\0') {
        return Err(Error::Invalid("`reason` must have at most 1,000 characters, and no NUL among them".to_owned()));
    }
    Ok(())
}
