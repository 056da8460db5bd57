//! A day of the past with very many finished executions, and its end.

use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Text};

use crate::store::queries::partition;
use crate::store::{Error, Statement};

const PREPARE: &str = "SET client_min_messages = 'warning'; SET search_path = tidemill";

/// Executions of the day `$1`, spread evenly, and eight events of each.
const EXECUTIONS: &str = "
    WITH made AS (
        INSERT INTO executions (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id, last_seq,
                                finished_at)
        SELECT w.workspace_id, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                    || '8' || substr(md5(n::text), 4, 15))::uuid,
               w.uid, w.id, 1, 'succeeded', 'webhook', 'in', 8, at + interval '20 ms'
        FROM (SELECT n, $1::timestamp AT TIME ZONE 'UTC' + interval '24 hours' * (n::double precision / ($2 + 1)) AS at
              FROM generate_series($3, $4) AS n) AS numbers
        JOIN workflows w ON w.id = $5
        RETURNING workspace_id, id, finished_at
    )
    INSERT INTO execution_events (workspace_id, execution_id, seq, at, type, data)
    SELECT workspace_id, id, seq, finished_at, 'step_completed', '{\"step\":\"compute\",\"iteration\":0,\"attempt\":1,\"output\":{\"n\":1}}'
    FROM made, generate_series(1, 8) AS seq";

/// Executions that are inserted in one transaction.
const BATCH: i32 = 20_000;

/// Inserts `count` finished executions of `workflow` into a day of the past. Returns that day, and how many bytes the database
/// then has.
pub fn fill_day(url: &str, workflow: &str, count: u32) -> Result<(NaiveDate, i64), Error> {
    #[derive(QueryableByName)]
    struct DayRow {
        #[diesel(sql_type = Date)]
        day: NaiveDate,
    }
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(PREPARE)?;
    let DayRow { day } = Statement::new("SELECT (now() AT TIME ZONE 'UTC')::date - 9 AS day").get_result(&mut conn)?;
    partition::create(&mut conn, day, 1)?;
    let mut first = 1;
    while first <= count {
        let last = first.saturating_add(BATCH - 1).min(count);
        Statement::new(EXECUTIONS)
            .bind::<Date, _>(day)
            .bind::<Integer, _>(count)
            .bind::<Integer, _>(first)
            .bind::<Integer, _>(last)
            .bind::<Text, _>(workflow)
            .execute(&mut conn)?;
        first = last + 1;
    }
    // A day of the past was vacuumed long ago. While that is being done it can't be dropped: retention then tries again later.
    let partitions = ["executions", "execution_events"].map(|parent| format!("{parent}_{}", day.format("%Y%m%d")));
    conn.batch_execute(&format!("VACUUM (ANALYZE) {}", partitions.join(", ")))?;
    Ok((day, database_size(&mut conn)?))
}

/// Drops `day` as retention does. Returns how many bytes the database then has.
pub fn drop_day(url: &str, day: NaiveDate) -> Result<i64, Error> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(PREPARE)?;
    partition::drop_day(&mut conn, day)?;
    database_size(&mut conn)
}

fn database_size(conn: &mut PgConnection) -> Result<i64, Error> {
    #[derive(QueryableByName)]
    struct SizeRow {
        #[diesel(sql_type = BigInt)]
        bytes: i64,
    }
    let row: SizeRow = Statement::new("SELECT pg_database_size(current_database()) AS bytes").get_result(conn)?;
    Ok(row.bytes)
}
