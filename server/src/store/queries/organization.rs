//! Organisations and their users. These run as the engine: an organisation is above its workspaces.

use diesel::prelude::*;
use tidemill_common::ids::{OrganizationId, UserId};
use uuid::Uuid;

use crate::store::Error;
use crate::store::rows::organization::Organization;
use crate::store::rows::user::User;
use crate::store::schema::{organizations, sign_ins, users};

/// Organisations by name: the one with this id, or all.
pub fn organization_list(conn: &mut PgConnection, only: Option<OrganizationId>) -> Result<Vec<Organization>, Error> {
    let query = organizations::table.order((organizations::name, organizations::id)).select(Organization::as_select());
    Ok(match only {
        Some(id) => query.filter(organizations::id.eq(id.0)).load(conn)?,
        None => query.load(conn)?,
    })
}

/// An organisation.
pub fn organization_get(conn: &mut PgConnection, id: OrganizationId) -> Result<Organization, Error> {
    Ok(organizations::table.find(id.0).select(Organization::as_select()).first(conn)?)
}

/// Adds an organisation.
pub fn organization_insert(conn: &mut PgConnection, organization: &Organization) -> Result<(), Error> {
    diesel::insert_into(organizations::table).values(organization).execute(conn)?;
    Ok(())
}

/// Renames an organisation.
pub fn organization_rename(conn: &mut PgConnection, id: OrganizationId, name: &str) -> Result<Organization, Error> {
    Ok(diesel::update(organizations::table.find(id.0))
        .set(organizations::name.eq(name))
        .returning(Organization::as_returning())
        .get_result(conn)?)
}

/// The users of an organisation by name, each with whether a second factor is needed.
pub fn user_list(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<(User, bool)>, Error> {
    Ok(users::table
        .left_join(sign_ins::table.on(sign_ins::user_id.eq(users::id)))
        .filter(users::organization_id.eq(organization.0))
        .filter(users::erased_at.is_null())
        .order((users::name, users::id))
        .select((User::as_select(), sign_ins::totp_since.nullable().is_not_null()))
        .load(conn)?)
}

/// A user of an organisation, with whether a second factor is needed.
pub fn user_get(conn: &mut PgConnection, organization: OrganizationId, id: UserId) -> Result<(User, bool), Error> {
    Ok(users::table
        .left_join(sign_ins::table.on(sign_ins::user_id.eq(users::id)))
        .filter(users::organization_id.eq(organization.0))
        .filter(users::id.eq(id.0))
        .filter(users::erased_at.is_null())
        .select((User::as_select(), sign_ins::totp_since.nullable().is_not_null()))
        .first(conn)?)
}

/// The other users who administer the organisation, locked until the transaction ends.
pub fn other_organization_admins(conn: &mut PgConnection, organization: OrganizationId, user: UserId) -> Result<usize, Error> {
    let admins: Vec<Uuid> = users::table
        .filter(users::organization_id.eq(organization.0))
        .filter(users::organization_role.eq("admin"))
        .filter(users::erased_at.is_null())
        .order(users::id)
        .for_update()
        .select(users::id)
        .load(conn)?;
    Ok(admins.iter().filter(|admin| **admin != user.0).count())
}

/// Gives a user another role in the organisation.
pub fn user_set_role(conn: &mut PgConnection, user: UserId, role: &str) -> Result<(), Error> {
    diesel::update(users::table.find(user.0)).set(users::organization_role.eq(role)).execute(conn)?;
    Ok(())
}

/// Adds a user. [`Error::Conflict`] when the address is taken.
pub fn user_insert(conn: &mut PgConnection, user: &User) -> Result<(), Error> {
    diesel::insert_into(users::table).values(user).execute(conn)?;
    Ok(())
}
