//! A server with workflows on it: what most tests begin with.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_common::event::Event;
use tidemill_harness::{Answer, Client, TestServer, eventually_async};

/// The binary that all tests run.
pub const BINARY: &str = env!("CARGO_BIN_EXE_tidemill");

/// A server on a database of its own; of the program that `TIDEMILL_BINARY` names, where a debug build takes too long.
pub async fn server() -> TestServer {
    TestServer::start(std::env::var("TIDEMILL_BINARY").as_deref().unwrap_or(BINARY)).await
}

/// The `id` that a workflow file says.
fn id_of(file: &str) -> &str {
    file.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().trim()
}

/// Sends a workflow file; the answer may be anything.
pub async fn apply(client: &Client, file: &str) -> Answer {
    let path = format!("/api/workflows/{}", id_of(file));
    let request = client.request(Method::PUT, &path).header("Content-Type", "application/yaml");
    Answer::of(request.body(file.to_owned())).await
}

/// Applies and activates a workflow file, which must be fine.
pub async fn install(client: &Client, file: &str) {
    let applied = apply(client, file).await;
    assert!(matches!(applied.status, 200 | 201), "{}", applied.text);
    let path = format!("/api/workflows/{}/activate", id_of(file));
    let _ = client.post(&path, &json!({})).await.expect(200);
}

/// Stores a secret.
pub async fn secret(client: &Client, name: &str, value: &str) {
    let request = client.request(Method::PUT, &format!("/api/secrets/{name}")).json(&json!({"value": value}));
    let answer = Answer::of(request).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
}

/// Starts an execution by hand; returns its id.
pub async fn start(client: &Client, workflow: &str, input: Value) -> String {
    let path = format!("/api/workflows/{workflow}/executions");
    let answer = client.post(&path, &json!({ "input": input })).await.expect(201);
    text(&answer.json()["id"])
}

/// What the API says about an execution.
pub async fn detail(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/executions/{id}")).await.expect(200).json()
}

/// The execution once it has ended.
pub async fn ended(client: &Client, id: &str) -> Value {
    reaches(client, id, &["succeeded", "failed", "cancelled", "dead_letter"]).await
}

/// The execution once it is in one of `states`.
pub async fn reaches(client: &Client, id: &str, states: &[&str]) -> Value {
    eventually_async(&format!("execution {id} is {}", states.join(" or ")), || async {
        let now = detail(client, id).await;
        states.contains(&now["status"].as_str().unwrap()).then_some(now)
    })
    .await
}

/// Starts an execution and waits for its end.
pub async fn run(client: &Client, workflow: &str, input: Value) -> Value {
    let id = start(client, workflow, input).await;
    ended(client, &id).await
}

/// All events of an execution, page by page.
pub async fn events(client: &Client, id: &str) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("/api/executions/{id}/events?limit=200&after={after}")).await.expect(200).json();
        events.extend(serde_json::from_value::<Vec<Event>>(page["items"].clone()).unwrap());
        let Some(next) = page["next_after"].as_i64() else { return events };
        after = next;
    }
}

/// The types of `events`, in order, with the step's id where there is one: `step_failed:ask`.
pub fn story(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| match event.body.step() {
        Some(step) => format!("{}:{step}", event.body.type_name()),
        None => event.body.type_name().to_owned(),
    };
    events.iter().map(line).collect()
}

/// The step `id` of an execution's detail.
pub fn step<'a>(detail: &'a Value, id: &str) -> &'a Value {
    detail["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap()
}

/// The code of a problem, which must have the right media type and say its own status.
#[track_caller]
pub fn problem(answer: &Answer) -> String {
    let media_type = answer.headers.get("content-type").map(|value| value.to_str().unwrap());
    assert_eq!(media_type, Some("application/problem+json"), "{} {}", answer.status, answer.text);
    let said = answer.json();
    assert_eq!(said["status"], answer.status, "{}", answer.text);
    text(&said["code"])
}

/// A header of an answer, empty when it is missing.
pub fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// A JSON text as a text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
