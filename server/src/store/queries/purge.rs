//! The end of deleted workspaces: their rows go for good, table by table, a few thousand at a time. Runs as the engine.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use tidemill_common::ids::WorkspaceId;

use crate::store::rows::workspace::Workspace;
use crate::store::schema::workspaces;
use crate::store::{Error, Statement};

/// Workspaces whose grace period is over.
pub fn purge_due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Workspace>, Error> {
    Ok(workspaces::table.filter(workspaces::delete_after.le(now)).select(Workspace::as_select()).load(conn)?)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The tables that hold rows of workspaces, those first that name others. The audit log outlives its workspaces.
pub fn tenant_tables(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    let rows: Vec<Name> = Statement::new(
        "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'audit_log'
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)
         ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid), c.relname",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Deletes up to `most` rows of a workspace from one of [`tenant_tables`]. Returns how many.
pub fn purge_some(conn: &mut PgConnection, table: &str, workspace: WorkspaceId, most: i64) -> Result<usize, Error> {
    // The name comes from the catalogue; it is quoted all the same.
    let table = format!("\"{}\"", table.replace('"', "\"\""));
    let sql = format!(
        "DELETE FROM {table} WHERE workspace_id = $1 AND (tableoid, ctid) IN
         (SELECT tableoid, ctid FROM {table} WHERE workspace_id = $1 LIMIT $2)"
    );
    Ok(diesel::sql_query(sql).bind::<SqlUuid, _>(workspace.0).bind::<BigInt, _>(most).execute(conn)?)
}

/// Deletes the workspace itself, and what of others names it.
pub fn purge_workspace(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<(), Error> {
    Statement::new("DELETE FROM shares WHERE to_workspace = $1").bind::<SqlUuid, _>(workspace.0).execute(conn)?;
    diesel::delete(workspaces::table.find(workspace.0)).execute(conn)?;
    Ok(())
}
