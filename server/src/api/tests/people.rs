//! People through the API: invited, signed in, given roles and shares, removed; and what is written down about it.

use poem::Request;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidemill_common::api::audit::AuditPage;
use tidemill_harness::eventually_async;

use super::{Answer, PASSWORD, TestApp};

const MAIN: &str = "/api/workspaces/main";

async fn get(app: &TestApp, token: &str, path: &str) -> Answer {
    app.ask(token, Method::GET, path, None).await
}

pub async fn me(app: &TestApp, token: &str) -> String {
    get(app, token, "/api/user").await.json()["user_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_invite_is_looked_at_freely_and_accepted_as_often_as_it_says() {
    let app = TestApp::start().await;
    let made = app.post(&format!("{MAIN}/invites"), json!({"role": "editor", "email": "Ann@Example.com"})).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::CREATED, "no-store"));
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let path = format!("/api/invites/{secret}");
    for _ in 0..2 {
        let shown = app.public(Method::GET, &path, json!({})).await.json();
        assert_eq!((&shown["role"], &shown["email"]), (&json!("editor"), &json!("ann@example.com")), "{shown}");
    }
    let accept = async |email: &str| app.public(Method::POST, &path, json!({"email": email, "password": PASSWORD})).await;
    assert_eq!(accept("eve@example.com").await.problem(), "conflict");
    let short = app.public(Method::POST, &path, json!({"email": "ann@example.com", "password": "short"})).await;
    assert_eq!(short.problem(), "bad_request");
    let session = app.accept(&secret, "ann@example.com").await;
    assert_eq!(get(&app, &session, "/api/user").await.json()["workspace"]["role"], "editor");
    assert_eq!(accept("ann@example.com").await.problem(), "not_found");
    let open = app.post(&format!("{MAIN}/invites"), json!({"role": "viewer", "uses": 2})).await.json();
    let revoke = format!("{MAIN}/invites/{}", open["invite"]["id"].as_str().unwrap());
    assert_eq!(app.ask(&app.admin, Method::DELETE, &revoke, None).await.status, StatusCode::NO_CONTENT);
    let revoked = format!("/api/invites/{}", open["secret"].as_str().unwrap());
    assert_eq!(app.public(Method::GET, &revoked, json!({})).await.problem(), "not_found");
    app.database.execute("SELECT 1 / (1 - count(*)) FROM tidemill.users WHERE email LIKE 'eve%'");
}

