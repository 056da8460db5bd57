//! What is sealed, with the data keys that open it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::WorkspaceId;
use uuid::Uuid;

use crate::store::{Error, Statement};

/// A secret or a credential, and the data key that opens it.
#[derive(Debug, QueryableByName)]
pub struct SealedRow {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// A credential's type; empty for a secret.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// A credential's settings; empty for a secret.
    #[diesel(sql_type = Text)]
    pub settings: String,
    /// The version of the data key that sealed it.
    #[diesel(sql_type = SmallInt)]
    pub key_version: i16,
    /// The nonce.
    #[diesel(sql_type = Bytea)]
    pub nonce: Vec<u8>,
    /// The sealed value.
    #[diesel(sql_type = Bytea)]
    pub ciphertext: Vec<u8>,
    /// The data key: the version of the server's key that sealed it. Absent when there is no such data key.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub data_key_version: Option<i16>,
    /// The data key: its nonce.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub data_key_nonce: Option<Vec<u8>>,
    /// The data key, sealed.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub data_key: Option<Vec<u8>>,
}

/// A data key, sealed with a key of the server.
#[derive(Debug, Clone, QueryableByName)]
pub struct DataKeyRow {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// Its version in the workspace.
    #[diesel(sql_type = SmallInt)]
    pub version: i16,
    /// The version of the server's key.
    #[diesel(sql_type = SmallInt)]
    pub key_version: i16,
    /// The nonce.
    #[diesel(sql_type = Bytea)]
    pub nonce: Vec<u8>,
    /// The sealed key.
    #[diesel(sql_type = Bytea)]
    pub ciphertext: Vec<u8>,
}

/// By what a key of the server is known.
#[derive(Debug, QueryableByName)]
pub struct KeyCheckRow {
    /// The version of the server's key.
    #[diesel(sql_type = SmallInt)]
    pub key_version: i16,
    /// The nonce.
    #[diesel(sql_type = Bytea)]
    pub nonce: Vec<u8>,
    /// What it sealed.
    #[diesel(sql_type = Bytea)]
    pub ciphertext: Vec<u8>,
}

