//! Opens the payloads that the next decision about an execution reads, and closes them.

use std::time::Duration;

use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::payload::PayloadRef;

use super::execution_task::{ExecutionTask, Flow};
use super::forced_end::unreadable;
use super::service::Parts;
use crate::domain::execution::Open;
use crate::domain::payload::unpack;
use crate::store;
use crate::store::queries::payload;

/// Why payloads can't be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("the payload {0} is not there any more")]
    Missing(String),
    #[error("the payload {sha256} can't be read: {why}")]
    Unreadable { sha256: String, why: String },
    #[error("payloads can't be read")]
    Store(#[from] store::Error),
}

/// How much more memory a payload is expected to take than its text, before it is known.
const EXPECTED: u64 = 4;

impl ExecutionTask {
    /// Opens what the next decision reads, when there is room for it. What can't be opened by anybody ends the execution.
    pub(super) async fn open_payloads(&mut self) -> Flow {
        let wanted = self.execution.wanted();
        if wanted.is_empty() {
            return Flow::GoOn;
        }
        let bytes = wanted.iter().map(|(_, reference)| reference.bytes).sum::<u64>() * EXPECTED;
        match &mut self.share {
            Some(share) => share.grow(bytes),
            None => self.share = Some(self.parts.budget.enter(bytes).await),
        }
        let mut pause = Duration::from_millis(100);
        loop {
            match self.parts.payloads(self.lease.workspace_id, wanted.clone()).await {
                Ok(open) => {
                    self.execution.open(open);
                    return Flow::GoOn;
                }
                Err(OpenError::Store(error)) if error.is_unavailable() => {
                    tracing::warn!(%error, execution_id = %self.lease.execution_id, "payloads can't be read yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(error) => {
                    let why = unreadable(&error);
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        execution_id = %self.lease.execution_id,
                        "an execution's payloads can't be read"
                    );
                    if let Err(error) = self.parts.set_aside(self.lease, why).await {
                        tracing::warn!(%error, execution_id = %self.lease.execution_id, "an execution can't be set aside; trying again");
                        self.parts.give_back_later(self.lease, Duration::from_secs(5)).await;
                    }
                    return Flow::Stop;
                }
            }
        }
    }

    /// After a decision: what nobody reads any more is closed, and everything when others wait for memory.
    pub(super) fn settle_payloads(&mut self) {
        if self.share.is_none() && self.execution.open_weight() == 0 {
            return;
        }
        self.execution.close_unread();
        let weight = self.execution.open_weight();
        if weight == 0 || self.parts.budget.is_wanted() {
            return self.close_payloads();
        }
        match &mut self.share {
            Some(share) => share.set(weight),
            // What a step without effects made is here before anybody could have waited for room.
            None => self.share = Some(self.parts.budget.take(weight)),
        }
    }

    /// Closes everything. It can be read again.
    pub(super) fn close_payloads(&mut self) {
        self.execution.close();
        self.share = None;
    }
}

impl Parts {
    pub(super) async fn payloads(
        &self,
        workspace: WorkspaceId,
        wanted: Vec<(ExecutionId, PayloadRef)>,
    ) -> Result<Open, OpenError> {
        let mut keys = Vec::with_capacity(wanted.len());
        for (execution_id, reference) in &wanted {
            let sha256 = hex::decode(&reference.sha256).map_err(|_| OpenError::Missing(reference.sha256.clone()))?;
            keys.push((*execution_id, sha256));
        }
        let database = self.database.clone();
        let read = move || {
            let rows = database.engine_blocking(|connection| payload::find(connection, workspace, &keys))?;
            open(rows, &wanted)
        };
        self.budget.handle(read).await
    }
}

fn open(rows: Vec<payload::PayloadRow>, wanted: &[(ExecutionId, PayloadRef)]) -> Result<Open, OpenError> {
    let mut open = Open::default();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let sha256 = hex::encode(&row.sha256);
        let value = unpack(&row.content, row.bytes.unsigned_abs())
            .map_err(|error| OpenError::Unreadable { sha256: sha256.clone(), why: error.to_string() })?;
        found.push(sha256.clone());
        open.insert(sha256, value.into());
    }
    match wanted.iter().find(|(_, reference)| !found.contains(&reference.sha256)) {
        Some((_, reference)) => Err(OpenError::Missing(reference.sha256.clone())),
        None => Ok(open),
    }
}
