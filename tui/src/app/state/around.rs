//! What requests about people, connections, money and nodes give, for tests.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tidemill_common::api::account::AccountView;
use tidemill_common::api::audit::{AuditActor, AuditEntry, AuditPage, AuditRecord};
use tidemill_common::api::billing::{BillingEventList, BillingEventView, InvoiceLine, InvoiceList, InvoiceState, InvoiceView};
use tidemill_common::api::billing_subscription::{BillingSubscriptionState, BillingSubscriptionView, Provider};
use tidemill_common::api::bulk::{BulkAction, BulkList, BulkState, BulkView};
use tidemill_common::api::credential::{CredentialList, CredentialType, CredentialView, RateLimit};
use tidemill_common::api::member::{InviteList, InviteView, MemberList, MemberView, UserKind};
use tidemill_common::api::node::{NodeList, NodeState, ServerNode};
use tidemill_common::api::plan::{CodeStepLimits, Feature, Metric, PlanLimits, PlanList, PlanView};
use tidemill_common::api::quota::{QuotaView, UPGRADE, UsedView};
use tidemill_common::api::refused_delivery::{RefusedDeliveryPage, RefusedDeliveryView};
use tidemill_common::api::share::{Permission, ShareList, ShareView, Shareable};
use tidemill_common::api::subscription::{
    SubscriptionDeliveryPage, SubscriptionDeliveryState, SubscriptionDeliveryView, SubscriptionList, SubscriptionView,
};
use tidemill_common::api::workspace::{Role, WorkspaceView};
use tidemill_common::ids::{
    InviteId, NodeId, OrganizationId, ShareId, SubscriptionDeliveryId, SubscriptionId, UserId, WorkspaceId,
};
use uuid::Uuid;

use super::Root;
use super::listing::AuditFilter;
use super::testing::{id, now};
use crate::app::data::{Data, PlanFacts, Query};

/// What the root screens about these read, and what they get.
pub fn answers() -> Vec<(Root, Query, Data)> {
    vec![
        (Root::Members, Query::Members, Data::Members(members())),
        (Root::Invites, Query::Invites, Data::Invites(invites())),
        (Root::Shares, Query::Shares, Data::Shares(shares())),
        (Root::Audit, Query::Audit(AuditFilter::default()), Data::Audit(audit())),
        (Root::Credentials, Query::Credentials, Data::Credentials(credentials())),
        (Root::Quota, Query::Plan, Data::Plan(Box::new(plan()))),
        (Root::Plans, Query::Plan, Data::Plan(Box::new(plan()))),
        (Root::Invoices, Query::Invoices, Data::Invoices(invoices())),
        (Root::BillingEvents, Query::BillingEvents, Data::BillingEvents(events())),
        (Root::Refused, Query::Refused, Data::Refused(refused())),
        (Root::Subscriptions, Query::Subscriptions, Data::Subscriptions(subscriptions())),
        (Root::Nodes, Query::Nodes, Data::Nodes(nodes())),
        (Root::Orders, Query::Orders, Data::Orders(orders())),
    ]
}

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// An admin of everything.
pub fn account() -> AccountView {
    AccountView {
        user_id: user(1),
        name: "Ann Lee".into(),
        email: Some("ann@example.com".into()),
        organization_id: OrganizationId(Uuid::from_u128(1)),
        organization_name: "Example".into(),
        organization_admin: true,
        workspace: WorkspaceView {
            id: WorkspaceId(Uuid::from_u128(1)),
            slug: "ops".into(),
            name: "Operations".into(),
            role: Role::Admin,
            created_at: ago(60_000),
            archived_at: None,
            delete_after: None,
        },
    }
}

fn members() -> MemberList {
    let member = |n: u128, name: &str, role, kind| MemberView {
        user_id: user(n),
        name: name.into(),
        email: (kind == UserKind::Person).then(|| format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase())),
        kind,
        role,
        created_at: ago(50_000),
        expires_at: (role == Role::Guest).then(|| now() + TimeDelta::days(12)),
    };
    MemberList {
        items: vec![
            member(1, "Ann Lee", Role::Admin, UserKind::Person),
            member(2, "Bo Park", Role::Editor, UserKind::Person),
            member(3, "Cy Auditor", Role::Guest, UserKind::Person),
            member(4, "deploys", Role::Editor, UserKind::Service),
        ],
    }
}

