//! A failure is told, whatever the cause: `on_failure` through the real binary.

use serde_json::{Value, json};
use tidemill_harness::{Client, eventually_async};

use super::endpoint::{Endpoint, Reply};
use super::scene::{ended, events, install, server, start, story};

const ALARMS: &str = "id: alarms\nsteps:\n  - {id: note, uses: transform, with: {class: \"{{ inputs.error.class }}\", of: \"{{ inputs.execution.id }}\"}}\n\
    output: \"{{ steps.note.output }}\"\n";

/// What the workflow `alarms` was told of an execution; once.
async fn told_of(client: &Client, id: &str) -> Value {
    eventually_async("the failure is told", || async {
        let alarms = client.get("/api/executions?workflow=alarms&status=succeeded").await.expect(200).json();
        let mut found = Vec::new();
        for alarm in alarms["items"].as_array().unwrap() {
            let whole = client.get(&format!("/api/executions/{}", alarm["id"].as_str().unwrap())).await.expect(200).json();
            found.extend((whole["output"]["of"] == id).then(|| whole["output"]["class"].clone()));
        }
        assert!(found.len() < 2, "told twice: {found:?}");
        found.pop()
    })
    .await
}

#[tokio::test]
async fn a_timeout_out_of_memory_and_the_loss_of_three_nodes_are_told_once_each() {
    let server = server().await;
    let client = server.client();
    let endpoint = Endpoint::start(|_, _| Reply::Silence).await;
    install(&client, ALARMS).await;
    install(&client, "id: late\ntimeout: 1s\non_failure: alarms\nsteps: [{id: nap, uses: wait, with: {duration: 1h}}]\n").await;
    let hungry = "def main(input):\n    return len(bytearray(900_000_000))";
    let file = json!({"id": "hungry", "on_failure": "alarms", "steps": [
        {"id": "eat", "uses": "python", "with": {"code": hungry, "memory_mib": 64}}]});
    let answer = client.put("/api/workflows/hungry", &file).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
    install(
        &client,
        &format!(
            "id: poison\non_failure: alarms\nsteps: [{{id: a, uses: http.request, with: {{url: \"{}\"}}}}]\n",
            endpoint.url()
        ),
    )
    .await;
    let late = start(&client, "late", json!({})).await;
    let hungry = start(&client, "hungry", json!({})).await;
    assert_eq!(ended(&client, &late).await["failure"]["class"], "timeout");
    assert_eq!(ended(&client, &hungry).await["failure"]["class"], "out_of_memory");
    let poison = start(&client, "poison", json!({})).await;
    eventually_async("the request is under way", || async { (!endpoint.received().is_empty()).then_some(()) }).await;
    server.database().unwrap().execute(
        "WITH other AS (INSERT INTO tidemill.nodes VALUES ('00000000-0000-7000-8000-000000000001', 'lost', now(), now(), \
         now()) RETURNING id) \
         UPDATE tidemill.execution_queue SET lease_node = '00000000-0000-7000-8000-000000000001', lease_epoch = 7, takeovers = 2",
    );
    assert_eq!(ended(&client, &poison).await["status"], "dead_letter");
    assert_eq!(told_of(&client, &late).await, "timeout");
    assert_eq!(told_of(&client, &hungry).await, "out_of_memory");
    assert_eq!(told_of(&client, &poison).await, "host_lost");
    assert!(story(&events(&client, &late).await).contains(&"failure_reported".to_owned()));
}
