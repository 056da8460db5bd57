//! Lists of executions: what each filter finds, and that rare ones are found without reading all the others.

use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::ExecutionStatus::{self, Cancelled, DeadLetter, Failed, Queued, Running, Succeeded, Waiting};
use uuid::Uuid;

use super::TestDatabase;
use crate::store::queries::execution::{ExecutionFilter, execution_list};
use crate::store::{Database, Error};

const HERE: WorkspaceId = WorkspaceId(Uuid::from_u128(1));

/// Inserts executions in these states, the first one oldest, into the workspaces 1 and 2; those that have not ended are queued.
fn insert(database: &TestDatabase, states: &[ExecutionStatus]) {
    let words: Vec<_> = states.iter().map(|status| format!("'{}'", status.as_str())).collect();
    database.execute(&format!(
        "WITH rows AS (
             INSERT INTO tidemill.executions
                 (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, last_seq)
             SELECT ('00000000-0000-0000-0000-00000000000' || w)::uuid, ('019a0000-0000-7000-800' || w || lpad(n::text, 12, '0'))::uuid,
                    gen_random_uuid(), 'x', 1, status, 'manual', 1
             FROM unnest(ARRAY[{}]) WITH ORDINALITY AS s (status, n), generate_series(1, 2) w
             RETURNING workspace_id, id, status
         )
         INSERT INTO tidemill.execution_queue (execution_id, workspace_id, workflow_uid, version, available_at)
         SELECT id, workspace_id, gen_random_uuid(), 1, now() FROM rows WHERE status IN ('queued', 'running', 'waiting', 'paused')",
        words.join(", ")
    ));
}

/// The places, from 1, of those that a page in `statuses` holds.
async fn list(store: &Database, statuses: &[ExecutionStatus], before: Option<u128>, limit: i64) -> Vec<u128> {
    let id = |n: u128| format!("019a0000-0000-7000-8001-{n:012}").parse::<ExecutionId>().unwrap();
    let filter = ExecutionFilter { statuses: statuses.to_vec(), before: before.map(id), ..ExecutionFilter::default() };
    let rows = store.with_tenant(HERE, move |conn| execution_list(conn, HERE, &filter, limit)).await.unwrap();
    assert!(rows.iter().all(|row| row.workspace_id == HERE.0));
    let place = |row: &crate::store::rows::execution::Execution| row.id.simple().to_string()[20..].parse().unwrap();
    rows.iter().map(place).collect()
}

#[tokio::test]
async fn each_state_is_found_newest_first() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    insert(&database, &[Succeeded, Failed, Running, Cancelled, DeadLetter, Waiting, Failed, Succeeded, Queued]);
    assert_eq!(list(&store, &[], None, 4).await, [9, 8, 7, 6]);
    assert_eq!(list(&store, &[Succeeded], None, 9).await, [8, 1]);
    assert_eq!(list(&store, &[Failed], None, 9).await, [7, 2]);
    assert_eq!(list(&store, &[Failed, DeadLetter, Cancelled], None, 3).await, [7, 5, 4]);
    assert_eq!(list(&store, &[Waiting, Running], None, 9).await, [6, 3]);
    assert_eq!(list(&store, &[Queued, Failed], None, 9).await, [9, 7, 2]);
    assert_eq!(list(&store, &[Succeeded, Running], None, 9).await, [8, 3, 1]);
    assert_eq!(list(&store, &[Failed, Waiting], Some(7), 9).await, [6, 2]);
}

#[derive(QueryableByName)]
struct PlanRow {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

#[tokio::test]
async fn what_failed_is_found_by_its_index_and_success_stays_within_its_page() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    insert(&database, &[Running; 400]);
    database.execute("UPDATE tidemill.executions SET status = 'succeeded', last_seq = 8, finished_at = now()");
    database.execute("UPDATE tidemill.executions SET status = 'failed' WHERE id::text LIKE '%123'");
    database.execute("ANALYZE tidemill.executions");
    let plan: Vec<PlanRow> = store
        .with_tenant(HERE, |conn| {
            let sql = "EXPLAIN SELECT * FROM executions WHERE workspace_id = '00000000-0000-0000-0000-000000000001'
                       AND ending = 'failed' ORDER BY id DESC LIMIT 51";
            Ok::<_, Error>(sql_query(sql).load(conn)?)
        })
        .await
        .unwrap();
    let plan: Vec<_> = plan.into_iter().map(|row| row.line).collect();
    assert!(plan.iter().any(|line| line.contains("ending")) && !plan.iter().any(|line| line.contains("Seq Scan")), "{plan:#?}");
    // One entry for each of the two that failed, none for those that succeeded.
    database.execute(
        "DO $$ BEGIN
             ASSERT (SELECT sum(reltuples) FROM pg_class WHERE relname LIKE 'executions_default%ending%') = 2, 'entries of the index';
         END $$",
    );
}