fn invites() -> InviteList {
    let invite = |n: u128, email: Option<&str>, role, uses_left| InviteView {
        id: InviteId(Uuid::from_u128(n)),
        role,
        organization_admin: role == Role::Admin,
        email: email.map(str::to_owned),
        uses_left,
        created_by: user(1),
        created_at: ago(300),
        expires_at: now() + TimeDelta::hours(67),
        member_expires_at: (role == Role::Guest).then(|| now() + TimeDelta::days(30)),
    };
    let anybody = invite(2, None, Role::Guest, 9);
    InviteList { items: vec![invite(1, Some("dee@example.com"), Role::Admin, 1), anybody] }
}

fn shares() -> ShareList {
    let share = |n: u128, object_kind, object_id: String, permission| ShareView {
        id: ShareId(Uuid::from_u128(n)),
        object_kind,
        object_id,
        user_id: (n == 1).then(|| user(3)),
        user_name: (n == 1).then(|| "Cy Auditor".into()),
        workspace: (n != 1).then(|| "finance".into()),
        permission,
        created_by: user(1),
        created_at: ago(2_000),
        expires_at: (n == 1).then(|| now() + TimeDelta::days(12)),
    };
    ShareList {
        items: vec![
            share(1, Shareable::Workflow, "invoice-sync".into(), Permission::View),
            share(2, Shareable::Credential, "stripe".into(), Permission::Use),
        ],
    }
}

fn audit() -> AuditPage {
    let record = |seq: i64, operation: &str, (kind, which): (&str, &str), detail: Option<&str>| AuditRecord {
        organization_id: OrganizationId(Uuid::from_u128(1)),
        seq,
        actor_name: (seq % 3 != 0).then(|| "Ann Lee".into()),
        entry: AuditEntry {
            at: ago(400 - seq),
            operation: operation.into(),
            actor_kind: if seq % 3 == 0 { AuditActor::Node } else { AuditActor::User },
            actor_id: Some(Uuid::from_u128(1)),
            token_id: None,
            address: (seq % 3 != 0).then(|| "192.0.2.7".into()),
            workspace_id: Some(WorkspaceId(Uuid::from_u128(1))),
            object_kind: kind.into(),
            object_id: which.into(),
            detail: detail.map(str::to_owned),
            before: None,
            after: Some(format!("{seq:064x}")),
        },
        previous: format!("{:064x}", seq - 1),
        hash: format!("{seq:064x}"),
    };
    AuditPage {
        items: vec![
            record(398, "member_update", ("member", "Bo Park"), Some("viewer to editor")),
            record(397, "workflow_activate", ("workflow", "invoice-sync"), Some("version 14")),
            record(396, "quota_warning", ("quota", "executions"), Some("80 %")),
            record(395, "secret_put", ("secret", "stripe_key"), None),
        ],
        next_cursor: Some("more".into()),
    }
}

fn credentials() -> CredentialList {
    let credential = |name: &str, kind, hosts: &[&str]| CredentialView {
        name: name.into(),
        kind,
        hosts: hosts.iter().map(|&host| host.into()).collect(),
        username: (kind == CredentialType::Smtp).then(|| "ops".into()),
        header: (kind == CredentialType::ApiKey).then(|| "X-Api-Key".into()),
        query: None,
        token_url: None,
        client_id: None,
        scope: None,
        rate_limit: (kind == CredentialType::Bearer).then_some(RateLimit { requests: 10, seconds: 1 }),
        updated_at: ago(9_000),
    };
    CredentialList {
        items: vec![
            credential("mail", CredentialType::Smtp, &["smtps://mail.example.com"]),
            credential("stock", CredentialType::ApiKey, &["stock.example.com:8443"]),
            credential("stripe", CredentialType::Bearer, &["api.stripe.com", "files.stripe.com"]),
        ],
    }
}

