//! Pause, resume, retry and forced cancellation through the real binary.

use serde_json::{Value, json};
use tidemill_harness::{Client, TestServer, eventually_async};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers each request only when it is told to.
struct SlowService {
    listener: TcpListener,
}

impl SlowService {
    async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.listener.local_addr().unwrap())
    }

    /// The next request, which waits for its answer.
    async fn request(&self) -> TcpStream {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        stream
    }
}

async fn answer(mut stream: TcpStream, status: u16) {
    let text = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
}

async fn apply(client: &Client, file: &Value) {
    let path = format!("/api/workflows/{}", file["id"].as_str().unwrap());
    let answer = client.put(&path, file).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
}

async fn start(client: &Client, workflow: &str) -> String {
    let started = client.post(&format!("/api/workflows/{workflow}/executions"), &json!({})).await.expect(201).json();
    format!("/api/executions/{}", started["id"].as_str().unwrap())
}

async fn until(client: &Client, path: &str, status: &str) -> Value {
    eventually_async(&format!("the execution is {status}"), || async {
        let execution = client.get(path).await.expect(200).json();
        (execution["status"] == status).then_some(execution)
    })
    .await
}

async fn types(client: &Client, path: &str) -> Vec<String> {
    let events = client.get(&format!("{path}/events")).await.expect(200).json();
    events["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_pause_lets_what_is_under_way_end_and_survives_a_restart() {
    let mut server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let service = SlowService::start().await;
    let client = server.client();
    let call = json!({"uses": "http.request", "with": {"url": service.url()}});
    let step = |id: &str| json!({"id": id, "uses": call["uses"], "with": call["with"]});
    apply(&client, &json!({"id": "calls", "steps": [step("a"), step("b")]})).await;
    let path = start(&client, "calls").await;
    let first = service.request().await;
    drop(client.post(&format!("{path}/pause"), &json!({"reason": "maintenance"})).await.expect(200));
    until(&client, &path, "paused").await;
    answer(first, 200).await;
    eventually_async("the attempt is recorded", || async {
        (client.get(&path).await.json()["steps"][0]["status"] == "succeeded").then_some(())
    })
    .await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let paused = until(&client, &path, "paused").await;
    assert_eq!((&paused["steps"][1]["status"], paused.get("wake_at")), (&json!("pending"), None));
    drop(client.post(&format!("{path}/resume"), &json!({})).await.expect(200));
    answer(service.request().await, 200).await;
    until(&client, &path, "succeeded").await;
    let events = client.get(&format!("{path}/events")).await.json();
    let paused = events["items"].as_array().unwrap().iter().find(|event| event["type"] == "execution_paused").unwrap();
    assert_eq!(paused["data"], json!({"reason": "maintenance", "by": "admin"}), "{paused}");
    assert_eq!(client.post(&format!("{path}/pause"), &json!({})).await.json()["code"], "conflict");
}

#[tokio::test]
async fn a_paused_wait_does_not_fire_until_it_is_resumed() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let client = server.client();
    apply(&client, &json!({"id": "naps", "steps": [{"id": "nap", "uses": "wait", "with": {"duration": "2s"}}]})).await;
    let (held, free) = (start(&client, "naps").await, start(&client, "naps").await);
    drop(client.post(&format!("{held}/pause"), &json!({})).await.expect(200));
    until(&client, &held, "paused").await;
    // The other one began later and waits as long: when it has ended, the paused one's time has passed.
    until(&client, &free, "succeeded").await;
    assert_eq!(client.get(&held).await.json()["status"], "paused");
    drop(client.post(&format!("{held}/resume"), &json!({})).await.expect(200));
    until(&client, &held, "succeeded").await;
}

#[tokio::test]
async fn a_retry_is_a_new_execution_that_keeps_what_succeeded() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let service = SlowService::start().await;
    let client = server.client();
    let steps = json!([
        {"id": "total", "uses": "transform", "with": {"sum": "{{ 2 + 3 }}"}},
        {"id": "charge", "uses": "http.request", "with": {"url": service.url()}},
    ]);
    apply(&client, &json!({"id": "pay", "steps": steps, "output": {"sum": "{{ steps.total.output.sum }}"}})).await;
    let path = start(&client, "pay").await;
    assert_eq!(client.post(&format!("{path}/retry"), &json!({})).await.json()["code"], "conflict", "it has not ended");
    answer(service.request().await, 402).await;
    let failed = until(&client, &path, "failed").await;
    let retry = client.post(&format!("{path}/retry"), &json!({})).await.expect(201).json();
    assert_eq!((&retry["retry_of"], &retry["trigger_type"]), (&failed["id"], &json!("retry")));
    answer(service.request().await, 200).await;
    let again = format!("/api/executions/{}", retry["id"].as_str().unwrap());
    assert_eq!(until(&client, &again, "succeeded").await["output"], json!({"sum": 5}));
    let events = types(&client, &again).await;
    assert_eq!(events, ["execution_started", "step_completed", "step_started", "step_completed", "execution_completed"]);
    assert_eq!(client.get(&path).await.json()["status"], "failed", "the old one stays as it is");
    assert_eq!(client.post(&format!("{again}/retry"), &json!({})).await.json()["code"], "conflict", "nothing failed");
}

#[tokio::test]
async fn force_ends_an_execution_whose_node_does_not_react() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let service = SlowService::start().await;
    let client = server.client();
    let steps = json!([{"id": "a", "uses": "http.request", "with": {"url": service.url()}}]);
    apply(&client, &json!({"id": "stuck", "steps": steps})).await;
    let path = start(&client, "stuck").await;
    let held = service.request().await;
    // The lease goes to a node that will never answer.
    server.database().unwrap().execute(
        "WITH other AS (INSERT INTO tidemill.nodes VALUES ('00000000-0000-7000-8000-000000000001', 'lost', now(), now(), \
         now() + interval '1 hour') RETURNING id) \
         UPDATE tidemill.execution_queue SET lease_node = '00000000-0000-7000-8000-000000000001', lease_epoch = 7",
    );
    let ended = client.post(&format!("{path}/cancel"), &json!({"reason": "stuck", "force": true})).await.expect(200).json();
    assert_eq!(ended["status"], "cancelled");
    drop(held);
    let again = client.post(&format!("{path}/cancel"), &json!({"force": true})).await;
    assert_eq!(again.json()["code"], "conflict");
    assert_eq!(types(&client, &path).await.last().unwrap(), "execution_completed");
}

#[tokio::test]
async fn an_execution_that_took_three_nodes_with_it_is_set_aside() {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let service = SlowService::start().await;
    let client = server.client();
    let steps = json!([{"id": "a", "uses": "http.request", "with": {"url": service.url()}}]);
    apply(&client, &json!({"id": "poison", "steps": steps})).await;
    let path = start(&client, "poison").await;
    let held = service.request().await;
    server.database().unwrap().execute(
        "WITH other AS (INSERT INTO tidemill.nodes VALUES ('00000000-0000-7000-8000-000000000001', 'lost', now(), now(), \
         now()) RETURNING id) \
         UPDATE tidemill.execution_queue SET lease_node = '00000000-0000-7000-8000-000000000001', lease_epoch = 7, takeovers = 2",
    );
    let ended = until(&client, &path, "dead_letter").await;
    assert_eq!(ended["failure"]["class"], "host_lost");
    drop(held);
}
