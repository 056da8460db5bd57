//! The OpenAPI document: committed, covered by the policy, and true about what serde writes.

use std::collections::BTreeSet;

use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidemill_common::api::{
    account, approval, audit, billing, billing_subscription, bulk, control, dead_letter, event, execution, health, member,
    metrics, organization, plan, quota, refused_delivery, secret, session, share, subscription, token, trigger, why, workflow,
    workspace,
};
use tidemill_common::problem::{Code, Problem};

use crate::api::openapi_document;
use crate::auth::policy::{Operation, PUBLIC, STREAMS};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");

#[test]
fn the_committed_document_is_the_present_one() {
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(COMMITTED, openapi_document()).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(committed == openapi_document(), "openapi/openapi.json is old: run the tests once with UPDATE_OPENAPI=1");
}

fn operations() -> Vec<Value> {
    let document: Value = serde_json::from_str(&openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths.values().flat_map(|path| path.as_object().unwrap().values().cloned()).collect()
}

#[test]
fn every_operation_has_a_row_in_the_authorisation_table() {
    let id = |operation: &Value| operation["operationId"].as_str().unwrap().to_owned();
    let documented: BTreeSet<String> = operations().iter().map(id).collect();
    let streams: BTreeSet<_> = STREAMS.iter().map(|operation| operation.id()).collect();
    let rows = Operation::ALL.iter().map(|operation| operation.id()).filter(|id| !streams.contains(id)).chain(PUBLIC);
    assert_eq!(documented, rows.map(str::to_owned).collect());
}

#[test]
fn every_operation_needs_a_token_or_is_public_and_is_described() {
    for operation in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let secured = operation.get("security").is_some_and(|security| *security == json!([{"token": []}]));
        assert_eq!(secured, !PUBLIC.contains(&id), "{id}");
        assert!(!secured || operation["responses"].get("401").is_some(), "{id}");
        assert!(operation["description"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{id}: {parameter}");
        }
    }
}

/// What serde writes, poem-openapi writes as well, and both read it back.
fn agrees<T: Serialize + DeserializeOwned + ToJSON + ParseFromJSON>(wire: &Value) {
    let value: T = serde_json::from_value(wire.clone()).unwrap_or_else(|error| panic!("{error}: {wire}"));
    assert_eq!(serde_json::to_value(&value).unwrap(), *wire);
    // Both are RFC 3339; only serde's form goes over the wire.
    let text = value.to_json().unwrap().to_string().replace("+00:00", "Z");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *wire);
    let Ok(parsed) = T::parse_from_json(Some(wire.clone())) else { panic!("poem-openapi can't read {wire}") };
    assert_eq!(serde_json::to_value(&parsed).unwrap(), *wire);
}

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const AT: &str = "2026-11-23T06:30:00Z";

#[test]
fn serde_and_the_document_agree_about_accounts() {
    let workspace = json!({"id": ID, "slug": "main", "name": "Main", "role": "admin", "created_at": AT,
        "archived_at": AT, "delete_after": AT});
    agrees::<workspace::WorkspaceList>(&json!({"items": [workspace]}));
    agrees::<workspace::WorkspaceCreate>(&json!({"slug": "main", "name": "Main"}));
    agrees::<account::AccountView>(&json!({"user_id": ID, "name": "admin", "organization_id": ID,
        "organization_name": "Acme", "organization_admin": true, "workspace": workspace}));
    let token = json!({"id": ID, "name": "ci", "last_four": "abcd", "role": "viewer", "created_at": AT, "user_id": ID,
        "scopes": ["workflow:read"], "workspaces": [ID]});
    agrees::<token::TokenList>(&json!({"items": [token]}));
    agrees::<token::TokenCreated>(&json!({"secret": "tm_x", "token": token}));
    agrees::<token::TokenCreate>(&json!({"name": "ci", "role": "editor", "expires_in_days": 3, "scopes": ["workflow:read"],
        "workspaces": [ID], "service_account": ID}));
    agrees::<secret::SecretList>(&json!({"items": [{"name": "shop", "updated_at": AT}]}));
    agrees::<secret::SecretPut>(&json!({"value": "x"}));
    agrees::<health::HealthView>(&json!({"status": "ok", "version": "1"}));
    agrees::<health::ReadyView>(&json!({"status": "ready", "postgres": "18", "schema": "1"}));
    agrees::<Problem>(&serde_json::to_value(Problem::new(Code::Draining, "x").retry_after(5)).unwrap());
    agrees::<Problem>(&serde_json::to_value(Problem::new(Code::NotFound, "x")).unwrap());
}

