//! Every operation that changes something writes it down: walked by the OpenAPI document.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use poem::http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, TestApp};
use crate::api::openapi_document;

/// Operations that are no GET and yet change nothing that lasts.
const CHANGE_NOTHING: [&str; 4] = ["workflow_validate", "code_execute", "device_begin", "schedule_explain"];
/// They need a step that waits, which no engine of these tests has: `tests/suite/people.rs` finds them in the log.
const NEED_A_WAITING_STEP: [&str; 2] = ["execution_approve", "execution_reject"];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// What needs Stripe; tests/suite/payments.rs does it.
const NEED_STRIPE: [&str; 2] = ["checkout_create", "portal_create"];

/// The operations of the document that change something.
fn changing() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.values().flat_map(|path| path.as_object().unwrap());
    let ids = methods.filter(|(method, _)| *method != "get").map(|(_, operation)| operation["operationId"].as_str().unwrap());
    ids.filter(|id| !CHANGE_NOTHING.contains(id) && !NEED_A_WAITING_STEP.contains(id) && !NEED_STRIPE.contains(id))
        .map(str::to_owned)
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Asks for something that must be done.
async fn done(app: &TestApp, token: &str, method: Method, path: &str, body: Value) -> Value {
    let answer = app.ask(token, method, path, Some(body)).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text);
    if answer.text.is_empty() { Value::Null } else { answer.json() }
}

/// What belongs to workflows and executions.
async fn engine_side(app: &TestApp) {
    app.apply("w", json!([{"id": "t", "type": "webhook", "path": "in"}])).await;
    done(app, &app.admin, Method::POST, "/api/workflows/w/triggers/t/test", json!({})).await;
    for path in ["activate", "deactivate"] {
        done(app, &app.admin, Method::POST, &format!("/api/workflows/w/{path}"), json!({})).await;
    }
    let execution = &app.ids["execution"];
    for kind in ["approval", "decision"] {
        app.database.execute(&format!(
            "INSERT INTO tidemill.step_waits (workspace_id, execution_id, step, iteration, seq, workflow_id, kind, since, awaited) \
             SELECT workspace_id, id, 'a', -1, 1, 'w', '{kind}', now(), '{{\"kind\": \"{kind}\"}}' FROM tidemill.executions \
             WHERE id = '{execution}' ON CONFLICT DO NOTHING"
        ));
        for order in ["approve", "reject", "decide"] {
            app.post(&format!("/api/executions/{execution}/{order}"), json!({"outcome": "fail"})).await;
        }
        app.database.execute("DELETE FROM tidemill.step_waits");
    }
    let order = done(app, &app.admin, Method::POST, "/api/executions/bulk", json!({"action": "cancel"})).await;
    done(app, &app.admin, Method::POST, &format!("/api/executions/bulk/{}/stop", text(&order["id"])), json!({})).await;
    for order in ["cancel", "pause", "resume"] {
        // The engine of these tests has ended everything: what counts is that it was asked.
        app.post(&format!("/api/executions/{execution}/{order}"), json!({})).await;
    }
    app.database
        .execute(&format!("UPDATE tidemill.executions SET status = 'failed', finished_at = now() WHERE id = '{execution}'"));
    app.database.execute(&format!(
        "INSERT INTO tidemill.execution_events SELECT workspace_id, id, 1, now(), 'execution_started', \
         '{{\"origin\": {{\"workflow_id\": \"w\", \"version\": 1, \"trigger\": {{\"type\": \"manual\"}}, \
         \"input\": {{\"body\": {{}}}}}}}}' \
         FROM tidemill.executions WHERE id = '{execution}'"
    ));
    let retried = app.post(&format!("/api/executions/{execution}/retry"), json!({"from": "start"})).await;
    assert!(retried.status.is_success(), "{}", retried.text);
    for (n, order) in ["replay", "discard"].iter().enumerate() {
        app.database.execute(&format!(
            "INSERT INTO tidemill.dead_letters (workspace_id, execution_id, workflow_uid, workflow_id, version, at, status, \
             fingerprint, cause, class, error) SELECT workspace_id, gen_random_uuid(), workflow_uid, 'w', 1, now(), 'failed', \
             'f{n}', 'c', 'user', 'e' FROM tidemill.executions WHERE id = '{execution}'"
        ));
        let path = format!("/api/dead-letters/{order}");
        done(app, &app.admin, Method::POST, &path, json!({"fingerprint": format!("f{n}"), "reason": "r"})).await;
    }
    done(app, &app.admin, Method::DELETE, "/api/workflows/w", json!({})).await;
    done(app, &app.admin, Method::DELETE, "/api/secrets/shop", json!({})).await;
    let credential = json!({"type": "bearer", "hosts": ["api.example.com"], "secret": "canary"});
    done(app, &app.admin, Method::PUT, "/api/credentials/mine", credential).await;
    done(app, &app.admin, Method::DELETE, "/api/credentials/mine", json!({})).await;
    let subscription = format!("/api/subscriptions/{}", app.ids["subscription"]);
    app.database.execute("UPDATE tidemill.subscription_deliveries SET state = 'delivered', next_at = NULL");
    let again = format!("{subscription}/deliveries/{}/redeliver", app.ids["delivery"]);
    done(app, &app.admin, Method::POST, &again, json!({})).await;
    done(app, &app.admin, Method::POST, &format!("{subscription}/rotate"), json!({})).await;
    done(app, &app.admin, Method::PATCH, &subscription, json!({"name": "other"})).await;
    done(app, &app.admin, Method::DELETE, &subscription, json!({})).await;
}

