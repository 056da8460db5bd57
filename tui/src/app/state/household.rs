//! What requests about users of the organization, workspaces, sessions and usage give, for tests.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::billing::LtvCacView;
use tidemill_common::api::member::UserKind;
use tidemill_common::api::organization::{OrganizationList, OrganizationRole, OrganizationView, UserList, UserView};
use tidemill_common::api::quota::{UsageList, UsageView};
use tidemill_common::api::session::{SessionList, SessionView};
use tidemill_common::api::workspace::{Role, WorkspaceList, WorkspaceView};
use tidemill_common::ids::{OrganizationId, SessionId, UserId, WorkspaceId};
use uuid::Uuid;

use super::Root;
use super::testing::now;
use crate::app::data::{Data, Query};

/// What the root screens about these read, and what they get.
pub fn answers() -> Vec<(Root, Query, Data)> {
    vec![
        (Root::Users, Query::Users, Data::Users(users())),
        (Root::Workspaces, Query::Workspaces, Data::Workspaces(workspaces())),
        (Root::Sessions, Query::Sessions, Data::Sessions(sessions())),
        (Root::Usage, Query::Usage, Data::Usage(usage())),
        (Root::Customers, Query::Customers, Data::Customers(customers())),
        (Root::Organizations, Query::Organizations, Data::Organizations(organizations())),
    ]
}

fn ago(days: i64) -> DateTime<Utc> {
    now() - TimeDelta::days(days)
}

fn users() -> UserList {
    let user = |n: u128, name: &str, role, kind, second_factor| UserView {
        id: UserId(Uuid::from_u128(n)),
        name: name.into(),
        email: (kind == UserKind::Person).then(|| format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase())),
        kind,
        role,
        second_factor,
        created_at: ago(40),
    };
    UserList {
        items: vec![
            user(1, "Ann Lee", OrganizationRole::Admin, UserKind::Person, true),
            user(2, "Bo Park", OrganizationRole::Member, UserKind::Person, false),
            user(4, "deploys", OrganizationRole::Member, UserKind::Service, false),
        ],
    }
}

fn organizations() -> OrganizationList {
    let organization = |n: u128, name: &str, operator| OrganizationView {
        id: OrganizationId(Uuid::from_u128(n)),
        name: name.into(),
        operator,
        created_at: ago(40),
    };
    OrganizationList { items: vec![organization(1, "Example", true), organization(2, "Acme", false)] }
}

fn workspaces() -> WorkspaceList {
    let workspace = |n: u128, slug: &str, name: &str, role| WorkspaceView {
        id: WorkspaceId(Uuid::from_u128(n)),
        slug: slug.into(),
        name: name.into(),
        role,
        created_at: ago(40),
        archived_at: (n == 2).then(|| ago(2)),
        delete_after: (n == 3).then(|| now() + TimeDelta::days(28)),
    };
    WorkspaceList {
        items: vec![
            workspace(4, "finance", "Finance", Role::Viewer),
            workspace(2, "launch", "The launch of 2025", Role::Admin),
            workspace(1, "ops", "Operations", Role::Admin),
            workspace(3, "scratch", "Scratch", Role::Admin),
        ],
    }
}

fn sessions() -> SessionList {
    let session = |n: u128, name: &str, current| SessionView {
        id: SessionId(Uuid::from_u128(n)),
        name: name.into(),
        address: Some("192.0.2.7".into()),
        created_at: ago(9),
        last_used_at: now() - TimeDelta::minutes(if current { 0 } else { 300 }),
        expires_at: now() + TimeDelta::days(21),
        current,
    };
    SessionList { items: vec![session(1, "tidemill on bastion", true), session(2, "tidemill on laptop", false)] }
}

fn usage() -> UsageList {
    let period = |months: i64, executions| UsageView {
        period_start: ago(20 + 30 * months),
        executions,
        events: executions * 9,
        code_seconds: 1_234.5,
    };
    UsageList { items: vec![period(0, 4_200), period(1, 6_120), period(2, 5_010)] }
}

fn customers() -> Vec<LtvCacView> {
    let span = |months: u32, paying, new_paying, churned, revenue_cents| LtvCacView {
        since: ago(30 * i64::from(months)),
        until: now(),
        months: f64::from(months),
        paying,
        new_paying,
        churned,
        revenue_cents,
        acquisition_cents: 90_000 * i64::from(months),
        arpa_cents: Some(2_900.0),
        churn: (churned > 0).then_some(0.025),
        ltv_cents: (churned > 0).then_some(116_000.0),
        cac_cents: Some(45_000.0),
        ltv_to_cac: (churned > 0).then_some(116_000.0 / 45_000.0),
        formula: "ltv = arpa / churn; cac = acquisition / new_paying; ltv_to_cac = ltv / cac".into(),
    };
    vec![span(1, 40, 2, 0, 116_000), span(3, 41, 6, 3, 351_000), span(12, 44, 21, 9, 1_290_000)]
}
