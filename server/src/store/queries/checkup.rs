//! What the doctor asks a database: its clock, its settings, its room, the days ahead. As the login role, on a connection of its own.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};

use crate::store::{Error, Statement};

/// What the doctor looks at.
#[derive(Debug, Clone, QueryableByName)]
pub struct CheckupRow {
    /// The database's clock.
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
    /// The version of Postgres, as a number: 180003.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Whole days from today on that have a partition; none before the first start.
    #[diesel(sql_type = Nullable<Integer>)]
    pub days_ahead: Option<i32>,
    /// Connections that clients can have.
    #[diesel(sql_type = Integer)]
    pub connections: i32,
    /// Those that are in use.
    #[diesel(sql_type = BigInt)]
    pub used: i64,
    /// The settings on which it depends whether a commit is durable, that are not `on`.
    #[diesel(sql_type = Text)]
    pub not_durable: String,
    /// `autovacuum`.
    #[diesel(sql_type = Text)]
    pub autovacuum: String,
}

/// A setting of Postgres that isn't its default.
#[derive(Debug, Clone, QueryableByName)]
pub struct SettingRow {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its value.
    #[diesel(sql_type = Text)]
    pub value: String,
}

/// A table and how large it is.
#[derive(Debug, Clone, QueryableByName)]
pub struct SizeRow {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its bytes with indexes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Its rows, estimated.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
}

/// Looks at the database at `url`. Blocks.
pub fn look(url: &str) -> Result<CheckupRow, Error> {
    let mut conn = PgConnection::establish(url)?;
    let row = Statement::new(
        "SELECT clock_timestamp() AS now, current_setting('server_version_num')::integer AS version,
                (SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) - (now() AT TIME ZONE 'UTC')::date
                 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = to_regclass('tidemill.executions') AND c.relname ~ '_[0-9]{8}$') AS days_ahead,
                current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS connections,
                (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
                coalesce((SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings
                          WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'), '') AS not_durable,
                current_setting('autovacuum') AS autovacuum",
    )
    .get_result(&mut conn)?;
    Ok(row)
}

/// The settings that somebody made, but those that can hold passwords or commands.
pub fn settings(url: &str) -> Result<Vec<SettingRow>, Error> {
    let mut conn = PgConnection::establish(url)?;
    let rows = Statement::new(
        "SELECT name, concat(setting, unit) AS value FROM pg_settings
         WHERE source NOT IN ('default', 'override', 'client', 'session') AND name !~ 'conninfo|command|passphrase|password|secret|key' ORDER BY name",
    )
    .load(&mut conn)?;
    Ok(rows)
}

/// The largest tables, partitions counted with their parents.
pub fn sizes(url: &str) -> Result<Vec<SizeRow>, Error> {
    let mut conn = PgConnection::establish(url)?;
    let rows = Statement::new(
        "SELECT regexp_replace(c.relname, '_[0-9]{8}$', '') AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes,
                sum(greatest(c.reltuples, 0))::bigint AS rows
         FROM pg_class c WHERE c.relnamespace = to_regnamespace('tidemill') AND c.relkind = 'r' GROUP BY 1 ORDER BY 2 DESC LIMIT 30",
    )
    .load(&mut conn)?;
    Ok(rows)
}
