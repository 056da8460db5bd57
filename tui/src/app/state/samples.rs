//! What requests give, for tests: dead letters, tokens, secrets, metrics, a workflow with its versions.

use chrono::TimeDelta;
use tidemill_common::api::approval::{ApprovalList, ApprovalView};
use tidemill_common::api::dead_letter::{
    DeadLetterCause, DeadLetterCauseList, DeadLetterPage, DeadLetterState, DeadLetterView,
};
use tidemill_common::api::health::{HealthView, ReadyView, SandboxView};
use tidemill_common::api::metrics::{DurationMetrics, ExecutionMetrics, StepMetrics, WorkflowMetrics};
use tidemill_common::api::secret::{SecretList, SecretView};
use tidemill_common::api::token::{TokenList, TokenView};
use tidemill_common::api::workflow::{StepOutline, VersionList, VersionView, WorkflowDetail, WorkflowPage};
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{TokenId, UserId};
use tidemill_common::status::{ExecutionStatus, FailureClass};
use tidemill_common::step_protocol::Level;
use uuid::Uuid;

pub(crate) use super::around::{self, account, plan};
pub(crate) use super::household;
use super::listing::{Listing, Subject};
use super::testing::{id, now, workflow};
use super::workflow::Workflow;
use super::{Root, Screen};
use crate::app::data::{Data, Query, ServerFacts};
use crate::app::state::execution::Execution;

/// A workflow file with inputs.
pub const FILE: &str = "id: invoice-sync\nname: Invoice sync\ninputs:\n  type: object\n  required: [customer]\n  properties:\n    \
                        customer: {type: string, description: whom to charge}\n    qty: {type: integer, default: 1}\ntriggers:\n  \
                        - {id: hook, type: webhook, path: invoices/new}\nsteps:\n  - id: list\n    uses: http.request\n    with: {url: \
                        \"https://api.example.com/invoices\"}\n  - id: transform\n    uses: transform\n    with: {total: \"{{ \
                        steps.list.output.body.total }}\"}\n  - id: notify\n    uses: http.request\n    depends_on: [transform]\n    with: \
                        {url: \"https://chat.example.com\"}\n";

/// One screen of each kind, with nothing loaded.
pub fn screens() -> Vec<Screen> {
    let roots = super::ROOTS.iter().map(|(root, ..)| root.screen(now()));
    let listing = |subject| Screen::Listing(Box::new(Listing::new(subject, now())));
    roots
        .chain([
            Screen::Execution(Box::new(Execution::new(id(1)))),
            Screen::Workflow(Box::new(Workflow::new("invoice-sync"))),
            listing(Subject::DeadLetters("3f9c2b7a11d0e845".into())),
            listing(Subject::Steps("invoice-sync".into())),
            listing(Subject::Deliveries(around::subscription(), "ops.example".into())),
        ])
        .collect()
}

/// What the root screens that are listings read, and what they get.
pub fn answers() -> Vec<(Root, Query, Data)> {
    let mut answers = vec![
        (Root::DeadLetters, Query::Causes, Data::Causes(causes())),
        (Root::Triggers, Query::Workflows, Data::Workflows(workflows())),
        (Root::Metrics, Query::Metrics(None), Data::Metrics(metrics())),
        (Root::Server, Query::Server, Data::Server(Box::new(server()))),
        (Root::Approvals, Query::Approvals, Data::Approvals(approvals())),
        (Root::Secrets, Query::Secrets, Data::Secrets(secrets())),
        (Root::Tokens, Query::Tokens, Data::Tokens(tokens())),
    ];
    answers.extend(around::answers());
    answers.extend(household::answers());
    answers
}

/// Two causes.
pub fn causes() -> DeadLetterCauseList {
    let cause = |fingerprint: &str, cause: &str, count, workflows: &[&str]| DeadLetterCause {
        fingerprint: fingerprint.into(),
        cause: cause.into(),
        class: FailureClass::Infrastructure,
        count,
        workflows: workflows.iter().map(|&name| name.into()).collect(),
        first_at: now() - TimeDelta::hours(3),
        last_at: now() - TimeDelta::minutes(2),
        newest: id(99),
    };
    DeadLetterCauseList {
        items: vec![
            cause("3f9c2b7a11d0e845", "charge: <n> from api.stripe.com", 13, &["invoice-sync"]),
            cause("77aa2b7a11d0e999", "enrich: the step took longer than <n> s", 4, &["crm-dedupe", "lead-enrich"]),
        ],
    }
}

/// The dead letters with the first cause.
pub fn letters() -> DeadLetterPage {
    let letter = |n: i64| DeadLetterView {
        execution_id: id(n),
        workflow_id: "invoice-sync".into(),
        version: 14,
        at: now() - TimeDelta::minutes(100 - n),
        status: ExecutionStatus::Failed,
        fingerprint: "3f9c2b7a11d0e845".into(),
        cause: "charge: <n> from api.stripe.com".into(),
        class: FailureClass::Infrastructure,
        step: Some("charge".into()),
        error: "429 from api.stripe.com".into(),
        state: DeadLetterState::Open,
        settled_at: None,
        settled_by: None,
        reason: None,
        replayed_as: None,
    };
    DeadLetterPage { items: (87..100).rev().map(letter).collect(), next_cursor: None }
}

