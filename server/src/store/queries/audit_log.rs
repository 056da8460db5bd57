//! The audit log: appended to by functions of the database only, read by workspace or by organisation.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::api::audit::AuditEntry;
use tidemill_common::ids::{OrganizationId, WorkspaceId};
use uuid::Uuid;

use crate::store::{Error, Statement};

/// An entry in its place.
#[derive(Debug, QueryableByName)]
pub struct AuditRow {
    /// The organisation whose chain it is in.
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: Uuid,
    /// Its place in the chain.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The entry's text, as it was hashed.
    #[diesel(sql_type = Text)]
    pub entry: String,
    /// The hash of the entry before it.
    #[diesel(sql_type = Bytea)]
    pub previous: Vec<u8>,
    /// Its hash.
    #[diesel(sql_type = Bytea)]
    pub hash: Vec<u8>,
    /// The present name of who did it.
    #[diesel(sql_type = Nullable<Text>)]
    pub actor_name: Option<String>,
}

/// Which entries are wanted; everything that is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// What was done.
    pub operation: Option<String>,
    /// Who did it.
    pub actor: Option<Uuid>,
    /// To what kind of thing.
    pub object_kind: Option<String>,
    /// To which one.
    pub object_id: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Before this place in the chain.
    pub before: Option<i64>,
}

/// Whose entries are read.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// Those of a workspace: inside a transaction of it.
    Workspace(WorkspaceId),
    /// Those of an organisation, its workspaces' included: as the engine.
    Organization(OrganizationId),
}

fn text(entry: &AuditEntry) -> Result<String, Error> {
    serde_json::to_string(entry).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Writes an entry about the workspace of the transaction. The last thing that a transaction writes: it waits for others that
/// write one for the same organisation.
pub fn audit_append(conn: &mut PgConnection, entry: &AuditEntry) -> Result<(), Error> {
    Statement::new("SELECT audit_append($1, $2)")
        .bind::<Timestamptz, _>(entry.at)
        .bind::<Text, _>(text(entry)?)
        .execute(conn)?;
    Ok(())
}

/// The same for any workspace of `organization`, or none. Runs as the engine.
pub fn audit_append_for(conn: &mut PgConnection, organization: OrganizationId, entry: &AuditEntry) -> Result<(), Error> {
    Statement::new("SELECT audit_append_for($1, $2, $3, $4)")
        .bind::<SqlUuid, _>(organization.0)
        .bind::<Nullable<SqlUuid>, _>(entry.workspace_id.map(|workspace| workspace.0))
        .bind::<Timestamptz, _>(entry.at)
        .bind::<Text, _>(text(entry)?)
        .execute(conn)?;
    Ok(())
}

/// Entries that fit `filter`, newest first.
pub fn audit_list(conn: &mut PgConnection, whose: Whose, filter: AuditFilter, limit: i64) -> Result<Vec<AuditRow>, Error> {
    let (workspace, organization) = match whose {
        Whose::Workspace(id) => (Some(id.0), None),
        Whose::Organization(id) => (None, Some(id.0)),
    };
    let rows = Statement::new(
        "WITH wanted AS (SELECT $1::uuid AS workspace_id, $2::uuid AS organization_id, $3::bigint AS before,
             $4::timestamptz AS since, $5::timestamptz AS until, $6::text AS operation, $7::text AS actor,
             $8::text AS object_kind, $9::text AS object_id)
         SELECT a.organization_id, a.seq, a.entry::text AS entry, a.previous, a.hash, u.name AS actor_name
         FROM wanted w
         JOIN audit_log a ON a.workspace_id = w.workspace_id OR a.organization_id = w.organization_id
         LEFT JOIN users u ON u.id = (a.entry ->> 'actor_id')::uuid
         WHERE (w.before IS NULL OR a.seq < w.before)
           AND (w.since IS NULL OR a.at >= w.since) AND (w.until IS NULL OR a.at < w.until)
           AND (w.operation IS NULL OR a.entry ->> 'operation' = w.operation)
           AND (w.actor IS NULL OR a.entry ->> 'actor_id' = w.actor)
           AND (w.object_kind IS NULL OR a.entry ->> 'object_kind' = w.object_kind)
           AND (w.object_id IS NULL OR a.entry ->> 'object_id' = w.object_id)
         ORDER BY a.seq DESC LIMIT $10",
    )
    .bind::<Nullable<SqlUuid>, _>(workspace)
    .bind::<Nullable<SqlUuid>, _>(organization)
    .bind::<Nullable<BigInt>, _>(filter.before)
    .bind::<Nullable<Timestamptz>, _>(filter.since)
    .bind::<Nullable<Timestamptz>, _>(filter.until)
    .bind::<Nullable<Text>, _>(filter.operation)
    .bind::<Nullable<Text>, _>(filter.actor.map(|actor| actor.to_string()))
    .bind::<Nullable<Text>, _>(filter.object_kind)
    .bind::<Nullable<Text>, _>(filter.object_id)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(rows)
}
