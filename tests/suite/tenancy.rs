//! What belongs to another workspace is not there; without a token nothing is; a viewer changes nothing.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client};

use crate::scene::{apply, install, problem, run, secret, server, text};

const FILE: &str =
    "id: mine\ntriggers: [{id: t, type: webhook, path: mine}]\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n";

/// Asks in another workspace, with a fixed request id so that answers can be compared byte by byte.
async fn ask(client: &Client, workspace: &str, method: &Method, path: &str) -> Answer {
    let request = client.request(method.clone(), path).header("Tidemill-Workspace", workspace).header("X-Request-Id", "same");
    Answer::of(if *method == Method::GET { request } else { request.json(&json!({})) }).await
}

#[tokio::test]
async fn every_id_of_another_workspace_looks_like_a_missing_one() {
    let server = server().await;
    let client = server.client();
    let _ = client.post("/api/workspaces", &json!({"slug": "second"})).await.expect(201);
    install(&client, FILE).await;
    secret(&client, "shop", "x").await;
    let execution = text(&run(&client, "mine", json!({})).await["id"]);
    let token = text(&client.post("/api/tokens", &json!({"name": "ci"})).await.expect(201).json()["token"]["id"]);
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (method, path, own, missing) in [
        (Method::GET, "/api/executions/{}", execution.as_str(), nobody),
        (Method::GET, "/api/executions/{}/events", &execution, nobody),
        (Method::POST, "/api/executions/{}/cancel", &execution, nobody),
        (Method::GET, "/api/workflows/{}", "mine", "nothing"),
        (Method::GET, "/api/workflows/{}/versions", "mine", "nothing"),
        (Method::GET, "/api/workflows/{}/versions/1", "mine", "nothing"),
        (Method::POST, "/api/workflows/{}/activate", "mine", "nothing"),
        (Method::POST, "/api/workflows/{}/deactivate", "mine", "nothing"),
        (Method::POST, "/api/workflows/{}/executions", "mine", "nothing"),
        (Method::DELETE, "/api/workflows/{}", "mine", "nothing"),
        (Method::DELETE, "/api/secrets/{}", "shop", "nothing"),
        (Method::DELETE, "/api/tokens/{}", &token, nobody),
        (Method::GET, "/api/executions?workflow={}", "mine", "nothing"),
    ] {
        let foreign = ask(&client, "second", &method, &path.replace("{}", own)).await;
        let absent = ask(&client, "second", &method, &path.replace("{}", missing)).await;
        assert_eq!((foreign.status, problem(&foreign).as_str()), (404, "not_found"), "{method} {path}: {}", foreign.text);
        assert_eq!((foreign.status, &foreign.text), (absent.status, &absent.text), "{method} {path}");
    }
    for path in ["/api/workflows", "/api/executions", "/api/secrets", "/api/tokens"] {
        let items = ask(&client, "second", &Method::GET, path).await.expect(200).json()["items"].clone();
        assert_eq!(items, Value::Array(Vec::new()), "{path}");
    }
    // The same names are free there, and what is ours is still ours.
    let request = client.request(Method::PUT, "/api/workflows/mine").header("Tidemill-Workspace", "second");
    let _ = Answer::of(request.header("Content-Type", "application/yaml").body(FILE)).await.expect(201);
    assert_eq!(client.get("/api/workflows/mine").await.expect(200).json()["version"], 1);
    let elsewhere = client.anonymous().post("/hooks/second/mine", &json!({})).await;
    assert_eq!(elsewhere.status, 404, "active in one workspace is not active in the other");
    let unknown = ask(&client, "nowhere", &Method::GET, "/api/user").await;
    assert_eq!(problem(&unknown), "not_found");
}

/// Method and address of each operation that needs a token, as the published document has them.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("security").is_some() {
                let nobody = if path.contains("workflows/{id}") { "missing" } else { "01890a5d-ac96-774b-bcce-b302099a8057" };
                let path = path.replace("{id}", nobody).replace("{name}", "missing").replace("{version}", "1");
                found.push((method.to_uppercase().parse().unwrap(), path));
            }
        }
    }
    found
}

#[tokio::test]
async fn no_operation_answers_without_a_valid_token() {
    let server = server().await;
    let client = server.client();
    let document = client.get("/api/openapi.json").await.expect(200).json();
    let operations = operations(&document);
    assert!(operations.len() > 20, "{operations:?}");
    let garbage = format!("{}x", server.token());
    for (method, path) in operations {
        for asker in [client.anonymous(), client.with_token(&garbage), client.with_token("tm_"), client.with_token("ä")] {
            let answer = Answer::of(asker.request(method.clone(), &path).json(&json!({}))).await;
            assert_eq!((answer.status, problem(&answer).as_str()), (401, "unauthenticated"), "{method} {path}");
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let server = server().await;
    let client = server.client();
    install(&client, FILE).await;
    let made = client.post("/api/tokens", &json!({"name": "look", "role": "viewer"})).await.expect(201).json();
    let viewer = client.with_token(&text(&made["secret"]));
    for path in ["/api/user", "/api/workflows", "/api/workflows/mine", "/api/executions"] {
        let _ = viewer.get(path).await.expect(200);
    }
    let mut refused = vec![apply(&viewer, FILE).await];
    for path in ["/api/workflows/mine/activate", "/api/workflows/mine/deactivate", "/api/workflows/mine/executions"] {
        refused.push(viewer.post(path, &json!({})).await);
    }
    refused.push(viewer.delete("/api/workflows/mine").await);
    refused.push(viewer.post("/api/tokens", &json!({"name": "more", "role": "admin"})).await);
    refused.push(viewer.post("/api/workspaces", &json!({"slug": "more"})).await);
    refused.push(Answer::of(viewer.request(Method::PUT, "/api/secrets/shop").json(&json!({"value": "x"}))).await);
    for answer in refused {
        assert_eq!((answer.status, problem(&answer).as_str()), (403, "forbidden"), "{}", answer.text);
    }
    assert_eq!(client.get("/api/workflows/mine").await.json()["active_version"], 1);
}
