//! Dead letters through the real binary: kept with their cause, replayed with a canary, discarded.

use serde_json::{Value, json};
use tidemill_harness::{Client, TestServer, eventually_async};

/// A workflow that fails until its newest version says otherwise.
fn picky(fails: bool) -> Value {
    let message = "order {{ trigger.body.order }} is refused";
    let check = if fails {
        json!({"id": "check", "uses": "fail", "with": {"message": message}})
    } else {
        json!({"id": "check", "uses": "transform", "with": {"ok": true}})
    };
    json!({"id": "picky", "steps": [check]})
}

async fn fail(client: &Client, order: u32) {
    let started = client.post("/api/workflows/picky/executions", &json!({"input": {"order": order}})).await.expect(201).json();
    let path = format!("/api/executions/{}", started["id"].as_str().unwrap());
    eventually_async("the execution failed", || async { (client.get(&path).await.json()["status"] == "failed").then_some(()) })
        .await;
}

async fn count(client: &Client, state: &str) -> usize {
    let page = client.get(&format!("/api/dead-letters?state={state}")).await.expect(200).json();
    page["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn failures_are_kept_by_cause_and_replayed_behind_a_canary() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let client = server.client();
    drop(client.put("/api/workflows/picky", &picky(true)).await.expect(201));
    for order in 1..=3 {
        fail(&client, order).await;
    }
    let causes = client.get("/api/dead-letters/causes").await.expect(200).json();
    let cause = &causes["items"][0];
    assert_eq!(
        (&cause["count"], &cause["cause"], &cause["workflows"]),
        (&json!(3), &json!("order # is refused"), &json!(["picky"]))
    );
    let fingerprint = &cause["fingerprint"];

    // The version still fails: the canary fails, the others stay, and the canary's retry is a dead letter of its own.
    let replay = json!({"fingerprint": fingerprint, "canary": 1});
    let ordered = client.post("/api/dead-letters/replay", &replay).await.expect(200).json();
    assert_eq!(ordered, json!({"count": 3, "canaries": 1}));
    eventually_async("the replay is called off", || async {
        (count(&client, "waiting").await == 0 && count(&client, "open").await == 3).then_some(())
    })
    .await;
    assert_eq!(count(&client, "replayed").await, 1);
    let page = client.get("/api/dead-letters").await.json();
    let reasons: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["reason"].clone()).collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == json!("a canary of the replay failed")).count(), 2, "{page}");

    // Discarding needs a reason and meets only what is open.
    let newest = &page["items"][0]["execution_id"];
    let discard = json!({"ids": [newest], "reason": "a test order"});
    assert_eq!(client.post("/api/dead-letters/discard", &discard).await.expect(200).json(), json!({"count": 1}));
    assert_eq!(client.post("/api/dead-letters/discard", &discard).await.json()["code"], "not_found");
    assert_eq!(client.post("/api/dead-letters/replay", &json!({})).await.json()["code"], "bad_request");
}

#[tokio::test]
async fn a_replay_without_a_canary_begins_all_and_survives_a_restart() {
    let mut server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let client = server.client();
    drop(client.put("/api/workflows/picky", &picky(true)).await.expect(201));
    for order in 1..=3 {
        fail(&client, order).await;
    }
    let page = client.get("/api/dead-letters?workflow=picky").await.json();
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["execution_id"].clone()).collect();
    let replay = json!({"ids": ids, "from": "start", "rate": 1});
    drop(client.post("/api/dead-letters/replay", &replay).await.expect(200));
    server.kill();
    server.restart().await;
    let client = server.client();
    eventually_async("all are replayed", || async { (count(&client, "replayed").await == 3).then_some(()) }).await;
    let replayed = client.get("/api/dead-letters?state=replayed").await.json();
    for letter in replayed["items"].as_array().unwrap() {
        let again =
            client.get(&format!("/api/executions/{}", letter["replayed_as"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(again["retry_of"], letter["execution_id"]);
    }
    let executions = client.get("/api/executions").await.json();
    assert_eq!(executions["items"].as_array().unwrap().len(), 6, "each was replayed once");
}
