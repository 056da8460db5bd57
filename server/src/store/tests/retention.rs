//! Retention drops days, never what is under way.

use chrono::NaiveDate;
use uuid::Uuid;

use super::TestDatabase;
use crate::store::Database;
use crate::store::queries::{partition, watch};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The days that are due before `before`: each with whether something of it is under way.
fn expired(store: &Database, before: &str) -> Vec<(String, bool)> {
    let before = day(before);
    let rows = store.engine_blocking(move |conn| partition::expired(conn, before)).unwrap();
    rows.into_iter().map(|row| (row.day.to_string(), row.is_live)).collect()
}

/// A finished execution with three events, at noon of a day.
fn finished(database: &TestDatabase, day: &str, count: u32) {
    database.execute(&format!(
        "WITH ids AS (
             SELECT overlay(gen_random_uuid()::text PLACING left(tidemill.uuid_floor('{day} 12:00Z'::timestamptz)::text, 13) FROM 1)::uuid AS id
             FROM generate_series(1, {count})
         ), rows AS (
             INSERT INTO tidemill.executions (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, last_seq, finished_at)
             SELECT '{nil}', id, '{nil}', 'w', 1, 'succeeded', 'manual', 3, '{day} 12:00Z' FROM ids
         )
         INSERT INTO tidemill.execution_events (workspace_id, execution_id, seq, at, type, data)
         SELECT '{nil}', id, seq, '{day} 12:00Z', 'step_completed', '{{\"step\":\"a\",\"attempt\":1,\"output\":{{}}}}'
         FROM ids, generate_series(1, 3) seq",
        nil = Uuid::nil()
    ));
    database.execute(
        "INSERT INTO tidemill.execution_payloads SELECT workspace_id, id, '\\x00', 1, '\\x00' FROM tidemill.executions ON CONFLICT DO NOTHING",
    );
}

fn payloads(database: &TestDatabase) -> i64 {
    use diesel::sql_types::BigInt;
    use diesel::{Connection, PgConnection, RunQueryDsl};

    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let count = diesel::sql_query("SELECT count(*) FROM tidemill.execution_payloads");
    count.get_result::<Row>(&mut PgConnection::establish(&database.url).unwrap()).unwrap().count
}

#[test]
fn a_day_goes_when_nothing_of_it_is_under_way() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    store.engine_blocking(|conn| partition::create(conn, day("2025-03-01"), 3)).unwrap();
    for day in ["2025-03-01", "2025-03-02", "2025-03-03"] {
        finished(&database, day, 50);
    }
    database.execute(
        "INSERT INTO tidemill.execution_queue (execution_id, workspace_id, workflow_uid, version, available_at)
         SELECT id, workspace_id, workflow_uid, 1, now() FROM tidemill.executions
         WHERE id < tidemill.uuid_floor('2025-03-02Z') LIMIT 1",
    );
    let live = |day: &str, is_live| (day.to_owned(), is_live);
    assert_eq!(expired(&store, "2025-03-03"), [live("2025-03-01", true), live("2025-03-02", false)]);
    assert_eq!(payloads(&database), 150);
    store.engine_blocking(|conn| partition::drop_day(conn, day("2025-03-02"))).unwrap();
    assert_eq!(payloads(&database), 100, "payloads go with their day");
    assert_eq!(expired(&store, "2025-03-04"), [live("2025-03-01", true), live("2025-03-03", false)]);
    database.execute("DELETE FROM tidemill.execution_queue");
    store.engine_blocking(|conn| partition::drop_day(conn, day("2025-03-01"))).unwrap();
    assert_eq!(expired(&store, "2025-03-04"), [live("2025-03-03", false)]);
    let today = chrono::Utc::now().date_naive();
    assert!(store.engine_blocking(move |conn| partition::drop_day(conn, today)).is_err(), "the present day is never dropped");
}

#[test]
fn rows_without_a_partition_are_counted_and_stop_nothing() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    assert_eq!(watch::look(&database.url).unwrap().strays, 0);
    finished(&database, "2025-05-02", 2);
    assert_eq!(watch::look(&database.url).unwrap().strays, 10);
    let made = store.engine_blocking(|conn| partition::create(conn, day("2025-05-01"), 3)).unwrap();
    assert_eq!(made, 6, "the other two days have their partitions");
}

#[test]
fn an_open_transaction_is_named() {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, PgConnection};

    let database = TestDatabase::migrated();
    let mut forgotten = PgConnection::establish(&database.url).unwrap();
    forgotten.batch_execute("SET application_name = 'forgotten'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
    let seen = watch::look(&database.url).unwrap();
    assert!(seen.pid.is_some() && seen.owner.contains("forgotten"), "{seen:?}");
    forgotten.batch_execute("COMMIT").unwrap();
    assert!(!watch::look(&database.url).unwrap().owner.contains("forgotten"));
}
