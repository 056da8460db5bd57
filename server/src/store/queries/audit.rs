//! Everything that a database holds about executions, read as its superuser: for a verdict, never for an answer.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::feed::StoredEvent;
use crate::store::{Error, Statement};

/// What nothing may be left of when nothing is under way, each with its sentence; and what must hold at any time.
const LEFT_OVER: [&str; 6] = [
    "SELECT 'execution ' || execution_id || ' is in the queue without a row of its own' AS text FROM execution_queue q
     WHERE NOT EXISTS (SELECT FROM executions e WHERE e.workspace_id = q.workspace_id AND e.id = q.execution_id)",
    "SELECT 'execution ' || e.id || ' has not ended and is not in the queue' AS text FROM executions e
     WHERE finished_at IS NULL AND NOT EXISTS (SELECT FROM execution_queue q WHERE q.execution_id = e.id)",
    "SELECT 'execution ' || execution_id || ' holds or awaits the key ' || key || ' and is not in the queue' AS text
     FROM concurrency_slots s WHERE NOT EXISTS (SELECT FROM execution_queue q WHERE q.execution_id = s.execution_id)",
    "SELECT 'delivery ' || key || ' names execution ' || execution_id || ', which there is not' AS text FROM deliveries d
     WHERE NOT EXISTS (SELECT FROM executions e WHERE e.workspace_id = d.workspace_id AND e.id = d.execution_id)",
    "SELECT 'event ' || min(seq) || ' of execution ' || execution_id || ' has no execution' AS text FROM execution_events v
     WHERE NOT EXISTS (SELECT FROM executions e WHERE e.workspace_id = v.workspace_id AND e.id = v.execution_id)
     GROUP BY execution_id",
    "SELECT 'the feed names ' || coalesce(f.n, 0) || ' of the ' || e.last_seq || ' events of execution ' || e.id AS text
     FROM executions e LEFT JOIN (
         SELECT u.id, sum(u.z - u.a + 1) AS n FROM event_feed f, unnest(f.execution_ids, f.first_seqs, f.last_seqs) AS u (id, a, z)
         GROUP BY 1
     ) f ON f.id = e.id WHERE f.n IS DISTINCT FROM e.last_seq",
];

/// The row of an execution.
#[derive(Debug, Clone, QueryableByName)]
pub struct AuditRow {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The `id` of the workflow's file.
    #[diesel(sql_type = Text)]
    pub workflow_id: String,
    /// Its state.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Its newest event.
    #[diesel(sql_type = Integer)]
    pub last_seq: i32,
    /// When it ended.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it did not succeed, in one line.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A connection that sees every row and changes none.
pub struct Audit(PgConnection);

impl Audit {
    /// Connects to `url` as a superuser. Blocks.
    pub fn open(url: &str) -> Result<Self, Error> {
        let mut conn = PgConnection::establish(url)?;
        conn.batch_execute("SET search_path = tidemill; SET default_transaction_read_only = on; SET timezone = 'UTC'")?;
        Ok(Self(conn))
    }

    /// How many executions have not ended.
    pub fn open_executions(&mut self) -> Result<i64, Error> {
        let row: CountRow = Statement::new("SELECT count(*) AS count FROM execution_queue").get_result(&mut self.0)?;
        Ok(row.count)
    }

    /// Up to `limit` executions that wait for an operator's decision about a step whose node was lost.
    pub fn undecided(&mut self, limit: i64) -> Result<Vec<Uuid>, Error> {
        #[derive(QueryableByName)]
        struct IdRow {
            #[diesel(sql_type = SqlUuid)]
            execution_id: Uuid,
        }
        let rows = Statement::new(
            "SELECT DISTINCT execution_id FROM step_waits WHERE kind = 'decision' AND answer IS NULL ORDER BY execution_id LIMIT $1",
        )
        .bind::<BigInt, _>(limit)
        .load::<IdRow>(&mut self.0)?;
        Ok(rows.into_iter().map(|row| row.execution_id).collect())
    }

    /// Up to `limit` executions behind `after`, in the order of their ids.
    pub fn executions(&mut self, after: Uuid, limit: i64) -> Result<Vec<AuditRow>, Error> {
        let rows = Statement::new(
            "SELECT id, workflow_id, status, last_seq, finished_at, error FROM executions WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind::<SqlUuid, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut self.0)?;
        Ok(rows)
    }

    /// All events of the executions `ids`, in order.
    pub fn events(&mut self, ids: &[Uuid]) -> Result<Vec<StoredEvent>, Error> {
        let rows = Statement::new(
            "SELECT workspace_id, execution_id, seq, at, type AS event_type, data::text AS data FROM execution_events
             WHERE execution_id = ANY($1) ORDER BY execution_id, seq",
        )
        .bind::<Array<SqlUuid>, _>(ids.to_vec())
        .load(&mut self.0)?;
        Ok(rows)
    }

    /// What is left over although nothing is under way: a sentence each.
    pub fn left_over(&mut self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for sql in LEFT_OVER {
            let rows: Vec<TextRow> = Statement::new(sql).load(&mut self.0)?;
            found.extend(rows.into_iter().map(|row| row.text));
        }
        Ok(found)
    }
}
