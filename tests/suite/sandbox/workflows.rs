//! Code steps in workflows, and code that is tried out, through the API of the real server.

use serde_json::json;
use tidemill_common::step_protocol::Level;
use tidemill_harness::{ServerOptions, Storage, TestServer};

use crate::scene::{BINARY, apply, install, run, server};

const FILE: &str = r#"id: codes
steps:
  - id: numbers
    uses: python
    with:
      code: |
        def main(input):
            print("hello")
            return [{"n": n, "square": n * n} for n in range(input["count"])]
      input: {count: "{{ inputs.count }}"}
  - id: large
    uses: sql
    with:
      code: SELECT n, square FROM numbers WHERE square > :least ORDER BY n
      input: {numbers: "{{ steps.numbers.output }}", least: 3}
  - id: sum
    uses: javascript
    with:
      code: "export default (input) => ({sum: input.rows.reduce((sum, row) => sum + row.square, 0)})"
      input: {rows: "{{ steps.large.output }}"}
output: "{{ steps.sum.output }}"
"#;

#[tokio::test]
async fn three_languages_work_on_one_execution() {
    let server = server().await;
    let client = server.client();
    install(&client, FILE).await;
    let whole = run(&client, "codes", json!({"count": 4})).await;
    assert_eq!((&whole["status"], &whole["output"]), (&json!("succeeded"), &json!({"sum": 13})), "{whole:#}");
    let health = client.get("/healthz").await.expect(200).json();
    assert_eq!(health["sandbox"]["available"], json!(true), "{health:#}");
    assert!(health["sandbox"]["level"].as_str().unwrap().parse::<Level>().unwrap() >= Level::L2);
}

const REPEATED: &str = r#"id: repeated
steps:
  - id: squares
    uses: python
    for_each: {items: [1, 2, 3], concurrency: 2}
    with:
      code: output = input * input
      input: "{{ item }}"
  - id: doubled
    uses: javascript
    while: {condition: "index < 3", max_iterations: 5}
    with:
      code: "export default (input) => (input ?? 1) * 2"
      input: "{{ last }}"
output: {squares: "{{ steps.squares.output }}", doubled: "{{ steps.doubled.output }}"}
"#;

#[tokio::test]
async fn code_is_run_once_for_each_iteration() {
    let server = server().await;
    let client = server.client();
    install(&client, REPEATED).await;
    let whole = run(&client, "repeated", json!({})).await;
    let expected = json!({"squares": [1, 4, 9], "doubled": [2, 4, 8]});
    assert_eq!((&whole["status"], &whole["output"]), (&json!("succeeded"), &expected), "{whole:#}");
}

#[tokio::test]
async fn code_that_is_none_is_refused_with_its_place() {
    let server = server().await;
    let client = server.client();
    let file = "id: wrong\nsteps:\n  - id: a\n    uses: python\n    with:\n      code: |\n        x = 1\n        def main(:\n  - id: b\n    uses: javascript\n    with: {code: \"function main( {\"}\n  - id: c\n    uses: sql\n    with: {code: \"SELEC 1\"}\n";
    let answer = apply(&client, file).await.expect(422).json();
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3, "{answer:#}");
    assert!(errors.iter().all(|error| error["code"] == "invalid_code"), "{answer:#}");
    assert_eq!((&errors[0]["line"], &errors[0]["path"]), (&json!(8), &json!("steps[0].with.code")), "{answer:#}");
}

#[tokio::test]
async fn a_piece_of_code_is_tried_out() {
    let server = server().await;
    let client = server.client();
    let body = json!({"language": "python", "code": "print(1)\noutput = input['a']", "input": {"a": [1, 2]}});
    let done = client.post("/api/code/execute", &body).await.expect(200).json();
    assert_eq!(
        (&done["status"], &done["output"], &done["log"]),
        (&json!("succeeded"), &json!([1, 2]), &json!("1\n")),
        "{done:#}"
    );
    let body = json!({"language": "python", "code": "import socket"});
    let done = client.post("/api/code/execute", &body).await.expect(200).json();
    assert_eq!((&done["status"], &done["error"]["class"]), (&json!("failed"), &json!("sandbox_denied")), "{done:#}");
    let body = json!({"language": "javascript", "code": "for (;;);", "timeout_ms": 200});
    let done = client.post("/api/code/execute", &body).await.expect(200).json();
    assert_eq!(done["error"]["class"], json!("timeout"), "{done:#}");
    let _ = client.anonymous().post("/api/code/execute", &body).await.expect(401);
}

#[tokio::test]
async fn below_the_level_that_is_asked_for_code_is_refused() {
    let args = vec!["--code-level".to_owned(), "L3".to_owned()];
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Shared }).await;
    let client = server.client();
    let body = json!({"language": "python", "code": "output = 1"});
    let refused = client.post("/api/code/execute", &body).await;
    let health = client.get("/healthz").await.expect(200).json();
    // Where control groups can be used, L3 may be reached, and then the code runs.
    let expected = if health["sandbox"]["level"] == "L3" { 200 } else { 503 };
    assert_eq!(refused.status, expected, "{}", refused.text);
}
