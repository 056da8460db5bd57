//! Executions, step by step: retries, timeouts, cancellation, waits, conditions, secrets.

use std::time::Duration;

use serde_json::{Value, json};
use tidemill_common::event::{Event, EventBody};
use tidemill_harness::{TestServer, eventually_async};

use crate::audit;
use crate::endpoint::{Endpoint, Reply};
use crate::scene::{ended, events, install, problem, reaches, run, secret, server, start, step, story, text};

/// A workflow of one request, with `more` fields of its step.
fn asks(url: &str, more: &str) -> String {
    format!(
        "id: asks\nsteps:\n  - {{id: ask, uses: http.request, with: {{method: POST, url: \"{url}/items\", json: {{a: 1}}}}{more}}}\n"
    )
}

async fn run_with_events(server: &TestServer, file: &str) -> (Value, Vec<Event>) {
    let client = server.client();
    install(&client, file).await;
    let whole = run(&client, "asks", json!({})).await;
    let id = text(&whole["id"]);
    audit::check_fold(&client, file, &id).await;
    audit::check_at_rest(server.database().unwrap());
    (whole, events(&client, &id).await)
}

/// How long each failed attempt is to be paused for, in milliseconds.
fn pauses(events: &[Event]) -> Vec<i64> {
    let pause = |event: &Event| match &event.body {
        EventBody::StepFailed { retry_at, .. } => retry_at.map(|at| (at - event.at).num_milliseconds()),
        _ => None,
    };
    events.iter().filter_map(pause).collect()
}

#[tokio::test]
async fn a_failed_request_is_tried_again_with_growing_pauses_and_the_same_key() {
    let server = server().await;
    let endpoint = Endpoint::start(|before, _| match before {
        0 | 1 => Reply::Answer(503, "", "{}"),
        _ => Reply::Answer(200, "", r#"{"ok": true}"#),
    })
    .await;
    let file = asks(endpoint.url(), ", retry: {max_attempts: 5, initial_interval: 200ms, factor: 3, jitter: 0}");
    let (whole, events) = run_with_events(&server, &file).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    assert_eq!((&step(&whole, "ask")["attempt"], &step(&whole, "ask")["output"]["body"]["ok"]), (&json!(3), &json!(true)));
    assert_eq!(pauses(&events), [200, 600]);
    let received = endpoint.received();
    assert_eq!(received.len(), 3);
    let keys: Vec<_> = received.iter().map(|request| &request.headers["idempotency-key"]).collect();
    assert!(!keys[0].is_empty() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(received.iter().all(|request| request.line == "POST /items" && request.body == r#"{"a":1}"#), "{received:?}");
}

#[tokio::test]
async fn an_endpoint_that_says_when_to_come_back_is_heard() {
    let server = server().await;
    let endpoint = Endpoint::start(|before, _| match before {
        0 => Reply::Answer(429, "retry-after: 2", "{}"),
        _ => Reply::Answer(200, "", "{}"),
    })
    .await;
    let retry = ", retry: {max_attempts: 3, initial_interval: 10ms, jitter: 0, retry_if: \"error.status == 429\"}";
    let (whole, events) = run_with_events(&server, &asks(endpoint.url(), retry)).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    let pauses = pauses(&events);
    assert!(pauses.len() == 1 && (2000..2500).contains(&pauses[0]), "{pauses:?}");
}

#[tokio::test]
async fn attempts_come_to_an_end_and_the_workflows_own_errors_are_not_tried_again() {
    let server = server().await;
    let endpoint = Endpoint::start(|_, request| match request.line.as_str() {
        "POST /items" => Reply::Answer(500, "", "{}"),
        _ => Reply::Answer(404, "", "{}"),
    })
    .await;
    let (whole, _) =
        run_with_events(&server, &asks(endpoint.url(), ", retry: {max_attempts: 3, initial_interval: 10ms}")).await;
    assert_eq!(
        (&whole["status"], &whole["failure"]["class"], &whole["failure"]["status"]),
        (&json!("failed"), &json!("infrastructure"), &json!(500))
    );
    assert_eq!(endpoint.received().len(), 3);
    let elsewhere = format!("{}/missing?x=", endpoint.url());
    let (whole, _) = run_with_events(&server, &asks(&elsewhere, ", retry: {max_attempts: 3, initial_interval: 10ms}")).await;
    assert_eq!((&whole["status"], &whole["failure"]["status"]), (&json!("failed"), &json!(404)));
    assert_eq!(endpoint.received().len(), 4);
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_closed_port_is_infrastructure() {
    let server = server().await;
    let endpoint = Endpoint::start(|_, _| Reply::Silence).await;
    let (whole, _) = run_with_events(&server, &asks(endpoint.url(), ", timeout: 300ms")).await;
    assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!("timeout")), "{whole:#}");
    let closed = endpoint.url().to_owned();
    drop(endpoint);
    let unreachable = async || run_with_events(&server, &asks(&closed, "")).await.0;
    // The listener goes away a moment after its value.
    let whole = unreachable().await;
    assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!("infrastructure")), "{whole:#}");
}

#[tokio::test]
async fn a_workflow_timeout_ends_an_execution_that_waits() {
    let server = server().await;
    let file = "id: asks\ntimeout: 1s\nsteps:\n  - {id: pause, uses: wait, with: {duration: 1h}}\n";
    let (whole, _) = run_with_events(&server, file).await;
    assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!("timeout")), "{whole:#}");
}

