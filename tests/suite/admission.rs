//! The first decision about an execution is part of its admission: how many commits it takes, and what the queue sees.

use serde_json::json;
use tidemill_harness::{TestServer, eventually_async};

use crate::audit;
use crate::endpoint::{Endpoint, Reply};
use crate::scene::{ended, install, reaches, run, secret, server, start, text};

/// What the feed says of an execution: first and last event of each commit.
fn commits(server: &TestServer, id: &str) -> Vec<String> {
    let rows = server.database().unwrap().query(&format!(
        "SELECT u.a || '-' || u.z FROM tidemill.event_feed f, unnest(f.execution_ids, f.first_seqs, f.last_seqs) AS u (id, a, z)
         WHERE u.id = '{id}' ORDER BY u.a"
    ));
    rows.into_iter().flatten().collect()
}

#[tokio::test]
async fn what_only_evaluates_is_one_commit_and_never_in_the_queue() {
    let server = server().await;
    let client = server.client();
    install(
        &client,
        "id: sum\nsteps:\n  - {id: a, uses: transform, with: {n: 1}}\n  - {id: b, uses: transform, with: {n: \"{{ steps.a.output.n + 1 }}\"}}\n\
         output: {n: \"{{ steps.b.output.n }}\"}\n",
    )
    .await;
    let whole = run(&client, "sum", json!({})).await;
    assert_eq!((&whole["status"], &whole["output"]["n"]), (&json!("succeeded"), &json!(2)), "{whole:#}");
    assert_eq!(commits(&server, &text(&whole["id"])), ["1-6"]);
    let metrics = client.get("/metrics").await.expect(200).text;
    assert!(metrics.contains("tidemill_executions_finished_total{status=\"succeeded\"} 1"), "{metrics}");
    audit::check_at_rest(server.database().unwrap());
}

#[tokio::test]
async fn what_has_effects_begins_them_behind_the_admission() {
    let server = server().await;
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let client = server.client();
    let step = format!("{{id: ask, uses: http.request, with: {{url: \"{}\"}}, effect: at_most_once}}", endpoint.url());
    install(&client, &format!("id: ask\nsteps:\n  - {step}\n")).await;
    let whole = run(&client, "ask", json!({})).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    // A step that may wait for a decision of people makes its execution decide first when it is admitted.
    assert_eq!(commits(&server, &text(&whole["id"])), ["1-1", "2-2", "3-4"]);
    assert_eq!(endpoint.received().len(), 1);
    audit::check_at_rest(server.database().unwrap());
}

#[tokio::test]
async fn what_waits_for_long_is_admitted_without_a_lease_and_wakes_by_itself() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: nap\nsteps:\n  - {id: nap, uses: wait, with: {duration: 2s}}\n").await;
    install(&client, "id: long\nsteps:\n  - {id: nap, uses: wait, with: {duration: 1h}}\n").await;
    let (short, long) = (start(&client, "nap", json!({})).await, start(&client, "long", json!({})).await);
    reaches(&client, &long, &["waiting"]).await;
    let leases = "SELECT lease_node FROM tidemill.execution_queue WHERE lease_node IS NOT NULL OR lease_epoch > 1";
    eventually_async("nobody holds what waits", || async { server.database().unwrap().query(leases).is_empty().then_some(()) })
        .await;
    assert_eq!(ended(&client, &short).await["status"], "succeeded");
    assert_eq!(commits(&server, &short), ["1-3", "4-5"]);
    assert_eq!(commits(&server, &long), ["1-3"]);
    audit::check(server.database().unwrap());
}

#[tokio::test]
async fn what_fails_or_reads_secrets_is_decided_by_its_own_task() {
    let server = server().await;
    let client = server.client();
    secret(&client, "key", "k").await;
    install(&client, "id: fails\nsteps:\n  - {id: no, uses: fail, with: {message: no}}\n").await;
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let with = format!("{{url: \"{}\", headers: {{x: \"{{{{ secrets.key }}}}\"}}}}", endpoint.url());
    install(&client, &format!("id: reads\nsteps:\n  - {{id: ask, uses: http.request, with: {with}}}\n")).await;
    let failed = run(&client, "fails", json!({})).await;
    assert_eq!(failed["status"], "failed", "{failed:#}");
    assert_eq!(commits(&server, &text(&failed["id"]))[0], "1-1");
    assert_eq!(client.get("/api/dead-letters").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    let read = run(&client, "reads", json!({})).await;
    assert_eq!(read["status"], "succeeded", "{read:#}");
    assert_eq!(commits(&server, &text(&read["id"]))[0], "1-1");
    audit::check_at_rest(server.database().unwrap());
}
