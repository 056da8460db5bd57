//! Conditions and internal events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer, eventually, eventually_async};

use crate::audit;
use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, install, run, secret, server, text};

fn file(check: &str, more: &str) -> String {
    format!(
        "id: stock\ntriggers:\n  - {{id: t, type: condition, every: 1s, check: {check}, {more}}}\nsteps: [{{id: a, uses: transform, with: \"{{{{ trigger.body }}}}\"}}]\n"
    )
}

async fn check(client: &Client) -> Value {
    client.get("/api/workflows/stock/triggers/t").await.expect(200).json()["check"].clone()
}

async fn checked(client: &Client, what: &str, test: impl Fn(&Value) -> bool) -> Value {
    eventually_async(what, || async {
        let now = check(client).await;
        test(&now).then_some(now)
    })
    .await
}

fn bodies(server: &TestServer) -> Vec<Value> {
    let sql = "SELECT (data->'origin'->'input'->'body')::text FROM tidemill.execution_events
               WHERE type IN ('execution_started', 'execution_queued') AND data->'origin'->'trigger'->>'type' = 'condition' ORDER BY execution_id";
    let rows = server.database().unwrap().query(sql);
    rows.into_iter().flatten().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fires_when_it_becomes_true_and_not_again_until_it_was_false() {
    let level = Arc::new(AtomicUsize::new(9));
    let said = Arc::clone(&level);
    let shop = Endpoint::start(move |_, _| {
        let body = if said.load(Ordering::SeqCst) < 5 { r#"{"level": 3}"# } else { r#"{"level": 9}"# };
        Reply::Answer(200, "", body)
    })
    .await;
    let mut server = server().await;
    let client = server.client();
    let http = format!(
        "{{uses: http.request, with: {{url: \"{}/{{{{ previous.body.level if previous else 'first' }}}}\"}}}}",
        shop.url()
    );
    install(&client, &file(&http, "if: result.body.level < 5")).await;
    let shown = checked(&client, "it was checked", |check| check["result"]["body"]["level"] == 9).await;
    assert_eq!((&shown["holds"], &shown["fired"]), (&json!(false), &json!(0)));
    level.store(1, Ordering::SeqCst);
    let _ = checked(&client, "it fires", |check| check["fired"] == 1 && check["holds"] == true).await;
    let calls = shop.received().len();
    eventually("it is checked on", || (shop.received().len() >= calls + 2).then_some(()));
    // What it has seen survives a crash.
    server.kill();
    server.restart().await;
    let client = server.client();
    let calls = shop.received().len();
    eventually("it is checked on", || (shop.received().len() >= calls + 2).then_some(()));
    assert_eq!(check(&client).await["fired"], 1, "an edge is one firing");
    level.store(9, Ordering::SeqCst);
    let _ = checked(&client, "it is false again", |check| check["holds"] == false).await;
    level.store(1, Ordering::SeqCst);
    let _ = checked(&client, "it fires again", |check| check["fired"] == 2).await;
    let fired = bodies(&server);
    assert_eq!((&fired[0]["result"]["body"]["level"], &fired[0]["previous"]["body"]["level"]), (&json!(3), &json!(9)));
    assert!(shop.received()[0].line.ends_with("/first") && shop.received()[1].line.ends_with("/9"), "{:?}", shop.received());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_new_item_fires_once() {
    let rows = Arc::new(AtomicUsize::new(2));
    let said = Arc::clone(&rows);
    let shop = Endpoint::start(move |_, _| {
        let body = match said.load(Ordering::SeqCst) {
            2 => r#"{"orders": [{"id": 1, "total": 5}, {"id": 2, "total": 500}]}"#,
            3 => r#"{"orders": [{"id": 2, "total": 500}, {"id": 3, "total": 700}, {"id": 4, "total": 1}, {"id": 3, "total": 700}]}"#,
            _ => r#"{"orders": [{"total": 1}]}"#,
        };
        Reply::Answer(200, "", body)
    })
    .await;
    let server = server().await;
    let client = server.client();
    let http = format!("{{uses: http.request, with: {{url: \"{}\"}}}}", shop.url());
    install(&client, &file(&http, "items: result.body.orders, key: item.id, if: item.total > 100")).await;
    let _ = checked(&client, "the first look", |check| check["succeeded_at"].is_string()).await;
    assert_eq!(bodies(&server), Vec::<Value>::new(), "what was there before is not new");
    rows.store(3, Ordering::SeqCst);
    let _ = checked(&client, "the new one fires", |check| check["fired"] == 1).await;
    let calls = shop.received().len();
    eventually("it is checked on", || (shop.received().len() >= calls + 2).then_some(()));
    assert_eq!(bodies(&server), [json!({"id": 3, "total": 700})]);
    rows.store(4, Ordering::SeqCst);
    let shown = checked(&client, "an item without a key is told", |check| check["error"].is_string()).await;
    assert!(text(&shown["error"]).contains("`key`"), "{shown}");
    audit::check_at_rest(server.database().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_says_why_and_shows_no_secret() {
    let shop = Endpoint::start(|_, _| Reply::Answer(500, "", r#"{"echo": "canary-7713"}"#)).await;
    let server = server().await;
    let client = server.client();
    secret(&client, "shop", "canary-7713").await;
    let http = format!(
        "{{uses: http.request, with: {{url: \"{}\", auth: {{type: bearer, token: \"{{{{ secrets.shop }}}}\"}}}}}}",
        shop.url()
    );
    install(&client, &file(&http, "if: \"true\"")).await;
    let shown = checked(&client, "the check has failed", |check| check["error"].is_string()).await;
    assert!(text(&shown["error"]).contains("500"), "{shown}");
    assert!(!shown.to_string().contains("canary"), "{shown}");
    assert_eq!(shown["fired"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_proves_who_asks_by_a_credential() {
    let shop = Endpoint::start(|_, request| {
        let known = request.headers.get("authorization").is_some_and(|proof| proof == "Bearer canary-4821");
        Reply::Answer(if known { 200 } else { 401 }, "", r#"{"echo": "canary-4821"}"#)
    })
    .await;
    let server = server().await;
    let client = server.client();
    let put = json!({"type": "bearer", "hosts": [shop.url()], "secret": "canary-4821"});
    assert_eq!(crate::outbound::credential(&client, "shop", put).await.status, 201);
    let http = format!("{{uses: http.request, with: {{url: \"{}\", auth: {{credential: shop}}}}}}", shop.url());
    install(&client, &file(&http, "if: result.status == 200")).await;
    let shown = checked(&client, "it fires", |check| check["fired"] == 1).await;
    assert!(!shown.to_string().contains("canary") && shown["result"]["body"]["echo"] == "***", "{shown}");
    let _ = client.delete("/api/credentials/shop").await.expect(204);
    let shown = checked(&client, "it is missed", |check| check["error"].is_string()).await;
    assert!(text(&shown["error"]).contains("tidemill credential set shop"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_can_look_and_level_fires_every_time() {
    let server = server().await;
    let client = server.client();
    let sql = "{uses: sql, with: {code: 'SELECT :n + 1 AS n', input: {n: \"{{ previous[0].n if previous else 0 }}\"}}}";
    install(&client, &file(sql, "on: level, if: 'result[0].n > 1'")).await;
    let shown = checked(&client, "it fires again and again", |check| check["fired"].as_i64() >= Some(2)).await;
    assert_eq!(shown["error"], Value::Null, "{shown}");
}

const LISTENER: &str = "id: watch\ntriggers: [{id: t, type: event, event: execution_failed, workflow: broken, if: \"'stock' in trigger.body.execution.error\"}]\nsteps: [{id: a, uses: transform, with: \"{{ trigger.body }}\"}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_another_workflow_is_heard_once() {
    let mut server = server().await;
    let client = server.client();
    let broken = "id: broken\nsteps: [{id: no, uses: fail, with: {message: \"{{ inputs.why }}\"}}]\n";
    install(&client, broken).await;
    install(&client, LISTENER).await;
    let _ = run(&client, "broken", json!({"why": "no reason"})).await;
    let failed = run(&client, "broken", json!({"why": "out of stock"})).await;
    let heard = || server.database().unwrap().query("SELECT id::text FROM tidemill.executions WHERE workflow_id = 'watch'");
    eventually("it is heard", || (heard().len() == 1).then_some(()));
    let id = heard().remove(0).unwrap();
    let told = client.get(&format!("/api/executions/{id}")).await.expect(200).json();
    assert_eq!((&told["trigger_type"], &told["input"]["body"]["execution"]["id"]), (&json!("event"), &failed["id"]));
    // Whoever reads the same stretch again starts nothing again.
    server.kill();
    server.database().unwrap().execute("UPDATE tidemill.trigger_states SET feed_txid = 0, feed_position = 0");
    server.restart().await;
    let again = run(&server.client(), "broken", json!({"why": "stock again"})).await;
    eventually("the next one is heard", || {
        let keys = server.database().unwrap().query("SELECT key FROM tidemill.deliveries WHERE source LIKE 'event:%'");
        keys.contains(&again["id"].as_str().map(str::to_owned)).then_some(())
    });
    let all = server.database().unwrap().query("SELECT id::text FROM tidemill.executions WHERE workflow_id = 'watch'");
    assert_eq!(all.len(), 2);
}

/// The bodies of the executions of `workflow`, oldest first.
fn told(server: &TestServer, workflow: &str) -> Vec<Value> {
    let rows = server.database().unwrap().query(&format!(
        "SELECT (e.data->'origin'->'input'->'body')::text FROM tidemill.executions x JOIN tidemill.execution_events e
             ON (e.workspace_id, e.execution_id) = (x.workspace_id, x.id) AND e.seq = 1
         WHERE x.workflow_id = '{workflow}' ORDER BY x.id"
    ));
    rows.into_iter().flatten().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_looks_whenever_another_workflow_has_ended() {
    let shop =
        Endpoint::start(|before, _| Reply::Answer(200, "", if before < 2 { r#"{"open": 1}"# } else { r#"{"open": 9}"# })).await;
    let mut server = server().await;
    let client = server.client();
    install(&client, "id: work\nsteps: [{id: a, uses: switch, with: {value: \"{{ inputs.ok }}\", cases: {\"false\": [no]}, default: []}}, {id: no, uses: fail, with: {message: bad}}]\n").await;
    // The events themselves are the check: the first failure after a success fires.
    install(&client, "id: flips\ntriggers: [{id: t, type: condition, event: execution_ended, workflow: work, if: \"result.execution.status == 'failed'\"}]\nsteps: [{id: a, uses: transform, with: {}}]\n").await;
    // Each end is the occasion to look at something else.
    let file = format!(
        "id: looks\ntriggers:\n  - id: t\n    type: condition\n    event: execution_ended\n    workflow: work\n    check: {{uses: http.request, with: {{url: \"{}/{{{{ event.execution.status }}}}\"}}}}\n    if: result.body.open > 5 and event.workflow.id == 'work'\n    on: level\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n",
        shop.url()
    );
    install(&client, &file).await;
    for ok in [true, false] {
        let _ = run(&client, "work", json!({ "ok": ok })).await;
    }
    eventually("the flip fires", || (told(&server, "flips").len() == 1).then_some(()));
    eventually("it looks twice", || (shop.received().len() == 2).then_some(()));
    // A crash before that repeats the looks, though not the firings.
    eventually("what they have seen is kept", || {
        let looking = "SELECT 1 FROM tidemill.triggers WHERE type = 'condition' AND next_at IS NOT NULL";
        server.database().unwrap().query(looking).is_empty().then_some(())
    });
    server.kill();
    server.restart().await;
    let client = server.client();
    for ok in [false, true, false] {
        let _ = run(&client, "work", json!({ "ok": ok })).await;
    }
    eventually("the second flip fires", || (told(&server, "flips").len() == 2).then_some(()));
    eventually("it fires at every end", || (told(&server, "looks").len() == 3).then_some(()));
    let lines: Vec<String> = shop.received().iter().map(|request| request.line.clone()).collect();
    assert_eq!(lines, ["GET /succeeded", "GET /failed", "GET /failed", "GET /succeeded", "GET /failed"]);
    let looked = told(&server, "looks");
    assert_eq!(
        (&looked[0]["result"]["body"]["open"], &looked[0]["event"]["execution"]["status"]),
        (&json!(9), &json!("failed"))
    );
    let flips = client.get("/api/executions?workflow=flips").await.expect(200).json();
    assert_eq!(flips["items"][0]["trigger_type"], "event", "what an event has started starts nothing further: {flips}");
}

/// Nobody looks between the activation and the end: what ends then is told all the same, and what ended before it is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_listens_from_its_activation_on() {
    let database = TestDatabase::empty();
    let node = async |roles: &str| {
        let args = ["--roles", roles].map(str::to_owned).to_vec();
        TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::At(database.url().to_owned()) })
            .await
    };
    let server = node("api,executor").await;
    let client = server.client();
    install(&client, "id: broken\nsteps: [{id: no, uses: fail, with: {message: out of stock}}]\n").await;
    let _early = run(&client, "broken", json!({})).await;
    install(&client, LISTENER).await;
    let kept = run(&client, "broken", json!({})).await;
    // A new version goes on where it was, and whoever was switched off begins anew.
    install(&client, &LISTENER.replace("uses: transform", "name: told, uses: transform")).await;
    let second = run(&client, "broken", json!({})).await;
    let off = LISTENER.replace("id: watch", "id: off");
    install(&client, &off).await;
    let _ = client.post("/api/workflows/off/deactivate", &json!({})).await.expect(200);
    let _missed = run(&client, "broken", json!({})).await;
    install(&client, &off).await;
    let last = run(&client, "broken", json!({})).await;
    let _scheduler = node("scheduler").await;
    let heard = |workflow: &str| {
        let sql = format!(
            "SELECT d.key FROM tidemill.deliveries d JOIN tidemill.executions x ON x.id = d.execution_id
             WHERE x.workflow_id = '{workflow}' ORDER BY d.key"
        );
        database.query(&sql).into_iter().flatten().collect::<Vec<_>>()
    };
    let id = |execution: &Value| text(&execution["id"]);
    eventually("the last one is heard by both", || {
        ["watch", "off"].iter().all(|workflow| heard(workflow).contains(&id(&last))).then_some(())
    });
    assert_eq!(heard("off"), [id(&last)]);
    let watched = heard("watch");
    assert!(watched.len() == 4 && watched.contains(&id(&kept)) && watched.contains(&id(&second)), "{watched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_internal_events() {
    let server = server().await;
    let client = server.client();
    for (id, event, more) in
        [("joined", "member_added", ""), ("live", "workflow_activated", ", workflow: other"), ("dead", "dead_letter_added", "")]
    {
        let file = format!(
            "id: {id}\ntriggers: [{{id: t, type: event, event: {event}{more}}}]\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n"
        );
        install(&client, &file).await;
    }
    let made =
        client.post("/api/workspaces/main/service-accounts", &json!({"name": "robot", "role": "viewer"})).await.expect(201);
    install(&client, "id: other\nsteps: [{id: no, uses: fail, with: {message: bad}}]\n").await;
    let failed = run(&client, "other", json!({})).await;
    eventually("everything is heard", || {
        ["joined", "live", "dead"].iter().all(|workflow| told(&server, workflow).len() == 1).then_some(())
    });
    let joined = told(&server, "joined").remove(0);
    assert_eq!((&joined["object"]["id"], &joined["detail"]), (&made.json()["user_id"], &json!("viewer")), "{joined}");
    assert_eq!(told(&server, "live")[0]["object"], json!({"kind": "workflow", "id": "other"}));
    assert_eq!(told(&server, "dead")[0]["execution"]["id"], failed["id"]);
}

#[tokio::test]
async fn code_of_a_condition_is_checked_when_the_file_is_saved() {
    let server = server().await;
    let check = "{uses: python, with: {code: \"def (:\"}}";
    let refused = crate::scene::apply(&server.client(), &file(check, "if: result")).await.expect(422);
    let found = &refused.json()["errors"][0];
    assert_eq!((&found["code"], &found["path"]), (&json!("invalid_code"), &json!("triggers[0].check.with.code")), "{found}");
}