/// The plan `pro` after two thirds of its period, and two others.
pub fn plan() -> PlanFacts {
    let (start, end) = ("2026-09-01T00:00:00Z".parse().unwrap(), "2026-10-01T00:00:00Z".parse().unwrap());
    let none = CodeStepLimits::default();
    let plan = |id: &str, place, price_cents, limits: [Option<i64>; 4], features: &[Feature]| PlanView {
        id: id.into(),
        name: id[..1].to_uppercase() + &id[1..],
        place,
        price_cents,
        currency: "usd".into(),
        limits: PlanLimits {
            active_workflows: limits[0],
            executions: limits[1],
            integrations: limits[2],
            members: limits[3],
            code_step: (id == "free").then_some(CodeStepLimits { seconds: Some(60), memory_mib: Some(512), ..none }),
        },
        features: features.to_vec(),
        trial_days: if id == "business" { 14 } else { 0 },
        offered: true,
        is_default: id == "free",
        stripe_price: None,
    };
    let used = |metric: Metric, used, limit| UsedView { metric, used, limit, resets_at: metric.resets().then_some(end) };
    PlanFacts {
        plans: PlanList {
            items: vec![
                plan("free", 1, Some(0), [Some(3), Some(50), Some(10), Some(1)], &[]),
                plan("pro", 2, Some(2900), [Some(100), Some(5000), Some(50), Some(5)], &[Feature::AdvancedAnalytics]),
                plan("business", 3, Some(9900), [Some(500), Some(50_000), None, Some(25)], &[Feature::AdvancedAnalytics]),
                plan("enterprise", 4, None, [None; 4], &Feature::ALL),
            ],
        },
        quota: QuotaView {
            plan: "pro".into(),
            features: vec![Feature::AdvancedAnalytics],
            period_start: start,
            period_end: end,
            items: vec![
                used(Metric::Executions, 4_202, Some(5_000)),
                used(Metric::ActiveWorkflows, 12, Some(100)),
                used(Metric::Integrations, 3, Some(50)),
                used(Metric::Members, 5, Some(5)),
                used(Metric::CodeSeconds, 8_181, None),
                used(Metric::StorageBytes, 18_240_000_000, None),
                used(Metric::Events, 33_616, None),
            ],
            refused: 3,
            upgrade: UPGRADE.into(),
        },
        subscription: Ok(BillingSubscriptionView {
            id: Uuid::from_u128(7),
            plan: "pro".into(),
            state: BillingSubscriptionState::Active,
            zone: "Europe/Berlin".into(),
            period_start: start,
            period_end: end,
            next_plan: None,
            trial_end: None,
            grace_end: None,
            provider: Provider::Manual,
            exceeds: Vec::new(),
            paused: Vec::new(),
        }),
    }
}

fn invoices() -> InvoiceList {
    let invoice = |n: u128, number, state| InvoiceView {
        id: Uuid::from_u128(n),
        number,
        organization_id: OrganizationId(Uuid::from_u128(1)),
        at: "2026-09-01T00:00:00Z".parse().unwrap(),
        period_start: "2026-09-01T00:00:00Z".parse().unwrap(),
        period_end: "2026-10-01T00:00:00Z".parse().unwrap(),
        currency: "usd".into(),
        lines: vec![InvoiceLine { text: "Pro, September 2026".into(), cents: 2900 }],
        total_cents: 2900,
        state,
        due_at: "2026-09-28T00:00:00Z".parse().unwrap(),
        paid_at: (state == InvoiceState::Paid).then(|| ago(9_000)),
    };
    InvoiceList { items: vec![invoice(2, 1042, InvoiceState::Open), invoice(1, 1007, InvoiceState::Paid)] }
}

fn events() -> BillingEventList {
    let event = |n: u128, kind: &str, amount_cents: Option<i64>, detail: Option<&str>| BillingEventView {
        id: Uuid::from_u128(n),
        at: ago(29_000 - i64::try_from(n).unwrap() * 3_000),
        kind: kind.into(),
        plan: "pro".into(),
        amount_cents,
        currency: amount_cents.map(|_| "usd".into()),
        detail: detail.map(str::to_owned),
    };
    BillingEventList {
        items: vec![
            event(3, "payment_failed", Some(2900), Some("invoice 1042: the card was declined")),
            event(2, "renewed", None, None),
            event(1, "upgraded", Some(1450), Some("free to pro")),
        ],
    }
}

