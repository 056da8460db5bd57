//! Workspaces of a user, across tenants: these run as the engine.

use diesel::prelude::*;
use tidemill_common::ids::UserId;

use crate::store::Error;
use crate::store::rows::workspace::Workspace;
use crate::store::schema::{members, workspaces};

/// The workspaces that `user` is a member of, by slug, each with the role's word.
pub fn workspace_list(conn: &mut PgConnection, user: UserId) -> Result<Vec<(Workspace, String)>, Error> {
    Ok(members::table
        .inner_join(workspaces::table.on(workspaces::id.eq(members::workspace_id)))
        .filter(members::user_id.eq(user.0))
        .order(workspaces::slug)
        .select((Workspace::as_select(), members::role))
        .load(conn)?)
}
