//! What the plan of an organization gives a code step.

use std::time::Duration;

use tidemill_common::ids::WorkspaceId;

use crate::domain::workflow::plan::Work;
use crate::runner::code::CodeLimits;
use crate::store::queries::plan::plan_of_workspace;
use crate::store::{self, Database};

/// The most that the attempt may take by the plan of its workspace's organization. Every plan gives what a step has that asks for
/// nothing: the plan is only looked up for one that asks for more, and other steps cost no statement.
pub async fn code_most(
    database: &Database,
    workspace: WorkspaceId,
    work: &Work,
    timeout: Duration,
) -> Result<CodeLimits, store::Error> {
    let Work::Code(code) = work else { return Ok(CodeLimits::NONE) };
    planned(database, workspace, CodeLimits::asked(timeout, code.asks)).await
}

/// The same for what is `asked`.
pub async fn planned(database: &Database, workspace: WorkspaceId, asked: CodeLimits) -> Result<CodeLimits, store::Error> {
    if asked.is_usual() {
        return Ok(CodeLimits::NONE);
    }
    let plan = database.engine(move |conn| plan_of_workspace(conn, workspace)).await?;
    Ok(CodeLimits::of_plan(plan.code_step()))
}