/// What a person does to the own account.
async fn account_side(app: &TestApp) {
    let ann = app.join("main", "ann@example.com").await;
    done(app, &ann, Method::PATCH, "/api/user", json!({"name": "Ann"})).await;
    let password = json!({"password": PASSWORD, "current": PASSWORD});
    done(app, &ann, Method::PUT, "/api/user/password", password).await;
    let secret = text(&done(app, &ann, Method::POST, "/api/user/totp", json!({})).await["secret"]);
    let code = super::people::code(&secret);
    let codes = done(app, &ann, Method::POST, "/api/user/totp/confirm", json!({"code": code})).await;
    done(app, &ann, Method::POST, "/api/user/totp/disable", json!({"code": codes["codes"][0]})).await;
    let device = app.public(Method::POST, "/api/device", json!({})).await.json();
    done(app, &ann, Method::POST, "/api/device/approve", json!({"user_code": device["user_code"], "approve": true})).await;
    let redeemed = app.public(Method::POST, "/api/device/token", json!({"device_code": device["device_code"]})).await.json();
    done(app, &ann, Method::DELETE, &format!("/api/sessions/{}", text(&redeemed["session"]["id"])), json!({})).await;
    let user = super::people::me(app, &ann).await;
    let users = format!("/api/organizations/{}/users", app.ids["organization"]);
    done(app, &app.admin, Method::PATCH, &format!("{users}/{user}"), json!({"role": "member"})).await;
    let link = done(app, &app.admin, Method::POST, &format!("{users}/{user}/password-reset"), json!({})).await;
    let reset = app.public(Method::POST, "/api/password-reset", json!({"secret": link["secret"], "password": PASSWORD})).await;
    assert!(reset.status.is_success(), "{}", reset.text);
    let claim = json!({"email": "ann@example.com", "password": PASSWORD});
    let session = async || text(&app.public(Method::POST, "/api/sign-in", claim.clone()).await.json()["secret"]);
    done(app, &session().await, Method::DELETE, "/api/session", json!({})).await;
    done(app, &session().await, Method::POST, "/api/workspaces/main/leave", json!({})).await;
    let invite = app.post("/api/workspaces/main/invites", json!({"role": "viewer"})).await.json();
    let accept = app.public(Method::POST, &format!("/api/invites/{}", text(&invite["secret"])), claim.clone()).await;
    assert!(accept.status.is_success(), "{}", accept.text);
    done(app, &session().await, Method::POST, "/api/user/erase", json!({"confirm": "Ann"})).await;
    let bob = app.join("main", "bob@example.com").await;
    let bob = super::people::me(app, &bob).await;
    done(app, &app.admin, Method::DELETE, &format!("{users}/{bob}"), json!({})).await;
}

