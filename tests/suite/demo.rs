//! `tidemill demo`: without a terminal, twice in a row, and interrupted.

use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tidemill_harness::eventually;

use crate::scene::BINARY;

fn demo(temp: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["demo", "--commits", "3"]).env("TMPDIR", temp).stdin(Stdio::null());
    command
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().next().is_none()
}

/// Processes whose command line names `dir`.
fn processes(dir: &Path) -> Vec<String> {
    let name = dir.to_str().unwrap();
    let lines =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).filter(|line| line.contains(name)).collect()
}

#[test]
fn the_demonstration_runs_twice_and_leaves_nothing_behind() {
    let temp = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = demo(temp.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("tidemill tui") && !said.contains('\u{1b}'), "{said}");
        assert!(is_empty(temp.path()));
    }
}

#[test]
fn an_interrupted_demonstration_cleans_up() {
    let temp = tempfile::tempdir().unwrap();
    let mut child = demo(temp.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("its server runs", || processes(temp.path()).iter().any(|line| line.contains("postgres")).then_some(()));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = eventually("it ends", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
    assert_eq!(processes(temp.path()), Vec::<String>::new());
    assert!(is_empty(temp.path()));
}
