//! A request that comes twice with the same key is carried out once.

use poem::Request;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, TestApp};

async fn post(app: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path.parse().unwrap())
        .header("Authorization", format!("Bearer {}", app.admin))
        .header("Idempotency-Key", key)
        .content_type("application/json");
    app.send(request.body(body.to_string())).await
}

#[tokio::test]
async fn the_reply_of_the_first_is_the_reply_of_the_second() {
    let app = TestApp::start().await;
    let body = json!({"slug": "second"});
    let first = post(&app, "k1", "/api/workspaces", &body).await;
    let second = post(&app, "k1", "/api/workspaces", &body).await;
    assert_eq!((first.status, &first.text), (StatusCode::CREATED, &second.text));
    assert_eq!((second.status, second.header("idempotency-replayed")), (StatusCode::CREATED, "true"));
    let other = post(&app, "k1", "/api/workspaces", &json!({"slug": "third"})).await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "idempotency_mismatch"));
    let elsewhere = post(&app, "k1", "/api/tokens", &body).await;
    assert_eq!(elsewhere.problem(), "idempotency_mismatch");
    assert_eq!(post(&app, "", "/api/workspaces", &body).await.problem(), "bad_request");
    app.database.execute("UPDATE tidemill.idempotency_keys SET created_at = created_at - interval '25 hours'");
    assert_eq!(post(&app, "k1", "/api/workspaces", &body).await.problem(), "conflict");
}

#[tokio::test]
async fn a_key_in_flight_is_a_conflict_and_an_abandoned_one_is_free_again() {
    let app = TestApp::start().await;
    app.apply("w", json!([])).await;
    let path = "/api/workflows/w/executions";
    let first = post(&app, "k", path, &json!({})).await.json();
    app.database.execute("UPDATE tidemill.idempotency_keys SET status = NULL");
    assert_eq!(post(&app, "k", path, &json!({})).await.problem(), "idempotency_in_flight");
    app.database.execute("UPDATE tidemill.idempotency_keys SET created_at = created_at - interval '2 minutes'");
    // The server died before the reply was kept: the engine knows the key as well.
    let again = post(&app, "k", path, &json!({})).await.json();
    assert_eq!(again["id"], first["id"]);
    assert_eq!(app.engine.starts.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_may_succeed_later_is_not_kept() {
    let app = TestApp::start().await;
    app.apply("w", json!([])).await;
    app.engine.full.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(post(&app, "k", "/api/workflows/w/executions", &json!({})).await.problem(), "overloaded");
    app.engine.full.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(post(&app, "k", "/api/workflows/w/executions", &json!({})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_secret_is_never_kept_with_the_reply() {
    let app = TestApp::start().await;
    let body = json!({"name": "ci"});
    let first = post(&app, "k", "/api/tokens", &body).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let second = post(&app, "k", "/api/tokens", &body).await;
    assert_eq!((second.status.as_u16(), second.problem().as_str()), (409, "conflict"));
    app.database.execute("SELECT 1 / (count(*) = 0)::integer FROM tidemill.idempotency_keys WHERE body IS NOT NULL");
}
