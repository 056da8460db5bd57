//! What happens to subscriptions when a time has come: periods begin, trials and grace periods end, invoices become overdue.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::ids::OrganizationId;

use super::audit::Act;
use super::billing_subscription::BillingSubscriptions;
use super::error::Error;
use super::plan::FALLBACK;
use super::plan_change::{self, Change, note};
use super::quota_notice;
use crate::domain::billing::{Due, due, period_at};
use crate::domain::schedule::timezone;
use crate::store::queries::{billing, billing_subscription, plan};
use crate::store::rows::billing_subscription::{BillingSubscription, MANUAL, PAST_DUE, STRIPE};
use crate::store::rows::plan::Plan;
use crate::store::{self, Connection};

/// How long a plan stays after a payment has failed.
pub(super) const GRACE: TimeDelta = TimeDelta::days(14);
/// The shortest period: a new zone moves the first one by hours, which are added to it instead.
const SHORTEST: TimeDelta = TimeDelta::days(14);
/// Organizations that are looked at in one round.
const ROUND: i64 = 100;

impl BillingSubscriptions {
    /// Does everything that is due. Returns whether there is more.
    pub async fn round(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let due = self.database.engine(move |conn| billing_subscription::due(conn, now, ROUND)).await?;
        let more = i64::try_from(due.len()).is_ok_and(|found| found == ROUND);
        for organization in due {
            if let Err(error) = self.catch_up(organization, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, %organization, "a subscription can't go on; trying again");
            }
        }
        self.database.engine(billing_subscription::meters_notice).await?;
        while self.database.engine(move |conn| quota_notice::tell(conn, now)).await? {}
        Ok(more)
    }

    /// Does what is due of one organization, one thing after the other, each in a transaction.
    async fn catch_up(&self, organization: OrganizationId, now: DateTime<Utc>) -> Result<(), Error> {
        let step = move |conn: &mut Connection| {
            let row = billing_subscription::lock(conn, organization)?;
            let late = overdue(conn, row, now)?;
            let Some(what) = due(late.period_end, late.trial_end, late.grace_end, now) else { return Ok(None) };
            let operation = step(conn, late, what)?;
            let act = Act::by_node(organization, operation, now);
            act.on("billing_subscription", organization).write_as_engine(conn)?;
            Ok(Some(()))
        };
        while self.database.engine(step).await?.is_some() {}
        (self.workflows.activated)();
        self.resume_paused(organization).await
    }
}

/// An invoice that was not paid in time begins the grace period.
fn overdue(
    conn: &mut Connection,
    mut row: BillingSubscription,
    now: DateTime<Utc>,
) -> Result<BillingSubscription, store::Error> {
    let Some(cents) = billing::invoice_overdue(conn, OrganizationId(row.organization_id), now)? else { return Ok(row) };
    if row.grace_end.is_none() {
        (row.state, row.grace_end, row.updated_at) = (PAST_DUE.to_owned(), Some(now + GRACE), now);
        billing_subscription::update(conn, &row)?;
    }
    let currency = plan::plan_get(conn, &row.plan)?.currency;
    note(conn, &row, "payment_overdue", Some((cents, &currency)), None, now)?;
    let organization = OrganizationId(row.organization_id);
    Act::by_node(organization, "invoice_overdue", now).on("billing_subscription", organization).write_as_engine(conn)?;
    Ok(row)
}

/// One thing that is due, at the instant at which it was. Returns what the audit log calls it.
fn step(conn: &mut Connection, mut row: BillingSubscription, what: Due) -> Result<&'static str, store::Error> {
    match what {
        Due::Lapse => {
            let (to, at) = (plan::plan_get(conn, FALLBACK)?, row.grace_end.unwrap_or(row.period_end));
            MANUAL.clone_into(&mut row.provider);
            row.external_id = None;
            plan_change::apply(conn, &mut row, &Change { to: &to, kind: "lapsed", at })?;
            Ok("billing_subscription_lapse")
        }
        Due::TrialEnd => {
            let at = row.trial_end.unwrap_or(row.period_end);
            let to = plan::plan_get(conn, row.next_plan.as_deref().unwrap_or(FALLBACK))?;
            plan_change::apply(conn, &mut row, &Change { to: &to, kind: "trial_ended", at })?;
            Ok("billing_subscription_trial_end")
        }
        Due::Renewal => {
            renew(conn, row)?;
            Ok("billing_subscription_renew")
        }
    }
}

/// The next period begins, on the plan that comes. A tried plan goes on until its trial ends.
fn renew(conn: &mut Connection, mut row: BillingSubscription) -> Result<(), store::Error> {
    let begins = row.period_end;
    let zone = timezone(&row.zone).map_err(|error| store::Error::Corrupt(format!("the zone of a subscription: {error}")))?;
    let mut period = period_at(row.anchor, zone, begins);
    if period.end - begins < SHORTEST {
        period = period_at(row.anchor, zone, period.end);
    }
    (row.period_start, row.period_end, row.updated_at) = (begins, period.end, begins);
    let is_tried = row.trial_end.is_some();
    let comes = row.next_plan.clone().filter(|_| !is_tried);
    billing_subscription::update(conn, &row)?;
    if let Some(next) = comes {
        let to = plan::plan_get(conn, &next)?;
        let kind = if next == FALLBACK { "cancelled" } else { "downgraded" };
        if next == FALLBACK {
            MANUAL.clone_into(&mut row.provider);
            row.external_id = None;
        }
        // A failed payment is not forgotten because the plan is a lesser one.
        let (grace, state) = (row.grace_end, row.state.clone());
        plan_change::apply(conn, &mut row, &Change { to: &to, kind, at: begins })?;
        if grace.is_some() && next != FALLBACK {
            (row.grace_end, row.state) = (grace, state);
            billing_subscription::update(conn, &row)?;
        }
    }
    billing_subscription::period_begin(conn, &row)?;
    let present = plan::plan_get(conn, &row.plan)?;
    note(conn, &row, "renewed", None, None, begins)?;
    if row.provider != STRIPE && !is_tried {
        charge_month(conn, &row, &present, begins)?;
    }
    Ok(())
}

/// The invoice of a whole period.
fn charge_month(conn: &mut Connection, row: &BillingSubscription, plan: &Plan, at: DateTime<Utc>) -> Result<(), store::Error> {
    let text = format!("{}, a month", plan.name);
    plan_change::invoice(conn, row, (text, plan.price_cents.unwrap_or(0), &plan.currency), at)
}
