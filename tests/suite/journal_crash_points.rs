//! The journal loses its connection at every point of a commit: before it, after it but before its answer, and at random.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestDatabase, TestServer, eventually_async};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::endpoint::{Endpoint, Reply};
use crate::recovery::{Acknowledged, check_acknowledged, has_acknowledged, load, under_load};
use crate::scene::{BINARY, ended, events, header, install, server, start, story, text};
use crate::{audit, scene};

/// Stands between server and Postgres, and cuts a connection once for every new mark that is sent over it: `cut-before-…`
/// before Postgres sees the statement, `cut-after-…` when Postgres has answered and the server has not heard it.
struct Cutter {
    port: u16,
    cut: Arc<Mutex<BTreeSet<String>>>,
}

impl Cutter {
    async fn start(socket: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let marks = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, socket.clone(), Arc::clone(&marks)));
            }
        });
        Self { port, cut }
    }
}

/// Carries bytes both ways until one side closes or a mark says to cut.
async fn carry(mut client: TcpStream, socket: String, marks: Arc<Mutex<BTreeSet<String>>>) -> Option<()> {
    let mut postgres = UnixStream::connect(socket).await.ok()?;
    let (mut sent, mut answered) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut deaf = false;
    loop {
        tokio::select! {
            count = client.read(&mut sent) => {
                let chunk = &sent[..count.ok().filter(|count| *count > 0)?];
                if let Some(mark) = new_mark(chunk, &marks) {
                    if mark.starts_with("cut-before") {
                        return None;
                    }
                    // A single statement: Postgres answers after its commit.
                    deaf = true;
                }
                postgres.write_all(chunk).await.ok()?;
            }
            count = postgres.read(&mut answered) => {
                let count = count.ok().filter(|count| *count > 0 && !deaf)?;
                client.write_all(&answered[..count]).await.ok()?;
            }
        }
    }
}

/// The first mark in `chunk` that was not seen before. A batch may carry several, old and new.
fn new_mark(chunk: &[u8], marks: &Mutex<BTreeSet<String>>) -> Option<String> {
    let is_part = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'-';
    let mut marks = marks.lock().unwrap();
    let starts = (0..chunk.len()).filter(|at| chunk[*at..].starts_with(b"cut-"));
    let mut found = starts.map(|at| chunk[at..].iter().take_while(is_part).map(|byte| char::from(*byte)).collect::<String>());
    found.find(|mark| marks.insert(mark.clone()))
}

/// The path of the socket in a libpq URL `postgresql://user@/db?host=<dir>&port=<port>&…`.
fn socket_of(url: &str) -> String {
    let url = reqwest::Url::parse(&url.replace("@/", "@localhost/")).unwrap();
    let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    format!("{}/.s.PGSQL.{}", field("host").unwrap(), field("port").unwrap_or("5432".to_owned()))
}

/// A server behind a cutter, and its database.
async fn behind_cutter() -> (TestServer, Cutter, TestDatabase) {
    let database = TestDatabase::empty();
    let cutter = Cutter::start(socket_of(database.url())).await;
    let url = reqwest::Url::parse(&database.url().replace("@/", "@localhost/")).unwrap();
    let name = url.query_pairs().find(|(key, _)| key == "dbname").unwrap().1.into_owned();
    let url = format!("postgresql://{}@127.0.0.1:{}/{name}?sslmode=disable&gssencmode=disable", url.username(), cutter.port);
    let args = ["--database-url", &url, "--outbound-allow", "127.0.0.0/8"].map(str::to_owned).to_vec();
    // `embedded` means here that the harness brings no database.
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Embedded }).await;
    (server, cutter, database)
}

