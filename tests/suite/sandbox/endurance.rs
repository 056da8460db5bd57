//! Many steps, and what they leave.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tidemill_common::step_protocol::Language;
use tidemill_harness::eventually_async;
use tidemill_server::runner::code::{CodeLimits, CodeRunner};

use super::options;
use super::steps::{children_of, step_host};
use crate::scene::{detail, install, run, server, start};

fn resident(pid: u32) -> u64 {
    try_resident(pid).unwrap()
}

const MANY: &str = r#"id: many
steps:
  - id: python
    uses: python
    for_each: {items: "{{ trigger.body }}", concurrency: 16}
    with: {code: output = input + 1, input: "{{ item }}"}
  - id: javascript
    uses: javascript
    depends_on: []
    for_each: {items: "{{ trigger.body }}", concurrency: 16}
    with: {code: "function main(n) { return n + 1 }", input: "{{ item }}"}
output: {python: "{{ steps.python.output | sum }}", javascript: "{{ steps.javascript.output | sum }}"}
"#;

/// Executes `count` steps of a workflow on the real server, which must be as before: its step host is replaced on the way, and
/// no process, descriptor or memory is left.
async fn endure(count: u32) {
    let server = server().await;
    let client = server.client();
    install(&client, MANY).await;
    let _ = run(&client, "many", json!([1, 2, 3])).await;
    let first = step_host(&server).unwrap();
    let (memory, descriptors) = (resident(first), open_files(server.pid()));
    let items: Vec<u32> = (0..count / 2).collect();
    let sum = u64::from(count / 2) * u64::from(count / 2 + 1) / 2;
    let id = start(&client, "many", json!(items)).await;
    let mut most = 0;
    let whole = loop {
        most = most.max(step_host(&server).and_then(try_resident).unwrap_or(0));
        let now = detail(&client, &id).await;
        if now["status"] != "running" {
            break now;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&whole["status"], &whole["output"]), (&json!("succeeded"), &json!({"python": sum, "javascript": sum})));
    assert!(most < memory + 16 * 1024, "a step host had {most} KiB; at rest {memory} KiB");
    let reserve = options().reserve;
    // A step host serves 1000 children.
    eventually_async("nothing is left, and the first step host is replaced", || async {
        let host = step_host(&server)?;
        let children = children_of(host);
        let zombies = children.iter().any(|pid| is_zombie(*pid));
        let replaced = count <= 1000 || (host != first && !fs::exists(format!("/proc/{first}")).unwrap());
        (replaced
            && children.len() <= reserve
            && !zombies
            && open_files(server.pid()) <= descriptors + 8
            && open_files(host) <= reserve + 8)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_thousand_steps_leave_nothing() {
    endure(2000).await;
}

#[tokio::test]
#[ignore = "takes minutes in a debug build: make endurance"]
async fn ten_thousand_steps_leave_nothing() {
    endure(10_000).await;
}

fn try_resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.contains("State:\tZ"))
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