#[test]
fn serde_and_the_document_agree_about_workflows() {
    let trigger = json!({"id": "nightly", "type": "schedule", "cron": "0 2 * * *", "timezone": "UTC", "next_at": AT});
    let step = json!({"id": "a", "uses": "transform", "depends_on": []});
    let mut workflow = json!({"id": "w", "name": "W", "version": 2, "triggers": [trigger], "created_at": AT, "updated_at": AT});
    agrees::<workflow::WorkflowPage>(&json!({"items": [workflow], "next_cursor": "x"}));
    agrees::<workflow::WorkflowPage>(&json!({"items": []}));
    agrees::<workflow::WorkflowApplied>(&json!({"outcome": "unchanged", "workflow": workflow}));
    workflow["source"] = "id: w".into();
    workflow["steps"] = json!([step]);
    agrees::<workflow::WorkflowDetail>(&workflow);
    agrees::<workflow::VersionList>(&json!({"items": [{"version": 1, "sha256": "00", "created_at": AT}]}));
    let diagnostic = json!({"line": 1, "column": 2, "path": "id", "code": "cycle", "message": "m", "suggestion": "s"});
    agrees::<workflow::ValidationView>(&json!({"valid": false, "errors": [diagnostic], "steps": []}));
    agrees::<trigger::TriggerView>(&json!({"id": "h", "type": "webhook", "path": "/hooks/main/x"}));
    agrees::<trigger::DeliveryView>(&json!({"execution_id": ID, "status": "queued", "duplicate": false, "url": "/x"}));
}

#[test]
fn serde_and_the_document_agree_about_people() {
    let member = json!({"user_id": ID, "name": "n", "email": "e", "kind": "service", "role": "guest", "created_at": AT, "expires_at": AT});
    agrees::<member::MemberList>(&json!({"items": [member]}));
    agrees::<member::MemberCreate>(&json!({"user_id": ID, "email": "e", "role": "guest", "expires_in_days": 3}));
    agrees::<member::MemberUpdate>(&json!({"role": "admin", "expires_in_days": 3}));
    let invite = json!({"id": ID, "role": "viewer", "organization_admin": false, "email": "e", "uses_left": 2, "created_by": ID,
        "created_at": AT, "expires_at": AT, "member_expires_at": AT});
    agrees::<member::InviteCreated>(&json!({"link": "l", "secret": "s", "invite": invite}));
    agrees::<member::InviteCreate>(
        &json!({"role": "guest", "organization_admin": false, "email": "e", "uses": 2, "expires_in_hours": 5,
        "member_expires_in_days": 3, "workflows": ["w"], "permission": "execute"}),
    );
    agrees::<member::InviteAccept>(&json!({"email": "e@e", "password": "p", "name": "n", "code": "1"}));
    agrees::<share::ShareList>(&json!({"items": [{"id": ID, "object_kind": "workflow", "object_id": "w", "workspace": "s",
        "permission": "use", "created_by": ID, "created_at": AT}]}));
    agrees::<share::ShareCreate>(&json!({"object_kind": "execution", "object_id": ID, "user_id": ID,
        "workspace": "w", "permission": "edit", "expires_in_days": 3}));
    agrees::<share::SharedList>(&json!({"items": [{"workspace_id": ID, "workspace": "s", "object_kind": "credential",
        "object_id": "c", "permission": "use", "expires_at": AT}]}));
    let session =
        json!({"id": ID, "name": "n", "address": "a", "created_at": AT, "last_used_at": AT, "expires_at": AT, "current": true});
    agrees::<session::SessionCreated>(&json!({"secret": "s", "user_id": ID, "session": session}));
    agrees::<session::SignIn>(&json!({"email": "e@e", "password": "p", "code": "1", "name": "n"}));
    agrees::<session::DeviceBegun>(&json!({"device_code": "d", "user_code": "u", "verification_uri": "v",
        "verification_uri_complete": "c", "expires_in": 900, "interval": 5}));
    agrees::<organization::UserList>(&json!({"items": [{"id": ID, "name": "n", "kind": "person", "role": "admin",
        "second_factor": true, "created_at": AT}]}));
    agrees::<organization::OrganizationList>(&json!({"items": [{"id": ID, "name": "n", "operator": true, "created_at": AT}]}));
    let entry = json!({"at": AT, "operation": "o", "actor_kind": "service_account", "actor_id": ID, "token_id": ID, "address": "a",
        "workspace_id": ID, "object_kind": "k", "object_id": "i", "detail": "d", "before": "b", "after": "a"});
    agrees::<audit::AuditPage>(&json!({"items": [{"organization_id": ID, "seq": 1, "actor_name": "n", "entry": entry,
        "previous": "p", "hash": "h"}], "next_cursor": "c"}));
}

