//! The embedded cluster moves from the system's older Postgres to the newer one: whole, once, and resumed when it was cut off.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::json;
use tidemill_harness::{ServerOptions, Storage, TestServer, eventually};

use crate::scene::{BINARY, install, run, secret, text};

const WORK: &str = "id: work\ninputs: {type: object, properties: {n: {type: integer}}}\nsteps: [{id: a, uses: transform, with: {n: \"{{ inputs.n }}\"}}]\noutput: {n: \"{{ steps.a.output.n }}\"}\n";

/// The programs of an older Postgres than the one that everything else is tested with. CI installs them.
fn older() -> (PathBuf, u32) {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let versions = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let found = versions.filter(|version| (15..18).contains(version)).max();
    let version =
        found.expect("an older PostgreSQL is needed: apt-get install postgresql (Debian 12 has 15, Ubuntu 24.04 has 16)");
    (PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")), version)
}

fn upgrade(data_dir: &Path, old: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["upgrade", "postgres", "--data-dir"]).arg(data_dir).arg("--old-bin-dir").arg(old);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn version(data_dir: &Path, cluster: &str) -> String {
    fs::read_to_string(data_dir.join("postgres").join(cluster).join("PG_VERSION")).unwrap_or_default().trim().to_owned()
}

fn options(bin: Option<&Path>) -> ServerOptions {
    let args = bin.map(|bin| vec!["--postgres-bin".to_owned(), bin.to_str().unwrap().to_owned()]).unwrap_or_default();
    ServerOptions { binary: BINARY.into(), args, storage: Storage::Embedded }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_cluster_moves_to_the_newer_postgres_with_all_it_holds() {
    let (old, before) = older();
    let mut server = TestServer::start_with(options(Some(&old))).await;
    install(&server.client(), WORK).await;
    secret(&server.client(), "shop", "canary").await;
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(text(&run(&server.client(), "work", json!({ "n": n })).await["id"]));
    }
    let busy = upgrade(server.data_dir(), &old).output().unwrap();
    assert!(!busy.status.success() && said(&busy).contains("in use by another tidemill server"), "{}", said(&busy));
    assert!(server.terminate().success());
    let data_dir = server.data_dir().to_owned();
    assert_eq!(version(&data_dir, "cluster"), before.to_string());

    // Cut off in the middle, as by a power cut: the old cluster is in its place.
    let mut cut = upgrade(&data_dir, &old).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the new cluster is being made", || data_dir.join("postgres-upgrade/database.tar.part").exists().then_some(()));
    cut.kill().unwrap();
    cut.wait().unwrap();
    assert_eq!(version(&data_dir, "cluster"), before.to_string());

    let done = upgrade(&data_dir, &old).output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("counted them again") && said(&done).contains("is kept in"), "{}", said(&done));
    assert_eq!(version(&data_dir, &format!("cluster-{before}")), before.to_string());
    assert_ne!(version(&data_dir, "cluster"), before.to_string());
    assert!(!data_dir.join("postgres-upgrade").exists());
    let again = upgrade(&data_dir, &old).output().unwrap();
    assert!(again.status.success() && said(&again).contains("nothing to do"), "{}", said(&again));

    // Cut off between the exchange and the end: the old cluster is put away by the next run.
    fs::create_dir_all(data_dir.join("postgres-upgrade/postgres")).unwrap();
    let (kept, left) =
        (data_dir.join(format!("postgres/cluster-{before}")), data_dir.join("postgres-upgrade/postgres/cluster"));
    fs::rename(&kept, &left).unwrap();
    let finished = upgrade(&data_dir, &old).output().unwrap();
    assert!(finished.status.success() && kept.exists() && !left.exists(), "{}", said(&finished));

    server.change(options(None));
    server.restart().await;
    let client = server.client();
    for (n, id) in ids.iter().enumerate() {
        let found = client.get(&format!("/api/executions/{id}")).await.expect(200).json();
        assert_eq!((&found["status"], &found["output"]), (&json!("succeeded"), &json!({ "n": n })));
    }
    assert_eq!(run(&client, "work", json!({"n": 31})).await["output"], json!({"n": 31}));
    assert!(client.get("/api/secrets").await.expect(200).text.contains("shop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_postgres_is_missing_is_refused_and_the_command_is_named() {
    let mut server = TestServer::start_with(options(None)).await;
    assert!(server.terminate().success());
    let version = server.data_dir().join("postgres/cluster/PG_VERSION");
    let before = fs::read(&version).unwrap();
    fs::write(&version, "14\n").unwrap();
    let refused =
        Command::new(BINARY).args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(server.data_dir()).output().unwrap();
    assert!(
        !refused.status.success() && said(&refused).contains("tidemill upgrade postgres --old-bin-dir"),
        "{}",
        said(&refused)
    );
    fs::write(&version, before).unwrap();
    let nowhere = tempfile::tempdir().unwrap();
    let none = upgrade(nowhere.path(), nowhere.path()).output().unwrap();
    assert!(said(&none).contains("there is no Postgres cluster in"), "{}", said(&none));
}
