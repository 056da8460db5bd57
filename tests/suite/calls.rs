//! Executions that call others, through the real binary: over kill -9, cancelled together, and never in a ring.

use serde_json::{Value, json};
use tidemill_harness::eventually_async;

use super::scene::{apply, detail, ended, install, problem, reaches, run, server, start, step, text};

/// A workflow that calls `callee` with its own input.
fn caller(id: &str, callee: &str, more: &str) -> String {
    format!(
        "id: {id}\nsteps:\n  - {{id: ask, uses: workflow.call, {more}with: {{workflow: {callee}, input: {{n: \"{{{{ inputs.n }}}}\"}}}}}}\n\
         output: {{said: \"{{{{ steps.ask.output }}}}\"}}\n"
    )
}

const DOUBLE: &str = "id: double\ninputs: {type: object, required: [n], properties: {n: {type: integer}}}\nsteps:\n  \
    - {id: a, uses: transform, with: {n: \"{{ inputs.n * 2 }}\"}}\noutput: {n: \"{{ steps.a.output.n }}\"}\n";

/// A workflow that waits, long enough for a test to do something meanwhile.
fn slow(id: &str, pause: &str) -> String {
    format!(
        "id: {id}\nsteps:\n  - {{id: nap, uses: wait, with: {{duration: {pause}}}}}\n  - {{id: a, uses: transform, with: {{woke: true}}}}\n\
         output: {{woke: \"{{{{ steps.a.output.woke }}}}\"}}\n"
    )
}

/// The execution that the step `ask` called, once it did.
async fn child_of(client: &tidemill_harness::Client, id: &str) -> String {
    eventually_async("another execution is called", || async {
        let child = step(&detail(client, id).await, "ask")["child_id"].as_str()?.to_owned();
        (client.get(&format!("/api/executions/{child}")).await.status == 200).then_some(child)
    })
    .await
}

#[tokio::test]
async fn the_output_and_the_failure_of_the_other_execution_are_the_steps() {
    let server = server().await;
    let client = server.client();
    install(&client, DOUBLE).await;
    install(&client, &caller("outer", "double", "")).await;
    let whole = run(&client, "outer", json!({"n": 21})).await;
    assert_eq!(whole["output"], json!({"said": {"n": 42}}), "{whole}");
    let child = detail(&client, &text(&step(&whole, "ask")["child_id"])).await;
    assert_eq!((&child["parent_id"], &child["trigger_type"]), (&whole["id"], &json!("call")));
    let listed = client.get(&format!("/api/executions?parent={}", text(&whole["id"]))).await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], child["id"], "{listed}");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let whole = run(&client, "outer", json!({"n": "x"})).await;
    assert!(whole["failure"]["message"].as_str().unwrap().contains("`inputs` of `double`"), "{whole}");
    install(&client, &caller("lost", "nowhere", "")).await;
    let whole = run(&client, "lost", json!({"n": 1})).await;
    assert!(whole["failure"]["message"].as_str().unwrap().contains("no workflow `nowhere`"), "{whole}");
    install(&client, "id: broken\nsteps: [{id: a, uses: fail, with: {message: no money}}]\n").await;
    install(&client, &caller("outer", "broken", "")).await;
    let whole = run(&client, "outer", json!({"n": 1})).await;
    let child = text(&step(&whole, "ask")["child_id"]);
    assert_eq!(whole["failure"]["message"], format!("execution {child} is failed: step `a`: no money"));
}

