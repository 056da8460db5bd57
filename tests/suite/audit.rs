//! What must hold in the database, whatever happened to the server.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::event::Event;
use tidemill_harness::{Client, TestDatabase, eventually};
use tidemill_server::domain::execution::State;
use tidemill_server::domain::workflow::compile;

use super::scene::{detail, events, text};

/// What must find nothing at any time: a title and a query for what violates it.
const ALWAYS: [(&str, &str); 6] = [
    (
        "events are numbered from 1 without gaps, and the row knows the last",
        "SELECT e.id FROM tidemill.executions e LEFT JOIN (
             SELECT execution_id, count(*) AS n, min(seq) AS a, max(seq) AS z FROM tidemill.execution_events GROUP BY 1
         ) v ON v.execution_id = e.id
         WHERE (v.n, v.a, v.z) IS DISTINCT FROM (e.last_seq::bigint, 1, e.last_seq)",
    ),
    (
        "an execution has ended exactly when its last event says so, in the same words",
        "SELECT e.id FROM tidemill.executions e
         JOIN tidemill.execution_events v ON v.execution_id = e.id AND v.seq = e.last_seq
         WHERE (v.type = 'execution_completed') <> (e.finished_at IS NOT NULL)
            OR (v.type = 'execution_completed' AND v.data::text NOT LIKE '{\"status\":\"' || e.status || '\"%')",
    ),
    (
        "an execution ends once",
        "SELECT execution_id FROM tidemill.execution_events WHERE type = 'execution_completed' GROUP BY 1 HAVING count(*) > 1",
    ),
    (
        "a step has at most one result",
        "SELECT execution_id FROM tidemill.execution_events WHERE type = 'step_completed'
         GROUP BY execution_id, substring(data::text FROM '\"step\":\"([^\"]*)') HAVING count(*) > 1",
    ),
    (
        "what has not ended is in the queue, and nothing else is",
        "SELECT e.id FROM tidemill.executions e FULL JOIN tidemill.execution_queue q ON q.execution_id = e.id
         WHERE e.id IS NULL OR (e.finished_at IS NULL) <> (q.execution_id IS NOT NULL)",
    ),
    (
        "the feed names each event once",
        "SELECT e.id FROM tidemill.executions e LEFT JOIN (
             SELECT u.id, sum(u.z - u.a + 1) AS n FROM tidemill.event_feed f,
                 unnest(f.execution_ids, f.first_seqs, f.last_seqs) AS u (id, a, z) GROUP BY 1
         ) f ON f.id = e.id WHERE f.n IS DISTINCT FROM e.last_seq",
    ),
];

/// Checks what must hold at any time.
#[track_caller]
pub fn check(database: &TestDatabase) {
    for (title, sql) in ALWAYS {
        let found = database.query(sql);
        assert!(found.is_empty(), "not true that {title}: {found:?}");
    }
}

/// Waits until nothing is under way, then checks.
#[track_caller]
pub fn check_at_rest(database: &TestDatabase) {
    eventually("the queue is empty", || {
        database.query("SELECT execution_id FROM tidemill.execution_queue").is_empty().then_some(())
    });
    check(database);
}

/// The rows and the API say of an execution what the fold of its events says.
pub async fn check_fold(client: &Client, file: &str, id: &str) {
    let plan = Arc::new(compile(file).unwrap());
    let (events, said): (Vec<Event>, Value) = (events(client, id).await, detail(client, id).await);
    let state = State::fold(id.parse().unwrap(), Arc::clone(&plan), &events).unwrap();
    assert_eq!(said["status"], state.status().as_str());
    assert_eq!(said["last_seq"], state.seq);
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(said["steps"][index]["status"], state.steps[index].status.as_str(), "{id} {}", step.id);
    }
    assert_eq!(said["error"].is_string(), state.end.is_some_and(|end| end.error.is_some()));
}

/// How many executions are in each state: `failed 1, succeeded 41`.
pub fn tally(database: &TestDatabase) -> String {
    let rows = database.query("SELECT status || ' ' || count(*) FROM tidemill.executions GROUP BY status ORDER BY status");
    rows.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The execution id of an acknowledgement.
#[track_caller]
pub fn acknowledged(answer: &tidemill_harness::Answer) -> String {
    text(&answer.json()["execution_id"])
}
