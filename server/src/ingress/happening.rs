//! What happened in a workspace: executions that ended, and changes that the audit log tells of.
//!
//! Whoever wants to know reads on from a place of its own, which is durable. Both sources are in the order of their commits, so
//! that a place never skips anything. What has happened is named by its key, so that reading a stretch twice does nothing twice.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tidemill_common::api::audit::{AuditActor, AuditEntry};
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use crate::domain::workflow::plan::{InternalEvent, Listen};
use crate::store::queries::execution;
use crate::store::queries::feed::{self, FeedRow, Snapshot};
use crate::store::queries::happening::{self, EntryRow, FAR, Place};
use crate::store::rows::execution::Execution;
use crate::store::{self, Connection, Database};

/// How many readers one round of this node serves at once: fewer than there are connections for the engine.
pub const READERS: usize = 3;
/// Rows that are read at once of each source.
const PAGE: i64 = 200;
/// What started an execution that starts no further one: events of events could go round for ever.
pub const BY_EVENT: &str = "event";

/// Something that happened.
#[derive(Debug)]
pub enum Happening {
    /// An execution ended.
    Ended(Box<Execution>),
    /// Something was changed: the entry's place in the chain, the entry, and the name of who did it.
    Changed(i64, Box<AuditEntry>, Option<String>),
}

/// What happened behind a place.
#[derive(Debug)]
pub struct Stretch {
    /// What, in the order of time.
    pub happenings: Vec<Happening>,
    /// The place behind it.
    pub to: Place,
    /// Whether there may be more behind that.
    pub more: bool,
    /// Whether it is worth remembering the place.
    pub moved: bool,
}

/// Reads what happened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Happenings {
    database: Database,
}

impl Happenings {
    /// What happened in the workspaces of `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// What happened behind `after` and may be one of `events`; what is read of the audit log depends on them. Executions that had
    /// ended by `begins` are left out.
    pub async fn read(
        &self,
        workspace: WorkspaceId,
        (after, begins): (Place, Option<Snapshot>),
        events: &[InternalEvent],
    ) -> Result<Stretch, store::Error> {
        let operations: Vec<&'static str> = events.iter().flat_map(|event| event.operations()).copied().collect();
        let (rows, entries, head) = self
            .database
            .engine(move |connection| {
                // First, so that everything before it is seen by what is read next.
                let head = happening::head(connection, workspace.0)?;
                let rows = feed::read(connection, Some(workspace.0), after.feed, PAGE)?;
                let entries = match operations.as_slice() {
                    [] => Vec::new(),
                    operations => happening::entries(connection, workspace.0, after.audit, operations, PAGE)?,
                };
                Ok((rows, entries, head))
            })
            .await?;
        let full = |read: usize| i64::try_from(read).is_ok_and(|read| read == PAGE);
        let (more_rows, more_entries) = (full(rows.len()), full(entries.len()));
        let last = rows.last().map(|row| (row.txid, row.position));
        let behind = if more_rows { last.unwrap_or(after.feed) } else { head.feed.max(last.unwrap_or(after.feed)) };
        // An entry may have been committed after the head was read: what was read is behind the place in any case.
        let read_to = entries.last().map_or(after.audit, |entry| entry.seq);
        let audit = if more_entries { read_to } else { head.audit.max(read_to) };
        let is_new = |row: &&FeedRow| begins.as_ref().is_none_or(|begins| !begins.shows((row.txid, row.position)));
        let touched: Vec<_> = rows
            .iter()
            .filter(is_new)
            .flat_map(|row| row.execution_ids.iter().copied().zip(row.last_seqs.iter().copied()))
            .collect();
        let mut happenings = self.ended(workspace, touched).await?;
        happenings.extend(entries.into_iter().map(changed).collect::<Result<Vec<_>, _>>()?);
        happenings.sort_by_key(Happening::at);
        // What was read and is about something else is not to be read again either.
        let moved = last.is_some() || audit != after.audit || behind.0 - after.feed.0 > FAR;
        let to = Place { feed: behind, audit };
        Ok(Stretch { happenings, to, more: more_rows || more_entries, moved })
    }

    /// The executions that ended with one of these events.
    async fn ended(&self, workspace: WorkspaceId, touched: Vec<(uuid::Uuid, i32)>) -> Result<Vec<Happening>, store::Error> {
        if touched.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = touched.iter().map(|(id, _)| *id).collect();
        let find = move |connection: &mut Connection| execution::execution_find(connection, workspace, &ids);
        let found = self.database.with_tenant(workspace, find).await?;
        let ended_here = |row: &Execution| row.finished_at.is_some() && touched.contains(&(row.id, row.last_seq));
        Ok(found.into_iter().filter(ended_here).map(|row| Happening::Ended(Box::new(row))).collect())
    }
}

