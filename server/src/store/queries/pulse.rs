//! A beat of a node: one statement that says that it lives and sees what its loops have to know.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::store::Statement;

/// What a node says about itself.
#[derive(Debug, Clone)]
pub struct NodeRow {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// Its version.
    pub version: &'static str,
    /// What it does, words with commas between.
    pub roles: String,
    /// How long it lives from now on, in seconds.
    pub life: i64,
    /// Whether it is stopping.
    pub draining: bool,
    /// How many executions it holds.
    pub running: i32,
    /// How many more it takes.
    pub free: i32,
}

/// What a node sees.
#[derive(Debug, Clone, QueryableByName)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct PulseRow {
    /// The executions that it holds, as the database knows them.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub execution_ids: Vec<Uuid>,
    /// Their tenants.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub workspace_ids: Vec<Uuid>,
    /// The epochs of their leases.
    #[diesel(sql_type = Array<Integer>)]
    pub epochs: Vec<i32>,
    /// What is wanted of them: `[execution, cancel, pause, answered]` each.
    #[diesel(sql_type = Json)]
    pub wishes: Value,
    /// Whether a node was lost that held something.
    #[diesel(sql_type = Bool)]
    pub lost: bool,
    /// Whether another node admits what it has no room for.
    #[diesel(sql_type = Bool)]
    pub crowded: bool,
    /// When the next execution that nobody holds is due.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_due: Option<DateTime<Utc>>,
    /// When the next schedule is due.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_schedule: Option<DateTime<Utc>>,
    /// When the next condition is to be checked.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_condition: Option<DateTime<Utc>>,
    /// When something about subscriptions or quotas is due.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_billing: Option<DateTime<Utc>>,
    /// Whether triggers listen to internal events.
    #[diesel(sql_type = Bool)]
    pub listens: bool,
    /// Whether there are enabled subscriptions.
    #[diesel(sql_type = Bool)]
    pub subscribed: bool,
    /// Whether dead letters wait to be replayed.
    #[diesel(sql_type = Bool)]
    pub replays: bool,
    /// Whether executions wait for others that they have called.
    #[diesel(sql_type = Bool)]
    pub calls: bool,
    /// When the next part of an order about many executions is due.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_bulk: Option<DateTime<Utc>>,
    /// Whether the feed has rows that are not rolled up.
    #[diesel(sql_type = Bool)]
    pub to_roll_up: bool,
}

/// A node lives; its first beat registers it.
pub fn beat(connection: &mut PgConnection, node: &NodeRow) -> QueryResult<PulseRow> {
    Statement::new(include_str!("pulse.sql"))
        .bind::<SqlUuid, _>(node.id)
        .bind::<Text, _>(node.name.as_str())
        .bind::<Text, _>(node.version)
        .bind::<Text, _>(node.roles.as_str())
        .bind::<BigInt, _>(node.life)
        .bind::<Bool, _>(node.draining)
        .bind::<Integer, _>(node.running)
        .bind::<Integer, _>(node.free)
        .bind::<SqlUuid, _>(node.id)
        .bind::<SqlUuid, _>(node.id)
        .bind::<SqlUuid, _>(node.id)
        .get_result(connection)
}

/// Declares `node` dead, so that others take over what it holds.
pub fn bury(connection: &mut PgConnection, node: Uuid) -> QueryResult<usize> {
    Statement::new("UPDATE nodes SET expires_at = least(expires_at, now()) WHERE id = $1")
        .bind::<SqlUuid, _>(node)
        .execute(connection)
}

/// Forgets a node that gave everything back.
pub fn forget(connection: &mut PgConnection, node: Uuid) -> QueryResult<usize> {
    Statement::new("DELETE FROM nodes WHERE id = $1").bind::<SqlUuid, _>(node).execute(connection)
}
