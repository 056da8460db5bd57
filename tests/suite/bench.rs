//! `tidemill bench` through the real binary: it starts servers, gives figures, leaves nothing behind.

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> (Output, Value) {
    let temp = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["bench", "--duration", "1s", "--output", "json"])
        .args(arguments)
        .env("TMPDIR", temp.path())
        .env_remove("TIDEMILL_TOKEN")
        .output()
        .unwrap();
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0, "something is left behind");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

fn scenarios(arguments: &[&str]) -> Vec<Value> {
    let (output, report) = bench(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    report["scenarios"].as_array().unwrap().clone()
}

#[test]
fn a_bench_of_temporary_servers_gives_figures_and_leaves_nothing_behind() {
    let found = scenarios(&["--scenario", "webhook-sync,webhook-async,chain,fan-out", "--clients", "1,4"]);
    let names: Vec<_> = found.iter().map(|section| section["scenario"].as_str().unwrap()).collect();
    assert_eq!(names, ["webhook-sync", "webhook-async", "chain", "fan-out"]);
    for section in &found {
        for case in section["cases"].as_array().unwrap() {
            assert!(case["p50_ms"].as_f64().unwrap() > 0.0 && case["of_bulk"].as_f64().unwrap() > 0.0, "{section}");
            assert!(case["refused"] == 0 || case["refused"].is_null(), "{section}");
        }
    }
    let sync = &found[0];
    assert!(sync["bulk_per_second"].as_f64().unwrap() > 0.0, "{sync}");
    assert_eq!(sync["cases"].as_array().unwrap().len(), 2, "one row per number of clients: {sync}");
    assert_eq!(found[2]["cases"][0]["events_each"], 202, "a step of a chain is two events");
    assert_eq!(found[2]["cases"][1]["events_each"], 302, "one that waits is three");
}

#[test]
fn timers_fire_once_and_not_early_and_followers_lose_nothing() {
    let found =
        scenarios(&["--scenario", "timers,followers,saturation", "--clients", "4", "--timers", "50", "--followers", "5"]);
    let (timers, followers) = (&found[0]["cases"][0], &found[1]["cases"][0]);
    assert!(timers["early"] == 0 && timers["not_once"] == 0 && timers["last_ms"].as_f64().unwrap() >= 0.0, "{timers}");
    assert_eq!(followers["lost"], 0, "{followers}");
    assert_eq!(followers["events"], 5 * 65, "{followers}");
    assert_eq!(found[2]["cases"][1]["without_retry_after"], 0, "{}", found[2]);
}

#[test]
fn code_steps_are_measured_beside_processes() {
    let found = scenarios(&["--scenario", "code-steps"]);
    let cases = found[0]["cases"].as_array().unwrap();
    for name in ["python, 1 at once", "javascript, 1 at once", "sql, 1 at once", "a bare process (true), 1 at once"] {
        let case = cases.iter().find(|case| case["case"] == name).unwrap_or_else(|| panic!("{name}: {cases:?}"));
        assert!(case["p50_ms"].as_f64().unwrap() > 0.0 && case["p99_ms"].as_f64() >= case["p50_ms"].as_f64(), "{case}");
    }
    let hosts =
        cases.iter().filter(|case| case["host_kib"].as_u64() > Some(0) && case["steps_per_second"].as_f64() > Some(0.0));
    assert_eq!(hosts.count(), 6, "{cases:?}");
}

#[test]
fn pages_and_two_servers_are_measured() {
    let found = scenarios(&["--scenario", "pages,nodes", "--clients", "4", "--executions", "2000"]);
    for case in found.iter().flat_map(|section| section["cases"].as_array().unwrap()) {
        assert!(case["refused"] == 0 && case["p95_ms"].as_f64().unwrap() > 0.0, "{case}");
    }
    assert!(found[1]["cases"][1]["of_one"].as_f64().unwrap() > 0.0, "{}", found[1]);
}

#[test]
fn a_dropped_day_gives_the_disk_back() {
    let found = scenarios(&["--scenario", "retention", "--executions", "2000"]);
    let case = &found[0]["cases"][0];
    assert!(case["drop_ms"].as_f64().unwrap() > 0.0, "{case}");
    assert!(case["mb_after"].as_f64().unwrap() < case["mb_before"].as_f64().unwrap(), "{case}");
}

#[test]
fn what_a_bench_cannot_do_it_says() {
    for (arguments, words) in [
        (["--url", "http://127.0.0.1:9", "--token", "x", "--scenario", "idle"].as_slice(), "leave out --url"),
        (&["--url", "http://127.0.0.1:9", "--token", "x", "--scenario", "timers"], "--postgres-url"),
        (&["--url", "https://127.0.0.1", "--token", "x"], "http://HOST:PORT"),
        (&["--scenario", "everything"], "possible values"),
    ] {
        let (output, _) = bench(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
    }
}
