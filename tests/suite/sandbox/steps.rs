//! What a code step leaves in its execution, what it may take, and how it is ended: through the API of the real server.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_common::event::EventBody;
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestServer, eventually_async};

use crate::scene::{BINARY, apply, ended, events, install, run, server, start, step};

const TALKATIVE: &str = r#"id: talkative
steps:
  - id: once
    uses: python
    with: {code: "print('hello')\nprint('grüße', 1)\noutput = 1"}
  - id: each
    uses: javascript
    for_each: {items: [1, 2]}
    with: {code: "function main(n) { if (n === 2) console.log('two'); return n }", input: "{{ item }}"}
  - id: cut
    uses: python
    with: {code: "print('x' * 5000)\noutput = 1", log_kib: 1}
  - id: silent
    uses: sql
    with: {code: "SELECT 1 AS x"}
  - id: wrong
    uses: python
    on_error: continue
    with: {code: "print('so far')\nraise ValueError('no')"}
"#;

async fn with_args(args: &[&str]) -> TestServer {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Shared }).await
}

#[tokio::test]
async fn what_a_step_prints_is_in_its_events_and_its_detail() {
    let server = server().await;
    let client = server.client();
    install(&client, TALKATIVE).await;
    let whole = run(&client, "talkative", json!({})).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    let of = |id: &str| step(&whole, id)["log"].clone();
    assert_eq!((of("once"), of("wrong"), of("silent")), (json!("hello\ngrüße 1\n"), json!("so far\n"), Value::Null));
    let cut = of("cut");
    let cut = cut.as_str().unwrap();
    assert!(cut.starts_with(&"x".repeat(1024)) && cut.len() < 1200 && cut.contains("is cut here"), "{cut}");
    let logged: Vec<_> = events(&client, whole["id"].as_str().unwrap())
        .await
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::StepLogged { step, iteration, log, .. } => Some((step.to_string(), iteration, log.len())),
            _ => None,
        })
        .collect();
    assert_eq!(logged[..2], [("once".to_owned(), None, 16), ("each".to_owned(), Some(1), 4)]);
    assert_eq!(logged.len(), 4, "{logged:?}");
}

/// The children of every thread of `pid`.
pub(super) fn children_of(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lines = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lines.flat_map(|line| line.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// The step host of `server`.
pub(super) fn step_host(server: &TestServer) -> Option<u32> {
    children_of(server.pid()).into_iter().find(|pid| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"step-host"))
    })
}

/// A child of the step host that has used a tenth of a second of a processor.
fn busy_child(server: &TestServer) -> Option<u32> {
    children_of(step_host(server)?).into_iter().find(|child| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11)?.parse::<u64>().ok());
        ticks.is_some_and(|ticks| ticks >= 10)
    })
}

/// The step would go on for ten minutes; nothing but the order ends its process.
#[tokio::test]
async fn cancelling_an_execution_kills_the_process_of_its_step() {
    let server = with_args(&["--code-seconds", "3600"]).await;
    let client = server.client();
    for (id, code) in [("python", "print('so', 'far')\\nwhile True: pass"), ("javascript", "console.log('so far')\\nfor (;;);")]
    {
        let file = format!("id: endless\nsteps:\n  - {{id: a, uses: {id}, timeout: 10m, with: {{code: \"{code}\"}}}}\n");
        install(&client, &file).await;
        let execution = start(&client, "endless", json!({})).await;
        let child = eventually_async("the step computes", || async { busy_child(&server) }).await;
        let _ = client.post(&format!("/api/executions/{execution}/cancel"), &json!({})).await;
        eventually_async("its process is gone", || async { (!fs::exists(format!("/proc/{child}")).unwrap()).then_some(()) })
            .await;
        let whole = ended(&client, &execution).await;
        assert_eq!((&whole["status"], &step(&whole, "a")["log"]), (&json!("cancelled"), &json!("so far\n")), "{whole:#}");
    }
}

/// The code prints and then computes for ever; the log is there whoever ends it: the step's time, the workflow's, or the kernel.
#[tokio::test]
async fn a_step_that_is_ended_early_keeps_its_log() {
    let server = server().await;
    let client = server.client();
    let endless = "print('so far')\\nwhile True: pass";
    for (step_timeout, workflow_timeout, code, class) in [
        ("500ms", "1h", endless, "timeout"),
        ("20s", "1s", endless, "timeout"),
        ("20s", "1h", "print('so far')\\nprint('more', end='')\\nx = bytearray(900 << 20)", "out_of_memory"),
    ] {
        let file = format!(
            "id: cut\ntimeout: {workflow_timeout}\nsteps:\n  - {{id: a, uses: python, timeout: {step_timeout}, with: {{code: \"{code}\"}}}}\n"
        );
        install(&client, &file).await;
        let whole = run(&client, "cut", json!({})).await;
        let log = step(&whole, "a")["log"].as_str().unwrap_or_default().to_owned();
        assert_eq!((&whole["status"], &whole["failure"]["class"]), (&json!("failed"), &json!(class)), "{whole:#}");
        assert!(log.starts_with("so far\n"), "{whole:#}");
    }
}