/// The workspace's secrets with these names.
pub fn secrets(conn: &mut PgConnection, workspace_id: Uuid, names: &[String]) -> QueryResult<Vec<SealedRow>> {
    Statement::new(
        "SELECT s.workspace_id, s.name, '' AS kind, '' AS settings, s.key_version, s.nonce, s.ciphertext,
                k.key_version AS data_key_version, k.nonce AS data_key_nonce, k.ciphertext AS data_key
         FROM secrets s LEFT JOIN data_keys k ON k.workspace_id = s.workspace_id AND k.version = s.key_version
         WHERE s.workspace_id = $1 AND s.name = ANY($2)",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<Array<Text>, _>(names)
    .load(conn)
}

/// A credential that another workspace shares.
#[derive(Debug, QueryableByName)]
pub struct SharedRow {
    /// The workspace's slug.
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// The credential.
    #[diesel(embed)]
    pub sealed: SealedRow,
}

/// The credentials (slug, name) of other workspaces that workflows of `workspace` may use which `owner` has saved: shared with the
/// workspace, of which the owner is a member and no guest, or with the owner, who is still a member there. What belongs to the
/// workspace itself needs no share.
pub fn shared_credentials(
    conn: &mut PgConnection,
    (workspace, owner): (Uuid, Option<Uuid>),
    wanted: &[(String, String)],
) -> QueryResult<Vec<SharedRow>> {
    Statement::new(
        "WITH me AS (SELECT $1::uuid AS workspace_id, $2::uuid AS user_id)
         SELECT o.slug, c.workspace_id, c.name, c.type AS kind, c.settings, c.key_version, c.nonce, c.ciphertext,
                d.key_version AS data_key_version, d.nonce AS data_key_nonce, d.ciphertext AS data_key
         FROM me CROSS JOIN unnest($3::text[], $4::text[]) AS k (slug, name)
         JOIN workspaces o ON o.slug = k.slug AND o.delete_after IS NULL
         JOIN credentials c ON c.workspace_id = o.id AND c.name = k.name
         LEFT JOIN data_keys d ON d.workspace_id = c.workspace_id AND d.version = c.key_version
         WHERE o.id = me.workspace_id OR EXISTS (
             SELECT FROM shares s
             JOIN members m ON m.user_id = me.user_id AND m.workspace_id = coalesce(s.to_workspace, s.workspace_id)
                  AND (m.expires_at IS NULL OR m.expires_at > now()) AND (s.to_workspace IS NULL OR m.role <> 'guest')
             WHERE s.workspace_id = o.id AND s.object_kind = 'credential' AND s.object_id = c.name AND s.permission = 'use'
               AND (s.user_id = me.user_id OR s.to_workspace = me.workspace_id)
               AND (s.expires_at IS NULL OR s.expires_at > now()))",
    )
    .bind::<SqlUuid, _>(workspace)
    .bind::<Nullable<SqlUuid>, _>(owner)
    .bind::<Array<Text>, _>(wanted.iter().map(|(slug, _)| slug.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(wanted.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>())
    .load(conn)
}

/// The workspace's credentials with these names.
pub fn credentials(conn: &mut PgConnection, workspace_id: Uuid, names: &[String]) -> QueryResult<Vec<SealedRow>> {
    Statement::new(
        "SELECT c.workspace_id, c.name, c.type AS kind, c.settings, c.key_version, c.nonce, c.ciphertext,
                k.key_version AS data_key_version, k.nonce AS data_key_nonce, k.ciphertext AS data_key
         FROM credentials c LEFT JOIN data_keys k ON k.workspace_id = c.workspace_id AND k.version = c.key_version
         WHERE c.workspace_id = $1 AND c.name = ANY($2)",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<Array<Text>, _>(names)
    .load(conn)
}

/// The signing keys of a subscription.
pub fn subscription(conn: &mut PgConnection, workspace_id: Uuid, id: Uuid) -> QueryResult<Option<SealedRow>> {
    Statement::new(
        "SELECT s.workspace_id, s.name, 'subscription' AS kind, '' AS settings, s.key_version, s.nonce, s.ciphertext,
                k.key_version AS data_key_version, k.nonce AS data_key_nonce, k.ciphertext AS data_key
         FROM event_subscriptions s LEFT JOIN data_keys k ON k.workspace_id = s.workspace_id AND k.version = s.key_version
         WHERE s.workspace_id = $1 AND s.id = $2",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(id)
    .get_result(conn)
    .optional()
}

/// The workspace's newest data key.
pub fn data_key(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Option<DataKeyRow>, Error> {
    Ok(Statement::new(
        "SELECT workspace_id, version, key_version, nonce, ciphertext FROM data_keys
         WHERE workspace_id = $1 ORDER BY version DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(workspace.0)
    .get_result(conn)
    .optional()?)
}

/// Keeps a data key, unless somebody else was first.
pub fn data_key_insert(conn: &mut PgConnection, key: DataKeyRow, now: DateTime<Utc>) -> Result<(), Error> {
    Statement::new(
        "INSERT INTO data_keys (workspace_id, version, key_version, nonce, ciphertext, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(key.workspace_id)
    .bind::<SmallInt, _>(key.version)
    .bind::<SmallInt, _>(key.key_version)
    .bind::<Bytea, _>(key.nonce)
    .bind::<Bytea, _>(key.ciphertext)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

/// Up to `limit` data keys that a server key before `version` sealed; of any workspace.
pub fn data_keys_before(conn: &mut PgConnection, version: i16, limit: i64) -> Result<Vec<DataKeyRow>, Error> {
    Ok(Statement::new(
        "SELECT workspace_id, version, key_version, nonce, ciphertext FROM data_keys
         WHERE key_version < $1 ORDER BY workspace_id, version LIMIT $2",
    )
    .bind::<SmallInt, _>(version)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// Replaces a data key by the same one, sealed anew.
pub fn data_key_update(conn: &mut PgConnection, key: DataKeyRow) -> Result<(), Error> {
    Statement::new(
        "UPDATE data_keys SET key_version = $1, nonce = $2, ciphertext = $3 WHERE workspace_id = $4 AND version = $5",
    )
    .bind::<SmallInt, _>(key.key_version)
    .bind::<Bytea, _>(key.nonce)
    .bind::<Bytea, _>(key.ciphertext)
    .bind::<SqlUuid, _>(key.workspace_id)
    .bind::<SmallInt, _>(key.version)
    .execute(conn)?;
    Ok(())
}

/// Up to `limit` secrets that the server's first key sealed itself; of any workspace.
pub fn secrets_without_data_key(conn: &mut PgConnection, limit: i64) -> Result<Vec<SealedRow>, Error> {
    Ok(Statement::new(
        "SELECT workspace_id, name, '' AS kind, '' AS settings, key_version, nonce, ciphertext,
                NULL::smallint AS data_key_version, NULL::bytea AS data_key_nonce, NULL::bytea AS data_key
         FROM secrets WHERE key_version = 1 ORDER BY workspace_id, name LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// By what the keys of the server are known that seal anything here.
pub fn key_checks(conn: &mut PgConnection) -> Result<Vec<KeyCheckRow>, Error> {
    Ok(Statement::new("SELECT key_version, nonce, ciphertext FROM key_checks ORDER BY key_version").load(conn)?)
}

/// Keeps the check of a key, unless somebody else was first.
pub fn key_check_insert(conn: &mut PgConnection, check: KeyCheckRow, now: DateTime<Utc>) -> Result<(), Error> {
    Statement::new(
        "INSERT INTO key_checks (key_version, nonce, ciphertext, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<SmallInt, _>(check.key_version)
    .bind::<Bytea, _>(check.nonce)
    .bind::<Bytea, _>(check.ciphertext)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

/// Forgets the checks of keys before `version`, which seal nothing any more.
pub fn key_checks_forget(conn: &mut PgConnection, version: i16) -> Result<(), Error> {
    Statement::new("DELETE FROM key_checks WHERE key_version < $1").bind::<SmallInt, _>(version).execute(conn)?;
    Ok(())
}
