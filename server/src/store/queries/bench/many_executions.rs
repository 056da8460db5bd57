//! Very many finished executions, for lists over them.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};

use crate::store::{Error, Statement};

const PARTITIONS: &str = "SET client_min_messages = 'warning'; SET search_path = tidemill;
    SELECT partitions_create((now() AT TIME ZONE 'UTC')::date - 7, 8)";

/// Of 1 000 executions, 970 succeeded, 24 failed and 6 were cancelled; of 100 000, one more is a dead letter. The last of the
/// workflows has one execution in 10 000. Ids are `UUIDv7`, spread evenly.
const EXECUTIONS: &str = "
    INSERT INTO executions (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id, last_seq,
                            finished_at, error)
    SELECT w.workspace_id, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                || '8' || substr(md5(n::text), 4, 15))::uuid,
           w.uid, w.id, 1, status, 'webhook', 'in', 8, at + interval '20 ms',
           CASE WHEN status IN ('failed', 'dead_letter') THEN 'charge: the server answered 500' END
    FROM (
        SELECT n, at,
               CASE WHEN n % 10000 = 1 THEN flows[cardinality(flows)] ELSE flows[1 + n % (cardinality(flows) - 1)] END AS flow,
               CASE WHEN n % 100000 = 77 THEN 'dead_letter' WHEN n % 1000 < 24 THEN 'failed'
                    WHEN n % 1000 < 30 THEN 'cancelled' ELSE 'succeeded' END AS status
        FROM (SELECT n, $1::text[] AS flows, now() - interval '7 days' * (($2 - n)::double precision / $3) AS at
              FROM generate_series($4, $5) AS n) AS numbers
    ) AS shaped JOIN workflows w ON w.id = flow";

/// Executions that are inserted in one transaction.
const BATCH: i32 = 50_000;

/// Inserts `count` finished executions of the workflows with these ids (two at least), spread over the last days.
pub fn many_executions(url: &str, workflows: &[&str], count: u32) -> Result<(), Error> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(PARTITIONS)?;
    let mut first = 1;
    while first <= count {
        let last = first.saturating_add(BATCH - 1).min(count);
        Statement::new(EXECUTIONS)
            .bind::<Array<Text>, _>(workflows)
            .bind::<Integer, _>(count)
            .bind::<Integer, _>(count)
            .bind::<Integer, _>(first)
            .bind::<Integer, _>(last)
            .execute(&mut conn)?;
        first = last + 1;
    }
    conn.batch_execute("VACUUM (ANALYZE) executions")?;
    Ok(())
}
