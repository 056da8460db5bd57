//! `nodes`: the server processes on this database.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::store::{Error, Statement};

/// A server process.
#[derive(Debug, Clone, QueryableByName)]
pub struct NodeListRow {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its name, for people.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its version.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// What it does, words with commas between.
    #[diesel(sql_type = Text)]
    pub roles: String,
    /// When it started.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When it was last heard of.
    #[diesel(sql_type = Timestamptz)]
    pub heartbeat_at: DateTime<Utc>,
    /// Whether it is not heard of any more.
    #[diesel(sql_type = Bool)]
    pub is_lost: bool,
    /// Whether it is stopping.
    #[diesel(sql_type = Bool)]
    pub draining: bool,
    /// How many executions it holds.
    #[diesel(sql_type = Integer)]
    pub running: i32,
    /// How many more it takes.
    #[diesel(sql_type = Integer)]
    pub free: i32,
}

/// All nodes, the oldest first. Those that stopped in order are not among them.
pub fn node_list(connection: &mut PgConnection) -> Result<Vec<NodeListRow>, Error> {
    let rows = Statement::new(
        "SELECT id, name, version, roles, started_at, heartbeat_at, expires_at <= now() AS is_lost, draining, running, free
         FROM nodes ORDER BY started_at, id",
    )
    .load(connection)?;
    Ok(rows)
}
