//! Metrics through the real binary: they count what ended, once, over a restart.

use serde_json::{Value, json};
use tidemill_harness::{Client, eventually_async};

use super::scene::{ended, install, server, start};

const WORKFLOW: &str = "id: counted\nsteps:\n  - {id: check, uses: fail, if: trigger.body.fails, with: {message: no}}\n  \
    - {id: nap, uses: wait, depends_on: [], with: {duration: 20ms}}\n";

async fn metrics(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/executions/metrics{query}")).await.expect(200).json()
}

async fn counted(client: &Client, count: i64) -> Value {
    eventually_async(&format!("{count} executions are counted"), || async {
        let item = metrics(client, "?workflow=counted").await["items"][0].clone();
        (item["executions"]["count"] == count).then_some(item)
    })
    .await
}

#[tokio::test]
async fn what_ended_is_counted_once_with_its_steps() {
    let mut server = server().await;
    let client = server.client();
    install(&client, WORKFLOW).await;
    for fails in [true, false, false] {
        let id = start(&client, "counted", json!({ "fails": fails })).await;
        let _ = ended(&client, &id).await;
    }
    let item = counted(&client, 3).await;
    let executions = &item["executions"];
    assert_eq!((&executions["succeeded"], &executions["failed"]), (&json!(2), &json!(1)), "{item}");
    assert!((executions["success_rate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    assert!(executions["p50_ms"].as_i64() <= executions["p99_ms"].as_i64());
    let nap = item["steps"].as_array().unwrap().iter().find(|step| step["step"] == "nap").unwrap();
    assert!(nap["ended"]["p50_ms"].as_i64().unwrap() >= 19, "{nap}");
    assert!(metrics(&client, "").await["items"][0].get("steps").is_none());
    assert_eq!(metrics(&client, "?since=2999-01-01T00:00:00Z").await["items"], json!([]));

    server.kill();
    server.restart().await;
    let client = server.client();
    let id = start(&client, "counted", json!({ "fails": false })).await;
    let _ = ended(&client, &id).await;
    assert_eq!(counted(&client, 4).await["executions"]["failed"], 1);
}
