//! Requests to the resume address of a step that waits for an event.

use serde_json::Value;
use tidemill_common::awaited::AwaitedKind;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::Manual;
use super::body::{self, BodyError};
use crate::domain::execution::Answer;
use crate::queue::{AnswerTo, Posted};
use crate::secrets::Resume;
use crate::store::queries::step_wait;
use crate::store::{self, Database};

/// Resumes executions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Resumes {
    resume: Resume,
    database: Database,
    manual: Manual,
}

/// Why nothing was resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The address is none of ours, or its execution has ended.
    #[error("nothing waits at this address (any more)")]
    Unknown,
    /// The step has got its event, or no longer waits for it.
    #[error("this address was used already, or the step no longer waits: it resumes once")]
    Used,
    /// The body can't be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The database can't be reached.
    #[error("the database can't be reached; send it again")]
    Store(#[from] store::Error),
}

impl Resumes {
    /// Resumes what is behind the addresses of `resume`.
    #[must_use]
    pub fn new(resume: Resume, database: Database, manual: Manual) -> Self {
        Self { resume, database, manual }
    }

    /// Whether an execution that has not ended is behind `token`. Changes nothing.
    pub async fn known(&self, token: &str) -> Result<(), ResumeError> {
        self.find(token).await.map(drop)
    }

    /// Gives the body to the step behind `token`. When it returns, that is committed.
    pub async fn deliver(&self, token: &str, content_type: Option<&str>, bytes: &[u8]) -> Result<ExecutionId, ResumeError> {
        let (workspace_id, execution_id, step) = self.find(token).await?;
        let body = body::parse(content_type, bytes).await?;
        self.post(workspace_id, execution_id, step, body).await?;
        Ok(execution_id)
    }

    async fn find(&self, token: &str) -> Result<(WorkspaceId, ExecutionId, String), ResumeError> {
        let (execution_id, step) = self.resume.check(token).ok_or(ResumeError::Unknown)?;
        let found = self.database.engine(move |conn| Ok(step_wait::open(conn, execution_id.0)?)).await?;
        let workspace_id = WorkspaceId(found.ok_or(ResumeError::Unknown)?.workspace_id);
        Ok((workspace_id, execution_id, step))
    }

    async fn post(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        step: String,
        body: Value,
    ) -> Result<(), ResumeError> {
        let to = AnswerTo { workspace_id, execution_id, step, iteration: None, kind: AwaitedKind::Event };
        match self.manual.answer(to, &Answer::Event(body)).await? {
            Posted::Kept(_) => Ok(()),
            Posted::Ended => Err(ResumeError::Unknown),
            Posted::NotWaiting => Err(ResumeError::Used),
        }
    }
}