fn changed(row: EntryRow) -> Result<Happening, store::Error> {
    let entry = serde_json::from_str(&row.entry)
        .map_err(|error| store::Error::Corrupt(format!("entry {} of the audit log: {error}", row.seq)))?;
    Ok(Happening::Changed(row.seq, Box::new(entry), row.actor_name))
}

impl Happening {
    /// When.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Ended(row) => row.finished_at.unwrap_or_else(|| ExecutionId(row.id).admitted_at()),
            Self::Changed(_, entry, _) => entry.at,
        }
    }

    /// Names it in its workspace.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Ended(row) => row.id.to_string(),
            Self::Changed(seq, ..) => format!("change:{seq}"),
        }
    }

    /// Whether it is what somebody listens to.
    #[must_use]
    pub fn is(&self, listen: &Listen) -> bool {
        let happened = match self {
            Self::Ended(row) => row.status().is_ok_and(|status| listen.event.is_end(status)),
            Self::Changed(_, entry, _) => listen.event.is_entry(&entry.operation),
        };
        happened && listen.workflow.as_deref().is_none_or(|workflow| self.workflow() == Some(workflow))
    }

    /// Whether the workflow `id` may be started by it: never by what happens to itself, nor by what an event has started.
    #[must_use]
    pub fn may_start(&self, id: &str) -> bool {
        let by_event = matches!(self, Self::Ended(row) if row.trigger_type == BY_EVENT);
        !by_event && self.workflow() != Some(id)
    }

    /// The workflow that it happened to.
    fn workflow(&self) -> Option<&str> {
        match self {
            Self::Ended(row) => Some(&row.workflow_id),
            Self::Changed(_, entry, _) => (entry.object_kind == "workflow").then_some(entry.object_id.as_str()),
        }
    }

    /// What is told of it as `event`.
    #[must_use]
    pub fn body(&self, event: InternalEvent) -> Value {
        match self {
            Self::Ended(row) => json!({
                "event": event.as_str(),
                "workflow": {"id": row.workflow_id, "version": row.version},
                "execution": {
                    "id": row.id,
                    "status": row.status,
                    "error": row.error,
                    "trigger_type": row.trigger_type,
                    "finished_at": row.finished_at,
                },
            }),
            Self::Changed(_, entry, name) => {
                let actor = match entry.actor_kind {
                    AuditActor::Node => json!({"kind": "node"}),
                    kind => json!({"kind": kind, "id": entry.actor_id, "name": name}),
                };
                let mut body = json!({
                    "event": event.as_str(),
                    "at": entry.at,
                    "actor": actor,
                    "object": {"kind": entry.object_kind, "id": entry.object_id},
                    "detail": entry.detail,
                });
                if event.is_about_quota() {
                    body["quota"] = serde_json::from_str(entry.detail.as_deref().unwrap_or("null")).unwrap_or_default();
                }
                body
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Operation;

    #[test]
    fn every_change_that_is_an_event_is_an_operation() {
        // What happens without a token, or what the server does by itself.
        let others = ["invite_accept", "subscription_disable", "quota_warning", "quota_reached"];
        for operation in InternalEvent::all().flat_map(InternalEvent::operations) {
            let known = Operation::ALL.iter().any(|known| known.id() == *operation);
            assert!(known || others.contains(operation), "{operation}");
        }
    }

    #[test]
    fn what_is_told_names_no_token_and_no_address() {
        let entry: AuditEntry = serde_json::from_value(json!({
            "at": "2026-01-01T00:00:00Z", "operation": "workflow_activate", "actor_kind": "user",
            "actor_id": "01890000-0000-7000-8000-000000000001", "token_id": "01890000-0000-7000-8000-000000000002",
            "address": "192.0.2.1", "object_kind": "workflow", "object_id": "orders",
        }))
        .unwrap();
        let happening = Happening::Changed(7, Box::new(entry), Some("Ada".to_owned()));
        let event = InternalEvent::from_word("workflow_activated").unwrap();
        let told = happening.body(event);
        assert_eq!((&told["actor"]["name"], &told["object"]["id"]), (&json!("Ada"), &json!("orders")));
        assert!(!told.to_string().contains("192.0.2.1") && !told.to_string().contains("0002"), "{told}");
        let listen = |workflow: Option<&str>| Listen { event, workflow: workflow.map(Into::into) };
        assert!(happening.is(&listen(None)) && happening.is(&listen(Some("orders"))) && !happening.is(&listen(Some("other"))));
        assert!(happening.may_start("other") && !happening.may_start("orders"));
    }
}