#[test]
fn serde_and_the_document_agree_about_plans_and_money() {
    let limits = json!({"active_workflows": 3, "executions": 50, "integrations": 10, "members": 1,
        "code_step": {"seconds": 60, "memory_mib": 1024, "output_kib": 8192, "log_kib": 1024}});
    let plan = json!({"id": "pro", "name": "Pro", "place": 2, "price_cents": 2900, "currency": "usd", "limits": limits,
        "features": ["advanced_analytics", "sso"], "trial_days": 0, "offered": true, "is_default": false, "stripe_price": "p"});
    agrees::<plan::PlanList>(&json!({"items": [plan]}));
    agrees::<plan::PlanPut>(
        &json!({"name": "Pro", "place": 2, "price_cents": 2900, "currency": "usd", "limits": {"members": 1},
        "features": ["white_label"], "trial_days": 14, "offered": true, "is_default": true, "stripe_price": "p"}),
    );
    let used = json!({"metric": "executions", "used": 3, "limit": 50, "resets_at": AT});
    agrees::<quota::QuotaView>(&json!({"plan": "free", "features": [], "period_start": AT, "period_end": AT, "items": [used],
        "refused": 0, "upgrade": "/api/pricing"}));
    agrees::<quota::UsageList>(&json!({"items": [{"period_start": AT, "executions": 1, "events": 2, "code_seconds": 0.5}]}));
    let exceeds = json!({"metric": "active_workflows", "used": 4, "limit": 3, "pauses": ["main/w"]});
    let paused = json!({"workspace": "main", "workflow_id": "w", "version": 1, "at": AT});
    agrees::<billing_subscription::BillingSubscriptionView>(
        &json!({"id": ID, "plan": "pro", "state": "past_due", "zone": "UTC", "period_start": AT,
        "period_end": AT, "next_plan": "free", "trial_end": AT, "grace_end": AT, "provider": "stripe", "exceeds": [exceeds],
        "paused": [paused]}),
    );
    agrees::<billing_subscription::BillingSubscriptionCreate>(&json!({"plan": "pro", "trial": true, "zone": "UTC"}));
    agrees::<billing_subscription::BillingSubscriptionUpdate>(&json!({"plan": "pro", "zone": "UTC"}));
    agrees::<billing_subscription::PlanChoice>(&json!({"plan": "pro"}));
    let delivery = json!({"id": ID, "at": AT, "workflow_id": "w", "version": 1, "trigger_type": "webhook", "trigger_id": "t",
        "metric": "executions", "times": 1, "replayed_at": AT, "execution_id": ID, "input": {"body": 1}});
    agrees::<refused_delivery::RefusedDeliveryPage>(&json!({"items": [delivery], "next_cursor": "x"}));
    agrees::<refused_delivery::RefusedDeliveryReplay>(&json!({"ids": [ID]}));
    agrees::<refused_delivery::RefusedDeliveryReplayed>(&json!({"count": 1, "left": 0}));
    agrees::<billing::BillingEventList>(&json!({"items": [{"id": ID, "at": AT, "kind": "renewed", "plan": "pro",
        "amount_cents": 1, "currency": "usd", "detail": "d"}]}));
    agrees::<billing::InvoiceList>(
        &json!({"items": [{"id": ID, "number": 1, "organization_id": ID, "at": AT, "period_start": AT,
        "period_end": AT, "currency": "usd", "lines": [{"text": "t", "cents": 1}], "total_cents": 1, "state": "overdue",
        "due_at": AT, "paid_at": AT}]}),
    );
    agrees::<billing::AcquisitionCost>(&json!({"month": "2026-11-01", "cents": 1}));
    agrees::<billing::LtvCacView>(
        &json!({"since": AT, "until": AT, "months": 12.0, "paying": 1, "new_paying": 1, "churned": 1,
        "revenue_cents": 1, "acquisition_cents": 1, "arpa_cents": 1.5, "churn": 0.5, "ltv_cents": 3.5, "cac_cents": 1.5,
        "ltv_to_cac": 2.5, "formula": "f"}),
    );
    agrees::<billing::PaymentPage>(&json!({"url": "u"}));
    let quota = tidemill_common::api::quota::Quota {
        metric: plan::Metric::Executions,
        limit: 1,
        used: 1,
        resets_at: Some(AT.parse().unwrap()),
    };
    agrees::<Problem>(&serde_json::to_value(Problem::quota_exceeded(quota)).unwrap());
}

