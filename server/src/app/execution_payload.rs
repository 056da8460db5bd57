//! Payloads that are kept apart from their events: read by themselves, and shown in the view of their execution.

use std::iter;
use std::sync::Arc;

use tidemill_common::api::execution::ExecutionDetail;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::limits::PAYLOAD_SHOWN_BYTES;
use tidemill_common::payload::PayloadRef;

use super::error::Error;
use super::execution::Executions;
use crate::auth::{Caller, Operation};
use crate::budget::Share;
use crate::store;
use crate::store::Connection;
use crate::store::queries::payload;

/// A payload on its way to whoever asked for it.
#[derive(Debug)]
pub struct Payload {
    /// Its JSON text, compressed.
    pub content: Vec<u8>,
    /// The memory for it.
    pub share: Share,
}

impl Executions {
    /// One payload of an execution, by the hash that its reference says.
    pub async fn payload(&self, caller: &Caller, id: ExecutionId, sha256: &str) -> Result<Payload, Error> {
        self.permit(caller, Operation::ExecutionPayloadView, id).await?;
        let workspace = caller.workspace;
        let sha256 = hex::decode(sha256).map_err(|_| {
            Error::Invalid("`sha256` is not a hash: take it from the reference in the execution or the event".to_owned())
        })?;
        let (_, content) = self
            .database
            .with_tenant(workspace, move |conn| payload::execution_payload_get(conn, workspace, id, &sha256))
            .await
            .map_err(Error::of("payload"))?;
        let share = self.budget.take(content.len() as u64);
        Ok(Payload { content, share })
    }
}

/// Puts payloads in the places of their references, the output first, as far as they are small enough to be shown.
pub(super) fn fill(conn: &mut Connection, workspace: WorkspaceId, detail: &mut ExecutionDetail) -> Result<(), store::Error> {
    let (id, mut left) = (detail.execution.id, PAYLOAD_SHOWN_BYTES);
    let steps = detail.steps.iter_mut().flat_map(|step| [step.output.as_mut(), step.input.as_mut()]).flatten();
    for place in detail.output.iter_mut().chain(iter::once(&mut detail.input)).chain(steps) {
        let Some(reference) = PayloadRef::of(place).filter(|reference| reference.bytes <= left) else { continue };
        match payload::whole(conn, workspace, id, &reference) {
            Ok(value) => {
                left -= reference.bytes;
                *place = value;
            }
            Err(error @ store::Error::Corrupt(_)) => detail.unreadable.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Puts the payload in the place of its reference where the first event says what came with the execution.
pub(super) fn open_input(conn: &mut Connection, workspace: WorkspaceId, events: &mut [Event]) -> Result<(), store::Error> {
    for event in events.iter_mut().take(1) {
        let (EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) }) = &mut event.body
        else {
            continue;
        };
        if let Some(reference) = PayloadRef::of(&origin.input) {
            origin.input = Arc::new(payload::whole(conn, workspace, event.execution_id, &reference)?);
        }
    }
    Ok(())
}
