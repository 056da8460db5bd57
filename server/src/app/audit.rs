//! What is written down about a change, in the transaction that makes it; and reading it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tidemill_common::api::audit::{AuditActor, AuditEntry, AuditPage, AuditRecord};
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::access::authorize;
use super::error::Error;
use super::page::{self, PageRequest};
use crate::auth::{Caller, Operation};
use crate::store::queries::audit_log::{self, AuditFilter, AuditRow, Whose};
use crate::store::{self, Connection, Database};

/// A change under way: who makes it and what it is. What it is done to is said when it is written down.
#[derive(Debug, Clone)]
pub(super) struct Act {
    organization: OrganizationId,
    entry: AuditEntry,
}

impl Act {
    /// What `caller` does at `now` in the workspace of the request.
    pub(super) fn of(caller: &Caller, operation: Operation, now: DateTime<Utc>) -> Self {
        let mut act = Self::by(caller.user, operation.id(), now);
        act.organization = caller.organization;
        act.entry.workspace_id = Some(caller.workspace);
        act.entry.token_id = Some(caller.token);
        act.entry.address = caller.address.map(|address| address.to_string());
        if caller.is_service {
            act.entry.actor_kind = AuditActor::ServiceAccount;
        }
        act
    }

    /// What `caller` does to the own account or organisation, whatever workspace the request names.
    pub(super) fn at_home(caller: &Caller, operation: Operation, now: DateTime<Utc>) -> Self {
        let mut act = Self::of(caller, operation, now);
        act.organization = caller.home;
        act.entry.workspace_id = None;
        act
    }

    /// What somebody does without a token: signing in, accepting an invite.
    pub(super) fn by_user(
        user: (OrganizationId, UserId),
        operation: &str,
        address: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let mut act = Self::by(user.1, operation, now);
        act.organization = user.0;
        act.entry.address = address;
        act
    }

    /// What the server does by itself.
    pub(super) fn by_node(organization: OrganizationId, operation: &str, now: DateTime<Utc>) -> Self {
        let mut act = Self::by(UserId(uuid::Uuid::nil()), operation, now);
        act.organization = organization;
        act.entry.actor_kind = AuditActor::Node;
        act.entry.actor_id = None;
        act
    }

    fn by(user: UserId, operation: &str, now: DateTime<Utc>) -> Self {
        let entry = AuditEntry {
            // Postgres keeps microseconds; the text must say the same as the column.
            at: DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now),
            operation: operation.to_owned(),
            actor_kind: AuditActor::User,
            actor_id: Some(user.0),
            token_id: None,
            address: None,
            workspace_id: None,
            object_kind: String::new(),
            object_id: String::new(),
            detail: None,
            before: None,
            after: None,
        };
        Self { organization: OrganizationId(uuid::Uuid::nil()), entry }
    }

    /// In which workspace, where the caller's is another one or there is no caller.
    pub(super) fn in_workspace(mut self, workspace: WorkspaceId) -> Self {
        self.entry.workspace_id = Some(workspace);
        self
    }

    /// What it is done to.
    #[expect(clippy::needless_pass_by_value, reason = "ids are as small as references to them")]
    pub(super) fn on(mut self, kind: &str, id: impl ToString) -> Self {
        kind.clone_into(&mut self.entry.object_kind);
        self.entry.object_id = id.to_string();
        self
    }

    /// What changes, in words without secrets.
    pub(super) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.entry.detail = Some(detail.into());
        self
    }

    /// What it was before: only a hash of it is kept.
    pub(super) fn before(mut self, state: &impl Serialize) -> Self {
        self.entry.before = digest(state);
        self
    }

    /// What it is now: only a hash of it is kept.
    pub(super) fn after(mut self, state: &impl Serialize) -> Self {
        self.entry.after = digest(state);
        self
    }

    /// Writes it down in the transaction of its workspace. The last thing that a transaction does.
    pub(super) fn write(self, conn: &mut Connection) -> Result<(), store::Error> {
        audit_log::audit_append(conn, &self.entry)
    }

    /// The same in a transaction of the engine.
    pub(super) fn write_as_engine(self, conn: &mut Connection) -> Result<(), store::Error> {
        audit_log::audit_append_for(conn, self.organization, &self.entry)
    }
}

fn digest(state: &impl Serialize) -> Option<String> {
    serde_json::to_vec(state).ok().map(|text| hex::encode(Sha256::digest(text)))
}

/// The audit log.
#[derive(Debug, Clone)]
pub struct AuditLog {
    database: Database,
}

impl AuditLog {
    /// The log in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// A page of the workspace's entries, newest first.
    pub async fn list(&self, caller: &Caller, filter: AuditFilter, page: PageRequest) -> Result<AuditPage, Error> {
        authorize(caller, Operation::AuditList)?;
        self.page(Whose::Workspace(caller.workspace), filter, page).await
    }

    /// A page of the organisation's entries, its workspaces' included, newest first: the whole chain.
    pub async fn organization(
        &self,
        caller: &Caller,
        id: OrganizationId,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<AuditPage, Error> {
        authorize(caller, Operation::OrganizationAuditList)?;
        super::organization::own(caller, id)?;
        self.page(Whose::Organization(id), filter, page).await
    }

    /// The next piece of an export of the workspace's entries: those before `filter.before`, newest first.
    pub async fn export(&self, caller: &Caller, filter: AuditFilter, most: i64) -> Result<Vec<AuditRecord>, Error> {
        authorize(caller, Operation::AuditExport)?;
        self.rows(Whose::Workspace(caller.workspace), filter, most).await
    }

    async fn page(&self, whose: Whose, filter: AuditFilter, page: PageRequest) -> Result<AuditPage, Error> {
        let size = page.size()?;
        let before = page.after()?.map(|key| key.parse::<i64>()).transpose().map_err(|_| {
            Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
        })?;
        let mut items = self.rows(whose, AuditFilter { before, ..filter }, page::rows(size)).await?;
        let next_cursor = page::cut(&mut items, size, |record| record.seq.to_string());
        Ok(AuditPage { items, next_cursor })
    }

    async fn rows(&self, whose: Whose, filter: AuditFilter, most: i64) -> Result<Vec<AuditRecord>, Error> {
        let clean = |text: Option<String>| text.map(|text| text.replace('\0', ""));
        let filter = AuditFilter {
            operation: clean(filter.operation),
            object_kind: clean(filter.object_kind),
            object_id: clean(filter.object_id),
            ..filter
        };
        let query = move |conn: &mut Connection| audit_log::audit_list(conn, whose, filter, most);
        let rows = match whose {
            Whose::Workspace(workspace) => self.database.with_tenant(workspace, query).await?,
            Whose::Organization(_) => self.database.engine(query).await?,
        };
        Ok(rows.into_iter().map(record).collect::<Result<_, _>>()?)
    }
}

fn record(row: AuditRow) -> Result<AuditRecord, store::Error> {
    let entry = serde_json::from_str(&row.entry)
        .map_err(|error| store::Error::Corrupt(format!("entry {} of the audit log: {error}", row.seq)))?;
    Ok(AuditRecord {
        organization_id: OrganizationId(row.organization_id),
        seq: row.seq,
        actor_name: row.actor_name,
        entry,
        previous: hex::encode(row.previous),
        hash: hex::encode(row.hash),
    })
}
