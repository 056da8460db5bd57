//! What an operator must hear of: rows without a partition, and the transaction that has been open longest.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::store::{Error, Statement};

/// A transaction that is open for longer, in seconds, is complained about: it keeps vacuum from the queue's dead rows, and claims
/// get slower by the hour.
pub const OLD_SNAPSHOT: i64 = 300;

/// What was seen.
#[derive(Debug, Clone, QueryableByName)]
pub struct WatchRow {
    /// Rows of executions and events in the DEFAULT partitions.
    #[diesel(sql_type = BigInt)]
    pub strays: i64,
    /// The process of Postgres whose snapshot is the oldest; none when no transaction is open.
    #[diesel(sql_type = Nullable<Integer>)]
    pub pid: Option<i32>,
    /// Who it belongs to: role, program and state.
    #[diesel(sql_type = Text)]
    pub owner: String,
    /// How long its transaction has been open, in seconds.
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
}

/// Looks, on a connection of its own in the name of the login role: the engine's may not see what others do. Blocks.
pub fn look(url: &str) -> Result<WatchRow, Error> {
    let mut conn = PgConnection::establish(url)?;
    let row = Statement::new(
        "SELECT tidemill.partition_strays() AS strays, s.pid,
                concat_ws(', ', s.usename, nullif(s.application_name, ''), s.state) AS owner,
                coalesce(extract(epoch FROM clock_timestamp() - s.xact_start), 0)::bigint AS seconds
         FROM (SELECT) AS one LEFT JOIN LATERAL (
             SELECT pid, usename, application_name, state, xact_start FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
             ORDER BY xact_start LIMIT 1
         ) AS s ON true",
    )
    .get_result(&mut conn)?;
    Ok(row)
}
