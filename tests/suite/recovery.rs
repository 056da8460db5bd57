//! The server or its Postgres is killed under load: what was acknowledged comes to its end, once.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestServer, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, detail, events, header, install, server};
use crate::{audit, scene};

/// Deliveries with a name of their own that were acknowledged: name and execution.
pub type Acknowledged = Mutex<BTreeSet<(String, String)>>;

pub fn load(url: &str) -> String {
    format!(
        "id: load
triggers: [{{id: t, type: webhook, path: load}}]
steps:
  - {{id: first, uses: transform, with: {{n: \"{{{{ trigger.body.n }}}}\"}}}}
  - {{id: ask, uses: http.request, if: inputs.n % 3 == 0, retry: {{max_attempts: 20, initial_interval: 50ms, max_interval: 1s}}, with: {{url: \"{url}/{{{{ inputs.n }}}}\"}}}}
  - {{id: pause, uses: wait, if: inputs.n % 3 == 1, depends_on: [first], with: {{duration: 2s}}}}
  - {{id: last, uses: transform, depends_on: [first, ask, pause], with: {{n: \"{{{{ steps.first.output.n }}}}\"}}}}
output: {{n: \"{{{{ steps.last.output.n }}}}\"}}
"
    )
}

/// Delivers `from..to` one after the other until told to stop; notes what was acknowledged. A delivery without an answer, or
/// with a refusal, is not sent again: it may or may not have started something.
async fn deliver(client: &Client, from: usize, to: usize, acknowledged: &Acknowledged, stop: &AtomicBool) {
    for n in from..to {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let name = format!("d-{n}");
        let request = client.request(reqwest::Method::POST, "/hooks/main/load").header("Idempotency-Key", &name);
        match Answer::try_of(request.json(&json!({ "n": n })).timeout(Duration::from_secs(20))).await {
            Ok(answer) if answer.status < 300 => {
                acknowledged.lock().unwrap().insert((name, audit::acknowledged(&answer)));
            }
            Ok(answer) => assert!(
                matches!(answer.status, 429 | 503) && !header(&answer, "retry-after").is_empty(),
                "{} {}",
                answer.status,
                answer.text
            ),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// Delivers with 16 clients while `during` happens.
pub async fn under_load<F: Future<Output = ()>>(client: &Client, first: usize, acknowledged: &Acknowledged, during: F) {
    let stop = AtomicBool::new(false);
    let senders = (0..16).map(|sender| {
        let from = first + sender * 1000;
        deliver(client, from, from + 1000, acknowledged, &stop)
    });
    let disturb = async {
        during.await;
        stop.store(true, Ordering::Relaxed);
    };
    futures_util::future::join(futures_util::future::join_all(senders), disturb).await;
}

pub async fn has_acknowledged(acknowledged: &Acknowledged, count: usize) {
    eventually_async(&format!("{count} deliveries are acknowledged"), || async {
        (acknowledged.lock().unwrap().len() >= count).then_some(())
    })
    .await;
}

/// Each acknowledged delivery has the execution that was named, and that one succeeded with its own output.
pub async fn check_acknowledged(client: &Client, acknowledged: &Acknowledged) {
    let acknowledged = acknowledged.lock().unwrap().clone();
    for (name, id) in acknowledged {
        let whole = scene::ended(client, &id).await;
        assert_eq!(whole["status"], "succeeded", "{name} {whole:#}");
        assert_eq!(format!("d-{}", whole["output"]["n"]), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_goes_on_where_it_was() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let mut server = server().await;
    let file = load(endpoint.url());
    install(&server.client(), &file).await;
    let acknowledged = Acknowledged::default();
    for round in 0..3 {
        let client = server.client();
        under_load(&client.anonymous(), round * 100_000, &acknowledged, async {
            has_acknowledged(&acknowledged, (round + 1) * 150).await;
            server.signal(Signal::KILL);
        })
        .await;
        server.ended();
        server.restart().await;
    }
    let client = server.client();
    check_acknowledged(&client, &acknowledged).await;
    let database = server.database().unwrap();
    audit::check_at_rest(database);
    let tally = audit::tally(database);
    assert!(tally.starts_with("succeeded ") && !tally.contains(','), "{tally}");
    let some: Vec<_> = acknowledged.lock().unwrap().iter().step_by(40).map(|(_, id)| id.clone()).collect();
    for id in some {
        audit::check_fold(&client, &file, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_stop_finishes_what_runs_and_fails_nothing() {
    let slow = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let mut server = server().await;
    install(&server.client(), &load(slow.url())).await;
    let acknowledged = Acknowledged::default();
    let client = server.client();
    under_load(&client.anonymous(), 0, &acknowledged, async {
        has_acknowledged(&acknowledged, 200).await;
        server.signal(Signal::TERM);
    })
    .await;
    assert!(server.ended().success(), "it stopped in order");
    let database = server.database().unwrap();
    audit::check(database);
    let leases = database.query("SELECT execution_id FROM tidemill.execution_queue WHERE lease_node IS NOT NULL");
    assert!(leases.is_empty(), "leases are given back: {leases:?}");
    let interrupted = database.query("SELECT execution_id FROM tidemill.execution_events WHERE type = 'step_failed'");
    assert!(interrupted.is_empty(), "nothing failed: {interrupted:?}");
    server.restart().await;
    check_acknowledged(&server.client(), &acknowledged).await;
    audit::check_at_rest(server.database().unwrap());
}

async fn embedded() -> TestServer {
    let args = vec!["--outbound-allow".to_owned(), "127.0.0.0/8".to_owned()];
    TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Embedded }).await
}

/// What holds without a look into the database: events are numbered without gaps and end once.
async fn check_events(client: &Client, acknowledged: &Acknowledged) {
    let ids: Vec<_> = acknowledged.lock().unwrap().iter().map(|(_, id)| id.clone()).collect();
    for id in ids {
        let events = events(client, &id).await;
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "{events:?}");
        let ends = events.iter().filter(|event| event.body.type_name() == "execution_completed").count();
        assert_eq!(ends, 1, "{events:?}");
        assert_eq!(detail(client, &id).await["last_seq"], events.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postmaster_is_started_again_and_nothing_acknowledged_is_lost() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let server = embedded().await;
    let client = server.client();
    install(&client, &load(endpoint.url())).await;
    let acknowledged = Acknowledged::default();
    for round in 0..2 {
        under_load(&client.anonymous(), round * 100_000, &acknowledged, async {
            has_acknowledged(&acknowledged, (round * 2 + 1) * 100).await;
            kill_process(postmaster(&server), Signal::KILL).unwrap();
            // The load goes on: refusals have a Retry-After, and after a while deliveries are taken again.
            has_acknowledged(&acknowledged, (round * 2 + 2) * 100).await;
        })
        .await;
    }
    check_acknowledged(&client, &acknowledged).await;
    check_events(&client, &acknowledged).await;
    check_nothing_open(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_with_its_own_postgres_goes_on() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let mut server = embedded().await;
    install(&server.client(), &load(endpoint.url())).await;
    let acknowledged = Acknowledged::default();
    let client = server.client();
    under_load(&client.anonymous(), 0, &acknowledged, async {
        has_acknowledged(&acknowledged, 150).await;
        server.signal(Signal::KILL);
    })
    .await;
    server.ended();
    server.restart().await;
    let client = server.client();
    check_acknowledged(&client, &acknowledged).await;
    check_events(&client, &acknowledged).await;
    check_nothing_open(&client).await;
}

fn postmaster(server: &TestServer) -> Pid {
    let text = fs::read_to_string(server.data_dir().join("postgres/cluster/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
}

/// Executions whose acknowledgement was lost come to an end as well.
async fn check_nothing_open(client: &Client) {
    eventually_async("nothing is under way", || async {
        let open = client.get("/api/executions?status=queued,running,waiting,paused&limit=200").await.expect(200).json();
        (open["items"] == Value::Array(Vec::new())).then_some(())
    })
    .await;
}
