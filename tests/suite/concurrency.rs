//! Concurrency keys through the real binary: in line, in order, over restarts, and what happens at the limit.

use serde_json::{Value, json};
use tidemill_harness::{Client, TestServer, eventually_async};

use super::scene::{detail, ended, install, reaches, server, start};

/// A workflow whose executions hold their key for `pause`.
fn keyed(pause: &str, concurrency: &str) -> String {
    format!(
        "id: keyed\nconcurrency: {concurrency}\nsteps:\n  - {{id: hold, uses: wait, with: {{duration: {pause}}}}}\n  \
         - {{id: done, uses: transform, with: {{x: 1}}}}\n"
    )
}

const BY_CUSTOMER: &str = "{key: \"{{ trigger.body.customer }}\", limit: 1}";

async fn all(client: &Client, customer: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(start(client, "keyed", json!({ "customer": customer })).await);
    }
    ids
}

/// When each execution began and ended, in the order of `ids`.
async fn spans(client: &Client, ids: &[String]) -> Vec<(String, String)> {
    let mut spans = Vec::new();
    for id in ids {
        let _ = ended(client, id).await;
        let events = client.get(&format!("/api/executions/{id}/events")).await.expect(200).json();
        let at = |kind: &str| {
            let event = events["items"].as_array().unwrap().iter().find(|event| event["type"] == kind).unwrap().clone();
            event["at"].as_str().unwrap().to_owned()
        };
        spans.push((at("execution_started"), at("execution_completed")));
    }
    spans
}

fn slots(server: &TestServer) -> usize {
    server.database().unwrap().query("SELECT key FROM tidemill.concurrency_slots").len()
}

#[tokio::test]
async fn executions_with_a_key_go_one_after_the_other_in_their_order_over_a_restart() {
    let mut server = server().await;
    let client = server.client();
    install(&client, &keyed("300ms", BY_CUSTOMER)).await;
    let acme = all(&client, "acme", 4).await;
    let other = all(&client, "other", 1).await;
    let why = client.get(&format!("/api/executions/{}/why", acme[3])).await.expect(200).json();
    assert_eq!(why["links"][0]["kind"], "key_held", "{why}");
    server.kill();
    server.restart().await;
    let client = server.client();
    let spans = spans(&client, &acme).await;
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{spans:?}");
    }
    assert_eq!(ended(&client, &other[0]).await["status"], "succeeded");
    assert_eq!(slots(&server), 0);
}

#[tokio::test]
async fn at_the_limit_an_arrival_is_skipped_or_fails_and_says_why() {
    let server = server().await;
    let client = server.client();
    install(&client, &keyed("1h", "{on_limit: skip}")).await;
    let held = all(&client, "a", 1).await;
    let skipped = all(&client, "a", 1).await;
    let end = ended(&client, &skipped[0]).await;
    assert_eq!(end["status"], "cancelled");
    assert!(end["failure"]["message"].as_str().unwrap().contains(&held[0]), "{end}");
    install(&client, &keyed("1h", "{on_limit: fail}")).await;
    let failed = all(&client, "a", 1).await;
    assert_eq!(ended(&client, &failed[0]).await["status"], "failed");
    let cancel = client.post(&format!("/api/executions/{}/cancel", held[0]), &json!({"force": true})).await.expect(200);
    assert_eq!(cancel.json()["status"], "cancelled");
    eventually_async("every key is free", || async { (slots(&server) == 0).then_some(()) }).await;
}

#[tokio::test]
async fn the_newest_takes_the_place_of_the_oldest() {
    let server = server().await;
    let client = server.client();
    install(&client, &keyed("1h", "{on_limit: cancel_oldest}")).await;
    let old = all(&client, "a", 1).await;
    let _: Value = reaches(&client, &old[0], &["waiting"]).await;
    let new = all(&client, "a", 1).await;
    assert_eq!(ended(&client, &old[0]).await["status"], "cancelled");
    let _: Value = reaches(&client, &new[0], &["waiting"]).await;
}

#[tokio::test]
async fn who_waits_for_a_key_can_be_paused_resumed_and_cancelled_and_never_begins_early() {
    let server = server().await;
    let client = server.client();
    install(&client, &keyed("2s", BY_CUSTOMER)).await;
    let ids = all(&client, "acme", 3).await;
    let post =
        async |id: &str, what: &str| drop(client.post(&format!("/api/executions/{id}/{what}"), &json!({})).await.expect(200));
    post(&ids[1], "pause").await;
    let _: Value = reaches(&client, &ids[1], &["paused"]).await;
    post(&ids[1], "resume").await;
    post(&ids[2], "cancel").await;
    assert_eq!(ended(&client, &ids[2]).await["status"], "cancelled");
    let spans = spans(&client, &ids[..2]).await;
    assert!(spans[0].1 <= spans[1].0, "{spans:?}");
    assert_eq!(detail(&client, &ids[1]).await["status"], "succeeded");
}
