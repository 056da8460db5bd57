//! Several nodes on one Postgres: takeover, fencing, poison, drain, roles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer, eventually_async};

use crate::audit;
use crate::endpoint::{Endpoint, Reply};
use crate::recovery::{Acknowledged, check_acknowledged, has_acknowledged, load, under_load};
use crate::scene::{BINARY, ended, events, install, start, story, text};

/// A node on `database`, with more arguments.
async fn node(database: &TestDatabase, more: &[&str]) -> TestServer {
    let args = [&["--outbound-allow", "127.0.0.0/8"], more].concat();
    let args = args.into_iter().map(str::to_owned).collect();
    let storage = Storage::At(database.url().to_owned());
    TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage }).await
}

/// A client of `node` with the token that the first node made.
fn client(node: &TestServer, first: &TestServer) -> Client {
    Client::new(node.url(), Some(&first.token()))
}

async fn nodes(client: &Client) -> Vec<Value> {
    client.get("/api/nodes").await.expect(200).json()["items"].as_array().unwrap().clone()
}

async fn endpoint() -> Endpoint {
    Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await
}

fn takeovers(database: &TestDatabase) -> usize {
    database.query("SELECT 1 FROM tidemill.execution_queue WHERE takeovers > 0").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_killed_node_goes_on_elsewhere() {
    let (database, world) = (TestDatabase::empty(), endpoint().await);
    let mut first = node(&database, &[]).await;
    let second = node(&database, &[]).await;
    let theirs = client(&second, &first);
    install(&first.client(), &load(world.url())).await;
    assert_eq!(nodes(&theirs).await.len(), 2);
    let acknowledged = Acknowledged::default();
    under_load(&first.client().anonymous(), 0, &acknowledged, async {
        has_acknowledged(&acknowledged, 150).await;
        first.kill();
    })
    .await;
    check_acknowledged(&theirs, &acknowledged).await;
    audit::check_at_rest(&database);
    let tally = audit::tally(&database);
    assert!(tally.starts_with("succeeded ") && !tally.contains(','), "{tally}");
    eventually_async("the lost node is forgotten", || async { (nodes(&theirs).await.len() == 1).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_only_slow_can_do_no_harm() {
    let database = TestDatabase::empty();
    let first = node(&database, &[]).await;
    // Whoever asks first hears nothing; whoever asks second is answered.
    let world = Endpoint::start(|before, _| if before == 0 { Reply::Silence } else { Reply::Answer(200, "", "{}") }).await;
    let file = format!(
        "id: frozen\nsteps:\n  - {{id: ask, uses: http.request, timeout: 90s, with: {{url: \"{}/\"}}}}\n  - {{id: rest, uses: wait, with: {{duration: 3s}}}}\n",
        world.url()
    );
    install(&first.client(), &file).await;
    let id = start(&first.client(), "frozen", json!({})).await;
    eventually_async("the first node asks", || async { (world.received().len() == 1).then_some(()) }).await;
    let second = node(&database, &[]).await;
    let theirs = client(&second, &first);
    first.signal(Signal::STOP);
    eventually_async("the second node asks again", || async { (world.received().len() == 2).then_some(()) }).await;
    first.signal(Signal::CONT);
    let whole = ended(&theirs, &id).await;
    assert_eq!(whole["status"], "succeeded");
    eventually_async("the first node beats again", || async {
        nodes(&theirs).await.iter().all(|node| node["state"] == "alive").then_some(())
    })
    .await;
    let requests = world.received();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].headers["idempotency-key"], requests[1].headers["idempotency-key"]);
    assert!(!story(&events(&theirs, &id).await).contains(&"step_failed:ask".to_owned()));
    audit::check_at_rest(&database);
    audit::check_fold(&theirs, &file, &id).await;
}

/// An execution that loses its node, again and again, is set aside; those that ran beside it are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_is_set_aside_and_takes_nothing_with_it() {
    let asked = Arc::new(AtomicBool::new(false));
    let lethal = {
        let asked = Arc::clone(&asked);
        Endpoint::start(move |_, _| {
            asked.store(true, Ordering::Relaxed);
            Reply::Silence
        })
        .await
    };
    // Those beside it are under way when the first two nodes are lost.
    let slow = Endpoint::start(|before, _| if before < 16 { Reply::Silence } else { Reply::Answer(200, "", "{}") }).await;
    let database = TestDatabase::empty();
    let mut server = node(&database, &[]).await;
    let call = |id: &str, url: &str| {
        format!("id: {id}\nsteps:\n  - {{id: ask, uses: http.request, timeout: 5m, with: {{url: \"{url}/\"}}}}\n")
    };
    install(&server.client(), &call("poison", lethal.url())).await;
    install(&server.client(), &call("innocent", slow.url())).await;
    let poison = start(&server.client(), "poison", json!({})).await;
    let mut innocent = Vec::new();
    for _ in 0..8 {
        innocent.push(start(&server.client(), "innocent", json!({})).await);
    }
    // The third node is lost while it has the poison alone.
    for under_way in [8, 16, 0] {
        eventually_async("all innocents ask", || async { (slow.received().len() >= under_way).then_some(()) }).await;
        eventually_async("the poison is taken", || async { asked.swap(false, Ordering::Relaxed).then_some(()) }).await;
        server.kill();
        server.restart().await;
    }
    let whole = ended(&server.client(), &poison).await;
    assert_eq!(whole["status"], "dead_letter", "{whole:#}");
    assert!(text(&whole["error"]).contains("3 nodes were lost"), "{whole:#}");
    for id in &innocent {
        assert_eq!(ended(&server.client(), id).await["status"], "succeeded");
    }
    audit::check_at_rest(&database);
    assert_eq!(takeovers(&database), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_restarted_one_after_the_other_under_load_and_nothing_fails() {
    let (database, world) = (TestDatabase::empty(), endpoint().await);
    let mut rolling = vec![node(&database, &[]).await];
    rolling.push(node(&database, &[]).await);
    let stays = node(&database, &[]).await;
    let clients: Vec<_> = rolling.iter().map(|node| client(node, &rolling[0])).collect();
    let theirs = client(&stays, &rolling[0]);
    install(&theirs, &load(world.url())).await;
    let acknowledged = Acknowledged::default();
    for (round, client) in clients.iter().enumerate() {
        let mut leaving = rolling.remove(0);
        under_load(&client.anonymous(), round * 100_000, &acknowledged, async {
            has_acknowledged(&acknowledged, (round + 1) * 150).await;
            leaving.signal(Signal::TERM);
        })
        .await;
        assert!(leaving.ended().success(), "it stopped in order");
        assert_eq!(takeovers(&database), 0, "nobody has to take anything over");
    }
    check_acknowledged(&theirs, &acknowledged).await;
    audit::check_at_rest(&database);
    let failed = database.query("SELECT execution_id FROM tidemill.execution_events WHERE type = 'step_failed'");
    assert!(failed.is_empty(), "nothing failed: {failed:?}");
    assert_eq!(nodes(&theirs).await.len(), 1, "who stops in order is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_takes_another_carries_out() {
    let (database, world) = (TestDatabase::empty(), endpoint().await);
    let front = node(&database, &["--roles", "api"]).await;
    let worker = node(&database, &["--roles", "executor,scheduler"]).await;
    let ours = front.client();
    install(&ours, &load(world.url())).await;
    let acknowledged = Acknowledged::default();
    under_load(&ours.anonymous(), 0, &acknowledged, has_acknowledged(&acknowledged, 60)).await;
    check_acknowledged(&ours, &acknowledged).await;
    audit::check_at_rest(&database);
    let theirs = client(&worker, &front);
    assert_eq!(theirs.get("/readyz").await.status, 200);
    for path in ["/api/executions", "/hooks/main/load"] {
        assert_eq!(theirs.get(path).await.status, 404, "{path}");
    }
    let mut roles: Vec<_> = nodes(&ours).await.iter().map(|node| node["roles"].to_string()).collect();
    roles.sort();
    assert_eq!(roles, ["[\"api\"]", "[\"executor\",\"scheduler\"]"]);
}

/// At rest a node beats, and asks its database little else, however many schedules there are: far below sixty statements a
/// minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_at_rest_is_quiet() {
    let options = ServerOptions { binary: BINARY.into(), args: Vec::new(), storage: Storage::Embedded };
    let server = TestServer::start_with(options).await;
    install(&server.client(), "id: one\ntriggers: [{id: t, type: schedule, cron: \"0 4 1 1 *\"}]\nsteps:\n  - {id: a, uses: transform, with: {n: 1}}\n").await;
    server.execute_embedded(
        "INSERT INTO tidemill.triggers (workspace_id, workflow_uid, id, version, type, next_at)
         SELECT workspace_id, workflow_uid, 't' || n, version, type, next_at FROM tidemill.triggers, generate_series(1, 999) n",
    );
    server.execute_embedded("ALTER SYSTEM SET log_statement = 'all'");
    server.execute_embedded("SELECT pg_reload_conf()");
    // Half a minute of nothing but beats; the next statement of another kind is the watch, once a minute.
    eventually_async("a quiet stretch", || async {
        let log = std::fs::read_to_string(server.data_dir().join("postgres.log")).unwrap();
        let statements = log.lines().filter(|line| line.contains(" LOG:  statement: ") || line.contains(" LOG:  execute "));
        let beats = statements.rev().take_while(|line| line.contains("One beat of a node")).count();
        (beats >= 6).then_some(())
    })
    .await;
}
