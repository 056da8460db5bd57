//! Subscriptions: signed deliveries of what happens, each once, over failures, crashes and nodes.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestDatabase, TestServer, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, header, install, problem, run, secret, server, text};

const BROKEN: &str = "id: broken\nsteps: [{id: no, uses: fail, with: {message: out of stock}}]\n";
const FINE: &str = "id: fine\nsteps: [{id: a, uses: transform, with: {}}]\n";

/// Makes a subscription; returns its address in the API and its signing key.
async fn subscribe(client: &Client, url: &str, events: &[&str]) -> (String, String) {
    let made = client.post("/api/subscriptions", &json!({"url": url, "events": events})).await.expect(201);
    assert_eq!(header(&made, "cache-control"), "no-store");
    let made = made.json();
    (format!("/api/subscriptions/{}", text(&made["subscription"]["id"])), text(&made["secret"]))
}

async fn patch(client: &Client, path: &str, body: Value) -> Answer {
    Answer::of(client.request(Method::PATCH, path).json(&body)).await
}

async fn deliveries(client: &Client, path: &str) -> Vec<Value> {
    let page = client.get(&format!("{path}/deliveries")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// The newest delivery, once `test` holds for it.
async fn newest(client: &Client, path: &str, what: &str, test: impl Fn(&Value) -> bool) -> Value {
    eventually_async(what, || async { deliveries(client, path).await.into_iter().next().filter(|newest| test(newest)) }).await
}

/// Whatever waits is due now, in place of minutes or hours later.
fn hurry(database: &TestDatabase) {
    database.execute("UPDATE tidemill.subscription_deliveries SET next_at = now() WHERE next_at IS NOT NULL");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_signed_and_taken_by_whoever_knows_the_key() {
    let server = server().await;
    let client = server.client();
    // The receiver is a webhook of the same server: it checks what a receiver of Standard Webhooks checks.
    let receiver = "id: receiver\ntriggers:\n  - {id: hook, type: webhook, path: told, auth: {type: hmac, scheme: standard-webhooks, secret: \"{{ secrets.told }}\"}}\nsteps: [{id: a, uses: transform, with: \"{{ trigger.body }}\"}]\noutput: \"{{ steps.a.output }}\"\n";
    let (path, key) =
        subscribe(&client, &format!("{}/hooks/main/told", server.url()), &["execution_failed", "workflow_activated"]).await;
    secret(&client, "told", &key).await;
    assert!(key.starts_with("whsec_") && !client.get(&path).await.expect(200).text.contains("whsec_"));
    install(&client, receiver).await;
    install(&client, BROKEN).await;
    let failed = run(&client, "broken", json!({})).await;
    let told = newest(&client, &path, "the failure is delivered", |newest| {
        newest["event"] == "execution_failed" && newest["state"] == "delivered"
    })
    .await;
    assert_eq!((&told["status"], &told["attempts"], &told["error"]), (&json!(202), &json!(1), &Value::Null));
    assert_eq!(told["payload"]["data"]["execution"]["id"], failed["id"]);
    let all = eventually_async("everything is delivered", || async {
        let all = deliveries(&client, &path).await;
        (all.len() == 3 && all.iter().all(|one| one["state"] == "delivered")).then_some(all)
    })
    .await;
    let activated: Vec<&Value> = all.iter().filter(|one| one["event"] == "workflow_activated").collect();
    let objects: HashSet<&str> = activated.iter().map(|one| one["payload"]["data"]["object"]["id"].as_str().unwrap()).collect();
    assert_eq!(objects, HashSet::from(["receiver", "broken"]));
    assert_eq!(activated[0]["payload"]["data"]["actor"]["kind"], "user", "{}", activated[0]);
    // What a receiver got is what the log shows, byte by byte, and with another key nothing is taken.
    let got = client.get("/api/executions?workflow=receiver").await.expect(200).json();
    assert_eq!(got["items"].as_array().unwrap().len(), 3, "{got}");
    secret(&client, "told", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").await;
    let _ = client.post(&format!("{path}/test"), &json!({})).await.expect(200);
    let refused = newest(&client, &path, "it is refused", |newest| newest["status"] == 401).await;
    assert_eq!((&refused["event"], &refused["state"]), (&json!("test"), &json!("waiting")), "{refused}");
    secret(&client, "told", &key).await;
    hurry(server.database().unwrap());
    let _ = newest(&client, &path, "it is taken", |newest| newest["state"] == "delivered" && newest["attempts"] == 2).await;
    // The receiver knows a repeated delivery again.
    let before = client.get("/api/executions?workflow=receiver").await.expect(200).json()["items"].as_array().unwrap().len();
    let id = text(&deliveries(&client, &path).await[0]["id"]);
    let _ = client.post(&format!("{path}/deliveries/{id}/redeliver"), &json!({})).await.expect(200);
    let _ =
        newest(&client, &path, "it is taken again", |newest| newest["state"] == "delivered" && newest["attempts"] == 1).await;
    let after = client.get("/api/executions?workflow=receiver").await.expect(200).json()["items"].as_array().unwrap().len();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_repeated_under_its_id_even_after_kill_9() {
    let far = Endpoint::start(|before, _| match before {
        0 => Reply::Answer(500, "", r#"{"why": "broken"}"#),
        1 => Reply::Silence,
        _ => Reply::Answer(204, "", ""),
    })
    .await;
    let mut server = server().await;
    let client = server.client();
    let (path, _) = subscribe(&client, far.url(), &["execution_ended"]).await;
    install(&client, FINE).await;
    let _ = run(&client, "fine", json!({})).await;
    let failed = newest(&client, &path, "the first attempt fails", |newest| newest["status"] == 500).await;
    assert!(text(&failed["error"]).contains("answered 500") && failed["next_at"].is_string(), "{failed}");
    assert!(client.get(&path).await.expect(200).json()["failing_since"].is_string());
    hurry(server.database().unwrap());
    eventually_async("the second attempt is under way", || async { (far.received().len() == 2).then_some(()) }).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    hurry(server.database().unwrap());
    let taken = newest(&client, &path, "it is taken", |newest| newest["state"] == "delivered").await;
    assert_eq!((&taken["attempts"], &taken["status"], &taken["next_at"]), (&json!(3), &json!(204), &Value::Null));
    let received = far.received();
    let ids: HashSet<&String> = received.iter().map(|request| &request.headers["webhook-id"]).collect();
    assert_eq!((received.len(), ids.len()), (3, 1));
    assert_eq!(received[0].body, received[2].body, "the same in every attempt");
    assert!(received[0].headers["webhook-signature"].starts_with("v1,"));
    assert_eq!(client.get(&path).await.expect(200).json()["failing_since"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_nothing_more_and_who_fails_for_days_is_disabled_and_it_is_said() {
    let gone = Endpoint::start(|before, _| Reply::Answer(if before == 0 { 410 } else { 200 }, "", "{}")).await;
    let dead = Endpoint::start(|_, _| Reply::Answer(503, "", "{}")).await;
    let watcher = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let server = server().await;
    let client = server.client();
    let (gone_path, _) = subscribe(&client, gone.url(), &["execution_ended"]).await;
    let (dead_path, _) = subscribe(&client, dead.url(), &["execution_ended"]).await;
    let (watch_path, _) = subscribe(&client, watcher.url(), &["subscription_disabled"]).await;
    install(&client, FINE).await;
    let _ = run(&client, "fine", json!({})).await;
    let disabled = async |path: &str| {
        eventually_async("it is disabled", || async {
            let shown = client.get(path).await.expect(200).json();
            (shown["enabled"] == false).then_some(shown)
        })
        .await
    };
    assert!(text(&disabled(&gone_path).await["disabled_reason"]).contains("410"));
    let _ = newest(&client, &dead_path, "it fails", |newest| newest["status"] == 503).await;
    server.database().unwrap().execute(
        "UPDATE tidemill.event_subscriptions SET failing_since = now() - interval '6 days' WHERE failing_since IS NOT NULL",
    );
    hurry(server.database().unwrap());
    assert!(text(&disabled(&dead_path).await["disabled_reason"]).contains("5 days"));
    let given_up = deliveries(&client, &dead_path).await;
    assert_eq!((&given_up[0]["state"], &given_up[0]["next_at"]), (&json!("failed"), &Value::Null), "{given_up:?}");
    eventually_async("others are told", || async { (watcher.received().len() == 2).then_some(()) }).await;
    let told: Vec<Value> = watcher.received().iter().map(|told| serde_json::from_str(&told.body).unwrap()).collect();
    assert!(
        told.iter().all(|told| told["data"]["actor"]["kind"] == "node" && told["type"] == "subscription_disabled"),
        "{told:?}"
    );
    let audit = client.get("/api/workspaces/main/audit-log?operation=subscription_disable").await.expect(200);
    assert_eq!(audit.json()["items"].as_array().unwrap().len(), 2, "{}", audit.text);
    // Nothing goes there until somebody enables it; then what happens from then on.
    let _ = run(&client, "fine", json!({})).await;
    let id = text(&deliveries(&client, &gone_path).await[0]["id"]);
    let again = client.post(&format!("{gone_path}/deliveries/{id}/redeliver"), &json!({})).await;
    assert_eq!(problem(&again), "conflict");
    let enabled = patch(&client, &gone_path, json!({"enabled": true})).await.expect(200).json();
    assert_eq!((&enabled["enabled"], enabled.get("disabled_reason")), (&json!(true), None));
    let last = run(&client, "fine", json!({})).await;
    let taken = newest(&client, &gone_path, "it is told again", |newest| newest["state"] == "delivered").await;
    assert_eq!(taken["payload"]["data"]["execution"]["id"], last["id"]);
    assert_eq!(gone.received().len(), 2, "what happened in between is not told");
    let _ = client.delete(&watch_path).await.expect(204);
    assert_eq!(problem(&client.get(&watch_path).await), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_signs_beside_the_old_one_for_a_day() {
    let far = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let server = server().await;
    let client = server.client();
    let (path, old) = subscribe(&client, far.url(), &["execution_ended"]).await;
    let test = async || {
        let _ = client.post(&format!("{path}/test"), &json!({})).await.expect(200);
        let number = far.received().len() + 1;
        eventually_async("it arrives", || async { far.received().get(number - 1).cloned() }).await
    };
    let signatures = |request: &crate::endpoint::Received| request.headers["webhook-signature"].split(' ').count();
    assert_eq!(signatures(&test().await), 1);
    let rotated = client.post(&format!("{path}/rotate"), &json!({})).await.expect(200);
    assert_eq!(header(&rotated, "cache-control"), "no-store");
    assert_ne!(text(&rotated.json()["secret"]), old);
    assert!(rotated.json()["subscription"]["old_secret_until"].is_string());
    assert_eq!(signatures(&test().await), 2);
    server.database().unwrap().execute("UPDATE tidemill.event_subscriptions SET old_key_until = now()");
    assert_eq!(signatures(&test().await), 1);
    let dump = server.database().unwrap().query("SELECT s::text FROM tidemill.event_subscriptions s");
    assert!(!dump[0].as_ref().unwrap().contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_tell_each_event_once() {
    let database = TestDatabase::empty();
    let far = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let node = async || {
        let args = ["--outbound-allow", "127.0.0.0/8"].map(str::to_owned).to_vec();
        let storage = Storage::At(database.url().to_owned());
        TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage }).await
    };
    let (first, second) = (node().await, node().await);
    let client = first.client();
    install(&client, FINE).await;
    let (path, _) = subscribe(&client, far.url(), &["execution_succeeded"]).await;
    let others = Client::new(second.url(), Some(&first.token()));
    let mut started = HashSet::new();
    for number in 0..40 {
        let client = if number % 2 == 0 { &client } else { &others };
        started.insert(text(&client.post("/api/workflows/fine/executions", &json!({})).await.expect(201).json()["id"]));
    }
    eventually_async("all are delivered", || async {
        let states = database.query("SELECT state FROM tidemill.subscription_deliveries");
        (states.len() == 40 && states.iter().all(|state| state.as_deref() == Some("delivered"))).then_some(())
    })
    .await;
    let told: Vec<String> = far
        .received()
        .iter()
        .map(|request| text(&serde_json::from_str::<Value>(&request.body).unwrap()["data"]["execution"]["id"]))
        .collect();
    assert_eq!((told.len(), told.into_iter().collect::<HashSet<_>>()), (40, started));
    assert_eq!(deliveries(&client, &path).await.len(), 40);
}

#[tokio::test]
async fn bad_subscriptions_are_refused_with_a_reason() {
    let server = server().await;
    let client = server.client();
    for (wanted, reason) in [
        (json!({"url": "hooks.example.com", "events": ["execution_failed"]}), "is not a web address"),
        (json!({"url": "ftp://hooks.example.com", "events": ["execution_failed"]}), "begins with https://"),
        (json!({"url": "https://u:p@hooks.example.com", "events": ["execution_failed"]}), "deliveries are signed"),
        (json!({"url": "https://hooks.example.com", "events": ["execution_painted"]}), "there are execution_succeeded"),
        (json!({"url": "https://hooks.example.com", "events": []}), "events"),
        (json!({"url": "https://hooks.example.com"}), "events"),
    ] {
        let refused = client.post("/api/subscriptions", &wanted).await;
        assert!(refused.status == 400 && refused.text.contains(reason), "{wanted}: {}", refused.text);
    }
    let wanted = json!({"url": "https://hooks.example.com", "events": ["execution_failed"], "workflow": "orders"});
    for _ in 0..50 {
        let _ = client.post("/api/subscriptions", &wanted).await.expect(201);
    }
    let refused = client.post("/api/subscriptions", &wanted).await.expect(409);
    assert!(refused.text.contains("at most 50"), "{}", refused.text);
    let path = format!("/api/subscriptions/{}", text(&client.get("/api/subscriptions").await.json()["items"][0]["id"]));
    let changed = patch(&client, &path, json!({"workflow": "", "name": "all"})).await.expect(200).json();
    assert_eq!((changed.get("workflow"), &changed["name"]), (None, &json!("all")));
}
