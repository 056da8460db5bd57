//! What the server says of its sandbox where the kernel gives less: it is measured, and said truthfully.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};
use serde_json::json;
use tidemill_common::step_protocol::Level;

use crate::scene::{BINARY, server};

/// `unshare`, and `clone` with flags that make namespaces.
fn namespaces_refused() -> seccompiler::BpfProgram {
    let flags = u64::try_from(libc::CLONE_NEWPID | libc::CLONE_NEWUSER).unwrap();
    let rules = [libc::CLONE_NEWPID, libc::CLONE_NEWUSER].map(|flag| {
        let flag = u64::try_from(flag).unwrap();
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(flag), flag).unwrap();
        SeccompRule::new(vec![condition]).unwrap()
    });
    assert_ne!(flags, 0);
    let calls = BTreeMap::from([(libc::SYS_unshare, Vec::new()), (libc::SYS_clone, rules.to_vec())]);
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let target = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(calls, SeccompAction::Allow, refused, target).unwrap().try_into().unwrap()
}

/// Runs `work` in a thread that can make no namespaces, and neither can what it starts.
fn without_namespaces<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(|| {
        seccompiler::apply_filter(&namespaces_refused()).unwrap();
        work()
    });
    thread.join().unwrap()
}

/// What the doctor says about the sandbox: its level, and the whole line.
fn doctor(user: Option<u32>) -> (Level, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.args(["doctor", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("sandbox: ")).map(|(_, rest)| rest.to_owned());
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    (line[..2].parse().unwrap(), line)
}

#[test]
fn where_namespaces_are_refused_the_level_says_so() {
    let (level, line) = without_namespaces(|| doctor(None));
    assert!(level < Level::L3, "{line}");
    for wall in ["processes: ", "files: ", "network: "] {
        assert!(line.contains(&format!("{wall}the kernel gives no namespaces")), "{line}");
    }
    assert_eq!(level >= Level::L2, !line.contains("landlock: "), "only Landlock is left to make it L2: {line}");
}

/// A server there runs code when the level is enough, and refuses it when it isn't; it never runs it with less.
#[test]
fn a_server_without_namespaces_runs_code_only_at_its_level() {
    without_namespaces(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = server().await;
            let client = server.client();
            let body = json!({"language": "python", "code": "output = 1"});
            let answer = client.post("/api/code/execute", &body).await;
            let sandbox = client.get("/healthz").await.expect(200).json()["sandbox"].clone();
            let level: Level = sandbox["level"].as_str().unwrap().parse().unwrap();
            assert!((Level::L1..Level::L3).contains(&level), "{sandbox}");
            assert_eq!(sandbox["available"], json!(level >= Level::L2), "{sandbox}");
            assert_eq!(answer.status, if level >= Level::L2 { 200 } else { 503 }, "{}", answer.text);
        });
    });
}

/// An ordinary user gets namespaces by way of a user namespace, or Landlock alone; either way nobody is root in a step.
#[test]
fn an_ordinary_user_has_a_level_of_its_own() {
    let user = rustix::process::geteuid().is_root().then_some(65534);
    let (level, line) = doctor(user);
    assert!(!line.contains("identity: ") && !line.contains("system_calls: ") && !line.contains("memory: "), "{line}");
    let walls = ["processes: ", "files: ", "network: "];
    let has_namespaces = !walls.iter().any(|wall| line.contains(wall));
    assert_eq!(level >= Level::L2, has_namespaces || !line.contains("landlock: "), "{line}");
}
