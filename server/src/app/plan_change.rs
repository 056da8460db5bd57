//! What a change of plans does, inside a transaction that holds the subscription: limits, pauses, history, invoices.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tidemill_common::ids::{OrganizationId, uuid_at};

use crate::store::queries::{billing, billing_subscription};
use crate::store::rows::billing::{BillingEvent, Invoice, OPEN};
use crate::store::rows::billing_subscription::{ACTIVE, BillingSubscription};
use crate::store::rows::plan::Plan;
use crate::store::{self, Connection};

/// How long there is to pay an invoice.
const DUE: TimeDelta = TimeDelta::days(14);

/// A change of plans.
pub(super) struct Change<'a> {
    /// To this plan.
    pub(super) to: &'a Plan,
    /// Why, as a word of the history.
    pub(super) kind: &'a str,
    /// When.
    pub(super) at: DateTime<Utc>,
}

/// Puts the organization on a plan: its meter follows, and workflows beyond the limit are paused, never deleted.
pub(super) fn apply(conn: &mut Connection, row: &mut BillingSubscription, change: &Change<'_>) -> Result<(), store::Error> {
    row.plan.clone_from(&change.to.id);
    ACTIVE.clone_into(&mut row.state);
    (row.next_plan, row.trial_end, row.grace_end, row.updated_at) = (None, None, None, change.at);
    billing_subscription::update(conn, row)?;
    let organization = OrganizationId(row.organization_id);
    billing_subscription::meter_follow(conn, organization)?;
    let mut paused = Vec::new();
    if let Some(limit) = change.to.active_workflows {
        for workflow in billing_subscription::workflows_beyond(conn, organization, limit)? {
            billing_subscription::workflow_pause(conn, &workflow, change.at)?;
            paused.push(format!("{}/{}", workflow.slug, workflow.id));
        }
    }
    let detail = (!paused.is_empty()).then(|| format!("paused: {}", paused.join(", ")));
    note(conn, row, change.kind, None, detail, change.at)
}

/// Writes down what happened.
pub(super) fn note(
    conn: &mut Connection,
    row: &BillingSubscription,
    kind: &str,
    amount: Option<(i64, &str)>,
    detail: Option<String>,
    at: DateTime<Utc>,
) -> Result<(), store::Error> {
    let (amount_cents, currency) = amount.map(|(cents, currency)| (cents, currency.to_owned())).unzip();
    let event = BillingEvent {
        organization_id: row.organization_id,
        id: uuid_at(at),
        at,
        kind: kind.to_owned(),
        plan: row.plan.clone(),
        amount_cents,
        currency,
        detail,
    };
    billing::billing_event_insert(conn, &event)
}

/// Makes an invoice of one line about the present period, unless there is nothing to pay.
pub(super) fn invoice(
    conn: &mut Connection,
    row: &BillingSubscription,
    (text, cents, currency): (String, i64, &str),
    at: DateTime<Utc>,
) -> Result<(), store::Error> {
    if cents <= 0 {
        return Ok(());
    }
    let made = Invoice {
        organization_id: row.organization_id,
        id: uuid_at(at),
        number: 0,
        at,
        period_start: row.period_start,
        period_end: row.period_end,
        currency: currency.to_owned(),
        lines: json!([{ "text": text, "cents": cents }]),
        total_cents: cents,
        state: OPEN.to_owned(),
        due_at: at + DUE,
        paid_at: None,
        external_id: None,
    };
    billing::invoice_insert(conn, made)?;
    note(conn, row, "invoiced", Some((cents, currency)), None, at)
}
