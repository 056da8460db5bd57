//! Workspaces.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{UserId, WorkspaceId};

use crate::store::Error;
use crate::store::rows::workspace::Workspace;
use crate::store::schema::{members, workspaces};

/// The workspaces that `user` is a member of at `now`, by slug, each with the role's word. Across tenants: as the engine.
pub fn workspace_list(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<Vec<(Workspace, String)>, Error> {
    Ok(members::table
        .inner_join(workspaces::table.on(workspaces::id.eq(members::workspace_id)))
        .filter(members::user_id.eq(user.0))
        .filter(members::expires_at.is_null().or(members::expires_at.gt(now)))
        .order(workspaces::slug)
        .select((Workspace::as_select(), members::role))
        .load(conn)?)
}

/// A workspace.
pub fn workspace_get(conn: &mut PgConnection, id: WorkspaceId) -> Result<Workspace, Error> {
    Ok(workspaces::table.find(id.0).select(Workspace::as_select()).first(conn)?)
}

/// The workspace with this slug, deleted ones left out.
pub fn workspace_by_slug(conn: &mut PgConnection, slug: &str) -> Result<Workspace, Error> {
    Ok(workspaces::table
        .filter(workspaces::slug.eq(slug))
        .filter(workspaces::delete_after.is_null())
        .select(Workspace::as_select())
        .first(conn)?)
}

/// Writes what changes about a workspace: its name, and whether it is archived or deleted.
pub fn workspace_update(
    conn: &mut PgConnection,
    id: WorkspaceId,
    name: &str,
    archived_at: Option<DateTime<Utc>>,
    delete_after: Option<DateTime<Utc>>,
) -> Result<Workspace, Error> {
    Ok(diesel::update(workspaces::table.find(id.0))
        .set((workspaces::name.eq(name), workspaces::archived_at.eq(archived_at), workspaces::delete_after.eq(delete_after)))
        .returning(Workspace::as_returning())
        .get_result(conn)?)
}
