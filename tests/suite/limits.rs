//! Rate limits and priorities through the real binary.

use serde_json::{Value, json};
use tidemill_common::event::EventBody;
use tidemill_harness::{Client, ServerOptions, Storage, TestServer};

use super::scene::{BINARY, ended, events, install, problem, reaches, server, start};

const QUICK: &str = "steps: [{id: a, uses: transform, with: {x: 1}}]\n";

/// When an execution began, in milliseconds.
async fn began(client: &Client, id: &str) -> i64 {
    let told = events(client, id).await;
    told.iter().find(|event| matches!(event.body, EventBody::ExecutionStarted { .. })).unwrap().at.timestamp_millis()
}

#[tokio::test]
async fn executions_begin_no_faster_than_the_rate_in_their_order_and_over_kill_9() {
    let mut server = server().await;
    let client = server.client();
    install(&client, &format!("id: rated\nrate_limit: {{limit: 2, per: 3s, key: \"{{{{ inputs.k }}}}\"}}\n{QUICK}")).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(start(&client, "rated", json!({"k": "a"})).await);
    }
    let other = start(&client, "rated", json!({"k": "b"})).await;
    let _ = ended(&client, &other).await;
    let why = client.get(&format!("/api/executions/{}/why", ids[4])).await.expect(200).json();
    assert_eq!((&why["links"][0]["kind"], &why["status"]), (&json!("rate_limited"), &json!("queued")), "{why}");
    assert!(why["links"][0]["until"].is_string());
    server.kill();
    server.restart().await;
    let client = server.client();
    let mut starts = Vec::new();
    for id in &ids {
        assert_eq!(ended(&client, id).await["status"], "succeeded");
        starts.push(began(&client, id).await);
    }
    assert!(starts.is_sorted(), "{starts:?}");
    for three in starts.windows(3) {
        // The first is the instant at which it was admitted, give or take the way to the database.
        assert!(three[2] - three[0] >= 2_500, "{starts:?}");
    }
}

#[tokio::test]
async fn who_waits_for_its_rate_can_be_paused_resumed_and_cancelled_and_never_begins_early() {
    let server = server().await;
    let client = server.client();
    install(&client, &format!("id: rated\nrate_limit: {{limit: 1, per: 1h}}\n{QUICK}")).await;
    let first = start(&client, "rated", json!({})).await;
    let _ = ended(&client, &first).await;
    let held = start(&client, "rated", json!({})).await;
    let post = async |what: &str| drop(client.post(&format!("/api/executions/{held}/{what}"), &json!({})).await.expect(200));
    post("pause").await;
    let _: Value = reaches(&client, &held, &["paused"]).await;
    post("resume").await;
    let _: Value = reaches(&client, &held, &["queued"]).await;
    post("cancel").await;
    assert_eq!(ended(&client, &held).await["status"], "cancelled");
}

#[tokio::test]
async fn a_higher_priority_is_taken_first() {
    let args = ["--outbound-allow", "127.0.0.0/8", "--max-running-executions", "1"].map(str::to_owned).to_vec();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Shared }).await;
    let client = server.client();
    install(&client, "id: busy\nsteps: [{id: a, uses: wait, with: {duration: 900ms}}]\n").await;
    install(&client, &format!("id: low\n{QUICK}")).await;
    install(&client, &format!("id: high\npriority: 9\n{QUICK}")).await;
    let busy = start(&client, "busy", json!({})).await;
    let low = start(&client, "low", json!({})).await;
    let high = start(&client, "high", json!({})).await;
    for id in [&busy, &low, &high] {
        let _ = ended(&client, id).await;
    }
    assert!(began(&client, &high).await <= began(&client, &low).await);
    let refused = super::scene::apply(&client, &format!("id: high\npriority: 10\n{QUICK}")).await;
    assert_eq!(problem(&refused), "workflow_invalid");
}
