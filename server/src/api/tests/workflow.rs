//! Workflows through the API: applied, versioned, activated, deleted.

use poem::Request;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, TestApp};

async fn put(app: &TestApp, id: &str, yaml: &str, if_match: Option<&str>) -> Answer {
    let mut request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/api/workflows/{id}").parse().unwrap())
        .header("Authorization", format!("Bearer {}", app.admin))
        .content_type("application/yaml");
    if let Some(etag) = if_match {
        request = request.header("If-Match", etag);
    }
    app.send(request.body(yaml.to_owned())).await
}

fn yaml(name: &str) -> String {
    format!(
        "id: w\nname: {name}\nsteps:\n  - {{id: a, uses: transform, with: {{x: 1}}}}\n  - {{id: b, uses: transform, with: {{y: 2}}}}\n"
    )
}

#[tokio::test]
async fn a_file_becomes_versions() {
    let app = TestApp::start().await;
    let first = put(&app, "w", &yaml("One"), None).await;
    assert_eq!((first.status, first.header("etag")), (StatusCode::CREATED, "\"1\""), "{}", first.text);
    let same = put(&app, "w", &yaml("One"), None).await;
    assert_eq!((same.status, &same.json()["outcome"]), (StatusCode::OK, &json!("unchanged")));
    let second = put(&app, "w", &yaml("Two"), Some("\"1\"")).await;
    assert_eq!((second.header("etag"), &second.json()["workflow"]["name"]), ("\"2\"", &json!("Two")));
    assert_eq!(put(&app, "w", &yaml("Three"), Some("\"1\"")).await.problem(), "version_mismatch");
    assert_eq!(put(&app, "w", &yaml("Three"), Some("nonsense")).await.problem(), "bad_request");
    let detail = app.get("/api/workflows/w").await;
    assert_eq!(detail.header("etag"), "\"2\"");
    assert_eq!(detail.json()["source"], yaml("Two"));
    assert_eq!(detail.json()["steps"][1], json!({"id": "b", "uses": "transform", "depends_on": ["a"]}));
    let versions = app.get("/api/workflows/w/versions").await.json();
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.get("/api/workflows/w/versions/1").await.json()["source"], yaml("One"));
    assert_eq!(app.get("/api/workflows/w/versions/3").await.problem(), "not_found");
}

#[tokio::test]
async fn a_broken_file_is_told_everything_at_once() {
    let app = TestApp::start().await;
    let broken =
        "id: w\nsteps:\n  - {id: a, uses: nonsense}\n  - {id: b, uses: transform, with: {x: \"{{ steps.zz.output }}\"}}\n";
    let answer = put(&app, "w", broken, None).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "workflow_invalid"));
    assert!(answer.json()["errors"].as_array().unwrap().len() >= 2, "{}", answer.text);
    let other = put(&app, "other", &yaml("One"), None).await;
    assert_eq!(other.json()["errors"][0]["code"], "id_mismatch");
    let nul = put(&app, "w", "id: w\nname: a\0b\n", None).await;
    assert_eq!((&nul.json()["errors"][0]["line"], &nul.json()["errors"][0]["column"]), (&json!(2), &json!(8)));
    let escaped = put(
        &app,
        "w",
        "{\"id\": \"w\", \"name\": \"a\\u0000b\", \"steps\": [{\"id\": \"a\", \"uses\": \"transform\", \"with\": {\"x\": 1}}]}",
        None,
    )
    .await;
    assert_eq!(escaped.problem(), "workflow_invalid");
    let checked = app.post("/api/workflows/validate", json!({"id": "w"})).await.json();
    assert_eq!(checked["valid"], false);
}

fn webhook(path: &str) -> Value {
    json!([{"id": "hook", "type": "webhook", "path": path}, {"id": "nightly", "type": "schedule", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}])
}

#[tokio::test]
async fn activation_makes_triggers_live_and_paths_belong_to_one_workflow() {
    let app = TestApp::start().await;
    for id in ["one", "two"] {
        let applied = app.apply(id, webhook("orders/new")).await;
        assert_eq!(applied.status, StatusCode::CREATED, "{}", applied.text);
        assert_eq!(applied.json()["workflow"]["triggers"][0]["path"], "/hooks/main/orders/new");
    }
    let live = app.ask(&app.admin, Method::POST, "/api/workflows/one/activate", None).await.json();
    assert_eq!(live["active_version"], 1, "{live}");
    assert!(live["triggers"][1]["next_at"].is_string(), "{live}");
    let taken = app.post("/api/workflows/two/activate", json!({})).await;
    assert_eq!(taken.problem(), "conflict");
    assert!(taken.json()["detail"].as_str().unwrap().contains("`one`"), "{}", taken.text);
    assert_eq!(app.post("/api/workflows/one/activate", json!({"version": 9})).await.problem(), "not_found");
    let quiet = app.post("/api/workflows/one/deactivate", json!({})).await.json();
    assert_eq!((quiet.get("active_version"), quiet["triggers"][1].get("next_at")), (None, None));
    assert_eq!(app.post("/api/workflows/two/activate", json!({"version": 1})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn lists_come_in_pages_and_deleted_workflows_are_gone() {
    let app = TestApp::start().await;
    for id in ["c", "a", "b"] {
        app.apply(id, json!([])).await;
    }
    let first = app.get("/api/workflows?limit=2").await.json();
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ["a", "b"]);
    let next = format!("/api/workflows?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = app.get(&next).await.json();
    assert_eq!((ids(&second), second.get("next_cursor")), (vec![json!("c")], None));
    assert_eq!(app.ask(&app.admin, Method::DELETE, "/api/workflows/b", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/workflows/b").await.problem(), "not_found");
    assert_eq!(app.ask(&app.admin, Method::DELETE, "/api/workflows/b", None).await.problem(), "not_found");
    let again = app.apply("b", json!([])).await;
    assert_eq!(again.header("etag"), "\"1\"");
}
