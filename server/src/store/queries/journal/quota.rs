//! What the plan of an organization allows: counted by the admit statement, in its commit.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// The constraint that fails when a batch would go beyond what is left.
pub const ROOM: &str = "usage_meters_room";

/// An execution that was refused because nothing is left; of one that was admitted only the id is there.
#[derive(Debug, Clone, QueryableByName)]
pub struct RefusedRow {
    /// The execution that there is not.
    #[diesel(sql_type = SqlUuid)]
    pub(super) execution_id: Uuid,
    /// The execution that an earlier arrival with the same delivery started.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub known: Option<Uuid>,
    /// How many executions the period has.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub used: Option<i64>,
    /// How many it may have.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub most: Option<i64>,
    /// When the next period begins.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub resets_at: Option<DateTime<Utc>>,
}
