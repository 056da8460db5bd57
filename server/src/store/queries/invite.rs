//! Invites into a workspace.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{InviteId, WorkspaceId};

use crate::store::Error;
use crate::store::rows::invite::Invite;
use crate::store::rows::organization::Organization;
use crate::store::rows::workspace::Workspace;
use crate::store::schema::{invites, organizations, users, workspaces};

/// The invites that can still be accepted, newest first.
pub fn invite_list(conn: &mut PgConnection, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<Vec<Invite>, Error> {
    Ok(invites::table
        .filter(invites::workspace_id.eq(workspace.0))
        .filter(invites::revoked_at.is_null())
        .filter(invites::uses_left.gt(0))
        .filter(invites::expires_at.gt(now))
        .order(invites::id.desc())
        .select(Invite::as_select())
        .load(conn)?)
}

/// Adds an invite.
pub fn invite_insert(conn: &mut PgConnection, invite: &Invite) -> Result<(), Error> {
    diesel::insert_into(invites::table).values(invite).execute(conn)?;
    Ok(())
}

/// Revokes an invite. [`Error::NotFound`] when there is none, or it is revoked already.
pub fn invite_revoke(conn: &mut PgConnection, workspace: WorkspaceId, id: InviteId, now: DateTime<Utc>) -> Result<(), Error> {
    let revoked = diesel::update(invites::table.find((workspace.0, id.0)).filter(invites::revoked_at.is_null()))
        .set(invites::revoked_at.eq(now))
        .execute(conn)?;
    if revoked == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// An invite and where it leads.
#[derive(Debug)]
pub struct OpenInvite {
    /// The invite.
    pub invite: Invite,
    /// The workspace.
    pub workspace: Workspace,
    /// The organisation that owns it.
    pub organization: Organization,
    /// The name of who invites.
    pub invited_by: Option<String>,
}

/// The invite with this hash, locked, unless it can't be accepted any more. Runs as the engine: no workspace is known yet.
pub fn invite_open(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<OpenInvite, Error> {
    let invite: Invite = invites::table
        .filter(invites::hash.eq(hash))
        .filter(invites::revoked_at.is_null())
        .filter(invites::uses_left.gt(0))
        .filter(invites::expires_at.gt(now))
        .for_update()
        .select(Invite::as_select())
        .first(conn)?;
    let (workspace, organization) = workspaces::table
        .inner_join(organizations::table.on(organizations::id.eq(workspaces::organization_id)))
        .filter(workspaces::id.eq(invite.workspace_id))
        .filter(workspaces::delete_after.is_null())
        .select((Workspace::as_select(), Organization::as_select()))
        .first(conn)?;
    let invited_by = users::table.find(invite.created_by).select(users::name).first(conn).optional()?;
    Ok(OpenInvite { invite, workspace, organization, invited_by })
}

/// Uses up one acceptance.
pub fn invite_used(conn: &mut PgConnection, invite: &Invite) -> Result<(), Error> {
    diesel::update(invites::table.find((invite.workspace_id, invite.id)))
        .set(invites::uses_left.eq(invites::uses_left - 1))
        .execute(conn)?;
    Ok(())
}
