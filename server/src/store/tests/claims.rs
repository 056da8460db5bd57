//! Claims take turns between workspaces, and never give one execution to two nodes.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::TestDatabase;
use crate::store::Database;
use crate::store::queries::queue::{ClaimRow, claim};

fn workspace(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Executions of workspace `n` that became due a second after the other, the first one `age` seconds ago.
fn due(database: &TestDatabase, n: u128, count: u32, age: u32) {
    database.execute(&format!(
        "INSERT INTO tidemill.execution_queue (execution_id, workspace_id, workflow_uid, version, available_at)
         SELECT gen_random_uuid(), '{}', gen_random_uuid(), 1, '2030-01-01Z'::timestamptz - interval '1 second' * ({age} - n)
         FROM generate_series(1, {count}) n",
        workspace(n)
    ));
}

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2030-01-01T00:00:00Z").unwrap().to_utc()
}

fn take(store: &Database, node: u128, limit: i64) -> Vec<ClaimRow> {
    store
        .engine_blocking(move |conn| Ok(claim(conn, Uuid::from_u128(node), (chrono::DateTime::UNIX_EPOCH, now()), limit)?))
        .unwrap()
}

fn of(rows: &[ClaimRow], n: u128) -> usize {
    rows.iter().filter(|row| row.workspace_id == workspace(n)).count()
}

#[test]
fn a_noisy_workspace_does_not_go_before_a_quiet_one() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    due(&database, 1, 500, 1_000);
    due(&database, 2, 3, 10);
    due(&database, 3, 2, 20);
    let first = take(&store, 1, 9);
    assert_eq!([1, 2, 3].map(|n| of(&first, n)), [4, 3, 2]);
    let second = take(&store, 1, 9);
    assert_eq!((second.len(), of(&second, 1)), (9, 9));
    assert!(second.iter().all(|row| row.lease_epoch == 1 && row.takeovers == 0 && !row.blocked));
}

#[test]
fn what_is_not_due_stays_and_nobody_gets_what_another_has() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    due(&database, 1, 20, 10);
    let (one, other) = (take(&store, 1, 100), take(&store, 2, 100));
    let ids: HashSet<_> = one.iter().chain(&other).map(|row| row.execution_id).collect();
    assert_eq!((one.len(), other.len(), ids.len()), (10, 0, 10), "ten are due, ten in the future");
    let next =
        store.engine_blocking(|conn| Ok(crate::store::queries::queue::next_due(conn, chrono::DateTime::UNIX_EPOCH)?)).unwrap();
    assert_eq!(next, Some(now() + TimeDelta::seconds(1)));
}
