//! Secrets, encrypted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::secrets;

/// A secret as it is kept: only `secrets::Vault` can read it.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = secrets)]
pub struct Secret {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its name in expressions: `secrets.<name>`.
    pub name: String,
    /// Which key encrypted it.
    pub key_version: i16,
    /// The nonce of this encryption.
    pub nonce: Vec<u8>,
    /// The encrypted value.
    pub ciphertext: Vec<u8>,
    /// When it was last put.
    pub updated_at: DateTime<Utc>,
}
