//! Orders about many executions, and changed inputs, through the real binary.

use serde_json::{Value, json};
use tidemill_harness::{Client, eventually_async};

use super::scene::{detail, ended, install, problem, reaches, run, server, start, text};

/// An order once it was carried out.
async fn carried_out(client: &Client, id: &Value) -> Value {
    eventually_async("the order is carried out", || async {
        let orders = client.get("/api/executions/bulk").await.expect(200).json();
        let order = orders["items"].as_array().unwrap().iter().find(|order| order["id"] == *id)?.clone();
        (order["state"] == "finished").then_some(order)
    })
    .await
}

/// Succeeds only with a currency.
const PAY: &str = "id: pay\nsteps:\n  - {id: a, uses: fail, if: \"not inputs.currency is defined\", with: {message: no currency}}\n  \
    - {id: b, uses: transform, depends_on: [], with: {got: \"{{ inputs }}\"}}\noutput: \"{{ steps.b.output.got }}\"\n";

#[tokio::test]
async fn many_are_cancelled_at_a_rate_over_kill_9_and_those_that_came_later_are_not() {
    let mut server = server().await;
    let client = server.client();
    install(&client, "id: naps\nsteps: [{id: nap, uses: wait, with: {duration: 1h}}]\n").await;
    install(&client, "id: other\nsteps: [{id: nap, uses: wait, with: {duration: 1h}}]\n").await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(start(&client, "naps", json!({})).await);
    }
    let other = start(&client, "other", json!({})).await;
    let _: Value = reaches(&client, &ids[29], &["waiting"]).await;
    let wanted = json!({"action": "cancel", "workflow": "naps", "rate": 10, "reason": "wrong version"});
    let mut dry = wanted.clone();
    dry["dry_run"] = json!(true);
    let counted = client.post("/api/executions/bulk", &dry).await.expect(200).json();
    assert_eq!((&counted["count"], &counted["state"]), (&json!(30), &json!("dry_run")));
    let order = client.post("/api/executions/bulk", &wanted).await.expect(200).json();
    let later = start(&client, "naps", json!({})).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let order = carried_out(&client, &order["id"]).await;
    assert_eq!(order["done"].as_i64().unwrap() + order["skipped"].as_i64().unwrap(), 30, "{order}");
    for id in &ids {
        let whole = ended(&client, id).await;
        assert_eq!(whole["failure"]["message"], "cancelled by admin: wrong version", "{whole}");
    }
    assert_eq!(detail(&client, &later).await["status"], "waiting");
    assert_eq!(detail(&client, &other).await["status"], "waiting");
}

#[tokio::test]
async fn failures_are_tried_again_with_a_changed_input_one_or_many_each_once() {
    let server = server().await;
    let client = server.client();
    install(&client, PAY).await;
    let mut failed = Vec::new();
    for n in 0..3 {
        failed.push(text(&run(&client, "pay", json!({"n": n})).await["id"]));
    }
    let patch = json!({"currency": "EUR"});
    let both = client.post(&format!("/api/executions/{}/retry", failed[0]), &json!({"patch": patch, "input": {}})).await;
    assert_eq!(problem(&both), "bad_request");
    let again = client
        .post(&format!("/api/executions/{}/retry", failed[0]), &json!({"from": "start", "patch": patch}))
        .await
        .expect(201)
        .json();
    assert_eq!(ended(&client, &text(&again["id"])).await["output"], json!({"n": 0, "currency": "EUR"}));
    let replay = client
        .post("/api/dead-letters/replay", &json!({"ids": [failed[1]], "from": "start", "patch": patch}))
        .await
        .expect(200)
        .json();
    assert_eq!(replay["count"], 1);
    let wanted = json!({"action": "retry", "workflow": "pay", "from": "start", "patch": patch});
    let order = client.post("/api/executions/bulk", &wanted).await.expect(200).json();
    assert_eq!(order["count"], 3);
    assert_eq!(carried_out(&client, &order["id"]).await["done"], 3);
    let outputs = eventually_async("all have ended", || async {
        let all = client.get("/api/executions?workflow=pay&status=succeeded").await.expect(200).json();
        (all["items"].as_array().unwrap().len() == 5).then_some(all)
    })
    .await;
    assert!(outputs["items"].as_array().unwrap().iter().all(|item| item["retry_of"].is_string()));
    for broken in [json!({"action": "cancel", "status": ["failed"]}), json!({"action": "cancel", "patch": {}})] {
        assert_eq!(problem(&client.post("/api/executions/bulk", &broken).await), "bad_request");
    }
}