#[tokio::test]
async fn wrong_sign_ins_are_alike_and_slow_down() {
    let app = TestApp::start().await;
    let _session = app.join("main", "ann@example.com").await;
    let claim = async |email: &str, password: &str| {
        app.public(Method::POST, "/api/sign-in", json!({"email": email, "password": password})).await
    };
    let (unknown, wrong) = (claim("nobody@example.com", PASSWORD).await, claim("ann@example.com", "wrong wrong wrong").await);
    assert_eq!(
        (unknown.problem().as_str(), unknown.json()["detail"].clone()),
        ("sign_in_failed", wrong.json()["detail"].clone())
    );
    for _ in 0..5 {
        claim("ann@example.com", "wrong wrong wrong").await;
    }
    // However slow this machine is: nine failures wait for 15 seconds and more.
    app.database.execute("UPDATE tidemill.sign_in_failures SET failures = 12, last_at = now() WHERE failures >= 6");
    let slowed = claim("ann@example.com", PASSWORD).await;
    assert_eq!((slowed.status.as_u16(), slowed.problem().as_str()), (429, "too_many_attempts"));
    assert_ne!(slowed.header("retry-after"), "");
    app.database.execute("UPDATE tidemill.sign_in_failures SET last_at = last_at - interval '1 hour'");
    assert_eq!(claim("ANN@example.com", PASSWORD).await.status, StatusCode::CREATED);
    app.database.execute("SELECT 1 / (1 - count(*)) FROM tidemill.sessions WHERE hash::text LIKE '%tms_%'");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let one = app.join("main", "ann@example.com").await;
    let claim = json!({"email": "ann@example.com", "password": PASSWORD, "name": "laptop"});
    let two = app.public(Method::POST, "/api/sign-in", claim).await.json()["secret"].as_str().unwrap().to_owned();
    let list = get(&app, &two, "/api/sessions").await.json();
    assert_eq!((&list["items"][0]["name"], &list["items"][0]["current"]), (&json!("laptop"), &json!(true)), "{list}");
    let other = format!("/api/sessions/{}", list["items"][1]["id"].as_str().unwrap());
    assert_eq!(app.ask(&two, Method::DELETE, &other, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&app, &one, "/api/user").await.problem(), "unauthenticated");
    assert_eq!(app.ask(&two, Method::DELETE, "/api/session", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&app, &two, "/api/user").await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_reset_with_a_link() {
    let app = TestApp::start().await;
    let session = app.join("main", "ann@example.com").await;
    let set = async |body: Value| app.ask(&session, Method::PUT, "/api/user/password", Some(body)).await;
    assert_eq!(set(json!({"password": "another password"})).await.problem(), "bad_request");
    assert_eq!(set(json!({"password": "another password", "current": "wrong"})).await.problem(), "sign_in_failed");
    let done = set(json!({"password": "another password", "current": PASSWORD})).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    let organization = app.get("/api/user").await.json()["organization_id"].as_str().unwrap().to_owned();
    let path = format!("/api/organizations/{organization}/users/{}/password-reset", me(&app, &session).await);
    let link = app.post(&path, json!({})).await.json();
    let reset = json!({"secret": link["secret"], "password": PASSWORD});
    assert_eq!(app.public(Method::POST, "/api/password-reset", reset.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.public(Method::POST, "/api/password-reset", reset).await.problem(), "not_found");
    assert_eq!(get(&app, &session, "/api/user").await.problem(), "unauthenticated");
    // The admin of the first start sets an address and a password with the token alone.
    let first = json!({"password": PASSWORD, "email": "admin@example.com"});
    assert_eq!(app.ask(&app.admin, Method::PUT, "/api/user/password", Some(first)).await.status, StatusCode::NO_CONTENT);
    let claim = json!({"email": "admin@example.com", "password": PASSWORD});
    assert_eq!(app.public(Method::POST, "/api/sign-in", claim).await.status, StatusCode::CREATED);
}

pub fn code(secret: &str) -> String {
    let secret = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, secret).unwrap();
    totp.generate_current().unwrap()
}

#[tokio::test]
async fn a_second_factor_is_needed_once_it_is_proven_and_recovery_codes_replace_it_once() {
    let app = TestApp::start().await;
    let session = app.join("main", "ann@example.com").await;
    let post = async |path: &str, body: Value| app.ask(&session, Method::POST, path, Some(body)).await;
    let secret = post("/api/user/totp", json!({})).await.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(post("/api/user/totp/confirm", json!({"code": "000000"})).await.problem(), "bad_request");
    let codes = post("/api/user/totp/confirm", json!({"code": code(&secret)})).await.json()["codes"].clone();
    let sign_in = async |code: Value| {
        let claim = json!({"email": "ann@example.com", "password": PASSWORD, "code": code});
        app.public(Method::POST, "/api/sign-in", claim).await
    };
    assert_eq!(sign_in(Value::Null).await.problem(), "second_factor_needed");
    assert_eq!(sign_in(json!(code(&secret))).await.problem(), "sign_in_failed", "the code was used");
    assert_eq!(sign_in(codes[0].clone()).await.status, StatusCode::CREATED);
    assert_eq!(sign_in(codes[0].clone()).await.problem(), "sign_in_failed");
    assert_eq!(post("/api/user/totp/disable", json!({"code": codes[1]})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(Value::Null).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_device_gets_a_session_when_somebody_enters_its_code() {
    let app = TestApp::start().await;
    let session = app.join("main", "ann@example.com").await;
    let begin = async || app.public(Method::POST, "/api/device", json!({"name": "ssh"})).await.json();
    let ask = async |device: &Value| {
        app.public(Method::POST, "/api/device/token", json!({"device_code": device["device_code"]})).await
    };
    let device = begin().await;
    assert_eq!(ask(&device).await.problem(), "authorization_pending");
    assert_eq!(ask(&device).await.problem(), "slow_down");
    let answer = json!({"user_code": device["user_code"].as_str().unwrap().to_lowercase(), "approve": true});
    assert_eq!(
        app.ask(&session, Method::POST, "/api/device/approve", Some(answer.clone())).await.status,
        StatusCode::NO_CONTENT
    );
    let got = ask(&device).await.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(me(&app, &got).await, me(&app, &session).await);
    assert_eq!(ask(&device).await.problem(), "expired_token");
    assert_eq!(app.ask(&session, Method::POST, "/api/device/approve", Some(answer)).await.problem(), "not_found");
    // The page does the same with address and password; a wrong password leaves the device waiting.
    let device = begin().await;
    let page = async |password: &str, approve: &str| {
        let form = format!(
            "user_code={}&email=ann%40example.com&password={password}&code=&approve={approve}",
            device["user_code"].as_str().unwrap()
        );
        let request = Request::builder().method(Method::POST).uri("/device".parse().unwrap());
        app.send(request.content_type("application/x-www-form-urlencoded").body(form)).await
    };
    let refused = page("wrong+wrong+wrong", "true").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text.contains("<form") && !refused.text.contains("<script"), "{}", refused.text);
    assert!(refused.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page(&PASSWORD.replace(' ', "+"), "false").await.status, StatusCode::OK);
    assert_eq!(ask(&device).await.problem(), "access_denied");
}

#[tokio::test]
async fn roles_change_at_once_and_the_last_admin_stays() {
    let app = TestApp::start().await;
    let session = app.join("main", "ann@example.com").await;
    let ann = format!("{MAIN}/members/{}", me(&app, &session).await);
    let admin = format!("{MAIN}/members/{}", me(&app, &app.admin).await);
    let patch = async |path: &str, body: Value| app.ask(&app.admin, Method::PATCH, path, Some(body)).await;
    assert_eq!(app.apply("w", json!([])).await.status, StatusCode::CREATED);
    assert_eq!(get(&app, &session, "/api/secrets").await.status, StatusCode::OK);
    assert_eq!(patch(&ann, json!({"role": "viewer"})).await.json()["role"], "viewer");
    assert_eq!(get(&app, &session, "/api/secrets").await.problem(), "forbidden");
    assert_eq!(patch(&ann, json!({"role": "guest"})).await.problem(), "bad_request", "a guest has an end");
    assert_eq!(patch(&admin, json!({"role": "editor"})).await.problem(), "conflict");
    assert_eq!(app.post(&format!("{MAIN}/leave"), json!({})).await.problem(), "conflict");
    assert_eq!(app.ask(&app.admin, Method::DELETE, &admin, None).await.problem(), "conflict");
    assert_eq!(app.ask(&app.admin, Method::DELETE, &ann, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&app, &session, "/api/workflows").await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_guest_sees_what_is_shared_until_the_end() {
    let app = TestApp::start().await;
    for id in ["w", "other"] {
        assert_eq!(app.apply(id, json!([])).await.status, StatusCode::CREATED);
    }
    let invite = json!({"role": "guest", "member_expires_in_days": 3, "workflows": ["w"], "permission": "execute"});
    let invite = app.post(&format!("{MAIN}/invites"), invite).await.json();
    let guest = app.accept(invite["secret"].as_str().unwrap(), "guest@example.com").await;
    let list = get(&app, &guest, "/api/workflows").await.json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (1, &json!("w")));
    let (hidden, missing) =
        (get(&app, &guest, "/api/workflows/other").await, get(&app, &guest, "/api/workflows/nothing").await);
    assert_eq!((hidden.problem(), hidden.json()["detail"].clone()), (missing.problem(), missing.json()["detail"].clone()));
    let start =
        async |id: &str| app.ask(&guest, Method::POST, &format!("/api/workflows/{id}/executions"), Some(json!({}))).await;
    let own = start("w").await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(start("other").await.problem(), "not_found");
    let foreign = app.post("/api/workflows/other/executions", json!({})).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(get(&app, &guest, &format!("/api/executions/{foreign}")).await.problem(), "not_found");
    let seen = get(&app, &guest, "/api/executions").await.json();
    assert_eq!((seen["items"].as_array().unwrap().len(), &seen["items"][0]["id"]), (1, &json!(own)));
    for path in ["/api/secrets", "/api/tokens", "/api/dead-letters", &format!("{MAIN}/members"), &format!("{MAIN}/audit-log")] {
        assert_eq!(get(&app, &guest, path).await.problem(), "forbidden", "{path}");
    }
    app.database.execute("UPDATE tidemill.members SET expires_at = now() WHERE role = 'guest'");
    app.database.execute("UPDATE tidemill.shares SET expires_at = now()");
    eventually_async("the guest is gone", async || {
        (get(&app, &guest, "/api/workflows").await.status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_shared_with_a_workspace_is_for_its_members() {
    let mut app = TestApp::start().await;
    let stranger = app.furnish().await;
    let ask = async |path: &str| {
        let request = Request::builder().uri(path.parse().unwrap()).header("Authorization", format!("Bearer {stranger}"));
        app.send(request.header("Tidemill-Workspace", "main").finish()).await
    };
    assert_eq!(ask("/api/workflows").await.problem(), "not_found");
    let share = json!({"object_kind": "workflow", "object_id": "w", "workspace": "theirs", "permission": "view"});
    let made = app.post(&format!("{MAIN}/shares"), share).await;
    assert_eq!((made.status, &made.json()["workspace"]), (StatusCode::CREATED, &json!("theirs")), "{}", made.text);
    assert_eq!(get(&app, &stranger, "/api/shared").await.json()["items"][0]["workspace"], "main");
    assert_eq!(ask("/api/workflows/w").await.status, StatusCode::OK);
    assert_eq!(ask("/api/secrets").await.problem(), "forbidden");
    let end = format!("{MAIN}/shares/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(app.ask(&app.admin, Method::DELETE, &end, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask("/api/workflows/w").await.problem(), "not_found");
}

#[tokio::test]
async fn scopes_and_service_accounts_limit_tokens() {
    let app = TestApp::start().await;
    assert_eq!(app.post("/api/tokens", json!({"name": "t", "scopes": ["everything"]})).await.problem(), "bad_request");
    let made = app.post("/api/tokens", json!({"name": "t", "scopes": ["workflow:read"]})).await.json();
    let token = made["secret"].as_str().unwrap();
    assert_eq!(get(&app, token, "/api/workflows").await.status, StatusCode::OK);
    let refused = get(&app, token, "/api/secrets").await;
    assert!(refused.problem() == "forbidden" && refused.text.contains("secret:read"), "{}", refused.text);
    let account = app.post(&format!("{MAIN}/service-accounts"), json!({"name": "ci", "role": "viewer"})).await.json();
    let made = app.post("/api/tokens", json!({"name": "t", "service_account": account["user_id"]})).await.json();
    let token = made["secret"].as_str().unwrap();
    assert_eq!(get(&app, token, "/api/user").await.json()["name"], "ci");
    assert_eq!(get(&app, token, "/api/secrets").await.problem(), "forbidden");
    let nobody = json!({"name": "t", "service_account": me(&app, &app.admin).await});
    assert_eq!(app.post("/api/tokens", nobody).await.problem(), "not_found", "people make their own");
}

#[tokio::test]
async fn an_archived_workspace_is_read_and_a_deleted_one_is_restored() {
    let app = TestApp::start().await;
    assert_eq!(app.apply("w", json!([])).await.status, StatusCode::CREATED);
    assert!(app.post(&format!("{MAIN}/archive"), json!({})).await.json()["archived_at"].is_string());
    assert_eq!(app.get("/api/workflows/w").await.status, StatusCode::OK);
    assert_eq!(app.post("/api/workflows/w/executions", json!({})).await.problem(), "conflict");
    assert_eq!(app.post(&format!("{MAIN}/unarchive"), json!({})).await.json().get("archived_at"), None);
    let deleted = app.ask(&app.admin, Method::DELETE, MAIN, None).await.json();
    assert!(deleted["delete_after"].is_string(), "{deleted}");
    assert_eq!(app.get("/api/workflows/w").await.problem(), "conflict");
    assert_eq!(app.post(&format!("{MAIN}/restore"), json!({})).await.json().get("delete_after"), None);
    assert_eq!(app.get("/api/workflows/w").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_takes_the_data_along_and_is_erased() {
    let app = TestApp::start().await;
    let session = app.join("main", "ann@example.com").await;
    let export = get(&app, &session, "/api/user/export").await.json();
    assert_eq!((&export["user"]["email"], &export["memberships"][0]["workspace"]), (&json!("ann@example.com"), &json!("main")));
    assert!(!export.to_string().contains("argon2"), "{export}");
    let erase =
        async |token: &str, name: &str| app.ask(token, Method::POST, "/api/user/erase", Some(json!({"confirm": name}))).await;
    assert_eq!(erase(&app.admin, "admin").await.problem(), "conflict", "the last admin hands over first");
    assert_eq!(erase(&session, "wrong").await.problem(), "bad_request");
    assert_eq!(erase(&session, "ann").await.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&app, &session, "/api/user").await.problem(), "unauthenticated");
    app.database.execute("SELECT 1 / (1 - count(*)) FROM tidemill.users WHERE email = 'ann@example.com' OR name = 'ann'");
    assert!(!app.get(&format!("{MAIN}/audit-log")).await.text.contains("ann@"));
}

#[tokio::test]
async fn the_audit_log_is_a_chain_that_shows_what_was_changed() {
    let mut app = TestApp::start().await;
    let _stranger = app.furnish().await;
    let (one, two) = tokio::join!(app.apply("x", json!([])), app.apply("y", json!([])));
    assert_eq!(
        (one.status, two.status),
        (StatusCode::CREATED, StatusCode::CREATED),
        "entries at the same moment wait for each other"
    );
    let organization = app.ids["organization"].clone();
    let path = format!("/api/organizations/{organization}/audit-log?limit=200");
    let page: AuditPage = serde_json::from_str(&app.get(&path).await.text).unwrap();
    let mut previous = "00".repeat(32);
    for (record, seq) in page.items.iter().rev().zip(1_i64..) {
        let mut hash = Sha256::new();
        hash.update(hex::decode(&record.previous).unwrap());
        hash.update(record.seq.to_be_bytes());
        hash.update(serde_json::to_string(&record.entry).unwrap());
        assert_eq!((record.seq, &record.previous, &record.hash), (seq, &previous, &hex::encode(hash.finalize())), "{record:?}");
        previous.clone_from(&record.hash);
    }
    let find = async |query: &str| app.get(&format!("{MAIN}/audit-log?{query}")).await.json();
    let applied = find("operation=workflow_apply&object_id=w").await;
    assert_eq!(applied["items"].as_array().unwrap().len(), 1, "{applied}");
    let entry = &applied["items"][0]["entry"];
    assert_eq!((&entry["detail"], &entry["object_kind"]), (&json!("version 1"), &json!("workflow")));
    assert_eq!(find("until=2020-01-01T00:00:00Z").await["items"], json!([]));
    let secrets = find("operation=secret_put").await;
    assert_eq!(secrets["items"][0]["entry"]["object_id"], "shop");
    let lines = app.get(&format!("{MAIN}/audit-log/export")).await;
    let rows: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 5 && lines.header("content-type").contains("jsonl"), "{}", lines.text);
    let table = app.get(&format!("{MAIN}/audit-log/export?format=csv")).await;
    assert_eq!(table.text.lines().count(), rows.len() + 1);
    assert!(table.text.starts_with("seq,at,operation,"), "{}", table.text);
}
