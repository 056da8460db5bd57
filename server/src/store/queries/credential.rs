//! A workspace's credentials, encrypted.

use diesel::prelude::*;
use tidemill_common::ids::WorkspaceId;

use crate::store::Error;
use crate::store::rows::credential::Credential;
use crate::store::schema::credentials;

/// The credentials, by name.
pub fn credential_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Credential>, Error> {
    Ok(credentials::table
        .filter(credentials::workspace_id.eq(workspace.0))
        .order(credentials::name)
        .select(Credential::as_select())
        .load(conn)?)
}

/// One credential.
pub fn credential_find(conn: &mut PgConnection, workspace: WorkspaceId, name: &str) -> Result<Credential, Error> {
    let found = credentials::table.find((workspace.0, name)).select(Credential::as_select()).get_result(conn).optional()?;
    found.ok_or(Error::NotFound)
}

/// Makes or replaces a credential. Returns whether it is new.
pub fn credential_put(conn: &mut PgConnection, credential: &Credential) -> Result<bool, Error> {
    let place = credentials::table.find((credential.workspace_id, &credential.name));
    let replaced = diesel::update(place).set(credential).execute(conn)?;
    if replaced == 0 {
        diesel::insert_into(credentials::table)
            .values(credential)
            .on_conflict((credentials::workspace_id, credentials::name))
            .do_update()
            .set(credential)
            .execute(conn)?;
    }
    Ok(replaced == 0)
}

/// Deletes a credential. [`Error::NotFound`] when there is none.
pub fn credential_delete(conn: &mut PgConnection, workspace: WorkspaceId, name: &str) -> Result<(), Error> {
    let deleted = diesel::delete(credentials::table.find((workspace.0, name))).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}
