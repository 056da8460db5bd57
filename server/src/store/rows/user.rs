//! Users.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::users;

/// A person or a service account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// The organisation it belongs to.
    pub organization_id: Uuid,
    /// The name shown to others.
    pub name: String,
    /// The e-mail address, if one is known.
    pub email: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// `person` or `service`.
    pub kind: String,
    /// `admin` or `member` of the organisation.
    pub organization_role: String,
    /// When its personal data was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// The word for a service account.
pub const SERVICE: &str = "service";
/// The word for a person.
pub const PERSON: &str = "person";
/// The word for who administers the organisation.
pub const ADMIN: &str = "admin";
/// The word for everybody else in it.
pub const MEMBER: &str = "member";