#[tokio::test]
async fn an_execution_is_cancelled_while_a_request_is_under_way_and_while_it_waits() {
    let server = server().await;
    let client = server.client();
    let endpoint = Endpoint::start(|_, _| Reply::Silence).await;
    install(&client, &asks(endpoint.url(), ", timeout: 1h")).await;
    install(
        &client,
        "id: waits\nsteps: [{id: pause, uses: wait, with: {duration: 1h}}, {id: never, uses: transform, with: {x: 1}}]\n",
    )
    .await;
    let asking = start(&client, "asks", json!({})).await;
    eventually_async("the request has come", || async { (endpoint.received().len() == 1).then_some(()) }).await;
    let waiting = start(&client, "waits", json!({})).await;
    reaches(&client, &waiting, &["waiting"]).await;
    for id in [&asking, &waiting] {
        let path = format!("/api/executions/{id}/cancel");
        let _ = client.post(&path, &json!({"reason": "wrong customer"})).await.expect(200);
        let whole = ended(&client, id).await;
        assert_eq!(whole["status"], "cancelled", "{whole:#}");
        let told = events(&client, id).await;
        assert!(told.iter().any(|event| matches!(&event.body, EventBody::ExecutionCancelRequested { reason: Some(reason), .. } if reason == "wrong customer")));
        assert_eq!(problem(&client.post(&path, &json!({})).await.expect(409)), "conflict");
    }
    audit::check_at_rest(server.database().unwrap());
}

#[tokio::test]
async fn a_wait_survives_a_restart_and_ends_in_time() {
    let mut server = server().await;
    let client = server.client();
    let file = "id: waits\nsteps:\n  - {id: before, uses: transform, with: {x: 1}}\n  - {id: pause, uses: wait, with: {duration: 3s}}\n  - {id: after, uses: transform, with: {y: \"{{ steps.before.output.x + 1 }}\"}}\n";
    install(&client, file).await;
    let id = start(&client, "waits", json!({})).await;
    let waiting = reaches(&client, &id, &["waiting"]).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let whole = ended(&client, &id).await;
    assert_eq!((&whole["status"], &step(&whole, "after")["output"]["y"]), (&json!("succeeded"), &json!(2)));
    let told = events(&client, &id).await;
    assert_eq!(
        story(&told).iter().filter(|line| line.ends_with(":before")).count(),
        2,
        "started and completed once: {:?}",
        story(&told)
    );
    let until = told.iter().find_map(|event| match &event.body {
        EventBody::StepWaiting { until, .. } => *until,
        _ => None,
    });
    let until = until.unwrap();
    assert_eq!(serde_json::to_value(until).unwrap(), waiting["wake_at"]);
    let woke = told
        .iter()
        .find(|event| matches!(&event.body, EventBody::StepCompleted { step, .. } if &**step == "pause"))
        .unwrap()
        .at;
    let late = (woke - until).to_std().unwrap();
    assert!(late < Duration::from_secs(5), "{late:?}");
    audit::check_fold(&client, file, &id).await;
    audit::check_at_rest(server.database().unwrap());
}

