//! Steps that wait for events and for people, through the real binary.

use std::process::Command;

use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, TestServer, eventually_async};

use super::endpoint::{Endpoint, Reply};
use super::scene::{BINARY, detail, ended, events, install, problem, reaches, server, start, step, story, text};

/// The path of the address that the step `send` sent.
async fn address(endpoint: &Endpoint) -> String {
    let url = eventually_async("the address is sent", || async {
        let sent = endpoint.received().into_iter().next()?;
        serde_json::from_str::<Value>(&sent.body).ok()?["resume"].as_str().map(str::to_owned)
    })
    .await;
    let (_, token) = url.split_once("/resume/").unwrap();
    format!("/resume/{token}")
}

async fn mailbox() -> Endpoint {
    Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await
}

fn paying(endpoint: &Endpoint) -> String {
    format!(
        "id: pay\nsteps:\n  - {{id: send, uses: http.request, with: {{method: POST, url: \"{}/mail\", json: {{resume: \"{{{{ steps.paid.resume_url }}}}\"}}}}}}\n  \
         - {{id: paid, uses: wait, timeout: 2d, with: {{event: payment received}}}}\noutput: {{got: \"{{{{ steps.paid.output }}}}\"}}\n",
        endpoint.url()
    )
}

/// Without a token, as whoever got the address.
async fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.anonymous().post(path, body).await
}

#[tokio::test]
async fn an_event_resumes_once_over_kill_9_and_looking_at_its_address_does_nothing() {
    let mut server = server().await;
    let endpoint = mailbox().await;
    let client = server.client();
    install(&client, &paying(&endpoint)).await;
    let id = start(&client, "pay", json!({})).await;
    let before = address(&endpoint).await;
    let waiting = reaches(&client, &id, &["waiting"]).await;
    assert_eq!(step(&waiting, "paid")["awaits"]["message"], "payment received");
    let told = client.get(&format!("/api/executions/{id}/events")).await.text;
    let token = before.split_once("/resume/").unwrap().1.split('.').next().unwrap();
    assert!(!told.contains(token), "the address is a secret: {told}");
    server.kill();
    server.restart().await;
    let client = server.client();
    let url = address(&endpoint).await;
    for _ in 0..2 {
        let page = client.anonymous().get(&url).await.expect(200);
        assert!(page.text.contains("<form method=\"post\">"));
    }
    assert_eq!(detail(&client, &id).await["status"], "waiting", "a scanner of links resumes nothing");
    for forged in [format!("{url}x"), url.replace("/resume/", "/resume/A"), "/resume/x".to_owned()] {
        assert_eq!(post(&client, &forged, &json!({})).await.status, 404, "{forged}");
    }
    assert_eq!(post(&client, &url, &json!({"eur": 7})).await.expect(202).json()["execution_id"], json!(id));
    let whole = ended(&client, &id).await;
    assert_eq!(whole["output"], json!({"got": {"eur": 7}}));
    assert!(matches!(post(&client, &url, &json!({"eur": 8})).await.status, 404 | 409));
}

#[tokio::test]
async fn an_event_that_comes_before_its_step_is_kept() {
    let server = server().await;
    let endpoint = mailbox().await;
    let client = server.client();
    let file = paying(&endpoint).replace("  - {id: paid", "  - {id: nap, uses: wait, with: {duration: 1500ms}}\n  - {id: paid");
    install(&client, &file).await;
    let id = start(&client, "pay", json!({})).await;
    let url = address(&endpoint).await;
    drop(post(&client, &url, &json!({"eur": 7})).await.expect(202));
    let again = post(&client, &url, &json!({"eur": 8})).await;
    assert_eq!((again.status, problem(&again).as_str()), (409, "conflict"), "the first one counts");
    assert_eq!(ended(&client, &id).await["output"], json!({"got": {"eur": 7}}));
}

const REFUND: &str = "id: refund\nsteps:\n  - id: ask\n    uses: approval\n    timeout: 2d\n    with:\n      message: \"Refund {{ inputs.eur }} EUR?\"\n      \
    role: admin\n      form: {type: object, required: [eur], properties: {eur: {type: integer}}}\noutput: {eur: \"{{ steps.ask.output.answer.eur }}\"}\n";

