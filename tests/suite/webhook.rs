//! Deliveries, from the sender's side of the wire.

use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tidemill_harness::{Answer, Client, TestServer, eventually, eventually_async};

use crate::audit;
use crate::scene::{apply, ended, header, install, problem, secret, server, text};

const DOUBLE: &str = r#"
id: double
inputs: {type: object, required: [qty], properties: {qty: {type: integer}}}
triggers:
  - {id: sync, type: webhook, path: double/now, respond: when_finished}
  - {id: async, type: webhook, path: double/later}
steps:
  - {id: twice, uses: transform, with: {qty: "{{ inputs.qty * 2 }}"}}
output: {qty: "{{ steps.twice.output.qty }}"}
"#;

const ANYTHING: &str = r#"
id: anything
triggers:
  - {id: any, type: webhook, path: anything, methods: [POST, GET], respond: when_finished}
steps:
  - {id: echo, uses: transform, with: {body: "{{ trigger.body }}", query: "{{ trigger.query }}"}}
output: "{{ steps.echo.output }}"
"#;

const SIGNED: &str = r#"
id: signed
triggers:
  - {id: push, type: webhook, path: push, auth: {type: hmac, scheme: github, secret: "{{ secrets.github }}"}}
steps:
  - {id: a, uses: transform, with: {x: "{{ trigger.body.x }}"}}
"#;

async fn with(file: &str) -> (TestServer, Client) {
    let server = server().await;
    install(&server.client(), file.trim_start()).await;
    let anonymous = server.client().anonymous();
    (server, anonymous)
}

async fn send(client: &Client, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path).body(body);
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn a_sender_gets_the_output_or_a_receipt() {
    let (server, sender) = with(DOUBLE).await;
    let now = sender.post("/hooks/main/double/now", &json!({"qty": 21})).await.expect(200).json();
    assert_eq!((&now["status"], &now["output"]["qty"], &now["duplicate"]), (&json!("succeeded"), &json!(42), &json!(false)));
    let later = sender.post("/hooks/main/double/later", &json!({"qty": 4})).await.expect(202);
    assert_eq!(later.json().get("output"), None);
    let id = audit::acknowledged(&later);
    assert_eq!(later.json()["url"], format!("/api/executions/{id}"));
    let whole = ended(&server.client(), &id).await;
    assert_eq!(
        (&whole["output"]["qty"], &whole["trigger_type"], &whole["trigger_id"]),
        (&json!(8), &json!("webhook"), &json!("async"))
    );
    audit::check_at_rest(server.database().unwrap());
}

#[tokio::test]
async fn a_failed_execution_is_told_to_a_sender_that_waits() {
    let (_server, sender) = with("id: broken\ntriggers: [{id: t, type: webhook, path: broken, respond: when_finished}]\nsteps: [{id: no, uses: fail, with: {message: 'out of stock'}}]\n").await;
    let said = sender.post("/hooks/main/broken", &json!({})).await.expect(200).json();
    assert_eq!((&said["status"], &said["error"]["message"]), (&json!("failed"), &json!("out of stock")));
}