/// What plans and money are about.
async fn money_side(app: &TestApp) {
    let (admin, organization) = (&app.admin, &app.ids["organization"]);
    done(app, admin, Method::PUT, "/api/billing/plans/team", json!({"name": "Team", "place": 9})).await;
    done(app, admin, Method::DELETE, "/api/billing/plans/team", json!({})).await;
    let set = format!("/api/organizations/{organization}/subscription");
    done(app, admin, Method::PATCH, &set, json!({"plan": "free", "zone": "Europe/Berlin"})).await;
    done(app, admin, Method::POST, "/api/billing/subscribe", json!({"plan": "pro"})).await;
    done(app, admin, Method::POST, "/api/user/plan/upgrade", json!({"plan": "business"})).await;
    done(app, admin, Method::POST, "/api/user/plan/downgrade", json!({"plan": "pro"})).await;
    let cancel = format!("/api/billing/subscription/{}/cancel", app.ids["billing_subscription"]);
    done(app, admin, Method::POST, &cancel, json!({})).await;
    done(app, admin, Method::PATCH, &set, json!({"plan": "enterprise"})).await;
    done(app, admin, Method::POST, &format!("/api/billing/invoices/{}/pay", app.ids["invoice"]), json!({})).await;
    done(app, admin, Method::PUT, "/api/billing/acquisition-costs", json!({"month": "2026-11-01", "cents": 5})).await;
    done(app, admin, Method::POST, "/api/refused-deliveries/replay", json!({})).await;
}

/// What admins do to the workspace.
async fn workspace_side(app: &TestApp) {
    let (main, admin) = ("/api/workspaces/main", &app.admin);
    let (user, organization) = (&app.ids["user"], &app.ids["organization"]);
    done(app, admin, Method::DELETE, &format!("{main}/shares/{}", app.ids["share"]), json!({})).await;
    done(app, admin, Method::DELETE, &format!("{main}/invites/{}", app.ids["invite"]), json!({})).await;
    done(app, admin, Method::DELETE, &format!("/api/tokens/{}", app.ids["token"]), json!({})).await;
    done(app, admin, Method::PATCH, &format!("{main}/members/{user}"), json!({"role": "editor"})).await;
    done(app, admin, Method::DELETE, &format!("{main}/members/{user}"), json!({})).await;
    done(app, admin, Method::POST, &format!("{main}/members"), json!({"user_id": user, "role": "viewer"})).await;
    done(app, admin, Method::PATCH, &format!("/api/organizations/{organization}"), json!({"name": "Acme"})).await;
    done(app, admin, Method::POST, "/api/workspaces", json!({"slug": "second"})).await;
    done(app, admin, Method::PATCH, main, json!({"name": "Main"})).await;
    for verb in ["archive", "unarchive"] {
        done(app, admin, Method::POST, &format!("{main}/{verb}"), json!({})).await;
    }
    done(app, admin, Method::DELETE, main, json!({})).await;
    done(app, admin, Method::POST, &format!("{main}/restore"), json!({})).await;
}

#[tokio::test]
async fn whoever_changes_something_is_written_down() {
    let mut app = TestApp::start().await;
    let _stranger = app.furnish().await;
    engine_side(&app).await;
    account_side(&app).await;
    money_side(&app).await;
    workspace_side(&app).await;
    let names = "SELECT DISTINCT entry ->> 'operation' AS name FROM audit_log";
    let rows = app.database.connect().engine(move |conn| Ok(sql_query(names).load::<Name>(conn)?)).await.unwrap();
    let written: BTreeSet<String> = rows.into_iter().map(|row| row.name).collect();
    let missing: Vec<_> = changing().difference(&written).cloned().collect();
    assert!(missing.is_empty(), "these change something and write nothing down, or this test doesn't do them: {missing:?}");
}