const BRANCHES: &str = "id: branches
steps:
  - {id: size, uses: transform, with: {large: \"{{ inputs.n > 10 }}\"}}
  - {id: large, uses: transform, if: steps.size.output.large, with: {lane: large}}
  - {id: after_large, uses: transform, with: {x: 1}}
  - {id: small, uses: transform, depends_on: [size], if: not steps.size.output.large, with: {lane: small}}
  - {id: maybe, uses: fail, depends_on: [size], if: inputs.n == 0, on_error: continue, with: {message: zero}}
  - {id: join, uses: transform, depends_on: [large, small, maybe], if: true, with: {lane: \"{{ steps.large.output.lane if steps.large.status == 'succeeded' else steps.small.output.lane }}\", maybe: \"{{ steps.maybe.status }}\"}}
output: \"{{ steps.join.output }}\"
";

#[tokio::test]
async fn conditions_choose_a_branch_and_what_depends_on_a_skipped_step_is_skipped() {
    let server = server().await;
    let client = server.client();
    install(&client, BRANCHES).await;
    for (n, lane, maybe, statuses) in [
        (50, "large", "skipped", ["succeeded", "succeeded", "succeeded", "skipped", "skipped", "succeeded"]),
        (5, "small", "skipped", ["succeeded", "skipped", "skipped", "succeeded", "skipped", "succeeded"]),
        (0, "small", "failed", ["succeeded", "skipped", "skipped", "succeeded", "failed", "succeeded"]),
    ] {
        let whole = run(&client, "branches", json!({ "n": n })).await;
        assert_eq!(whole["output"], json!({"lane": lane, "maybe": maybe}), "{whole:#}");
        let found: Vec<_> = whole["steps"].as_array().unwrap().iter().map(|step| text(&step["status"])).collect();
        assert_eq!(found, statuses, "{n}");
        audit::check_fold(&client, BRANCHES, &text(&whole["id"])).await;
    }
    audit::check_at_rest(server.database().unwrap());
}

const DEFAULTS: &str = "id: greets
inputs: {type: object, required: [to], properties: {to: {type: string, default: world}, style: {type: object, properties: {loud: {default: true}}}}}
triggers:
  - {id: hook, type: webhook, path: greets, respond: when_finished}
  - {id: tick, type: schedule, every: 1s}
steps:
  - {id: a, uses: transform, with: {said: \"{{ inputs }}\"}}
output: \"{{ steps.a.output.said }}\"
";

#[tokio::test]
async fn what_is_left_out_of_an_input_has_its_default_whoever_starts() {
    let server = server().await;
    let client = server.client();
    install(&client, DEFAULTS).await;
    install(&client, "id: asks\nsteps:\n  - {id: ask, uses: workflow.call, with: {workflow: greets, input: {to: you}}}\noutput: \"{{ steps.ask.output }}\"\n").await;
    assert_eq!(run(&client, "greets", Value::Null).await["output"], json!({"to": "world"}));
    let whole = run(&client, "greets", json!({"style": {}})).await;
    assert_eq!(whole["output"], json!({"style": {"loud": true}, "to": "world"}), "{whole:#}");
    assert_eq!(run(&client, "asks", json!({})).await["output"], json!({"to": "you"}));
    let answer = client.anonymous().post("/hooks/main/greets", &json!({"style": {"loud": false}})).await.expect(200).json();
    assert_eq!(answer["output"], json!({"style": {"loud": false}, "to": "world"}), "{answer:#}");
    let ticked = eventually_async("the schedule fires", || async {
        let page = client.get("/api/executions?workflow_id=greets").await.expect(200).json();
        let of_schedule = |row: &&Value| row["trigger_type"] == "schedule" && row["status"] == "succeeded";
        page["items"].as_array().unwrap().iter().find(of_schedule).map(|row| text(&row["id"]))
    })
    .await;
    assert_eq!(ended(&client, &ticked).await["output"], json!({"to": "world"}));
}

#[tokio::test]
async fn a_failure_stops_what_follows_and_names_its_step() {
    let server = server().await;
    let file = "id: asks\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ inputs.missing }}\"}}\n  - {id: b, uses: transform, with: {y: 1}}\n";
    let (whole, _) = run_with_events(&server, file).await;
    assert_eq!(
        (&whole["status"], &whole["failure"]["step"], &whole["failure"]["class"]),
        (&json!("failed"), &json!("a"), &json!("user"))
    );
    assert!(text(&whole["error"]).starts_with("a: "), "{whole:#}");
    assert!(matches!(step(&whole, "b")["status"].as_str().unwrap(), "skipped" | "cancelled"), "{whole:#}");
}

/// Texts that a Postgres `text` can't hold, or that are odd in other ways, must not keep an execution from ending.
#[tokio::test]
async fn odd_characters_pass_through() {
    let server = server().await;
    let client = server.client();
    let file = "id: odd\ntriggers: [{id: t, type: webhook, path: odd, respond: when_finished}]\nsteps:\n  - {id: keep, uses: transform, with: {m: \"{{ trigger.body.m }}\"}}\n  - {id: end, uses: fail, if: trigger.body.fail, with: {message: \"{{ trigger.body.m }}\"}}\noutput: \"{{ steps.keep.output.m }}\"\n";
    install(&client, file).await;
    for m in
        ["a\0b", "\u{202e}x", "\r\n\r\n", "😀", "\u{ffff}", "%00", "\\u0000", "'; DROP TABLE executions; --", "{{ 7 * 7 }}"]
    {
        let said = client.post("/hooks/main/odd", &json!({"m": m, "fail": false})).await;
        if said.status == 400 {
            assert!(m.contains('\0'), "{m:?}: {}", said.text);
            continue;
        }
        assert_eq!(said.clone().expect(200).json()["output"], m);
        let said = client.post("/hooks/main/odd", &json!({"m": m, "fail": true})).await.expect(200).json();
        assert_eq!((&said["status"], &said["error"]["message"]), (&json!("failed"), &json!(m)));
    }
    audit::check_at_rest(server.database().unwrap());
}

/// The canary is in no event, row, answer or log line; the endpoint got it.
#[tokio::test]
async fn a_secret_reaches_the_endpoint_and_nothing_else() {
    const CANARY: &str = "canary-5f1e77d2";
    let server = server().await;
    let client = server.client();
    // The endpoint is rude enough to echo what it was sent.
    let endpoint = Endpoint::start(|before, _| match before {
        0 => Reply::Answer(500, "x-echo: canary-5f1e77d2", r#"{"you_sent": "canary-5f1e77d2"}"#),
        _ => Reply::Answer(200, "x-echo: canary-5f1e77d2", r#"{"you_sent": "Bearer canary-5f1e77d2"}"#),
    })
    .await;
    secret(&client, "api", CANARY).await;
    let file = format!(
        "id: asks\nsteps:\n  - id: ask\n    uses: http.request\n    retry: {{max_attempts: 2, initial_interval: 10ms}}\n    with: {{url: \"{}/?k={{{{ secrets.api }}}}\", headers: {{X-Key: \"{{{{ secrets.api }}}}\"}}, auth: {{type: bearer, token: \"{{{{ secrets.api }}}}\"}}}}\n  - {{id: after, uses: transform, with: {{x: \"{{{{ steps.ask.output }}}}\"}}}}\noutput: \"{{{{ steps.after.output }}}}\"\n",
        endpoint.url()
    );
    let (whole, _) = run_with_events(&server, &file).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    let received = endpoint.received();
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|request| request.line == format!("GET /?k={CANARY}") && request.headers["x-key"] == CANARY));
    assert!(received.iter().all(|request| request.headers["authorization"] == format!("Bearer {CANARY}")));
    let id = text(&whole["id"]);
    for (place, words) in [
        ("the API", whole.to_string()),
        ("the events", client.get(&format!("/api/executions/{id}/events")).await.text),
        ("the secrets", client.get("/api/secrets").await.text),
        ("the workflow", client.get("/api/workflows/asks").await.text),
        ("the log", server.log()),
        ("the metrics", client.get("/metrics").await.text),
    ] {
        assert!(!words.contains(CANARY), "{place}: {words}");
    }
    let database = server.database().unwrap();
    for table in [
        "executions",
        "execution_events",
        "execution_queue",
        "event_feed",
        "deliveries",
        "secrets",
        "idempotency_keys",
        "workflow_versions",
    ] {
        let found = database.query(&format!("SELECT t::text FROM tidemill.{table} t WHERE t::text LIKE '%{CANARY}%'"));
        assert!(found.is_empty(), "{table}: {found:?}");
    }
}

#[tokio::test]
async fn requests_to_addresses_that_are_not_allowed_are_refused() {
    let options = tidemill_harness::ServerOptions {
        binary: crate::scene::BINARY.into(),
        args: Vec::new(),
        storage: tidemill_harness::Storage::Shared,
    };
    let server = TestServer::start_with(options).await;
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    for host in [
        endpoint.url().to_owned(),
        endpoint.url().replace("127.0.0.1", "localhost"),
        endpoint.url().replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        "http://169.254.169.254/".to_owned(),
    ] {
        let (whole, _) = run_with_events(&server, &asks(&host, "")).await;
        assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!("user")), "{host}: {whole:#}");
    }
    assert!(endpoint.received().is_empty());
}
