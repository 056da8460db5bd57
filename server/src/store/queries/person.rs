//! What a server knows about a person: renamed, exported, erased. These run as the engine.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Json, Text, Uuid as SqlUuid};
use serde_json::Value;
use tidemill_common::ids::UserId;

use crate::store::schema::{invites, members, password_resets, recovery_codes, sessions, shares, sign_ins, tokens, users};
use crate::store::{Error, Statement};

/// Renames a user.
pub fn user_rename(conn: &mut PgConnection, user: UserId, name: &str) -> Result<(), Error> {
    diesel::update(users::table.find(user.0)).set(users::name.eq(name)).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Exported {
    #[diesel(sql_type = Json)]
    data: Value,
}

/// Everything that is kept about a user, as one document, without secrets.
pub fn user_export(conn: &mut PgConnection, user: UserId) -> Result<Value, Error> {
    let row: Exported = Statement::new(include_str!("person_export.sql")).bind::<SqlUuid, _>(user.0).get_result(conn)?;
    Ok(row.data)
}

#[derive(QueryableByName)]
struct Slug {
    #[diesel(sql_type = Text)]
    slug: String,
}

/// The workspaces that would be without an admin if this user were gone. Locks the admins.
pub fn workspaces_left_alone(conn: &mut PgConnection, user: UserId) -> Result<Vec<String>, Error> {
    let of_user =
        members::table.filter(members::user_id.eq(user.0)).filter(members::role.eq("admin")).select(members::workspace_id);
    let _locked: Vec<uuid::Uuid> = members::table
        .filter(members::workspace_id.eq_any(of_user.load::<uuid::Uuid>(conn)?))
        .filter(members::role.eq("admin"))
        .order((members::workspace_id, members::user_id))
        .for_update()
        .select(members::user_id)
        .load(conn)?;
    let rows: Vec<Slug> = Statement::new(
        "WITH gone AS (SELECT $1::uuid AS user_id)
         SELECT w.slug FROM gone
         JOIN members m ON m.user_id = gone.user_id AND m.role = 'admin'
         JOIN workspaces w ON w.id = m.workspace_id AND w.delete_after IS NULL
         WHERE NOT EXISTS (SELECT FROM members o WHERE o.workspace_id = m.workspace_id AND o.role = 'admin'
             AND o.expires_at IS NULL AND o.user_id <> gone.user_id)
         ORDER BY w.slug",
    )
    .bind::<SqlUuid, _>(user.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.slug).collect())
}

/// Erases what is known about a user. The row stays, without name and address, so that the audit log's ids still mean somebody.
pub fn user_erase(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(members::table.filter(members::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(shares::table.filter(shares::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(tokens::table.filter(tokens::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(invites::table.filter(invites::created_by.eq(user.0))).execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(password_resets::table.filter(password_resets::user_id.eq(user.0))).execute(conn)?;
    diesel::delete(sign_ins::table.filter(sign_ins::user_id.eq(user.0))).execute(conn)?;
    Statement::new("UPDATE device_logins SET user_id = NULL, denied = true WHERE user_id = $1")
        .bind::<SqlUuid, _>(user.0)
        .execute(conn)?;
    diesel::update(users::table.find(user.0))
        .set((
            users::name.eq("erased"),
            users::email.eq(None::<String>),
            users::organization_role.eq("member"),
            users::erased_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