#[tokio::test]
async fn bodies_are_read_by_their_type() {
    let (_server, sender) = with(ANYTHING).await;
    let path = "/hooks/main/anything";
    let got = async |content_type: &str, body: &'static str| {
        send(&sender, path, &[("Content-Type", content_type)], body).await.expect(200).json()["output"]["body"].clone()
    };
    assert_eq!(got("application/json", r#"{"a": [1, null]}"#).await, json!({"a": [1, null]}));
    assert_eq!(got("application/x-www-form-urlencoded", "a=1&b=x+y").await, json!({"a": "1", "b": "x y"}));
    assert_eq!(got("text/plain", "zażółć").await, json!("zażółć"));
    assert_eq!(got("application/json", "").await, Value::Null);
    let asked = sender.get(&format!("{path}?a=1&b=%C3%BC")).await.expect(200).json();
    assert_eq!(asked["output"]["query"], json!({"a": "1", "b": "ü"}));
}

#[tokio::test]
async fn what_can_not_be_taken_is_refused_with_its_reason() {
    let (server, sender) = with(DOUBLE).await;
    let json_type = [("Content-Type", "application/json")];
    let path = "/hooks/main/double/later";
    for (headers, body, status, code) in [
        (json_type, r#"{"qty": 1"#.to_owned(), 400, "bad_request"),
        (json_type, r#"{"qty": 1, "x": "\ud800"}"#.to_owned(), 400, "bad_request"),
        (json_type, r#"{"qty": 1e999}"#.to_owned(), 400, "bad_request"),
        (json_type, "[".repeat(100_000), 400, "bad_request"),
        ([("Content-Type", "image/png")], "x".to_owned(), 415, "unsupported_media_type"),
        (json_type, r#"{"qty": "many"}"#.to_owned(), 422, "input_invalid"),
        (json_type, r"{}".to_owned(), 422, "input_invalid"),
        (json_type, String::new(), 422, "input_invalid"),
    ] {
        let answer = send(&sender, path, &headers, body.clone()).await;
        assert_eq!(
            (answer.status, problem(&answer).as_str()),
            (status, code),
            "{}: {}",
            body.get(..30).unwrap_or(&body),
            answer.text
        );
    }
    let answer = Answer::of(sender.request(Method::PUT, path).json(&json!({"qty": 1}))).await;
    assert_eq!((answer.status, problem(&answer).as_str()), (405, "method_not_allowed"));
    assert_eq!(audit::tally(server.database().unwrap()), "", "nothing of it started anything");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_below_is_taken() {
    let (_server, sender) = with(ANYTHING).await;
    let limit = tidemill_common::limits::WEBHOOK_BODY_BYTES;
    let text_type = [("Content-Type", "text/plain")];
    let over = send(&sender, "/hooks/main/anything", &text_type, vec![b'x'; limit + 1]).await;
    assert_eq!((over.status, problem(&over).as_str()), (413, "payload_too_large"));
    let below = send(&sender, "/hooks/main/anything", &text_type, vec![b'x'; limit]).await;
    assert!(matches!(below.status, 200 | 413), "{} {}", below.status, below.text.get(..200).unwrap_or(&below.text));
}

#[tokio::test]
async fn unknown_inactive_and_foreign_addresses_look_the_same() {
    let (server, sender) = with(DOUBLE).await;
    let _ = apply(&server.client(), ANYTHING.trim_start()).await.expect(201);
    let mut seen = Vec::new();
    for path in [
        "/hooks/main/nothing",
        "/hooks/main/anything",
        "/hooks/nobody/double/now",
        "/hooks/main/%00",
        "/hooks/ma%00in/double/now",
    ] {
        let answer = send(&sender, path, &[("X-Request-Id", "same")], "{}").await.expect(404);
        assert_eq!(problem(&answer), "not_found");
        seen.push(answer.text);
    }
    assert!(seen.iter().all(|text| *text == seen[0]), "{seen:#?}");
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_signature_opens_and_a_repeated_delivery_starts_nothing() {
    let server = server().await;
    let client = server.client();
    secret(&client, "github", "hush-hush").await;
    install(&client, SIGNED.trim_start()).await;
    let (sender, body) = (client.anonymous(), r#"{"x": 1}"#);
    let (good, other) = (signature("hush-hush", body), signature("wrong", body));
    let deliver = async |signature: Option<&str>, id: &str, body: &'static str| {
        let mut headers = vec![("Content-Type", "application/json"), ("X-GitHub-Delivery", id)];
        headers.extend(signature.map(|signature| ("X-Hub-Signature-256", signature)));
        send(&sender, "/hooks/main/push", &headers, body).await
    };
    for (signature, body) in [
        (None, body),
        (Some(other.as_str()), body),
        (Some(good.as_str()), "{\"x\": 2}"),
        (Some("sha256=zz"), body),
        (Some(""), body),
    ] {
        let refused = deliver(signature, "d-0", body).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (401, "signature_invalid"), "{signature:?} {body}");
    }
    let first = deliver(Some(&good), "d-1", body).await.expect(202);
    let second = deliver(Some(&good), "d-1", body).await.expect(200);
    assert_eq!((&second.json()["duplicate"], audit::acknowledged(&second)), (&json!(true), audit::acknowledged(&first)));
    let many = futures_util::future::join_all((0..20).map(|_| deliver(Some(&good), "d-2", body))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 202).count(), 1);
    assert!(many.iter().all(|answer| audit::acknowledged(answer) == audit::acknowledged(&many[0])));
    let _ = deliver(Some(&good), "d-3", body).await.expect(202);
    audit::check_at_rest(server.database().unwrap());
    assert_eq!(audit::tally(server.database().unwrap()), "succeeded 3");
    let shown = ended(&client, &audit::acknowledged(&first)).await;
    assert!(!shown.to_string().contains(&good), "a proof is not kept: {shown}");
}

#[tokio::test]
async fn a_changed_secret_counts_soon_and_a_missing_one_lets_nobody_in() {
    let server = server().await;
    let client = server.client();
    secret(&client, "github", "old").await;
    install(&client, SIGNED.trim_start()).await;
    let (sender, body) = (client.anonymous(), r#"{"x": 1}"#);
    let deliver = async |secret: &str| {
        let signature = signature(secret, body);
        send(&sender, "/hooks/main/push", &[("Content-Type", "application/json"), ("X-Hub-Signature-256", &signature)], body)
            .await
    };
    let _ = deliver("old").await.expect(202);
    secret(&client, "github", "new").await;
    eventually_async("the new secret opens", || async { (deliver("new").await.status == 202).then_some(()) }).await;
    let _ = deliver("old").await.expect(401);
    let _ = client.delete("/api/secrets/github").await.expect(204);
    eventually_async("the removed secret opens nothing", || async { (deliver("new").await.status == 500).then_some(()) }).await;
    for known in ["new", "old", ""] {
        let refused = deliver(known).await;
        assert_eq!((refused.status, header(&refused, "retry-after")), (500, "60"), "{known}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_schedule_fires_each_instant_once_and_goes_on_after_a_restart() {
    let mut server = server().await;
    install(&server.client(), "id: tick\ntriggers: [{id: second, type: schedule, cron: \"* * * * * *\"}]\nsteps: [{id: a, uses: transform, with: {at: \"{{ trigger.scheduled_at }}\"}}]\n").await;
    let fired = |server: &TestServer, least: usize| {
        eventually(&format!("{least} instants have come"), || {
            let keys = server.database().unwrap().query("SELECT key FROM tidemill.deliveries ORDER BY key");
            (keys.len() >= least).then_some(keys)
        })
    };
    let before = fired(&server, 2).len();
    server.kill();
    server.restart().await;
    fired(&server, before + 2);
    let _ = server.client().post("/api/workflows/tick/deactivate", &json!({})).await.expect(200);
    let database = server.database().unwrap();
    audit::check_at_rest(database);
    let instants =
        database.query("SELECT data->'output'->>'at' FROM tidemill.execution_events WHERE type = 'step_completed' ORDER BY 1");
    let keys = database.query("SELECT key FROM tidemill.deliveries ORDER BY key");
    assert_eq!(instants, keys, "one execution for each instant");
    let mut once = keys.clone();
    once.dedup();
    assert_eq!(once, keys);
    assert!(keys.iter().flatten().all(|key| text(&json!(key)).ends_with('Z')), "{keys:?}");
}
