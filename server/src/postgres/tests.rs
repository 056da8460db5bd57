//! The cluster with a real Postgres: starts, crashes, refusals, ends. As root and as an ordinary user.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::leftovers::processes;
use super::{Cluster, ClusterOptions, Error};

fn options(data_dir: &Path) -> ClusterOptions {
    let search_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let bin_dir = std::env::var_os("TIDEMILL_POSTGRES_BIN").map(PathBuf::from);
    ClusterOptions { data_dir: data_dir.to_owned(), bin_dir, assets: None, search_path }
}

fn open() -> (TempDir, Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(&options(dir.path())).unwrap();
    (dir, cluster)
}

fn cluster_dir(data_dir: &Path) -> PathBuf {
    fs::canonicalize(data_dir).unwrap().join("postgres/cluster")
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

/// Logs in over the socket (protocol 3.0) and reads until Postgres is ready for a query.
fn answers(data_dir: &Path) -> bool {
    let mut stream = UnixStream::connect(data_dir.join("postgres/socket/.s.PGSQL.5432")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let body = b"\x00\x03\x00\x00user\0tidemill\0database\0tidemill\0\0";
    stream.write_all(&u32::try_from(body.len() + 4).unwrap().to_be_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut said = Vec::new();
    let mut byte = [0; 1];
    while !said.ends_with(b"Z\0\0\0\x05I") {
        if stream.read(&mut byte).unwrap() == 0 {
            return false;
        }
        said.push(byte[0]);
    }
    true
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_first_start_makes_a_cluster_and_the_next_one_opens_it() {
    let (dir, cluster) = open();
    assert!(answers(dir.path()));
    assert!(cluster.version() >= 15);
    cluster.stop().unwrap();
    cluster.stop().expect("stopping twice is fine");
    assert!(!cluster.ensure_running().unwrap(), "what was stopped stays stopped");
    drop(cluster);
    let again = Cluster::open(&options(dir.path())).unwrap();
    assert!(answers(dir.path()));
    drop(again);
    assert_eq!(processes(&cluster_dir(dir.path())).unwrap(), Vec::<u32>::new());
}

#[test]
fn a_killed_postmaster_is_started_again() {
    let (dir, cluster) = open();
    let first = cluster.pid().unwrap();
    assert!(!cluster.ensure_running().unwrap());
    kill(first);
    wait_until("the end is noticed", || cluster.ensure_running().unwrap());
    assert_ne!(cluster.pid().unwrap(), first);
    assert!(answers(dir.path()));
}

#[test]
fn a_postgres_that_outlived_its_server_is_replaced() {
    let (dir, cluster) = open();
    // What SIGKILL of the server does: no destructor runs, the kernel takes the lock back.
    let mut orphan = cluster.abandon().unwrap();
    let next = Cluster::open(&options(dir.path())).unwrap();
    assert!(answers(dir.path()));
    assert_ne!(next.pid().unwrap(), orphan.pid());
    assert!(orphan.ended().is_some());
}

#[test]
fn a_postmaster_killed_while_nobody_watched_is_recovered_from() {
    let (dir, cluster) = open();
    let mut orphan = cluster.abandon().unwrap();
    kill(orphan.pid());
    wait_until("the orphan has ended", || orphan.ended().is_some());
    let next = Cluster::open(&options(dir.path())).unwrap();
    assert!(answers(dir.path()));
    drop(next);
}

#[test]
fn a_second_server_is_refused_and_told_who_was_first() {
    let (dir, cluster) = open();
    let refused = Cluster::open(&options(dir.path())).unwrap_err();
    assert!(matches!(refused, Error::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{refused}");
    assert!(answers(dir.path()));
    drop(cluster);
}

#[test]
fn a_first_start_that_was_killed_leaves_no_half_cluster() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("postgres/cluster.new/base")).unwrap();
    fs::write(dir.path().join("postgres/cluster.new/PG_VERSION"), "15\n").unwrap();
    let cluster = Cluster::open(&options(dir.path())).unwrap();
    assert!(answers(dir.path()));
    drop(cluster);
}

#[test]
fn a_deep_data_directory_gets_a_short_socket() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("x".repeat(100));
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let refused = Cluster::open(&options(&deep)).unwrap_err();
        assert!(matches!(&refused, Error::Unreachable { blocked, .. } if blocked == dir.path()), "{refused}");
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    }
    let cluster = Cluster::open(&options(&deep)).unwrap();
    assert!(cluster.url().contains("host=%2Ftmp%2Ftidemill-"), "{}", cluster.url());
    let socket = super::layout::Layout::new(&fs::canonicalize(&deep).unwrap()).socket;
    assert!(socket.join(".s.PGSQL.5432").exists());
    drop(cluster);
    assert!(!socket.exists(), "the short directory goes with the cluster");
}

#[test]
fn broken_settings_are_reported_in_postgres_own_words() {
    let (dir, cluster) = open();
    drop(cluster);
    let path = dir.path().join("postgres/cluster/postgresql.conf");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text + "shared_buffers = 'plenty'\n").unwrap();
    let refused = Cluster::open(&options(dir.path())).unwrap_err();
    assert!(matches!(&refused, Error::Start { tail, .. } if tail.contains("shared_buffers")), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watch_brings_postgres_back() {
    let (dir, cluster) = tokio::task::spawn_blocking(open).await.unwrap();
    let cluster = std::sync::Arc::new(cluster);
    let watch = tokio::spawn(std::sync::Arc::clone(&cluster).watch());
    let first = cluster.pid().unwrap();
    kill(first);
    tokio::task::spawn_blocking(move || {
        wait_until("another postmaster runs", || cluster.pid().is_some_and(|pid| pid != first));
        assert!(answers(dir.path()));
        cluster.stop().unwrap();
    })
    .await
    .unwrap();
    watch.abort();
}
