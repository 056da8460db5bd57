//! Bad input gets a problem that says what to do; nothing of it is a fault of ours.

use std::sync::atomic::Ordering;

use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, endpoint};
use serde_json::json;
use tidemill_common::limits::API_BODY_BYTES;

use super::TestApp;
use crate::api::Envelope;

async fn post(app: &TestApp, path: &str, content_type: Option<&str>, body: impl Into<poem::Body>) -> super::Answer {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path.parse().unwrap())
        .header("Authorization", format!("Bearer {}", app.admin));
    if let Some(content_type) = content_type {
        request = request.content_type(content_type);
    }
    app.send(request.body(body)).await
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let app = TestApp::start().await;
    for (method, path, status, code) in [
        (Method::GET, "/nothing", 404, "not_found"),
        (Method::GET, "/api/nothing", 404, "not_found"),
        (Method::GET, "/api/workflows/nothing", 404, "not_found"),
        (Method::GET, "/api/workflows/nothing/versions/1", 404, "not_found"),
        (Method::GET, "/api/workflows/%00", 404, "not_found"),
        (Method::GET, "/api/executions/01890a5d-ac96-774b-bcce-b302099a8057", 404, "not_found"),
        (Method::PUT, "/api/user", 405, "method_not_allowed"),
        (Method::POST, "/healthz", 405, "method_not_allowed"),
        (Method::GET, "/api/executions/nonsense", 400, "bad_request"),
        (Method::GET, "/api/workflows/w/versions/x", 400, "bad_request"),
        (Method::GET, "/api/executions?limit=0", 400, "bad_request"),
        (Method::GET, "/api/executions?limit=201", 400, "bad_request"),
        (Method::GET, "/api/executions?limit=x", 400, "bad_request"),
        (Method::GET, "/api/executions?status=done", 400, "bad_request"),
        (Method::GET, "/api/executions?cursor=%25", 400, "bad_request"),
        (Method::GET, "/api/executions?workflow=nothing", 404, "not_found"),
        (Method::GET, "/api/workflows?cursor=AA", 400, "bad_request"),
        (Method::DELETE, "/api/secrets/%00", 404, "not_found"),
        (Method::GET, "/api/executions?workflow=%00", 404, "not_found"),
        (Method::GET, "/api/workflows/w/versions/99999999999", 400, "bad_request"),
        (Method::GET, "/api/workflows/w/versions/-1", 404, "not_found"),
    ] {
        let answer = app.ask(&app.admin, method, path, None).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{path} {}", answer.text);
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let app = TestApp::start().await;
    let json = Some("application/json");
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (content_type, body, status) in [
        (json, "", 400),
        (json, "{", 400),
        (json, "[]", 400),
        (json, r#"{"name":5}"#, 400),
        (json, r#"{"name":"a","name":"b"}"#, 400),
        (json, "{\"name\":\"a\\u0000b\"}", 400),
        (json, r#"{"name":""}"#, 400),
        (json, r#"{"name":"a","expires_in_days":0}"#, 400),
        (json, deep.as_str(), 400),
        (Some("text/plain"), r#"{"name":"a"}"#, 415),
        (None, r#"{"name":"a"}"#, 415),
    ] {
        let answer = post(&app, "/api/tokens", content_type, body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{} {}", body.get(..40).unwrap_or(body), answer.text);
        answer.problem();
    }
    let answer = post(&app, "/api/tokens", json, vec![b' '; API_BODY_BYTES + 1]).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"));
    let answer = post(&app, "/api/workflows/validate", Some("application/yaml"), vec![0xff, 0xfe]).await;
    assert_eq!(answer.problem(), "bad_request");
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let app = TestApp::start().await;
    let put = async |name: &str, value: &str| {
        app.ask(&app.admin, Method::PUT, &format!("/api/secrets/{name}"), Some(json!({"value": value}))).await
    };
    assert_eq!(put("shop", "canary-one").await.status, StatusCode::CREATED);
    assert_eq!(put("shop", "canary-two").await.status, StatusCode::OK);
    assert_eq!(put("Shop", "x").await.problem(), "bad_request");
    assert_eq!(put("empty", "").await.problem(), "bad_request");
    let list = app.get("/api/secrets").await;
    assert_eq!(list.json()["items"][0]["name"], "shop");
    assert!(!list.text.contains("canary"));
    let delete = async || app.ask(&app.admin, Method::DELETE, "/api/secrets/shop", None).await;
    assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete().await.problem(), "not_found");
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_request_id_is_kept_when_harmless() {
    let panics =
        endpoint::make_sync::<_, _, poem::Response>(|_| panic!("in a handler")).with(Envelope(std::sync::Arc::default()));
    for (given, kept) in [("a-1_B.2", true), ("a b", false), ("", false), (&*"x".repeat(65), false)] {
        let response = panics.call(Request::builder().header("X-Request-Id", given).finish()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id == given, kept, "{given}");
        let text = response.into_body().into_string().await.unwrap();
        assert!(text.contains(&id) && !text.contains("in a handler"), "{text}");
    }
}

#[tokio::test]
async fn without_a_database_the_server_says_when_to_come_back() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/readyz").await.json()["status"], "ready");
    app.database.execute("UPDATE pg_database SET datallowconn = false WHERE datname = current_database()");
    app.database.execute_elsewhere("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    for path in ["/readyz", "/api/user", "/api/workflows"] {
        let answer = app.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (503, "database_unavailable"),
            "{path} {}",
            answer.text
        );
        assert_ne!(answer.header("retry-after"), "");
    }
    app.database.execute_elsewhere("UPDATE pg_database SET datallowconn = true WHERE datname = '{name}'");
    while app.get("/readyz").await.status != StatusCode::OK {}
    app.draining.store(true, Ordering::Relaxed);
    assert_eq!(app.get("/readyz").await.problem(), "draining");
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}
