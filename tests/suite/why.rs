//! `tidemill why` through the real binary.

use std::process::Command;

use serde_json::{Value, json};
use tidemill_harness::{TestServer, eventually_async};

fn why(server: &TestServer, id: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["why", id, "-o", "json", "--server", server.url()])
        .env("TIDEMILL_TOKEN", server.token())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn kinds(why: &Value) -> Vec<&str> {
    why["links"].as_array().unwrap().iter().map(|link| link["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_waiting_and_a_paused_execution_say_why() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let client = server.client();
    let file = json!({"id": "naps", "steps": [{"id": "nap", "uses": "wait", "with": {"duration": "1h"}}]});
    drop(client.put("/api/workflows/naps", &file).await.expect(201));
    let started = client.post("/api/workflows/naps/executions", &json!({})).await.expect(201).json();
    let id = started["id"].as_str().unwrap();
    let waits = eventually_async("it rests", || async {
        let why = why(&server, id);
        (kinds(&why) == ["step_waiting"]).then_some(why)
    })
    .await;
    assert_eq!((&waits["links"][0]["step"], &waits["moving"]), (&json!("nap"), &json!(false)));
    assert!(waits["links"][0]["until"].is_string());
    drop(client.post(&format!("/api/executions/{id}/pause"), &json!({"reason": "maintenance"})).await.expect(200));
    let paused = eventually_async("it is paused and at rest", || async {
        let why = why(&server, id);
        (kinds(&why) == ["paused", "step_waiting"]).then_some(why)
    })
    .await;
    assert_eq!(paused["links"][0]["by"], "admin");
}
