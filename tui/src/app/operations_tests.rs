//! Everything that the API offers can be done on a screen, or there is a reason why not: an operation without a place fails.

use std::collections::{BTreeMap, BTreeSet};

use super::keymap::{Resolved, resolve};
use super::state::{Screen, samples};

/// Where an operation is.
enum Place {
    /// The screen whose crumb begins so shows it.
    Shown(&'static str),
    /// This key there does it.
    Key(&'static str, &'static str),
    /// It is not there, for this reason.
    Not(&'static str),
}

use Place::{Key, Not, Shown};

const EXECUTION: &str = "execution › ";
const WORKFLOW: &str = "invoice-sync";
const DELIVERIES: &str = "ops.example";
const LETTERS: &str = "3f9c2b7a";
const BEFORE: &str = "it comes before there is a session, and the front end begins with one: `tidemill login`, or the browser";
const OTHERS: &str = "other programs read it";

const PLACES: &[(&str, Place)] = &[
    ("account_view", Shown("settings")),
    ("account_update", Key("settings", "e")),
    ("account_export", Key("settings", "S")),
    ("account_erase", Key("settings", "D")),
    ("shared_list", Not("what is shared with a guest is what a guest's lists hold")),
    ("session_create", Not(BEFORE)),
    ("session_end", Key("sessions", "D")),
    ("session_list", Shown("sessions")),
    ("session_revoke", Key("sessions", "D")),
    ("password_change", Key("settings", "e")),
    ("password_reset", Not(BEFORE)),
    ("totp_enroll", Key("settings", "e")),
    ("totp_confirm", Key("settings", "e")),
    ("totp_disable", Key("settings", "e")),
    ("device_begin", Not(BEFORE)),
    ("device_redeem", Not(BEFORE)),
    ("device_approve", Key("settings", "e")),
    ("organization_list", Shown("organizations")),
    ("organization_create", Key("organizations", "n")),
    ("organization_view", Shown("settings")),
    ("organization_update", Key("settings", "e")),
    ("user_list", Shown("users")),
    ("user_update", Key("users", "e")),
    ("user_erase", Key("users", "D")),
    ("user_password_reset", Key("users", "K")),
    ("workspace_list", Shown("workspaces")),
    ("workspace_create", Key("workspaces", "n")),
    ("workspace_view", Shown("workspaces")),
    ("workspace_update", Key("workspaces", "e")),
    ("workspace_delete", Key("workspaces", "D")),
    ("workspace_restore", Key("workspaces", "A")),
    ("workspace_archive", Key("workspaces", "A")),
    ("workspace_unarchive", Key("workspaces", "A")),
    ("member_list", Shown("members")),
    ("member_add", Key("members", "n")),
    ("member_update", Key("members", "e")),
    ("member_remove", Key("members", "D")),
    ("workspace_leave", Key("workspaces", "X")),
    ("service_account_create", Key("members", "n")),
    ("invite_list", Shown("invites")),
    ("invite_create", Key("invites", "n")),
    ("invite_revoke", Key("invites", "D")),
    ("invite_show", Not(BEFORE)),
    ("invite_accept", Not(BEFORE)),
    ("share_list", Shown("shares")),
    ("share_create", Key("shares", "n")),
    ("share_revoke", Key("shares", "D")),
    ("audit_list", Shown("audit log")),
    ("audit_export", Key("audit log", "S")),
    ("organization_audit_list", Key("audit log", "W")),
    ("pricing_view", Shown("plans")),
    ("plan_list", Shown("plans")),
    ("plan_put", Key("plans", "e")),
    ("plan_delete", Key("plans", "X")),
    ("quota_view", Shown("quota")),
    ("usage_list", Shown("usage")),
    ("billing_subscription_view", Shown("plans")),
    ("billing_subscription_create", Key("plans", "U")),
    ("plan_upgrade", Key("plans", "U")),
    ("plan_downgrade", Key("plans", "U")),
    ("billing_subscription_cancel", Key("plans", "D")),
    ("organization_subscription_update", Key("organizations", "e")),
    ("billing_event_list", Shown("billing history")),
    ("invoice_list", Shown("invoices")),
    ("invoice_view", Key("invoices", "enter")),
    ("invoice_page_view", Key("invoices", "S")),
    ("invoice_pay", Key("invoices", "A")),
    ("checkout_create", Key("plans", "P")),
    ("portal_create", Key("invoices", "P")),
    ("ltv_cac_view", Shown("customers")),
    ("acquisition_cost_put", Key("customers", "n")),
    ("token_list", Shown("tokens")),
    ("token_create", Key("tokens", "n")),
    ("token_revoke", Key("tokens", "D")),
    ("secret_list", Shown("secrets")),
    ("secret_put", Key("secrets", "n")),
    ("secret_delete", Key("secrets", "D")),
    ("credential_list", Shown("credentials")),
    ("credential_view", Key("credentials", "enter")),
    ("credential_put", Key("credentials", "n")),
    ("credential_delete", Key("credentials", "D")),
    ("workflow_list", Shown("workflows")),
    ("workflow_view", Shown(WORKFLOW)),
    ("workflow_apply", Key(WORKFLOW, "e")),
    ("workflow_delete", Key(WORKFLOW, "D")),
    ("workflow_validate", Key(WORKFLOW, "e")),
    ("workflow_activate", Key(WORKFLOW, "A")),
    ("workflow_deactivate", Key(WORKFLOW, "A")),
    ("workflow_version_list", Key(WORKFLOW, "3")),
    ("workflow_version_view", Key(WORKFLOW, "3")),
    ("trigger_list", Shown("triggers")),
    ("trigger_view", Shown("triggers")),
    ("trigger_test", Key("triggers", "t")),
    ("schedule_explain", Key("triggers", "w")),
    ("subscription_list", Shown("subscriptions")),
    ("subscription_create", Key("subscriptions", "n")),
    ("subscription_view", Shown("subscriptions")),
    ("subscription_update", Key("subscriptions", "e")),
    ("subscription_delete", Key("subscriptions", "D")),
    ("subscription_rotate", Key("subscriptions", "K")),
    ("subscription_test", Key("subscriptions", "t")),
    ("subscription_delivery_list", Shown(DELIVERIES)),
    ("subscription_redeliver", Key(DELIVERIES, "r")),
    ("execution_create", Key("workflows", "r")),
    ("execution_list", Shown("executions")),
    ("execution_view", Shown(EXECUTION)),
    ("execution_payload_view", Key(EXECUTION, "L")),
    ("execution_events", Key(EXECUTION, "4")),
    ("execution_cancel", Key("executions", "C")),
    ("execution_pause", Key("executions", "p")),
    ("execution_resume", Key("executions", "p")),
    ("execution_why_view", Key("executions", "w")),
    ("execution_retry", Key("executions", "r")),
    ("approval_list", Shown("approvals")),
    ("execution_approve", Key("approvals", "A")),
    ("execution_reject", Key("approvals", "X")),
    ("execution_decide", Key(EXECUTION, "A")),
    ("refused_delivery_list", Shown("refused deliveries")),
    ("refused_delivery_replay", Key("refused deliveries", "r")),
    ("execution_bulk_create", Key("executions", "B")),
    ("execution_bulk_list", Shown("bulk orders")),
    ("execution_bulk_stop", Key("bulk orders", "C")),
    ("execution_metrics_view", Shown("metrics")),
    ("dead_letter_list", Shown(LETTERS)),
    ("dead_letter_cause_list", Shown("dead letters")),
    ("dead_letter_replay", Key("dead letters", "r")),
    ("dead_letter_discard", Key("dead letters", "D")),
    ("code_execute", Key("code", "r")),
    ("node_list", Shown("nodes")),
    ("health_view", Shown("server")),
    ("ready_view", Shown("server")),
    ("metrics_view", Not(OTHERS)),
    ("workflow_schema", Not(OTHERS)),
];

fn operations() -> BTreeSet<String> {
    let document: serde_json::Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    operations.filter_map(|operation| operation["operationId"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_operation_has_a_place_on_a_screen_or_a_reason_why_not() {
    let places: BTreeMap<&str, &Place> = PLACES.iter().map(|(operation, place)| (*operation, place)).collect();
    assert_eq!(places.len(), PLACES.len(), "an operation stands in the table twice");
    let screens = samples::screens();
    let screen = |name: &str| screens.iter().find(|screen| screen.crumb().starts_with(name));
    let operations = operations();
    for operation in &operations {
        match places.get(operation.as_str()) {
            None => unreachable!("{operation} has no place in the front end: give it one, and a row here"),
            Some(Shown(name)) => assert!(screen(name).is_some(), "{operation}: there is no screen {name}"),
            Some(Key(name, key)) => {
                let scopes = screen(name).map(Screen::scopes).unwrap_or_default();
                assert!(matches!(resolve(scopes, key), Resolved::Action(_)), "{operation}: {key} does nothing in {name}");
            }
            Some(Not(why)) => assert!(why.len() > 10, "{operation}"),
        }
    }
    let gone: Vec<&&str> = places.keys().filter(|operation| !operations.contains(**operation)).collect();
    assert_eq!(gone, Vec::<&&str>::new(), "these are no operations any more");
}
