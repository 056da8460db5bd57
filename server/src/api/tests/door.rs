//! Nobody comes in without a token, and nobody does more than the role allows.

use poem::Request;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use tidemill_common::api::workspace::Role;

use super::TestApp;
use crate::api::openapi_document;
use crate::auth::policy::{Operation, Scope, covers};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What stands for nothing in a place of an address. A new kind of place must say what it is.
fn missing(path: &str, place: &str) -> &'static str {
    match place {
        "{name}" | "{trigger}" => "missing",
        "{version}" => "1",
        "{sha256}" => "00",
        "{id}" if path.starts_with("/api/workspaces/") => "main",
        "{id}" if path.starts_with("/api/workflows/") => "missing",
        "{id}" | "{user_id}" | "{invite_id}" | "{share_id}" | "{delivery}" => NOBODY,
        other => panic!("{path}: what stands for {other}?"),
    }
}

/// The places of an address: `{id}`.
fn places(path: &str) -> Vec<String> {
    path.split('/').filter(|part| part.starts_with('{')).map(str::to_owned).collect()
}

/// Each operation that needs a token, with its method and the pattern of its address.
fn patterns() -> Vec<(Operation, Method, String)> {
    let document: Value = serde_json::from_str(&openapi_document()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            if let Some(operation) = Operation::ALL.iter().find(|row| row.id() == id) {
                found.push((*operation, method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    found
}

/// Each operation that needs a token, with a method and an address that exist.
fn guarded() -> Vec<(Operation, Method, String)> {
    let filled =
        |path: &str| places(path).iter().fold(path.to_owned(), |made, place| made.replacen(place, missing(path, place), 1));
    patterns().into_iter().map(|(operation, method, path)| (operation, method, filled(&path))).collect()
}

/// A body that the operation reads. It need not lead anywhere.
fn body(operation: Operation) -> Value {
    match operation {
        Operation::SecretPut => json!({"value": "x"}),
        Operation::CredentialPut => json!({"type": "bearer", "hosts": ["example.com"], "secret": "x"}),
        Operation::TokenCreate | Operation::WorkspaceUpdate | Operation::OrganizationUpdate | Operation::AccountUpdate => {
            json!({"name": "x"})
        }
        Operation::SubscriptionCreate => json!({"url": "https://hooks.example.com", "events": ["member_added"]}),
        Operation::WorkspaceCreate => json!({"slug": "x"}),
        Operation::OrganizationCreate => json!({"name": "x", "workspace": "y"}),
        Operation::DeadLetterDiscard => json!({"reason": "x"}),
        Operation::CodeExecute => json!({"language": "python", "code": "output = 1"}),
        Operation::MemberAdd => json!({"user_id": NOBODY, "role": "viewer"}),
        Operation::ExecutionBulkCreate => json!({"action": "cancel", "dry_run": true}),
        Operation::ExecutionDecide => json!({"outcome": "fail"}),
        Operation::UserUpdate => json!({"role": "member"}),
        Operation::ServiceAccountCreate => json!({"name": "x", "role": "viewer"}),
        Operation::MemberUpdate | Operation::InviteCreate => json!({"role": "viewer"}),
        Operation::ShareCreate => {
            json!({"object_kind": "workflow", "object_id": "missing", "user_id": NOBODY, "permission": "view"})
        }
        Operation::PlanPut => json!({"name": "x", "place": 77}),
        Operation::BillingSubscriptionCreate
        | Operation::PlanUpgrade
        | Operation::PlanDowngrade
        | Operation::CheckoutCreate => {
            json!({"plan": "missing"})
        }
        Operation::AcquisitionCostPut => json!({"month": "2026-11-01", "cents": 1}),
        Operation::AccountErase => json!({"confirm": "nobody"}),
        Operation::PasswordChange => json!({"password": "short"}),
        Operation::TotpConfirm | Operation::TotpDisable => json!({"code": "1"}),
        Operation::DeviceApprove => json!({"user_code": "BBBB-BBBB", "approve": false}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn without_a_valid_token_every_operation_answers_401() {
    let app = TestApp::start().await;
    let expired = app.token(Role::Admin).await;
    app.database.execute("UPDATE tidemill.tokens SET expires_at = now() - interval '1 second' WHERE name = 'test'");
    let revoked = app.token(Role::Admin).await;
    app.database.execute("UPDATE tidemill.tokens SET revoked_at = now() WHERE expires_at IS NULL AND name = 'test'");
    let unknown = crate::auth::Secret::generate(crate::auth::Kind::Token).unwrap().reveal().to_owned();
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
    for role in [Role::Guest, Role::Viewer, Role::Editor, Role::Admin] {
        let token = app.token(role).await;
        for (operation, method, path) in guarded() {
            let answer = app.ask(&token, method, &path, Some(body(operation))).await;
            let may = match operation.scope() {
                Scope::Account => true,
                Scope::Workspace => covers(role, operation.least_role()),
                Scope::Organization | Scope::Server => role == Role::Admin,
            };
            // To a guest, what could be shared and is not is missing.
            let hidden = !may && role == Role::Guest && operation.permission().is_some();
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(forbidden, !may && !hidden, "{} {role:?} {}", operation.id(), answer.text);
            if hidden {
                let nothing = answer.status == StatusCode::NOT_FOUND || answer.json()["items"] == json!([]);
                assert!(nothing || answer.status == StatusCode::UNPROCESSABLE_ENTITY, "{} {}", operation.id(), answer.text);
            }
            // What was archived or deleted just now is not what the next operation is tried on.
            app.database.execute("UPDATE tidemill.workspaces SET archived_at = NULL, delete_after = NULL");
        }
    }
}

/// What `main` has in a place of an address.
fn of_main<'a>(app: &'a TestApp, path: &str, place: &str) -> &'a str {
    match place {
        "{user_id}" => &app.ids["user"],
        "{invite_id}" => &app.ids["invite"],
        "{share_id}" => &app.ids["share"],
        "{delivery}" => &app.ids["delivery"],
        "{name}" => "shop",
        "{trigger}" => "t",
        "{version}" => "1",
        "{sha256}" => "00",
        "{id}" => match path.split('/').nth(2).unwrap() {
            "workspaces" => &app.ids["workspace"],
            "organizations" => &app.ids["organization"],
            "workflows" => "w",
            "executions" => &app.ids["execution"],
            "tokens" => &app.ids["token"],
            "subscriptions" => &app.ids["subscription"],
            "sessions" => &app.ids["session"],
            "billing" if path.contains("/subscription/") => &app.ids["billing_subscription"],
            "billing" => &app.ids["invoice"],
            other => panic!("what of {other} does main have?"),
        },
        other => panic!("{path}: what stands for {other}?"),
    }
}

/// An address with `value` in one of its places; the workspace and organisation in others are the stranger's own.
fn filled(app: &TestApp, pattern: &str, (place, value): (usize, &str)) -> String {
    let mut at = 0;
    let part = |part: &str| {
        if !part.starts_with('{') {
            return part.to_owned();
        }
        at += 1;
        match part {
            _ if at - 1 == place => value.to_owned(),
            "{id}" if pattern.starts_with("/api/workspaces/") => "theirs".to_owned(),
            "{id}" if pattern.starts_with("/api/organizations/") => app.ids["their organization"].clone(),
            other => missing(pattern, other).to_owned(),
        }
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_id_of_another_organization_looks_like_a_missing_one() {
    let mut app = TestApp::start().await;
    let stranger = app.furnish().await;
    let ask = async |operation: Operation, method: &Method, path: String| {
        let request = Request::builder().method(method.clone()).uri(path.parse().unwrap()).header("X-Request-Id", "same");
        let request = request.header("Authorization", format!("Bearer {stranger}")).content_type("application/json");
        app.send(request.body(body(operation).to_string())).await
    };
    for (operation, method, pattern) in patterns() {
        // A name that is put is free everywhere.
        if matches!(operation, Operation::SecretPut | Operation::CredentialPut | Operation::WorkflowApply) {
            continue;
        }
        // What is for those who run the server is refused before anything is looked up.
        if operation.scope() == Scope::Server {
            continue;
        }
        for (place, name) in places(&pattern).iter().enumerate().filter(|(_, name)| *name != "{version}") {
            let is_workspace = name == "{id}" && pattern.starts_with("/api/workspaces/");
            let nothing = if is_workspace { NOBODY } else { missing(&pattern, name) };
            let foreign = ask(operation, &method, filled(&app, &pattern, (place, of_main(&app, &pattern, name)))).await;
            let absent = ask(operation, &method, filled(&app, &pattern, (place, nothing))).await;
            let id = operation.id();
            assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{id} {name}: {}", foreign.text);
            assert_eq!((foreign.status, foreign.text), (absent.status, absent.text), "{id} {name}");
        }
    }
    let kept = app.ask(&app.admin, Method::GET, "/api/workflows/w", None).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
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
