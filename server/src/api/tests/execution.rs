//! Executions through the API: started by hand, listed, read.

use std::sync::atomic::Ordering;

use poem::http::StatusCode;
use serde_json::{Value, json};

use super::TestApp;

#[tokio::test]
async fn a_manual_start_checks_the_input_and_the_room() {
    let app = TestApp::start().await;
    let file = json!({"id": "w", "inputs": {"type": "object", "required": ["qty"], "properties": {"qty": {"type": "integer"}}},
        "steps": [{"id": "a", "uses": "transform", "with": {"x": "{{ trigger.body.qty }}"}}]});
    let applied = app.ask(&app.admin, poem::http::Method::PUT, "/api/workflows/w", Some(file)).await;
    assert_eq!(applied.status, StatusCode::CREATED, "{}", applied.text);
    let wrong = app.post("/api/workflows/w/executions", json!({"input": {"qty": "many"}})).await;
    assert_eq!((wrong.status.as_u16(), wrong.problem().as_str()), (422, "input_invalid"));
    let started = app.post("/api/workflows/w/executions", json!({"input": {"qty": 2}})).await;
    assert_eq!((started.status, &started.json()["status"]), (StatusCode::CREATED, &json!("queued")), "{}", started.text);
    assert_eq!(*app.engine.starts.lock().unwrap()[0].0.input, json!({"body": {"qty": 2}}));
    assert_eq!(
        app.post("/api/workflows/w/executions", json!({"input": {"qty": 2}, "version": 7})).await.problem(),
        "not_found"
    );
    app.engine.full.store(true, Ordering::Relaxed);
    let full = app.post("/api/workflows/w/executions", json!({"input": {"qty": 2}})).await;
    assert_eq!((full.status.as_u16(), full.problem().as_str(), full.header("retry-after")), (429, "overloaded", "3"));
}

#[tokio::test]
async fn executions_are_listed_newest_first_and_read_whole() {
    let app = TestApp::start().await;
    app.apply("w", json!([])).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.post("/api/workflows/w/executions", json!({})).await.json()["id"].clone());
    }
    ids.sort_by_key(|id| std::cmp::Reverse(id.to_string()));
    // The engine of these tests writes no queue, through which what has not ended is found.
    app.database.execute(
        "INSERT INTO tidemill.execution_queue (execution_id, workspace_id, workflow_uid, version, available_at)
         SELECT id, workspace_id, workflow_uid, version, now() FROM tidemill.executions",
    );
    let list = async |query: &str| app.get(&format!("/api/executions?{query}")).await.json();
    let of = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    let first = list("limit=2&workflow=w&status=queued,running").await;
    assert_eq!(of(&first), ids[..2]);
    let second = list(&format!("limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((of(&second), second.get("next_cursor")), (ids[2..].to_vec(), None));
    assert_eq!(of(&list("limit=2").await), ids[..2]);
    assert!(of(&list("status=failed").await).is_empty());
    app.database.execute("DELETE FROM tidemill.execution_queue");
    assert!(of(&list("status=queued").await).is_empty());
    let path = format!("/api/executions/{}", ids[0].as_str().unwrap());
    app.database.execute(&format!(
        "INSERT INTO tidemill.execution_events SELECT workspace_id, id, n, now(), 'step_waiting', '{{\"step\":\"a\",\"until\":\"2030-01-01T00:00:00Z\"}}'
         FROM tidemill.executions, generate_series(1, 3) n WHERE id = '{}'", ids[0].as_str().unwrap()));
    let detail = app.get(&path).await.json();
    assert_eq!((&detail["steps"][0]["status"], &detail["wake_at"]), (&json!("waiting"), &json!("2030-01-01T00:00:00Z")));
    let page = app.get(&format!("{path}/events?limit=2")).await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next_after"]), (2, &json!(2)));
    let rest = app.get(&format!("{path}/events?after=2")).await.json();
    assert_eq!((&rest["items"][0]["seq"], rest.get("next_after")), (&json!(3), None));
    let ended = app.post(&format!("{path}/cancel"), json!({"reason": "x"})).await;
    assert_eq!(ended.problem(), "conflict");
    assert_eq!(app.post(&format!("{path}/cancel"), json!({"reason": "x".repeat(1001)})).await.problem(), "bad_request");
}
