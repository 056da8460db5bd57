//! Carries out replays of dead letters, a round at a time.

use std::sync::Arc;
use std::time::Duration;

use tidemill_common::api::control::{ExecutionRetry, RetryFrom};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::Notify;

use super::engine::{EngineError, Start};
use super::error::Error;
use super::execution::Executions;
use crate::store::queries::replay::{self, DueRow};
use crate::store::{self, Database};

/// Replays that begin in one round.
const BATCH: i64 = 200;
/// The time between two looks at canaries that are under way.
const CANARY_LOOK: Duration = Duration::from_secs(1);

/// Replays that were ordered.
#[derive(Clone)]
pub struct Replays {
    database: Database,
    executions: Executions,
    clock: Arc<dyn Clock>,
    ordered: Arc<Notify>,
}

impl Replays {
    /// Replays that start executions as `executions` does; `ordered` is woken when one was ordered.
    pub fn new(database: Database, executions: Executions, clock: Arc<dyn Clock>, ordered: Arc<Notify>) -> Self {
        Self { database, executions, clock, ordered }
    }

    /// Waits until a replay was ordered on this node.
    pub async fn ordered(&self) {
        self.ordered.notified().await;
    }

    /// Starts what is due and hears the canaries. Returns how long there is nothing more to do; `None` when nothing waits.
    pub async fn round(&self) -> Result<Option<Duration>, Error> {
        let waiting = self.database.engine(replay::waiting).await?;
        if waiting.held > 0 {
            self.hear_canaries().await?;
        }
        let now = self.clock.now();
        if waiting.next_at.is_some_and(|at| at <= now) {
            let due = self.database.engine(move |conn| replay::due(conn, now, BATCH)).await?;
            for row in due {
                self.start(row).await?;
            }
            return Ok(Some(Duration::ZERO));
        }
        let until = waiting.next_at.map(|at| (at - now).to_std().unwrap_or_default() + Duration::from_millis(1));
        Ok(until.into_iter().chain((waiting.held > 0).then_some(CANARY_LOOK)).min())
    }

    async fn hear_canaries(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.database
            .engine(move |conn| {
                for row in replay::canaries(conn)? {
                    if row.failed {
                        let count = replay::call_off(conn, &row)?;
                        tracing::info!(replay = %row.replay_id, count, "a canary failed: the replay is called off");
                    } else if row.succeeded {
                        replay::release(conn, &row, now)?;
                    }
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Starts one. Whoever does so, and however often, starts one execution: the replay is its delivery's key.
    async fn start(&self, row: DueRow) -> Result<(), Error> {
        let now = self.clock.now();
        match self.again(&row).await {
            Ok(again) => self.database.engine(move |conn| replay::replayed(conn, &row, again.0, now)).await?,
            Err(error @ (Error::Store(store::Error::Unavailable(_)) | Error::Engine(_))) => return Err(error),
            Err(error) => {
                let why = format!("it can't be replayed: {error}");
                self.database.engine(move |conn| replay::refused(conn, &row, &why)).await?;
            }
        }
        Ok(())
    }

    async fn again(&self, row: &DueRow) -> Result<ExecutionId, Error> {
        let (workspace, failed) = (WorkspaceId(row.workspace_id), ExecutionId(row.execution_id));
        let from = if row.replay_from == "start" { RetryFrom::Start } else { RetryFrom::Failed };
        let wanted = ExecutionRetry { from, patch: row.replay_patch.clone(), ..ExecutionRetry::default() };
        let start = self.executions.tried(workspace, failed, None).await?.again(failed, &wanted)?;
        let dedupe = Some((format!("dead_letter:{failed}"), row.replay_id.to_string()));
        match self.executions.engine.start(Start { dedupe, ..start }).await {
            Ok(started) => Ok(started.execution_id),
            Err(EngineError::NotFound) => Err(Error::NotFound("execution")),
            Err(error) => Err(error.into()),
        }
    }
}
