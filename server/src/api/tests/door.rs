//! Nobody comes in without a token, and nobody does more than the role allows.

use poem::Request;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use tidemill_common::api::workspace::Role;

use super::TestApp;
use crate::api::openapi_document;
use crate::auth::policy::{Operation, covers};

/// Each operation that needs a token, with a method and an address that exist.
fn guarded() -> Vec<(Operation, Method, String)> {
    let document: Value = serde_json::from_str(&openapi_document()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            if let Some(operation) = Operation::ALL.iter().find(|row| row.id() == id) {
                let nobody = if path.contains("executions/{id}") || path.contains("tokens/{id}") {
                    "01890a5d-ac96-774b-bcce-b302099a8057"
                } else {
                    "missing"
                };
                let path = path.replace("{id}", nobody).replace("{name}", "missing").replace("{version}", "1");
                found.push((*operation, method.to_uppercase().parse().unwrap(), path));
            }
        }
    }
    found
}

#[tokio::test]
async fn without_a_valid_token_every_operation_answers_401() {
    let app = TestApp::start().await;
    let expired = app.token(Role::Admin).await;
    app.database.execute("UPDATE tidemill.tokens SET expires_at = now() - interval '1 second' WHERE name = 'test'");
    let revoked = app.token(Role::Admin).await;
    app.database.execute("UPDATE tidemill.tokens SET revoked_at = now() WHERE expires_at IS NULL AND name = 'test'");
    let unknown = crate::auth::Secret::generate().unwrap().reveal().to_owned();
    for (operation, method, path) in guarded() {
        for token in [&expired, &revoked, &unknown, "", "tm_garbage", "ä"] {
            let answer = app.ask(token, method.clone(), &path, Some(json!({}))).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} {token}", operation.id());
            assert_eq!(answer.problem(), "unauthenticated");
        }
        let bare = app.send(Request::builder().method(method).uri(path.parse().unwrap()).finish()).await;
        assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
        assert!(!bare.header("www-authenticate").is_empty());
    }
}

#[tokio::test]
async fn a_role_does_what_the_table_says_and_no_more() {
    let app = TestApp::start().await;
    for role in [Role::Viewer, Role::Editor, Role::Admin] {
        let token = app.token(role).await;
        for (operation, method, path) in guarded() {
            let body = match operation {
                Operation::SecretPut => json!({"value": "x"}),
                Operation::TokenCreate => json!({"name": "x"}),
                Operation::WorkspaceCreate => json!({"slug": "x"}),
                Operation::DeadLetterDiscard => json!({"reason": "x"}),
                Operation::CodeExecute => json!({"language": "python", "code": "output = 1"}),
                _ => json!({}),
            };
            let answer = app.ask(&token, method, &path, Some(body)).await;
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(forbidden, !covers(role, operation.least_role()), "{} {role:?} {}", operation.id(), answer.text);
        }
    }
}

#[tokio::test]
async fn tricks_with_the_address_open_nothing() {
    let app = TestApp::start().await;
    for path in [
        "//healthz",
        "/./healthz",
        "/api/user/",
        "/healthz/../api/user",
        "/%2e/api/user",
        "/API/USER",
        "/api/user;/healthz",
        "/docs/../api/user",
        "/hooks/../api/user",
        "/hooks/%2e%2e/api/user",
        "/api/workflows/openapi.json",
        "/api/executions/healthz",
    ] {
        let answer =
            app.send(Request::builder().uri(path.parse().unwrap()).header("X-Original-URL", "/healthz").finish()).await;
        assert!(matches!(answer.status.as_u16(), 401 | 404), "{path} {}", answer.status);
        answer.problem();
    }
}

#[tokio::test]
async fn the_public_list_answers_without_a_token() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz", "/metrics", "/docs", "/api/openapi.json", "/api/schema/workflow"] {
        let answer = app.send(Request::builder().uri(path.parse().unwrap()).finish()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
    }
}

#[tokio::test]
async fn a_token_acts_on_another_workspace_only_as_its_member() {
    let app = TestApp::start().await;
    assert_eq!(app.post("/api/workspaces", json!({"slug": "second"})).await.status, StatusCode::CREATED);
    assert_eq!(app.post("/api/workspaces", json!({"slug": "second"})).await.problem(), "conflict");
    assert_eq!(app.apply("w", json!([])).await.status, StatusCode::CREATED);
    let ask = async |workspace: &str, path: &str| {
        let request = Request::builder().uri(path.parse().unwrap()).header("Authorization", format!("Bearer {}", app.admin));
        app.send(request.header("Tidemill-Workspace", workspace).header("X-Request-Id", "same").finish()).await
    };
    let account = ask("second", "/api/user").await.json();
    assert_eq!(account["workspace"]["slug"], "second");
    let by_id = account["workspace"]["id"].as_str().unwrap();
    assert_eq!(ask(by_id, "/api/user").await.json()["workspace"]["slug"], "second");
    // What another workspace has is missing here, to the byte.
    let (foreign, missing) = (ask("second", "/api/workflows/w").await, ask("second", "/api/workflows/nothing").await);
    assert_eq!((foreign.status, foreign.text), (missing.status, missing.text.clone()));
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(ask("nowhere", "/api/user").await.problem(), "not_found");
    assert_eq!(ask("SECOND", "/api/user").await.problem(), "not_found");
}

#[tokio::test]
async fn a_revoked_token_stops_at_once_and_a_new_one_never_outranks_its_maker() {
    let app = TestApp::start().await;
    let made = app.post("/api/tokens", json!({"name": "ci", "role": "editor"})).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let (secret, id) =
        (made.json()["secret"].as_str().unwrap().to_owned(), made.json()["token"]["id"].as_str().unwrap().to_owned());
    assert_eq!(app.ask(&secret, Method::GET, "/api/user", None).await.json()["workspace"]["role"], "editor");
    assert!(!app.get("/api/tokens").await.text.contains(&secret));
    let gone = app.ask(&app.admin, Method::DELETE, &format!("/api/tokens/{id}"), None).await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(app.ask(&secret, Method::GET, "/api/user", None).await.problem(), "unauthenticated");
    let again = app.ask(&app.admin, Method::DELETE, &format!("/api/tokens/{id}"), None).await;
    assert_eq!(again.problem(), "not_found");
    let editor = app.token(Role::Editor).await;
    assert_eq!(
        app.ask(&editor, Method::POST, "/api/tokens", Some(json!({"name": "x", "role": "admin"}))).await.problem(),
        "forbidden"
    );
}