fn tidemill(server: &TestServer, args: &[&str]) -> (bool, String) {
    let output = Command::new(BINARY)
        .args(args)
        .args(["--server", server.url()])
        .env("TIDEMILL_TOKEN", server.token())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

#[tokio::test]
async fn an_approval_is_listed_decided_on_the_command_line_and_only_by_whom_it_names() {
    let mut server = server().await;
    let client = server.client();
    install(&client, REFUND).await;
    let id = start(&client, "refund", json!({"eur": 9})).await;
    let _: Value = reaches(&client, &id, &["waiting"]).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let listed = client.get("/api/approvals").await.expect(200).json();
    assert_eq!((&listed["items"][0]["message"], &listed["items"][0]["may_decide"]), (&json!("Refund 9 EUR?"), &json!(true)));
    let (fine, table) = tidemill(&server, &["get", "approvals"]);
    assert!(fine && table.contains("Refund 9 EUR?"), "{table}");
    let (_, why) = tidemill(&server, &["why", &id]);
    assert!(why.contains("the approval of an admin: Refund 9 EUR?"), "{why}");
    let editor = client.post("/api/tokens", &json!({"name": "e", "role": "editor"})).await.expect(201).json();
    let editor = client.with_token(&text(&editor["secret"]));
    let refused = editor.post(&format!("/api/executions/{id}/approve"), &json!({"answer": {"eur": 5}})).await;
    assert_eq!(problem(&refused), "forbidden");
    let unfit = client.post(&format!("/api/executions/{id}/approve"), &json!({"answer": {"eur": "x"}})).await;
    assert_eq!(problem(&unfit), "input_invalid");
    let (fine, said) = tidemill(&server, &["approve", &id, "--comment", "fine", "--answer", "{\"eur\": 5}"]);
    assert!(fine, "{said}");
    assert_eq!(ended(&client, &id).await["output"], json!({"eur": 5}));
    let told = events(&client, &id).await;
    assert!(story(&told).contains(&"step_decided:ask".to_owned()));
    let again = client.post(&format!("/api/executions/{id}/reject"), &json!({})).await;
    assert_eq!(problem(&again), "conflict");
    let id = start(&client, "refund", json!({"eur": 9})).await;
    let _: Value = reaches(&client, &id, &["waiting"]).await;
    let (fine, said) = tidemill(&server, &["reject", &id, "--comment", "ordered twice"]);
    assert!(fine, "{said}");
    assert_eq!(ended(&client, &id).await["failure"]["message"], "rejected by admin: ordered twice");
    let database = server.database().unwrap();
    assert_eq!(database.query("SELECT step FROM tidemill.step_waits").len(), 0);
    // What was decided is in the audit log, once; what was refused is not.
    let audited = database.query(
        "SELECT entry->>'operation' FROM tidemill.audit_log
         WHERE entry->>'operation' IN ('execution_approve', 'execution_reject') ORDER BY seq",
    );
    assert_eq!(audited.into_iter().flatten().collect::<Vec<_>>(), ["execution_approve", "execution_reject"]);
}

#[tokio::test]
async fn a_step_that_must_not_be_repeated_waits_for_an_operator_after_kill_9() {
    let mut server = server().await;
    let endpoint = Endpoint::start(|_, _| Reply::Silence).await;
    let client = server.client();
    let file = format!(
        "id: charge\nsteps:\n  - {{id: pay, uses: http.request, effect: at_most_once, with: {{method: POST, url: \"{}/\"}}}}\n\
         output: {{id: \"{{{{ steps.pay.output.id }}}}\"}}\n",
        endpoint.url()
    );
    install(&client, &file).await;
    let id = start(&client, "charge", json!({})).await;
    eventually_async("the request is under way", || async { (!endpoint.received().is_empty()).then_some(()) }).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let waiting = reaches(&client, &id, &["waiting"]).await;
    assert_eq!(step(&waiting, "pay")["awaits"]["kind"], "decision");
    let (_, why) = tidemill(&server, &["why", &id]);
    assert!(why.contains("an operator's decision") && why.contains("tidemill decide"), "{why}");
    let (fine, said) = tidemill(&server, &["decide", &id, "succeed", "--result", "{\"id\": 7}", "--reason", "the bank has it"]);
    assert!(fine, "{said}");
    assert_eq!(ended(&client, &id).await["output"], json!({"id": 7}));
    assert_eq!(endpoint.received().len(), 1, "never repeated by itself");
}
