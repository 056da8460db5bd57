//! Nodes whose clocks are set forward and back while they run, by libfaketime: a schedule neither repeats an instant nor falls silent,
//! and neither does a condition.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer, eventually, eventually_async};

use crate::audit;
use crate::scene::{BINARY, install};

/// A node with a clock of its own. The database's clock is nobody's.
struct Node {
    server: TestServer,
    clock: PathBuf,
    _dir: TempDir,
}

/// Where distributions put the library.
fn library() -> PathBuf {
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64"];
    let found = places.iter().map(|place| Path::new(place).join("faketime/libfaketime.so.1")).find(|path| path.exists());
    found.expect("libfaketime is needed (Debian: apt-get install faketime)")
}

impl Node {
    async fn start(database: &TestDatabase) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (clock, binary) = (dir.path().join("clock"), dir.path().join("tidemill"));
        fs::write(&clock, "+0\n").unwrap();
        let script = format!(
            "#!/bin/sh\nexport LD_PRELOAD={} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1\nexec {BINARY} \"$@\"\n",
            library().display(),
            clock.display()
        );
        fs::write(&binary, script).unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o700)).unwrap();
        let storage = Storage::At(database.url().to_owned());
        let server = TestServer::start_with(ServerOptions { binary, args: Vec::new(), storage }).await;
        Self { server, clock, _dir: dir }
    }

    /// Sets its clock: the offset from the machine's, such as `+2h`.
    fn set(&self, offset: &str) {
        let next = self.clock.with_extension("next");
        fs::write(&next, format!("{offset}\n")).unwrap();
        fs::rename(next, &self.clock).unwrap();
    }
}

fn instants(database: &TestDatabase) -> Vec<DateTime<Utc>> {
    let keys = database.query("SELECT key FROM tidemill.deliveries WHERE source LIKE 'schedule:%' ORDER BY key");
    keys.into_iter().flatten().map(|key| key.parse().unwrap()).collect()
}

/// An instant near `from` the machine's present fires that is later than all of its kind so far.
fn fires_on(database: &TestDatabase, from: TimeDelta, what: &str) {
    let near = |at: &DateTime<Utc>| (*at - (Utc::now() + from)).abs() < TimeDelta::minutes(5);
    let before = instants(database).into_iter().filter(near).max();
    eventually(what, || instants(database).into_iter().filter(near).max().filter(|last| Some(*last) > before));
}

/// A condition is looked at twice near `from` the machine's present: what is known of it may have been set to that without a look.
fn looks_on(database: &TestDatabase, from: TimeDelta, what: &str) {
    let looked = || {
        let rows = database.query("SELECT to_json(checked_at) #>> '{}' FROM tidemill.trigger_states");
        let at: DateTime<Utc> = rows.into_iter().flatten().next()?.parse().ok()?;
        ((at - (Utc::now() + from)).abs() < TimeDelta::minutes(5)).then_some(at)
    };
    let first = eventually(what, looked);
    eventually(what, || looked().filter(|at| *at > first));
}

pub async fn are_set_forward_and_back() {
    let database = TestDatabase::empty();
    let (first, second) = (Node::start(&database).await, Node::start(&database).await);
    let client = first.server.client();
    let file = "id: tick\ntriggers: [{id: t, type: schedule, every: 1s}]\nsteps: [{id: a, uses: transform, with: {}}]\n";
    install(&client, file).await;
    // That its check fails doesn't matter: it is looked at.
    let file = "id: look\ntriggers: [{id: c, type: condition, every: 1s, check: {uses: http.request, with: {url: \"http://127.0.0.1:9/\"}}, if: \"true\"}]\nsteps: [{id: a, uses: transform, with: {}}]\n";
    install(&client, file).await;
    let (now, ahead) = (TimeDelta::zero(), TimeDelta::hours(2));
    fires_on(&database, now, "it fires");
    first.set("+2h");
    fires_on(&database, ahead, "the node that is ahead fires what is due by its clock");
    let nodes = client.get("/api/nodes").await.expect(200).json();
    assert!(nodes["items"].as_array().unwrap().iter().all(|node| node["state"] == "alive"), "by the database's clock: {nodes}");
    looks_on(&database, ahead, "a condition is looked at by the clock that is ahead");
    first.set("+0");
    fires_on(&database, now, "it goes on from now when the clock is right again");
    looks_on(&database, now, "so does the condition");
    second.set("-2h");
    fires_on(&database, now, "the other one fires");
    second.set("+0");
    second.set("+1d");
    fires_on(&database, TimeDelta::days(1), "another one is a day ahead");
    second.set("+0");
    fires_on(&database, now, "and it goes on from now again");
    looks_on(&database, now, "and the condition too");
    let _ = client.post("/api/workflows/tick/deactivate", &serde_json::json!({})).await.expect(200);
    once(&client, &database).await;
}

/// Every instant is one execution.
async fn once(client: &Client, database: &TestDatabase) {
    eventually_async("nothing is under way", || async {
        let page = client.get("/api/executions?status=running").await.expect(200).json();
        page["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    audit::check_at_rest(database);
    let all = instants(database);
    let distinct: HashSet<_> = all.iter().collect();
    let executions = database.query("SELECT count(*)::text FROM tidemill.executions");
    assert_eq!((all.len(), executions), (distinct.len(), vec![Some(all.len().to_string())]));
}
