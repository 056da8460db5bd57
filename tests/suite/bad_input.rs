//! Nonsense gets a 4xx that says what is wrong. It never gets a 5xx, and never takes the server down.

use reqwest::Method;
use serde_json::json;
use tidemill_harness::{Answer, Client, eventually_async};

use crate::scene::{install, problem, server};

const FILE: &str = "id: w\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ trigger.body }}\"}}\n";

async fn send(client: &Client, method: Method, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    Answer::of(client.request(method, path).header("Content-Type", media_type).body(body)).await
}

/// Bodies that are not JSON, or JSON that nobody should send.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("depth", "[".repeat(100_000).into_bytes()),
        ("closed depth", format!("{{\"input\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()),
        ("object depth", "{\"a\":".repeat(100_000).into_bytes()),
        ("a NUL", b"{\"input\": \"a\0b\"}".to_vec()),
        ("a duplicate key", br#"{"input": 1, "input": 2}"#.to_vec()),
        ("a lone surrogate", br#"{"input": "\ud800"}"#.to_vec()),
        ("a huge number", br#"{"input": 1e999}"#.to_vec()),
        ("not UTF-8", b"{\"input\": \"\xff\xfe\"}".to_vec()),
        ("nothing", Vec::new()),
        ("a half", br#"{"input": "#.to_vec()),
        ("a text", br#""input""#.to_vec()),
        ("a tail", br#"{"input": 1} x"#.to_vec()),
        ("a wrong type", br#"{"version": "one"}"#.to_vec()),
        ("a large version", br#"{"version": 99999999999999999999}"#.to_vec()),
    ]
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    let server = server().await;
    let client = server.client();
    install(&client, FILE).await;
    for (what, body) in bodies() {
        for path in [
            "/api/workflows/w/executions",
            "/api/workflows/w/activate",
            "/api/tokens",
            "/api/workspaces",
            "/api/workflows/validate",
        ] {
            let answer = send(&client, Method::POST, path, "application/json", body.clone()).await;
            if answer.status < 300 {
                // A body may be left out, unknown fields are ignored, and validation answers with what is wrong.
                assert!(
                    what == "nothing"
                        || what == "a wrong type"
                        || what == "a large version"
                        || path.ends_with("activate")
                        || path.ends_with("validate"),
                    "{what} {path}"
                );
                continue;
            }
            assert!((400..500).contains(&answer.status), "{what} {path}: {} {}", answer.status, answer.text);
            problem(&answer);
        }
    }
    let _ = client.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn hostile_files_are_refused() {
    let server = server().await;
    let client = server.client();
    let large = format!("id: w\nname: {}\n", "x".repeat(2 * 1024 * 1024));
    let bomb = format!("a: &a [x]\n{}", (0..40).map(|n| format!("b{n}: &b{n} [*a, *a]\n")).collect::<String>());
    let yaml_depth = format!("id: w\nsteps: {}", "[".repeat(100_000));
    let many = format!(
        "id: w\nsteps:\n{}",
        (0..501).map(|n| format!("  - {{id: s{n}, uses: transform, with: {{}}}}\n")).collect::<String>()
    );
    let long = format!(
        "id: w\nsteps:\n  - {{id: a, uses: transform, with: {{x: \"{{{{ {}1{} }}}}\"}}}}\n",
        "(".repeat(5000),
        ")".repeat(5000)
    );
    for (what, file, status) in [
        ("2 MiB", large, 413),
        ("anchors", bomb, 422),
        ("depth", yaml_depth, 422),
        ("501 steps", many, 422),
        ("parentheses", long, 422),
        ("a NUL", "id: w\0".to_owned(), 422),
        ("nothing", String::new(), 422),
        ("only a comment", "# nothing".to_owned(), 422),
        ("two documents", "id: w\n---\nid: w\n".to_owned(), 422),
        ("broken", "id: [w\n steps: }".to_owned(), 422),
        ("a duplicate key", format!("{FILE}id: w\n"), 422),
        ("a cycle", "id: w\nsteps:\n  - {id: a, uses: transform, with: {}, depends_on: [a]}\n".to_owned(), 422),
    ] {
        // A server that refuses a body before it has read it may close the connection while the client still sends.
        let answer = eventually_async("there is an answer", || async {
            let request = client.request(Method::PUT, "/api/workflows/w").header("Content-Type", "application/yaml");
            Answer::try_of(request.body(file.clone())).await.ok()
        })
        .await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        problem(&answer);
        if status == 422 {
            let error = answer.json()["errors"][0].clone();
            assert!(error["line"].as_u64() >= Some(1) && !error["message"].as_str().unwrap().is_empty(), "{what}: {error}");
        }
    }
    let answer = send(&client, Method::PUT, "/api/workflows/w", "text/html", FILE).await;
    assert_eq!((answer.status, problem(&answer).as_str()), (415, "unsupported_media_type"));
    assert_eq!(client.get("/api/workflows").await.json()["items"], json!([]));
}

#[tokio::test]
async fn addresses_that_make_no_sense_are_refused() {
    let server = server().await;
    let client = server.client();
    install(&client, FILE).await;
    for path in [
        "/api/executions/nonsense",
        "/api/executions/%00",
        "/api/executions/%ff",
        "/api/workflows/%00",
        "/api/workflows/%ff%fe",
        "/api/workflows/..%2f..%2fetc",
        "/api/workflows/w/versions/0",
        "/api/workflows/w/versions/-1",
        "/api/workflows/w/versions/99999999999",
        "/api/executions?limit=0",
        "/api/executions?limit=-1",
        "/api/executions?limit=99999999999999999999",
        "/api/executions?limit=x",
        "/api/executions?status=nonsense",
        "/api/executions?status=%00",
        "/api/executions?workflow=%00",
        "/api/executions?cursor=%00",
        "/api/executions?cursor=AAAA",
        "/api/workflows?cursor=%00",
        "/api/executions/01890a5d-ac96-774b-bcce-b302099a8057/events?after=-1",
        "/api/executions/01890a5d-ac96-774b-bcce-b302099a8057/events?after=99999999999",
        "/api/nothing",
        "/nothing%00",
    ] {
        let answer = client.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {} {}", answer.status, answer.text);
        problem(&answer);
    }
    for (method, path) in [
        (Method::PATCH, "/api/executions"),
        (Method::DELETE, "/api/executions"),
        (Method::PUT, "/api/executions"),
        (Method::POST, "/healthz"),
        (Method::OPTIONS, "/api/workflows/w"),
        (Method::TRACE, "/api/user"),
    ] {
        let answer = Answer::of(client.request(method.clone(), path)).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (405, "method_not_allowed"), "{method} {path}");
    }
    for key in ["", &"k".repeat(300), "ä"] {
        let request = client.request(Method::POST, "/api/workflows/w/executions").header("Idempotency-Key", key);
        let answer = Answer::of(request.json(&json!({}))).await;
        assert!(answer.status == 201 || problem(&answer) == "bad_request", "{key}: {} {}", answer.status, answer.text);
    }
    let _ = client.get("/readyz").await.expect(200);
}