#[test]
fn serde_and_the_document_agree_about_subscriptions() {
    let subscription = json!({"id": ID, "name": "n", "url": "https://x.example", "events": ["execution_failed"], "workflow": "w",
        "enabled": false, "disabled_reason": "r", "failing_since": AT, "old_secret_until": AT, "created_at": AT, "updated_at": AT});
    agrees::<subscription::SubscriptionList>(&json!({"items": [subscription]}));
    agrees::<subscription::SubscriptionSecret>(&json!({"secret": "whsec_x", "subscription": subscription}));
    agrees::<subscription::SubscriptionCreate>(
        &json!({"url": "https://x.example", "events": ["e"], "workflow": "w", "name": "n"}),
    );
    agrees::<subscription::SubscriptionUpdate>(
        &json!({"url": "u", "events": ["e"], "workflow": "", "name": "n", "enabled": true}),
    );
    let delivery = json!({"id": ID, "event": "e", "state": "waiting", "attempts": 2, "next_at": AT, "attempted_at": AT, "status": 500,
        "error": "e", "duration_ms": 3, "created_at": AT, "payload": {"type": "e"}});
    agrees::<subscription::SubscriptionDeliveryPage>(&json!({"items": [delivery], "next_cursor": "x"}));
}

#[test]
fn serde_and_the_document_agree_about_executions() {
    let error = json!({"class": "timeout", "message": "m", "step": "a", "status": 502, "retry_after": 3});
    let mut execution = json!({"id": ID, "workflow_id": "w", "version": 1, "status": "dead_letter", "trigger_type": "manual",
        "created_at": AT, "finished_at": AT, "duration_ms": 3, "last_seq": 4, "error": "m"});
    agrees::<execution::ExecutionPage>(&json!({"items": [execution], "next_cursor": "x"}));
    let step = json!({"id": "a", "uses": "wait", "depends_on": ["b"], "status": "retrying", "attempt": 2, "wake_at": AT, "error": error,
        "awaits": {"kind": "execution", "execution_id": ID, "workflow_id": "v"}, "child_id": ID});
    execution["parent_id"] = ID.into();
    execution["input"] = json!({"body": {}});
    execution["failure"] = error;
    execution["steps"] = json!([step]);
    agrees::<execution::ExecutionDetail>(&execution.clone());
    execution["retry_of"] = ID.into();
    agrees::<execution::ExecutionDetail>(&execution);
    agrees::<control::ExecutionCancel>(&json!({"reason": "x", "force": true}));
    agrees::<control::ExecutionPause>(&json!({"reason": "x"}));
    agrees::<control::ExecutionResume>(&json!({"reason": "x"}));
    let letter = json!({"execution_id": ID, "workflow_id": "w", "version": 1, "at": AT, "status": "failed", "fingerprint": "f",
        "cause": "c", "class": "user", "step": "a", "error": "e", "state": "replayed", "settled_at": AT, "settled_by": "ana",
        "reason": "r", "replayed_as": ID});
    agrees::<dead_letter::DeadLetterPage>(&json!({"items": [letter], "next_cursor": "x"}));
    agrees::<dead_letter::DeadLetterCauseList>(&json!({"items": [{"fingerprint": "f", "cause": "c", "class": "timeout",
        "count": 2, "workflows": ["w"], "first_at": AT, "last_at": AT, "newest": ID}]}));
    agrees::<dead_letter::DeadLetterReplay>(&json!({"ids": [ID], "fingerprint": "f", "from": "start", "canary": 1, "rate": 5}));
    agrees::<dead_letter::DeadLetterReplayed>(&json!({"count": 3, "canaries": 1}));
    agrees::<dead_letter::DeadLetterDiscard>(&json!({"ids": [ID], "fingerprint": "f", "reason": "r"}));
    agrees::<dead_letter::DeadLetterDiscarded>(&json!({"count": 3}));
    let ended = json!({"count": 3, "succeeded": 1, "failed": 1, "cancelled": 1, "success_rate": 0.5, "mean_ms": 3, "p50_ms": 2,
        "p95_ms": 4, "p99_ms": 5});
    agrees::<metrics::ExecutionMetrics>(&json!({"since": AT, "items": [{"workflow_id": "w", "executions": ended,
        "steps": [{"step": "a", "ended": ended}]}]}));
    agrees::<why::WhyView>(&json!({"execution_id": ID, "status": "paused", "moving": false, "links": [{"kind": "paused",
        "text": "t", "step": "a", "since": AT, "until": AT, "execution_id": ID, "node": "n", "by": "ana"}]}));
    agrees::<control::ExecutionRetry>(&json!({"from": "start", "input": {"a": 1}, "version": 2}));
    let approval = json!({"execution_id": ID, "workflow_id": "w", "step": "a", "iteration": 3, "message": "m", "role": "admin",
        "members": ["ana"], "form": {"type": "object"}, "may_decide": true, "since": AT, "until": AT});
    agrees::<approval::ApprovalList>(&json!({"items": [approval]}));
    agrees::<approval::ApprovalDecision>(&json!({"step": "a", "iteration": 1, "comment": "c", "answer": {"x": 1}}));
    agrees::<approval::StepDecision>(
        &json!({"outcome": "succeed", "step": "a", "iteration": 1, "output": {"x": 1}, "reason": "r"}),
    );
    let order = json!({"id": ID, "action": "retry", "state": "running", "count": 3, "done": 1, "skipped": 0, "by": "ana",
        "created_at": AT, "finished_at": AT});
    agrees::<bulk::BulkList>(&json!({"items": [order]}));
    agrees::<bulk::BulkOrder>(
        &json!({"action": "retry", "workflow": "w", "status": ["failed"], "since": AT, "until": AT, "rate": 5,
        "reason": "r", "from": "start", "patch": {"a": 1}, "dry_run": true}),
    );
    agrees::<execution::ExecutionCreate>(&json!({"input": {"a": [1, null]}, "version": 2}));
    agrees::<event::EventPage>(&json!({"items": [{"execution_id": ID, "seq": 1, "at": AT, "type": "step_started",
        "data": {"step": "a"}}], "next_after": 1}));
}
