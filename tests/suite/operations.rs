//! Everything that the API offers, the command line offers too: an operation without a command fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::scene::BINARY;

/// The commands that use each operation. `api` sends any request: it is the command only for what other programs read.
const COMMANDS: &[(&str, &str)] = &[
    ("account_view", "user show"),
    ("account_update", "user rename"),
    ("account_export", "user export"),
    ("account_erase", "user erase"),
    ("shared_list", "share mine"),
    ("session_create", "login"),
    ("session_end", "logout"),
    ("session_list", "user sessions"),
    ("session_revoke", "user end-session"),
    ("password_change", "user password"),
    ("password_reset", "user reset-password"),
    ("totp_enroll", "user totp enroll"),
    ("totp_confirm", "user totp confirm"),
    ("totp_disable", "user totp disable"),
    ("device_begin", "login"),
    ("device_redeem", "login"),
    ("device_approve", "user approve"),
    ("organization_list", "org ls"),
    ("organization_create", "org create"),
    ("organization_view", "org show"),
    ("organization_update", "org rename"),
    ("user_list", "org users"),
    ("user_update", "org role"),
    ("user_erase", "org erase"),
    ("user_password_reset", "org reset-password"),
    ("workspace_list", "workspace ls"),
    ("workspace_create", "workspace create"),
    ("workspace_view", "workspace show"),
    ("workspace_update", "workspace rename"),
    ("workspace_delete", "workspace delete"),
    ("workspace_restore", "workspace restore"),
    ("workspace_archive", "workspace archive"),
    ("workspace_unarchive", "workspace unarchive"),
    ("member_list", "member ls"),
    ("member_add", "member add"),
    ("member_update", "member role"),
    ("member_remove", "member rm"),
    ("workspace_leave", "member leave"),
    ("service_account_create", "member service"),
    ("invite_list", "invite ls"),
    ("invite_create", "invite create"),
    ("invite_revoke", "invite revoke"),
    ("invite_show", "invite show"),
    ("invite_accept", "invite accept"),
    ("share_list", "share ls"),
    ("share_create", "share add"),
    ("share_revoke", "share rm"),
    ("audit_list", "audit ls"),
    ("audit_export", "audit export"),
    ("organization_audit_list", "audit ls"),
    ("pricing_view", "plan pricing"),
    ("plan_list", "plan ls"),
    ("plan_put", "plan put"),
    ("plan_delete", "plan rm"),
    ("quota_view", "quota show"),
    ("usage_list", "quota usage"),
    ("billing_subscription_view", "plan show"),
    ("billing_subscription_create", "plan subscribe"),
    ("plan_upgrade", "plan upgrade"),
    ("plan_downgrade", "plan downgrade"),
    ("billing_subscription_cancel", "plan cancel"),
    ("organization_subscription_update", "plan set"),
    ("billing_event_list", "billing history"),
    ("invoice_list", "billing invoices"),
    ("invoice_view", "billing invoice"),
    ("invoice_page_view", "billing invoice"),
    ("invoice_pay", "billing paid"),
    ("checkout_create", "billing checkout"),
    ("portal_create", "billing portal"),
    ("ltv_cac_view", "billing ltv-cac"),
    ("acquisition_cost_put", "billing spent"),
    ("token_list", "token ls"),
    ("token_create", "token create"),
    ("token_revoke", "token revoke"),
    ("secret_list", "secret ls"),
    ("secret_put", "secret set"),
    ("secret_delete", "secret rm"),
    ("credential_list", "credential ls"),
    ("credential_view", "credential get"),
    ("credential_put", "credential set"),
    ("credential_delete", "credential rm"),
    ("workflow_list", "get workflows"),
    ("workflow_view", "describe workflow"),
    ("workflow_apply", "apply"),
    ("workflow_delete", "delete"),
    ("workflow_validate", "validate"),
    ("workflow_activate", "activate"),
    ("workflow_deactivate", "deactivate"),
    ("workflow_version_list", "workflow versions"),
    ("workflow_version_view", "workflow versions"),
    ("trigger_list", "get triggers"),
    ("trigger_view", "describe trigger"),
    ("trigger_test", "trigger test"),
    ("schedule_explain", "schedule explain"),
    ("subscription_list", "subscription ls"),
    ("subscription_create", "subscription add"),
    ("subscription_view", "subscription show"),
    ("subscription_update", "subscription set"),
    ("subscription_delete", "subscription rm"),
    ("subscription_rotate", "subscription rotate"),
    ("subscription_test", "subscription test"),
    ("subscription_delivery_list", "subscription deliveries"),
    ("subscription_redeliver", "subscription redeliver"),
    ("execution_create", "run"),
    ("execution_list", "get executions"),
    ("execution_view", "describe execution"),
    ("execution_payload_view", "execution payload"),
    ("execution_events", "logs"),
    ("execution_cancel", "cancel"),
    ("execution_pause", "pause"),
    ("execution_resume", "resume"),
    ("execution_why_view", "why"),
    ("execution_retry", "retry"),
    ("approval_list", "get approvals"),
    ("execution_approve", "approve"),
    ("execution_reject", "reject"),
    ("execution_decide", "decide"),
    ("refused_delivery_list", "quota refused"),
    ("refused_delivery_replay", "quota replay"),
    ("execution_bulk_create", "bulk cancel"),
    ("execution_bulk_list", "bulk list"),
    ("execution_bulk_stop", "bulk stop"),
    ("execution_metrics_view", "get metrics"),
    ("dead_letter_list", "dlq show"),
    ("dead_letter_cause_list", "dlq list"),
    ("dead_letter_replay", "dlq replay"),
    ("dead_letter_discard", "dlq drop"),
    ("code_execute", "code run"),
    ("node_list", "get nodes"),
    ("health_view", "api"),
    ("ready_view", "api"),
    ("metrics_view", "api"),
    ("workflow_schema", "schema"),
];

/// The operations of the document that is published.
fn operations() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    operations.filter_map(|operation| operation["operationId"].as_str().map(str::to_owned)).collect()
}

/// Every command of the binary, as its manual pages name them: `workflow versions`.
fn commands() -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let done = Command::new(BINARY).arg("man").arg(dir.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let pages = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    pages.filter_map(|page| Some(page.strip_suffix(".1")?.strip_prefix("tidemill-")?.to_owned())).collect()
}

#[test]
fn every_operation_has_a_command() {
    let rows: BTreeMap<&str, &str> = COMMANDS.iter().copied().collect();
    assert_eq!(rows.len(), COMMANDS.len(), "an operation stands in the table twice");
    let (operations, commands) = (operations(), commands());
    assert!(operations.len() > 100 && commands.len() > 100, "{} {}", operations.len(), commands.len());
    for operation in &operations {
        let Some(command) = rows.get(operation.as_str()) else {
            panic!("{operation} has no command: make one, and give it a row here");
        };
        assert!(commands.contains(&command.replace(' ', "-")), "{operation}: there is no command `{command}`");
    }
    let gone: Vec<&&str> = rows.keys().filter(|operation| !operations.contains(**operation)).collect();
    assert_eq!(gone, Vec::<&&str>::new(), "these are no operations any more");
}