/// Marks come as capitals and become marks only in the output of a step, so that each crash point is met alone.
fn marked(url: &str) -> String {
    format!(
        "id: marked
triggers: [{{id: t, type: webhook, path: marked}}]
steps:
  - {{id: early, uses: transform, with: {{m: \"{{{{ trigger.body.early | lower }}}}\"}}}}
  - {{id: ask, uses: http.request, retry: {{max_attempts: 3}}, with: {{url: \"{url}/\"}}}}
  - {{id: rest, uses: wait, if: trigger.body.rest != '', with: {{duration: 2s}}}}
  - {{id: late, uses: transform, depends_on: [ask, rest], with: {{m: \"{{{{ trigger.body.late | lower }}}}\"}}}}
"
    )
}

/// Delivers until it is acknowledged, as a sender does that never gives up; returns the execution's id.
async fn deliver(client: &Client, key: &str, body: &Value) -> String {
    eventually_async("the delivery is acknowledged", || async {
        let request = client.request(Method::POST, "/hooks/main/marked").header("Idempotency-Key", key).json(body);
        let answer = Answer::of(request).await;
        if answer.status >= 300 {
            assert_eq!((answer.status, header(&answer, "retry-after").is_empty()), (503, false), "{}", answer.text);
            return None;
        }
        Some(audit::acknowledged(&answer))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_crash_point_of_a_commit_leads_to_one_end() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let (server, cutter, database) = behind_cutter().await;
    let client = server.client();
    let file = marked(endpoint.url());
    install(&client, &file).await;
    let mut started = Vec::new();
    for when in ["before", "after"] {
        for n in 0..3 {
            // The delivery itself, the first append, the last append, and one more after a wait.
            for (point, key) in [
                ("admit", format!("cut-{when}-admit-{n}")),
                ("early", format!("early-{when}-{n}")),
                ("late", format!("late-{when}-{n}")),
                ("woken", format!("woken-{when}-{n}")),
            ] {
                let mark = |at: &str| {
                    if point == at { format!("CUT-{}-{at}-{n}", when.to_uppercase()).to_uppercase() } else { "-".to_owned() }
                };
                let late = if point == "woken" { mark("woken") } else { mark("late") };
                let body = json!({"early": mark("early"), "late": late, "rest": if point == "woken" { "yes" } else { "" }});
                started.push((key.clone(), deliver(&client.anonymous(), &key, &body).await));
            }
        }
    }
    for (key, id) in &started {
        let whole = ended(&client, id).await;
        assert_eq!(whole["status"], "succeeded", "{key} {whole:#}");
        audit::check_fold(&client, &file, id).await;
    }
    let cut = cutter.cut.lock().unwrap().clone();
    assert_eq!(cut.len(), 24, "each point was met: {cut:?}");
    audit::check_at_rest(&database);
    assert_eq!(audit::tally(&database), "succeeded 24", "no delivery started a second execution");
    let keys: BTreeSet<_> = endpoint.received().iter().map(|request| request.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 24, "a repeated request has the key of the first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_at_random_lose_nothing() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let server = server().await;
    let client = server.client();
    install(&client, &load(endpoint.url())).await;
    let acknowledged = Acknowledged::default();
    let database = server.database().unwrap();
    under_load(&client.anonymous(), 0, &acknowledged, async {
        for round in 1..=25 {
            // The next cut comes when some more deliveries went through.
            has_acknowledged(&acknowledged, round * 12).await;
            database.query(
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                 AND pid <> pg_backend_pid() ORDER BY random() LIMIT 4) AS chosen",
            );
        }
    })
    .await;
    check_acknowledged(&client, &acknowledged).await;
    audit::check_at_rest(database);
    let tally = audit::tally(database);
    assert!(tally.starts_with("succeeded ") && !tally.contains(','), "{tally}");
}

#[tokio::test]
async fn a_lease_that_was_taken_away_writes_nothing() {
    let server = server().await;
    let client = server.client();
    // Whoever asks first hears nothing; whoever asks second is answered.
    let endpoint = Endpoint::start(|before, _| if before == 0 { Reply::Silence } else { Reply::Answer(200, "", "{}") }).await;
    let file = format!(
        "id: fenced\nsteps:\n  - {{id: ask, uses: http.request, timeout: 2s, retry: {{max_attempts: 3, initial_interval: 10ms}}, with: {{url: \"{}/\"}}}}\n  - {{id: pause, uses: wait, with: {{duration: 4s}}}}\n",
        endpoint.url()
    );
    install(&client, &file).await;
    let id = start(&client, "fenced", json!({})).await;
    eventually_async("the first request has come", || async { (endpoint.received().len() == 1).then_some(()) }).await;
    let database = server.database().unwrap();
    database.execute("UPDATE tidemill.execution_queue SET lease_node = NULL, available_at = now()");
    eventually_async("the second request has come", || async { (endpoint.received().len() == 2).then_some(()) }).await;
    let whole = ended(&client, &id).await;
    assert_eq!(whole["status"], "succeeded");
    let told = events(&client, &id).await;
    assert!(!story(&told).contains(&"step_failed:ask".to_owned()), "{:?}", story(&told));
    let requests = endpoint.received();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].headers["idempotency-key"], requests[1].headers["idempotency-key"]);
    audit::check_fold(&client, &file, &id).await;
    audit::check_at_rest(database);
    assert_eq!(text(&scene::detail(&client, &id).await["status"]), "succeeded");
    assert!(Duration::from_millis(whole["duration_ms"].as_u64().unwrap()) >= Duration::from_secs(4));
}
