//! What Postgres does when it only inserts: the measure that `tidemill bench` holds the engine against.
//!
//! The rows go into copies of `executions` and `execution_events` (same columns, same indexes, no partitions) in a schema of
//! their own, which is dropped at the end: nothing of the database in use is touched.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, RunQueryDsl, sql_query};
use uuid::Uuid;

use crate::store::Error;

/// Makes the copies. Left over from a bench that was killed, they are replaced.
const PREPARE: &str = "
    SET client_min_messages = 'warning';
    DROP SCHEMA IF EXISTS tidemill_bench CASCADE;
    CREATE SCHEMA tidemill_bench;
    CREATE TABLE tidemill_bench.executions (LIKE tidemill.executions INCLUDING ALL);
    CREATE TABLE tidemill_bench.execution_events (LIKE tidemill.execution_events INCLUDING ALL);
    SET search_path = tidemill_bench;
    SET synchronous_commit = on";

const EXECUTIONS: &str = "
    INSERT INTO executions (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id, last_seq, finished_at)
    SELECT $1, id, $1, 'bench', 1, 'succeeded', 'webhook', 'in', $3, $4
    FROM unnest($2) AS id";

const EVENTS: &str = "
    INSERT INTO execution_events (workspace_id, execution_id, seq, at, type, data)
    SELECT $1, execution_id, seq, $2, type, data::json
    FROM unnest($3, $4, $5, $6) AS event (execution_id, seq, type, data)";

/// The events that each execution gets: type and data as JSON, in order.
pub type EventShapes = Vec<(String, String)>;

/// Inserts batches of executions with their events.
pub struct BulkInsert {
    conn: PgConnection,
    shapes: EventShapes,
}

impl BulkInsert {
    /// Connects to `url` as a role that may make schemas, and makes the tables.
    ///
    /// # Errors
    /// When there is no connection, or the role may not do this.
    pub fn open(url: &str, shapes: EventShapes) -> Result<Self, Error> {
        let mut conn = PgConnection::establish(url)?;
        conn.batch_execute(PREPARE)?;
        Ok(Self { conn, shapes })
    }

    /// Inserts the executions `ids`, as at `now`, in one transaction.
    pub fn insert(&mut self, ids: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
        let workspace = Uuid::nil();
        let events = ids.len() * self.shapes.len();
        let (mut owners, mut seqs) = (Vec::with_capacity(events), Vec::with_capacity(events));
        let (mut types, mut data) = (Vec::with_capacity(events), Vec::with_capacity(events));
        for id in ids {
            for (seq, (kind, body)) in (1_i32..).zip(&self.shapes) {
                owners.push(*id);
                seqs.push(seq);
                types.push(kind.as_str());
                data.push(body.as_str());
            }
        }
        let last_seq = seqs.last().copied().unwrap_or_default();
        self.conn.transaction(|conn| {
            sql_query(EXECUTIONS)
                .bind::<SqlUuid, _>(workspace)
                .bind::<Array<SqlUuid>, _>(ids)
                .bind::<Integer, _>(last_seq)
                .bind::<Timestamptz, _>(now)
                .execute(conn)?;
            sql_query(EVENTS)
                .bind::<SqlUuid, _>(workspace)
                .bind::<Timestamptz, _>(now)
                .bind::<Array<SqlUuid>, _>(owners)
                .bind::<Array<Integer>, _>(seqs)
                .bind::<Array<Text>, _>(types)
                .bind::<Array<Text>, _>(data)
                .execute(conn)?;
            Ok(())
        })
    }

    /// Drops the tables.
    pub fn close(mut self) -> Result<(), Error> {
        Ok(self.conn.batch_execute("DROP SCHEMA tidemill_bench CASCADE")?)
    }
}
