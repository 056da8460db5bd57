//! The journal loses its connection at every point of a commit: before it, after it but before its answer, and at random.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
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
#[derive(Clone)]
struct Cutter {
    port: u16,
    how: Cut,
    postgres: String,
    /// The marks that were met.
    cut: Arc<Mutex<BTreeSet<String>>>,
    /// The connections that were cut.
    ends: Arc<AtomicUsize>,
}

/// How a connection ends at a mark.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// The server hears of it at once, and goes on.
    Closed,
    /// The server hears nothing any more: it is to be killed at this very point.
    Silent,
}

impl Cutter {
    async fn start(postgres: String, how: Cut, cut: Arc<Mutex<BTreeSet<String>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cutter = Self { port, how, postgres, cut, ends: Arc::default() };
        let carrier = cutter.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let carrier = carrier.clone();
                tokio::spawn(async move { carrier.carry(client).await });
            }
        });
        cutter
    }

    /// Carries bytes both ways until one side closes or a mark says to cut.
    async fn carry(&self, mut client: TcpStream) -> Option<()> {
        let mut postgres = UnixStream::connect(&self.postgres).await.ok()?;
        let (mut sent, mut answered) = (vec![0; 1 << 20], vec![0; 1 << 20]);
        loop {
            tokio::select! {
                count = client.read(&mut sent) => {
                    let chunk = &sent[..count.ok().filter(|count| *count > 0)?];
                    let mark = new_mark(chunk, &self.cut);
                    if mark.as_ref().is_none_or(|mark| mark.starts_with("cut-after")) {
                        postgres.write_all(chunk).await.ok()?;
                    }
                    if let Some(mark) = mark {
                        if mark.starts_with("cut-after") {
                            // A single statement: Postgres answers after its commit.
                            postgres.read(&mut answered).await.ok().filter(|count| *count > 0)?;
                        }
                        self.ends.fetch_add(1, Ordering::SeqCst);
                        while self.how == Cut::Silent && client.read(&mut sent).await.is_ok_and(|count| count > 0) {}
                        return None;
                    }
                }
                count = postgres.read(&mut answered) => {
                    let count = count.ok().filter(|count| *count > 0)?;
                    client.write_all(&answered[..count]).await.ok()?;
                }
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

/// A server on `database` behind a cutter. Each mark of `cut` was met already.
async fn behind_cutter(database: &TestDatabase, how: Cut, cut: Arc<Mutex<BTreeSet<String>>>) -> (TestServer, Cutter) {
    let cutter = Cutter::start(socket_of(database.url()), how, cut).await;
    let url = reqwest::Url::parse(&database.url().replace("@/", "@localhost/")).unwrap();
    let name = url.query_pairs().find(|(key, _)| key == "dbname").unwrap().1.into_owned();
    let url = format!("postgresql://{}@127.0.0.1:{}/{name}?sslmode=disable&gssencmode=disable", url.username(), cutter.port);
    let args = ["--outbound-allow", "127.0.0.0/8"].map(str::to_owned).to_vec();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::At(url) }).await;
    (server, cutter)
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

/// Delivers until it is acknowledged, as a sender does that never gives up; returns the execution's id. The server may be
/// killed and come back at another address.
async fn deliver(client: &Mutex<Client>, key: &str, body: &Value) -> String {
    eventually_async("the delivery is acknowledged", || async {
        let client = client.lock().unwrap().clone();
        let request = client.request(Method::POST, "/hooks/main/marked").header("Idempotency-Key", key).json(body);
        let answer = Answer::try_of(request).await.ok()?;
        if answer.status >= 300 {
            assert_eq!((answer.status, header(&answer, "retry-after").is_empty()), (503, false), "{}", answer.text);
            return None;
        }
        Some(audit::acknowledged(&answer))
    })
    .await
}

/// The delivery that meets a crash point: its key and its body.
fn delivery(when: &str, point: &str, n: i32) -> (String, Value) {
    let mark = |at: &str| if point == at { format!("CUT-{when}-{at}-{n}").to_uppercase() } else { "-".to_owned() };
    let late = if point == "woken" { mark("woken") } else { mark("late") };
    let body = json!({"early": mark("early"), "late": late, "rest": if point == "woken" { "yes" } else { "" }});
    // The delivery itself is marked in its key.
    let key = if point == "admit" { format!("cut-{when}-admit-{n}") } else { format!("{point}-{when}-{n}") };
    (key, body)
}

/// Before Postgres sees a commit, and after it has answered.
const WHEN: [&str; 2] = ["before", "after"];
/// The delivery itself, the first append, the last append, and one more after a wait.
const POINTS: [&str; 4] = ["admit", "early", "late", "woken"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_crash_point_of_a_commit_leads_to_one_end() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let database = TestDatabase::empty();
    let (server, cutter) = behind_cutter(&database, Cut::Closed, Arc::default()).await;
    let client = server.client();
    let file = marked(endpoint.url());
    install(&client, &file).await;
    let anonymous = Mutex::new(client.anonymous());
    let mut started = Vec::new();
    for (when, n, point) in WHEN.iter().flat_map(|when| (0..3).flat_map(move |n| POINTS.map(|point| (when, n, point)))) {
        let (key, body) = delivery(when, point, n);
        let id = deliver(&anonymous, &key, &body).await;
        started.push((key, id));
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
async fn whoever_is_killed_at_a_crash_point_another_node_finishes_the_work() {
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let (database, cut) = (TestDatabase::empty(), Arc::default());
    let (first, first_cutter) = behind_cutter(&database, Cut::Silent, Arc::clone(&cut)).await;
    let (second, second_cutter) = behind_cutter(&database, Cut::Silent, cut).await;
    let token = first.token();
    let mut nodes = [(first, first_cutter), (second, second_cutter)];
    let client = |node: &TestServer| Client::new(node.url(), Some(&token));
    let file = marked(endpoint.url());
    install(&client(&nodes[0].0), &file).await;
    let mut started = Vec::new();
    for (when, point) in WHEN.iter().flat_map(|when| POINTS.map(|point| (when, point))) {
        let (key, body) = delivery(when, point, 0);
        let sender = Mutex::new(client(&nodes[0].0).anonymous());
        let killed = async {
            // A wait that is over is taken up by whichever node comes first.
            let met = eventually_async("the crash point is met", || async {
                nodes.iter().position(|(_, cutter)| cutter.ends.swap(0, Ordering::SeqCst) > 0)
            })
            .await;
            nodes[met].0.kill();
            *sender.lock().unwrap() = client(&nodes[1 - met].0).anonymous();
            nodes[met].0.restart().await;
        };
        let (id, ()) = tokio::join!(deliver(&sender, &key, &body), killed);
        started.push((key, id));
    }
    let client = client(&nodes[0].0);
    for (key, id) in &started {
        let whole = ended(&client, id).await;
        assert_eq!(whole["status"], "succeeded", "{key} {whole:#}");
        audit::check_fold(&client, &file, id).await;
    }
    audit::check_at_rest(&database);
    assert_eq!(audit::tally(&database), "succeeded 8", "no delivery started a second execution");
    let mut requests: BTreeMap<String, usize> = BTreeMap::new();
    for request in endpoint.received() {
        *requests.entry(request.headers["idempotency-key"].clone()).or_default() += 1;
    }
    assert_eq!(requests.len(), 8);
    // Each execution lost one node at most: no request was made more than once more.
    assert!(requests.values().all(|count| *count <= 2), "{requests:?}");
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