/// The workflows of the pictures.
pub fn workflows() -> WorkflowPage {
    let items = vec![
        workflow("crm-dedupe", true, Some("*/10 * * * *")),
        workflow("invoice-sync", true, None),
        workflow("nightly-etl", false, Some("30 2 * * *")),
        workflow("order-intake", true, None),
    ];
    WorkflowPage { items, next_cursor: None }
}

/// How two workflows went, and the steps of the first.
pub fn metrics() -> ExecutionMetrics {
    let ended = |count, failed, p50| DurationMetrics {
        count,
        succeeded: count - failed,
        failed,
        cancelled: 0,
        success_rate: (count > 0)
            .then(|| f64::from(u32::try_from(count - failed).unwrap()) / f64::from(u32::try_from(count).unwrap())),
        mean_ms: Some(p50 + 80),
        p50_ms: Some(p50),
        p95_ms: Some(p50 * 3),
        p99_ms: Some(p50 * 9),
    };
    let step = |step: &str, count, failed, p50| StepMetrics { step: step.into(), ended: ended(count, failed, p50) };
    let steps = vec![step("list", 412, 0, 1200), step("transform", 412, 0, 3), step("notify", 400, 18, 800)];
    let workflow = |id: &str, executions, steps| WorkflowMetrics { workflow_id: id.into(), executions, steps };
    let items = vec![
        workflow("invoice-sync", ended(412, 18, 27_000), steps),
        workflow("order-intake", ended(12_980, 0, 4), Vec::new()),
        workflow("nightly-etl", ended(1, 1, 252_000), Vec::new()),
    ];
    ExecutionMetrics { since: now() - TimeDelta::days(1), items }
}

/// Two approvals, the second of which is not ours to give.
pub fn approvals() -> ApprovalList {
    let approval = |n: i64, message: &str, may_decide| ApprovalView {
        execution_id: id(n),
        workflow_id: "invoice-sync".into(),
        step: "sign".into(),
        iteration: None,
        message: message.into(),
        role: Some(Role::Admin),
        members: Vec::new(),
        form: Some(
            serde_json::json!({"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}),
        ),
        may_decide,
        since: now() - TimeDelta::minutes(90),
        until: Some(now() + TimeDelta::hours(2)),
    };
    ApprovalList { items: vec![approval(90, "Pay 59.70 to ACME?", true), approval(91, "Close the account?", false)] }
}

/// Two secrets.
pub fn secrets() -> SecretList {
    let secret = |name: &str, days| SecretView { name: name.into(), updated_at: now() - TimeDelta::days(days) };
    SecretList { items: vec![secret("shop", 3), secret("stripe_key", 90)] }
}

/// Two tokens.
pub fn tokens() -> TokenList {
    let token = |n: u128, name: &str, role, used: Option<i64>| TokenView {
        id: TokenId(Uuid::from_u128(n)),
        name: name.into(),
        last_four: "x7Qa".into(),
        role,
        created_at: now() - TimeDelta::days(40),
        last_used_at: used.map(|minutes| now() - TimeDelta::minutes(minutes)),
        expires_at: used.map(|_| now() + TimeDelta::days(50)),
        user_id: UserId(Uuid::from_u128(1)),
        scopes: None,
        workspaces: None,
    };
    TokenList { items: vec![token(1, "deploys", Role::Editor, Some(4)), token(2, "first", Role::Admin, None)] }
}

/// A server that is well.
pub fn server() -> ServerFacts {
    let sandbox = SandboxView { level: Level::L3, minimum: Level::L2, available: true, node: None };
    let health = HealthView { status: "ok".into(), version: "0.1.0".into(), sandbox: Some(sandbox) };
    let ready = ReadyView { status: "ready".into(), postgres: "18.1".into(), schema: "2026-11-20-000400".into() };
    ServerFacts { health, ready: Ok(ready) }
}

/// The workflow `invoice-sync`, whole.
pub fn detail() -> WorkflowDetail {
    let step = |id: &str, uses: &str, depends_on: &[&str]| StepOutline {
        id: id.into(),
        uses: uses.into(),
        depends_on: depends_on.iter().map(|&step| step.into()).collect(),
    };
    WorkflowDetail {
        workflow: workflow("invoice-sync", true, None),
        source: FILE.into(),
        steps: vec![
            step("list", "http.request", &[]),
            step("transform", "transform", &["list"]),
            step("notify", "http.request", &["transform"]),
        ],
    }
}

/// The versions of it.
pub fn versions() -> VersionList {
    let version = |version: i32| VersionView {
        version,
        sha256: format!("{version:064x}"),
        created_at: now() - TimeDelta::days(i64::from(16 - version)),
        source: None,
    };
    VersionList { items: (1..=15).rev().map(version).collect() }
}

/// One version with its file: that of every version but the newest has another quantity.
pub fn version(number: i32) -> VersionView {
    let source = if number == 15 { FILE.to_owned() } else { FILE.replace("default: 1", &format!("default: {}", 20 - number)) };
    VersionView { version: number, sha256: String::new(), created_at: now(), source: Some(source) }
}
