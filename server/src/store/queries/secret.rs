//! A workspace's secrets, encrypted.

use diesel::prelude::*;
use tidemill_common::ids::WorkspaceId;

use crate::store::Error;
use crate::store::rows::secret::Secret;
use crate::store::schema::secrets;

/// The secrets, by name.
pub fn secret_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Secret>, Error> {
    Ok(secrets::table
        .filter(secrets::workspace_id.eq(workspace.0))
        .order(secrets::name)
        .select(Secret::as_select())
        .load(conn)?)
}

/// The secrets called one of `names`; those that don't exist are left out.
pub fn secret_find(conn: &mut PgConnection, workspace: WorkspaceId, names: &[String]) -> Result<Vec<Secret>, Error> {
    Ok(secrets::table
        .filter(secrets::workspace_id.eq(workspace.0))
        .filter(secrets::name.eq_any(names))
        .select(Secret::as_select())
        .load(conn)?)
}

/// Makes or replaces a secret. Returns whether it is new.
pub fn secret_put(conn: &mut PgConnection, secret: &Secret) -> Result<bool, Error> {
    let replaced = diesel::update(secrets::table.find((secret.workspace_id, &secret.name))).set(secret).execute(conn)?;
    if replaced == 0 {
        diesel::insert_into(secrets::table)
            .values(secret)
            .on_conflict((secrets::workspace_id, secrets::name))
            .do_update()
            .set(secret)
            .execute(conn)?;
    }
    Ok(replaced == 0)
}

/// Deletes a secret. [`Error::NotFound`] when there is none.
pub fn secret_delete(conn: &mut PgConnection, workspace: WorkspaceId, name: &str) -> Result<(), Error> {
    let deleted = diesel::delete(secrets::table.find((workspace.0, name))).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Replaces the ciphertext of a secret that still has the nonce `before`; its value stays, and so does its time.
pub fn secret_seal_anew(conn: &mut PgConnection, secret: &Secret, before: &[u8]) -> Result<(), Error> {
    diesel::update(secrets::table.find((secret.workspace_id, &secret.name)).filter(secrets::nonce.eq(before)))
        .set((
            secrets::key_version.eq(secret.key_version),
            secrets::nonce.eq(&secret.nonce),
            secrets::ciphertext.eq(&secret.ciphertext),
        ))
        .execute(conn)?;
    Ok(())
}
