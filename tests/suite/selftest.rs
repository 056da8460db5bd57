//! `tidemill selftest crash` through the real binary: a short one with every kind of kill, and what it refuses.

use std::process::{Command, Output};

use serde_json::Value;

fn selftest(arguments: &[&str], temp: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["selftest", "crash"])
        .args(arguments)
        .env("TMPDIR", temp)
        .output()
        .unwrap()
}

#[test]
fn whatever_is_killed_the_promises_are_kept_and_nothing_is_left_behind() {
    let temp = tempfile::tempdir().unwrap();
    let output = selftest(&["--kills", "10", "--postgres", "--output", "json"], temp.path());
    let (said, report) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{said}\n{report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    for (figure, least) in [("acknowledged", 20), ("executions", 20), ("effects", 60)] {
        assert!(report[figure].as_u64().unwrap() >= least, "{figure} {report:#}");
    }
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 12 && checks.iter().all(|check| check["violations"] == 0), "{report:#}");
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_that_is_in_use_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("mine"), "mine").unwrap();
    let output = selftest(&["--kills", "1", "--data-dir", temp.path().to_str().unwrap()], temp.path());
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"), "{output:?}");
    assert_eq!(std::fs::read_to_string(temp.path().join("mine")).unwrap(), "mine");
}
