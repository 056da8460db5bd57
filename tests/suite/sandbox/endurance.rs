//! Many steps, and how long they take.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use tidemill_common::step_protocol::Language;
use tidemill_harness::eventually_async;
use tidemill_server::runner::code::{CodeLimits, CodeRunner};
use tokio::task::JoinSet;

use super::options;

const SMALL: [(Language, &str); 3] = [
    (Language::Python, "def main(input):\n    return input['a'] + 1"),
    (Language::Javascript, "function main(input) { return input.a + 1 }"),
    (Language::Sql, "SELECT :a + 1 AS x"),
];

/// Milliseconds at 50 and at 99 of 100 steps, one after the other.
async fn one_by_one(runner: &CodeRunner, language: Language, code: &str, count: usize) -> (f64, f64) {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        let outcome = runner.run(language, code, &json!({"a": 1}), CodeLimits::default()).await;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }
    times.sort_by(f64::total_cmp);
    (times[count / 2], times[count * 99 / 100])
}

/// Prints the figures of this machine. They mean something in a release build on a machine that does nothing else.
#[tokio::test]
#[ignore = "measures; run it by itself: cargo test --release --test suite figures -- --ignored --nocapture"]
async fn figures_of_code_steps() {
    let runner = CodeRunner::start(options());
    for (language, code) in SMALL {
        let (median, late) = one_by_one(&runner, language, code, 500).await;
        println!("{}: {median:.2} ms median, {late:.2} ms at 99 of 100", language.as_str());
    }
    let (started, mut steps) = (Instant::now(), JoinSet::new());
    for _ in 0..2000 {
        let runner = runner.clone();
        steps.spawn(async move { runner.run(Language::Python, SMALL[0].1, &json!({"a": 1}), CodeLimits::default()).await });
    }
    while let Some(outcome) = steps.join_next().await {
        assert!(outcome.unwrap().result.is_ok());
    }
    println!("python: {:.0} steps a second", 2000.0 / started.elapsed().as_secs_f64());
    let host = runner.status().await.pid.unwrap();
    println!("step host at rest: {} KiB", resident(host));
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// More steps than one step host serves: the next one takes over, and nothing is left of the first.
#[tokio::test]
async fn hundreds_of_steps_leave_nothing() {
    let runner = CodeRunner::start(options());
    let mut steps = JoinSet::new();
    for number in 0..400 {
        let runner = runner.clone();
        let (language, code) = SMALL[number % 3];
        steps.spawn(async move { runner.run(language, code, &json!({"a": 1}), CodeLimits::default()).await });
    }
    while let Some(outcome) = steps.join_next().await {
        let outcome = outcome.unwrap();
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }
    let host = runner.status().await.pid.unwrap();
    let children = fs::read_to_string(format!("/proc/{host}/task/{host}/children")).unwrap();
    for child in children.split_whitespace() {
        // One that ended a moment ago may be gone between the two reads.
        let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        assert!(!status.contains("State:\tZ") || is_gone_soon(child), "{status}");
    }
}

/// Whether a child of `host` has used a tenth of a second of a processor.
fn is_busy(host: u32) -> bool {
    let children = fs::read_to_string(format!("/proc/{host}/task/{host}/children")).unwrap();
    children.split_whitespace().any(|child| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11)?.parse::<u64>().ok());
        ticks.is_some_and(|ticks| ticks >= 10)
    })
}

/// Whether a process that has ended is taken away in a moment.
fn is_gone_soon(pid: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if !fs::exists(format!("/proc/{pid}")).unwrap_or(false) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Dropping a step ends its child at once, and killing the step host fails the steps that it ran, but not the next one.
#[tokio::test]
async fn a_dropped_step_ends_and_a_lost_host_is_replaced() {
    let runner = CodeRunner::start(options());
    let first = runner.status().await.pid.unwrap();
    let endless = runner.run(Language::Python, "while True: pass", &json!(null), CodeLimits::default());
    assert!(tokio::time::timeout(Duration::from_millis(200), endless).await.is_err());
    let endless = tokio::spawn({
        let runner = runner.clone();
        async move { runner.run(Language::Python, "while True: pass", &json!(null), CodeLimits::default()).await }
    });
    let killed = async {
        eventually_async("the step runs", || async { is_busy(first).then_some(()) }).await;
        let pid = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    let (lost, ()) = tokio::join!(endless, killed);
    assert_eq!(lost.unwrap().result.unwrap_err().class, tidemill_common::status::FailureClass::HostLost);
    let next = runner.run(Language::Python, "output = 1", &json!(null), CodeLimits::default()).await;
    assert_eq!(next.result, Ok(json!(1)));
    assert_ne!(runner.status().await.pid, Some(first));
}