#[tokio::test]
async fn a_call_survives_kill_9_of_the_server_and_is_made_once() {
    let mut server = server().await;
    let client = server.client();
    install(&client, &slow("inner", "2s")).await;
    install(&client, &caller("middle", "inner", "")).await;
    install(&client, &caller("outer", "middle", "")).await;
    let id = start(&client, "outer", json!({"n": 1})).await;
    let middle = child_of(&client, &id).await;
    let inner = child_of(&client, &middle).await;
    let _: Value = reaches(&client, &inner, &["waiting"]).await;
    let why = client.get(&format!("/api/executions/{id}/why")).await.expect(200).json();
    let kinds: Vec<_> = why["links"].as_array().unwrap().iter().map(|link| link["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "execution_awaited").count(), 2, "{why}");
    assert!(kinds.contains(&"step_waiting"), "the whole chain: {why}");
    let leases =
        server.database().unwrap().query("SELECT execution_id FROM tidemill.execution_queue WHERE lease_node IS NOT NULL");
    assert!(leases.len() < 3, "who waits holds no lease");
    server.kill();
    server.restart().await;
    let client = server.client();
    assert_eq!(ended(&client, &id).await["status"], "succeeded");
    let count = server.database().unwrap().query("SELECT id::text FROM tidemill.executions").len();
    assert_eq!(count, 3);
    eventually_async("nothing waits any more", || async {
        server.database().unwrap().query("SELECT step FROM tidemill.step_waits").is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_was_not_told_finds_out_and_who_is_not_wanted_any_more_is_cancelled() {
    let server = server().await;
    let client = server.client();
    install(&client, &slow("inner", "1h")).await;
    install(&client, &caller("outer", "inner", "")).await;
    let id = start(&client, "outer", json!({"n": 1})).await;
    let child = child_of(&client, &id).await;
    let _: Value = reaches(&client, &id, &["waiting"]).await;
    let cancel = client.post(&format!("/api/executions/{id}/cancel"), &json!({"reason": "no more"})).await;
    drop(cancel.expect(200));
    assert_eq!(ended(&client, &id).await["status"], "cancelled");
    assert_eq!(ended(&client, &child).await["status"], "cancelled", "with its caller");
    let id = start(&client, "outer", json!({"n": 1})).await;
    let child = child_of(&client, &id).await;
    drop(client.post(&format!("/api/executions/{child}/cancel"), &json!({"force": true})).await.expect(200));
    let whole = ended(&client, &id).await;
    assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!("cancelled")), "{whole}");
    install(&client, &caller("outer", "inner", "timeout: 500ms, ")).await;
    let id = start(&client, "outer", json!({"n": 1})).await;
    let whole = ended(&client, &id).await;
    assert_eq!(whole["failure"]["class"], "timeout");
    assert_eq!(ended(&client, &text(&step(&whole, "ask")["child_id"])).await["status"], "cancelled");
}

#[tokio::test]
async fn rings_are_refused_when_they_are_saved_and_stopped_when_they_run() {
    let server = server().await;
    let client = server.client();
    let own = apply(&client, &caller("a", "a", "")).await;
    assert_eq!((problem(&own).as_str(), own.json()["errors"][0]["code"].as_str()), ("workflow_invalid", Some("cycle")));
    install(&client, &caller("a", "b", "")).await;
    install(&client, &caller("b", "c", "")).await;
    let ring = apply(&client, &caller("c", "a", "")).await;
    let said = ring.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(said, "these workflows call each other: c → a → b → c", "{}", ring.text);
    let hidden = "id: c\nsteps:\n  - {id: ask, uses: workflow.call, with: {workflow: \"{{ 'a' }}\", input: {n: 1}}}\n";
    install(&client, hidden).await;
    let whole = run(&client, "a", json!({"n": 1})).await;
    assert!(whole["failure"]["message"].as_str().unwrap().contains("16 deep"), "{whole}");
    let count = server.database().unwrap().query("SELECT id::text FROM tidemill.executions").len();
    assert_eq!(count, 17);
}

#[tokio::test]
async fn a_call_trigger_says_who_may_call() {
    let server = server().await;
    let client = server.client();
    let guarded = DOUBLE.replace("steps:", "triggers:\n  - {id: shops, type: call, callers: [outer, other]}\nsteps:");
    install(&client, &guarded).await;
    install(&client, &caller("outer", "double", "")).await;
    install(&client, &caller("stranger", "double", "")).await;
    let whole = run(&client, "outer", json!({"n": 21})).await;
    assert_eq!(whole["output"], json!({"said": {"n": 42}}), "{whole}");
    let child = detail(&client, &text(&step(&whole, "ask")["child_id"])).await;
    assert_eq!((&child["trigger_type"], &child["trigger_id"]), (&json!("call"), &json!("shops")), "{child}");
    let refused = run(&client, "stranger", json!({"n": 21})).await;
    let said = refused["failure"]["message"].as_str().unwrap();
    assert!(said.contains("called only by outer, other") && said.contains("name `stranger`"), "{refused}");
    // People and the API may start it all the same, and without `callers` every workflow may call.
    assert_eq!(run(&client, "double", json!({"n": 2})).await["output"]["n"], 4);
    install(&client, &DOUBLE.replace("steps:", "triggers:\n  - {id: all, type: call}\nsteps:")).await;
    assert_eq!(run(&client, "stranger", json!({"n": 21})).await["status"], "succeeded");
}
