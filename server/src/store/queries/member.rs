//! The members of a workspace.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{UserId, WorkspaceId};
use uuid::Uuid;

use crate::store::Error;
use crate::store::rows::member::Member;
use crate::store::rows::user::User;
use crate::store::schema::{members, users};

/// The members and their users, by name; those whose membership is over as well.
pub fn member_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<(Member, User)>, Error> {
    Ok(members::table
        .inner_join(users::table.on(users::id.eq(members::user_id)))
        .filter(members::workspace_id.eq(workspace.0))
        .order((users::name, users::id))
        .select((Member::as_select(), User::as_select()))
        .load(conn)?)
}

/// A member and its user.
pub fn member_get(conn: &mut PgConnection, workspace: WorkspaceId, user: UserId) -> Result<(Member, User), Error> {
    Ok(members::table
        .inner_join(users::table.on(users::id.eq(members::user_id)))
        .filter(members::workspace_id.eq(workspace.0))
        .filter(members::user_id.eq(user.0))
        .select((Member::as_select(), User::as_select()))
        .first(conn)?)
}

/// Adds a member. [`Error::Conflict`] when the user is one already.
pub fn member_insert(conn: &mut PgConnection, member: &Member) -> Result<(), Error> {
    diesel::insert_into(members::table).values(member).execute(conn)?;
    Ok(())
}

/// Adds a member, or gives it the role and the end that are given.
pub fn member_put(conn: &mut PgConnection, member: &Member) -> Result<(), Error> {
    diesel::insert_into(members::table)
        .values(member)
        .on_conflict((members::workspace_id, members::user_id))
        .do_update()
        .set((members::role.eq(&member.role), members::expires_at.eq(member.expires_at)))
        .execute(conn)?;
    Ok(())
}

/// The other users who administer the workspace for good, locked until the transaction ends, so that two admins can't leave each
/// other's back.
pub fn other_admins(conn: &mut PgConnection, workspace: WorkspaceId, user: UserId) -> Result<usize, Error> {
    let admins: Vec<Uuid> = members::table
        .filter(members::workspace_id.eq(workspace.0))
        .filter(members::role.eq("admin"))
        .filter(members::expires_at.is_null())
        .order(members::user_id)
        .for_update()
        .select(members::user_id)
        .load(conn)?;
    Ok(admins.iter().filter(|admin| **admin != user.0).count())
}

/// Gives a member another role and end.
pub fn member_update(
    conn: &mut PgConnection,
    (workspace, user): (WorkspaceId, UserId),
    role: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    diesel::update(members::table.find((workspace.0, user.0)))
        .set((members::role.eq(role), members::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(())
}

/// Removes a member.
pub fn member_delete(conn: &mut PgConnection, workspace: WorkspaceId, user: UserId) -> Result<(), Error> {
    let deleted = diesel::delete(members::table.find((workspace.0, user.0))).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The user of an organisation, by id or by address.
pub fn colleague(conn: &mut PgConnection, organization: Uuid, id: Option<UserId>, email: Option<&str>) -> Result<User, Error> {
    let query = users::table
        .filter(users::organization_id.eq(organization))
        .filter(users::erased_at.is_null())
        .select(User::as_select())
        .into_boxed();
    let query = match (id, email) {
        (Some(id), _) => query.filter(users::id.eq(id.0)),
        (None, email) => query.filter(users::email.eq(email.unwrap_or_default().to_owned())),
    };
    Ok(query.first(conn)?)
}