fn refused() -> RefusedDeliveryPage {
    let delivery = |n: u128, replayed| RefusedDeliveryView {
        id: Uuid::from_u128(n),
        at: ago(90),
        workflow_id: "order-intake".into(),
        version: 3,
        trigger_type: "webhook".into(),
        trigger_id: Some("hook".into()),
        metric: Metric::Executions,
        times: 4,
        replayed_at: if replayed { Some(ago(3)) } else { None },
        execution_id: if replayed { Some(id(99)) } else { None },
        input: std::sync::Arc::new(json!({"body": {"qty": 1}})),
    };
    RefusedDeliveryPage { items: vec![delivery(1, false), delivery(2, true)], next_cursor: None }
}

/// The subscription whose deliveries are shown.
pub fn subscription() -> SubscriptionId {
    SubscriptionId(Uuid::from_u128(1))
}

fn subscriptions() -> SubscriptionList {
    let one = |n: u128, name: &str, enabled, failing: Option<i64>| SubscriptionView {
        id: SubscriptionId(Uuid::from_u128(n)),
        name: name.into(),
        url: format!("https://{name}/tidemill"),
        events: vec!["execution_failed".into(), "dead_letter_added".into()],
        workflow: (n == 2).then(|| "invoice-sync".into()),
        enabled,
        disabled_reason: (!enabled).then(|| "five days without an answer".into()),
        failing_since: failing.map(ago),
        old_secret_until: None,
        created_at: ago(40_000),
        updated_at: ago(40_000),
    };
    SubscriptionList {
        items: vec![
            one(1, "ops.example", true, None),
            one(2, "pager.example", true, Some(700)),
            one(3, "old.example", false, Some(9_000)),
        ],
    }
}

/// What the first of them was told.
pub fn deliveries() -> SubscriptionDeliveryPage {
    let delivery = |n: u128, state, status: Option<u16>, error: Option<&str>| SubscriptionDeliveryView {
        id: SubscriptionDeliveryId(Uuid::from_u128(n)),
        event: "execution_failed".into(),
        state,
        attempts: if error.is_some() { 4 } else { 1 },
        next_at: (state == SubscriptionDeliveryState::Waiting).then(|| now() + TimeDelta::minutes(30)),
        attempted_at: Some(ago(2)),
        status,
        error: error.map(str::to_owned),
        duration_ms: Some(82),
        created_at: ago(45),
        payload: json!({"type": "execution_failed", "data": {"execution": id(99).to_string(), "workflow": "invoice-sync"}}),
    };
    SubscriptionDeliveryPage {
        items: vec![
            delivery(3, SubscriptionDeliveryState::Waiting, Some(503), Some("503 Service Unavailable")),
            delivery(2, SubscriptionDeliveryState::Failed, Some(410), Some("410 Gone")),
            delivery(1, SubscriptionDeliveryState::Delivered, Some(204), None),
        ],
        next_cursor: None,
    }
}

fn nodes() -> NodeList {
    let node = |n: u128, name: &str, state, running| ServerNode {
        id: NodeId(Uuid::from_u128(n)),
        name: name.into(),
        version: "0.1.0".into(),
        roles: vec!["api".into(), "executor".into(), "scheduler".into()],
        state,
        started_at: ago(5_000),
        heartbeat_at: ago(i64::from(state == NodeState::Lost)),
        running,
        free: 64 - running,
    };
    NodeList {
        items: vec![
            node(1, "mill-1", NodeState::Alive, 41),
            node(2, "mill-2", NodeState::Draining, 3),
            node(3, "mill-3", NodeState::Lost, 60),
        ],
    }
}

/// One of them.
pub fn order() -> BulkView {
    orders().items.remove(0)
}

fn orders() -> BulkList {
    let order = |n, action, state, count, done, skipped| BulkView {
        id: id(n),
        action,
        state,
        count,
        done,
        skipped,
        by: "Ann Lee".into(),
        created_at: ago(12),
        finished_at: (state != BulkState::Running).then(|| ago(9)),
    };
    BulkList {
        items: vec![
            order(98, BulkAction::Cancel, BulkState::Running, Some(312), 120, 4),
            order(97, BulkAction::Retry, BulkState::Finished, Some(10_000), 9_998, 2),
            order(96, BulkAction::Cancel, BulkState::Stopped, Some(50), 10, 0),
        ],
    }
}
