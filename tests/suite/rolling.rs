//! An upgrade without a pause: servers of two releases on one database, under load, forward and back.
//!
//! The next release is this binary with one more migration, which it is given by `TIDEMILL_TEST_NEXT_RELEASE`: its servers migrate, and
//! the others meet a schema that they don't know.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer};

use crate::audit;
use crate::endpoint::{Endpoint, Reply};
use crate::recovery::{Acknowledged, check_acknowledged, has_acknowledged, load, under_load};
use crate::scene::{BINARY, install};

/// What a next release might add: to a table that every execution writes, and beside them.
const ADDS: &str =
    "ALTER TABLE executions ADD COLUMN region text NOT NULL DEFAULT 'here';\nCREATE TABLE regions (name text PRIMARY KEY);\n";

/// The binary and the migrations of a next release.
fn next_release() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (binary, migrations) = (dir.path().join("tidemill"), dir.path().join("migrations"));
    let script = format!("#!/bin/sh\nexport TIDEMILL_TEST_NEXT_RELEASE='{}'\nexec '{BINARY}' \"$@\"\n", migrations.display());
    fs::write(&binary, script).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let migration = migrations.join("9998-01-01-000000_regions");
    fs::create_dir_all(&migration).unwrap();
    fs::write(migration.join("up.sql"), ADDS).unwrap();
    fs::write(migration.join("down.sql"), "DROP TABLE regions;\nALTER TABLE executions DROP COLUMN region;\n").unwrap();
    dir
}

async fn node(database: &TestDatabase, release: Option<&Path>) -> TestServer {
    let args = ["--outbound-allow", "127.0.0.0/8"].map(str::to_owned).into();
    let storage = Storage::At(database.url().to_owned());
    let binary = release.map_or_else(|| BINARY.into(), |dir| dir.join("tidemill"));
    TestServer::start_with(ServerOptions { binary, args, storage }).await
}

async fn schema(node: &TestServer) -> String {
    let ready = node.client_of(None).get("/readyz").await.expect(200).json();
    ready["schema"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_releases_share_a_database_under_load_and_nothing_is_lost() {
    let (database, next) = (TestDatabase::empty(), next_release());
    let world = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let mut first = node(&database, None).await;
    let stays = node(&database, None).await;
    let theirs = Client::new(stays.url(), Some(&first.token()));
    install(&theirs, &load(world.url())).await;
    let acknowledged = Acknowledged::default();

    // One node is drained, and one of the next release comes in its place: it migrates while the other works.
    let mut newer = None;
    under_load(&theirs.anonymous(), 0, &acknowledged, async {
        has_acknowledged(&acknowledged, 100).await;
        first.signal(Signal::TERM);
        assert!(first.ended().success(), "it stopped in order");
        newer = Some(node(&database, Some(next.path())).await);
        has_acknowledged(&acknowledged, 300).await;
    })
    .await;
    let mut newer = newer.unwrap();
    assert_eq!(schema(&newer).await, "99980101000000");
    // Both take deliveries, and the old one can start again.
    under_load(&newer.client_of(None), 100_000, &acknowledged, async {
        has_acknowledged(&acknowledged, 450).await;
        first.restart().await;
    })
    .await;
    assert_eq!(schema(&first).await, "99980101000000");
    assert!(first.log().contains("this server goes on beside it"), "{}", first.log());
    // And back: the new one is drained under load.
    under_load(&first.client().anonymous(), 200_000, &acknowledged, async {
        has_acknowledged(&acknowledged, 600).await;
        newer.signal(Signal::TERM);
        assert!(newer.ended().success(), "it stopped in order");
    })
    .await;
    check_acknowledged(&theirs, &acknowledged).await;
    audit::check_at_rest(&database);
    let tally = audit::tally(&database);
    assert!(tally.starts_with("succeeded ") && !tally.contains(','), "{tally}");
    let failed = database.query("SELECT execution_id FROM tidemill.execution_events WHERE type = 'step_failed'");
    assert!(failed.is_empty(), "nothing failed: {failed:?}");
    let taken = database.query("SELECT 1 FROM tidemill.execution_queue WHERE takeovers > 0");
    assert!(taken.is_empty(), "nobody had to take anything over");

    // A release later the schema is no longer for this one.
    database.execute("UPDATE tidemill.schema_floor SET oldest = '99980101000000'");
    let output = std::process::Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", database.url(), "--data-dir"])
        .arg(stays.data_dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("only for servers that know 99980101000000"), "{said}");
    let _ = theirs.post("/api/workflows/load/executions", &json!({"input": {"n": 3}})).await.expect(201);
}
