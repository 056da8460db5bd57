//! Credentials, encrypted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::credentials;

/// A credential as it is kept: only `secrets::Vault` can read it.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = credentials)]
pub struct Credential {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its type: a word.
    pub kind: String,
    /// What is no secret, as JSON.
    pub settings: String,
    /// Which data key encrypted it.
    pub key_version: i16,
    /// The nonce of this encryption.
    pub nonce: Vec<u8>,
    /// The encrypted secret.
    pub ciphertext: Vec<u8>,
    /// When it was last put.
    pub updated_at: DateTime<Utc>,
}
