//! The daily partitions of `executions` and `execution_events`: made ahead, dropped when they are old.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Timestamptz};

use crate::store::{Error, Statement};

/// A day whose partitions are due to be dropped.
#[derive(Debug, QueryableByName)]
pub struct ExpiredRow {
    /// The day, in UTC.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// Whether an execution of that day is still under way: then the partitions stay.
    #[diesel(sql_type = Bool)]
    pub is_live: bool,
}

/// Makes the daily partitions from `first_day` on that are missing. Returns how many were made.
pub fn create(connection: &mut PgConnection, first_day: NaiveDate, days: i32) -> Result<i32, Error> {
    #[derive(QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = Integer)]
        made: i32,
    }
    let row: CountRow = Statement::new("SELECT partitions_create($1, $2) AS made")
        .bind::<Date, _>(first_day)
        .bind::<Integer, _>(days)
        .get_result(connection)?;
    Ok(row.made)
}

/// The days of before `before` that have partitions, the oldest first.
pub fn expired(connection: &mut PgConnection, before: NaiveDate) -> Result<Vec<ExpiredRow>, Error> {
    let rows = Statement::new(
        "SELECT day, EXISTS (SELECT FROM execution_queue
                    WHERE execution_id >= uuid_floor(day::timestamp AT TIME ZONE 'UTC')
                      AND execution_id < uuid_floor((day + 1)::timestamp AT TIME ZONE 'UTC')) AS is_live
         FROM (SELECT DISTINCT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
               FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent IN ('executions'::regclass, 'execution_events'::regclass) AND c.relname ~ '_[0-9]{8}$') AS days
         WHERE day < $1 ORDER BY day",
    )
    .bind::<Date, _>(before)
    .load(connection)?;
    Ok(rows)
}

/// Drops the partitions of a day of which nothing is under way. Nothing of a day that is over begins, so that what was true a
/// moment ago still is.
pub fn drop_day(connection: &mut PgConnection, day: NaiveDate) -> Result<(), Error> {
    Statement::new("SELECT partition_drop($1)").bind::<Date, _>(day).execute(connection)?;
    Statement::new("DELETE FROM storage_days WHERE day <= $1").bind::<Date, _>(day).execute(connection)?;
    Ok(())
}

/// Forgets up to `limit` deliveries of before `before`. Returns how many.
pub fn forget_deliveries(connection: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<usize, Error> {
    let forgotten =
        Statement::new("DELETE FROM deliveries WHERE ctid IN (SELECT ctid FROM deliveries WHERE at < $1 ORDER BY at LIMIT $2)")
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(limit)
            .execute(connection)?;
    Ok(forgotten)
}