#[tokio::test]
async fn a_step_can_ask_for_as_much_as_the_operator_gives() {
    let server = with_args(&["--code-memory-mib", "1024", "--code-seconds", "60", "--code-output-kib", "64"]).await;
    let client = server.client();
    let file = |more: &str| {
        format!(
            "id: limits\nsteps:\n  - id: a\n    uses: python\n    timeout: 50s\n    with:\n      code: output = len(bytearray(700 << 20))\n{more}"
        )
    };
    install(&client, &file("      memory_mib: 900\n")).await;
    let whole = run(&client, "limits", json!({})).await;
    assert_eq!(step(&whole, "a")["output"], json!(700 << 20), "{whole:#}");
    install(&client, &file("")).await;
    let whole = run(&client, "limits", json!({})).await;
    assert_eq!(step(&whole, "a")["error"]["class"], "out_of_memory", "{whole:#}");
    let greedy = file("      memory_mib: 2048\n      output_kib: 65\n").replace("50s", "61s");
    let answer = apply(&client, &greedy).await.expect(422).json();
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["steps[0].timeout", "steps[0].with.memory_mib", "steps[0].with.output_kib"], "{answer:#}");
    let body = json!({"language": "python", "code": "output = 'x' * 70000"});
    let done = client.post("/api/code/execute", &body).await.expect(200).json();
    assert_eq!(done["error"]["class"], "result_too_large", "{done:#}");
}

async fn validate(client: &Client, file: &str) -> Value {
    let request = client.request(Method::POST, "/api/workflows/validate").header("Content-Type", "application/yaml");
    Answer::of(request.body(file.to_owned())).await.expect(200).json()
}

/// Where code can't be run it can't be compiled: the file is taken, and who sends it learns that.
#[tokio::test]
async fn code_that_could_not_be_checked_is_saved_with_a_warning() {
    let server = with_args(&[]).await;
    let client = server.client();
    let file =
        "id: unchecked\nsteps:\n  - id: a\n    uses: javascript\n    with: {runtime: node, code: \"function main( {\"}\n";
    let applied = apply(&client, file).await.expect(201).json();
    let warning = &applied["warnings"][0];
    assert_eq!((&warning["code"], &warning["path"]), (&json!("code_unchecked"), &json!("steps[0].with.code")), "{applied:#}");
    assert!(warning["message"].as_str().unwrap().contains("code_node"), "{applied:#}");
    let found = validate(&client, file).await;
    assert_eq!((&found["valid"], &found["warnings"][0]["code"]), (&json!(true), &json!("code_unchecked")), "{found:#}");
    let whole = run(&client, "unchecked", json!({})).await;
    assert_eq!(step(&whole, "a")["error"]["class"], "sandbox_unavailable", "{whole:#}");
    let tried = json!({"language": "javascript", "runtime": "node", "code": "function main() {}"});
    let refused = client.post("/api/code/execute", &tried).await.expect(422).json();
    assert_eq!(refused["code"], "runtime_not_allowed", "{refused:#}");
    assert!(refused["detail"].as_str().unwrap().contains("code_node"), "{refused:#}");
    let fine = "id: checked\nsteps: [{id: a, uses: python, with: {code: output = 1}}]\n";
    let applied = apply(&client, fine).await.expect(201).json();
    assert_eq!(applied.get("warnings"), None, "{applied:#}");
}

#[tokio::test]
async fn the_sandbox_is_on_the_metrics() {
    let server = server().await;
    let client = server.client();
    let body = json!({"language": "sql", "code": "SELECT nonsense"});
    let _ = client.post("/api/code/execute", &body).await.expect(200);
    let health = client.get("/healthz").await.expect(200).json();
    let level = format!("tidemill_sandbox_level {}", health["sandbox"]["level"].as_str().unwrap().trim_start_matches('L'));
    eventually_async("the metrics show the sandbox", || async {
        let text = client.get("/metrics").await.text;
        let has = |start: &str| text.lines().any(|line| line.starts_with(start) && !line.ends_with(" 0"));
        let all = ["tidemill_code_spares ", "tidemill_step_host_resident_memory_bytes ", "tidemill_code_spawn_seconds_count "];
        (has(&level)
            && has("tidemill_code_runs_total{engine=\"sql\",outcome=\"code_error\"} 1")
            && all.iter().all(|name| has(name)))
        .then_some(())
    })
    .await;
}
