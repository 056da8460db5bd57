//! Subscriptions: which plan an organization is on, and going to another one.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::billing_subscription::{
    BillingSubscriptionCreate, BillingSubscriptionUpdate, BillingSubscriptionView, PlanChoice,
};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, WorkflowUid, WorkspaceId};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::plan::FALLBACK;
use super::plan_change::{self, Change, note};
use super::workflow::Workflows;
use crate::auth::{Caller, Operation};
use crate::domain::billing::{Period, format_cents, prorated};
use crate::domain::schedule::timezone;
use crate::payments::Stripe;
use crate::store::queries::{billing, billing_subscription, plan};
use crate::store::rows::billing_subscription::{ACTIVE, BillingSubscription, PAST_DUE, STRIPE, TRIALING};
use crate::store::rows::plan::Plan;
use crate::store::{self, Connection, Database};

/// Subscriptions of organizations.
#[derive(Clone)]
pub struct BillingSubscriptions {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) workflows: Workflows,
    pub(super) stripe: Option<Stripe>,
    /// One event of Stripe is heard at a time.
    pub(super) hearing: Arc<Mutex<()>>,
}

/// A plan that somebody wants to be on.
type Chosen = (Plan, Plan);

impl BillingSubscriptions {
    /// Subscriptions in `database`; `workflows` are paused and resumed. Without `stripe`, people take the money.
    pub fn new(database: Database, clock: Arc<dyn Clock>, workflows: Workflows, stripe: Option<Stripe>) -> Self {
        Self { database, clock, workflows, stripe, hearing: Arc::default() }
    }

    /// The subscription of the caller's organization.
    pub async fn subscription(&self, caller: &Caller) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::BillingSubscriptionView)?;
        self.view(caller.home).await
    }

    /// Goes to a plan, at once; or tries it for nothing first; or takes back that the present one was to end.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        wanted: BillingSubscriptionCreate,
    ) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::BillingSubscriptionCreate)?;
        let (home, now, by_stripe) = (caller.home, self.clock.now(), self.stripe.is_some());
        let zone = wanted.zone.as_deref().map(zone_name).transpose()?;
        let act = Act::at_home(caller, Operation::BillingSubscriptionCreate, now);
        let done = self.database.engine(move |conn| {
            let mut row = billing_subscription::lock(conn, home)?;
            if let Some(zone) = zone {
                row.zone = zone;
            }
            let (from, to) = match choose(conn, &row, &wanted.plan)? {
                Ok(chosen) => chosen,
                Err(refused) => return Ok(Err(refused)),
            };
            let begun = if wanted.trial == Some(true) {
                try_out(conn, row, (&from, &to), now)?
            } else if from.id == to.id {
                keep(conn, row, &to, now)?
            } else if to.place < from.place {
                Err(Error::Conflict(format!("`{}` is less than the present plan: downgrade to it", to.id)))
            } else {
                rise(conn, row, &(from, to), by_stripe, now)?
            };
            if let Err(refused) = begun {
                return Ok(Err(refused));
            }
            act.on("subscription", home).saying(&wanted.plan).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        done.await??;
        self.resume_paused(home).await?;
        self.view(home).await
    }

    /// Goes to a greater plan at once; what is left of the period is paid.
    pub async fn upgrade(&self, caller: &Caller, wanted: PlanChoice) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::PlanUpgrade)?;
        let (home, now, by_stripe) = (caller.home, self.clock.now(), self.stripe.is_some());
        let act = Act::at_home(caller, Operation::PlanUpgrade, now);
        let done = self.database.engine(move |conn| {
            let row = billing_subscription::lock(conn, home)?;
            let chosen = match choose(conn, &row, &wanted.plan)? {
                Ok(chosen) => chosen,
                Err(refused) => return Ok(Err(refused)),
            };
            let words = format!("{} to {}", chosen.0.id, chosen.1.id);
            if chosen.1.place <= chosen.0.place {
                return Ok(Err(Error::Conflict(format!("`{}` is no greater plan than the present one", wanted.plan))));
            }
            if let Err(refused) = rise(conn, row, &chosen, by_stripe, now)? {
                return Ok(Err(refused));
            }
            act.on("subscription", home).saying(words).write_as_engine(conn)?;
            Ok(Ok(chosen.1))
        });
        let to = done.await??;
        if let Some(stripe) = &self.stripe {
            self.tell_stripe(stripe, home, &to).await?;
        }
        self.resume_paused(home).await?;
        self.view(home).await
    }

    /// Goes to a lesser plan when the period ends. The answer lists what goes beyond its limits.
    pub async fn downgrade(&self, caller: &Caller, wanted: PlanChoice) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::PlanDowngrade)?;
        let act = Act::at_home(caller, Operation::PlanDowngrade, self.clock.now());
        self.fall(caller.home, act, wanted.plan, "downgrade_ordered").await
    }

    /// Ends the plan when the period ends.
    pub async fn cancel(&self, caller: &Caller, id: Uuid) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::BillingSubscriptionCancel)?;
        let home = caller.home;
        let own = self.database.engine(move |conn| billing_subscription::get(conn, home)).await?;
        if own.id != id {
            return Err(Error::NotFound("subscription"));
        }
        if let (Some(stripe), Some(external)) = (&self.stripe, &own.external_id) {
            stripe.cancel_at_period_end(external).await.map_err(Error::Payment)?;
        }
        let act = Act::at_home(caller, Operation::BillingSubscriptionCancel, self.clock.now());
        self.fall(home, act, FALLBACK.to_owned(), "cancel_ordered").await
    }

    async fn fall(
        &self,
        home: OrganizationId,
        act: Act,
        to: String,
        kind: &'static str,
    ) -> Result<BillingSubscriptionView, Error> {
        let now = self.clock.now();
        let done = self.database.engine(move |conn| {
            let mut row = billing_subscription::lock(conn, home)?;
            let (from, to) = match choose(conn, &row, &to)? {
                Ok(chosen) => chosen,
                Err(refused) => return Ok(Err(refused)),
            };
            if to.place >= from.place {
                return Ok(Err(Error::Conflict(format!("`{}` is no lesser plan than the present one", to.id))));
            }
            if row.state == TRIALING {
                // There is nothing to wait for: nothing was paid.
                plan_change::apply(conn, &mut row, &Change { to: &to, kind: "trial_ended", at: now })?;
            } else {
                row.next_plan = Some(to.id.clone());
                row.updated_at = now;
                billing_subscription::update(conn, &row)?;
                let detail = format!("to {} on {}", to.id, row.period_end.format("%Y-%m-%d"));
                note(conn, &row, kind, None, Some(detail), now)?;
            }
            act.on("subscription", home).saying(format!("{} to {}", from.id, to.id)).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        done.await??;
        (self.workflows.activated)();
        self.view(home).await
    }

    /// Puts any organization on a plan, at once and without an invoice; for admins of the server.
    pub async fn set(
        &self,
        caller: &Caller,
        organization: OrganizationId,
        wanted: BillingSubscriptionUpdate,
    ) -> Result<BillingSubscriptionView, Error> {
        authorize(caller, Operation::OrganizationSubscriptionUpdate)?;
        let (now, zone) = (self.clock.now(), wanted.zone.as_deref().map(zone_name).transpose()?);
        let act = Act::at_home(caller, Operation::OrganizationSubscriptionUpdate, now);
        let done = self.database.engine(move |conn| {
            let mut row = billing_subscription::lock(conn, organization)?;
            let before = (row.plan.clone(), row.zone.clone());
            if let Some(zone) = zone {
                row.zone = zone;
                row.updated_at = now;
                billing_subscription::update(conn, &row)?;
            }
            if let Some(id) = wanted.plan {
                let Some(to) = plan::plan_lock(conn, &id.replace('\0', ""))? else {
                    return Ok(Err(Error::Invalid("there is no plan with this id: `tidemill plan ls` lists them".to_owned())));
                };
                plan_change::apply(conn, &mut row, &Change { to: &to, kind: "plan_set", at: now })?;
            }
            let words = format!("{} to {}", before.0, row.plan);
            act.on("billing_subscription", organization)
                .saying(words)
                .before(&before)
                .after(&(&row.plan, &row.zone))
                .write_as_engine(conn)?;
            Ok(Ok(()))
        });
        done.await.map_err(Error::of("organization"))??;
        (self.workflows.activated)();
        self.resume_paused(organization).await?;
        self.view(organization).await
    }

    /// Activates what an earlier plan paused, as far as the present one allows.
    pub(super) async fn resume_paused(&self, organization: OrganizationId) -> Result<(), Error> {
        for paused in self.database.engine(move |conn| billing_subscription::workflows_paused(conn, organization)).await? {
            let workspace = WorkspaceId(paused.workspace_id);
            let act = Act::by_node(organization, "workflow_activate", self.clock.now()).in_workspace(workspace);
            let resumed = self.workflows.resume(workspace, WorkflowUid(paused.uid), (&paused.id, paused.version), act).await;
            match resumed {
                Ok(()) => {}
                Err(Error::QuotaExceeded(_)) => break,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, workflow = paused.id, "a workflow stays paused");
                }
            }
        }
        Ok(())
    }

    async fn tell_stripe(&self, stripe: &Stripe, home: OrganizationId, to: &Plan) -> Result<(), Error> {
        let row = self.database.engine(move |conn| billing_subscription::get(conn, home)).await?;
        if let (Some(external), Some(price)) = (&row.external_id, &to.stripe_price) {
            stripe.change_price(external, price).await.map_err(Error::Payment)?;
        }
        Ok(())
    }
}

/// The present plan and the one with this id, if organizations can choose it.
fn choose(conn: &mut Connection, row: &BillingSubscription, id: &str) -> Result<Result<Chosen, Error>, store::Error> {
    let from = plan::plan_get(conn, &row.plan)?;
    let wanted = plan::plan_lock(conn, &id.replace('\0', ""))?;
    Ok(match wanted.filter(|to| to.offered || to.id == from.id) {
        Some(to) => Ok((from, to)),
        None => Err(Error::Invalid("there is no such plan to choose: GET /api/pricing lists what there is".to_owned())),
    })
}

/// Tries a plan out: it is there at once, and the present one comes back when the trial ends.
fn try_out(
    conn: &mut Connection,
    mut row: BillingSubscription,
    (from, to): (&Plan, &Plan),
    now: DateTime<Utc>,
) -> Result<Result<(), Error>, store::Error> {
    let why = if to.trial_days == 0 {
        Some(format!("the plan `{}` has no trial: subscribe without", to.id))
    } else if row.tried.contains(&to.id) {
        Some(format!("the plan `{}` was tried already: subscribe without a trial", to.id))
    } else if to.place <= from.place {
        Some(format!("the plan `{}` is no greater than the present one", to.id))
    } else {
        None
    };
    if let Some(why) = why {
        return Ok(Err(Error::Conflict(why)));
    }
    // A trial of a trial goes back to what was before both.
    let back = row.next_plan.clone().filter(|_| row.state == TRIALING).unwrap_or_else(|| from.id.clone());
    plan_change::apply(conn, &mut row, &Change { to, kind: "trial_started", at: now })?;
    TRIALING.clone_into(&mut row.state);
    row.trial_end = Some(now + TimeDelta::days(to.trial_days.into()));
    row.next_plan = Some(back);
    row.tried.push(to.id.clone());
    billing_subscription::update(conn, &row)?;
    Ok(Ok(()))
}

/// Takes back that the present plan was to end; pays for it when it was tried.
fn keep(
    conn: &mut Connection,
    mut row: BillingSubscription,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<Result<(), Error>, store::Error> {
    if row.next_plan.is_none() {
        return Ok(Err(Error::Conflict(format!("the organization is on `{}` already", plan.id))));
    }
    let was_tried = row.state == TRIALING;
    if was_tried {
        ACTIVE.clone_into(&mut row.state);
    }
    (row.next_plan, row.trial_end, row.updated_at) = (None, None, now);
    billing_subscription::update(conn, &row)?;
    note(conn, &row, if was_tried { "subscribed" } else { "kept" }, None, None, now)?;
    if was_tried {
        charge(conn, &row, (None, plan), now)?;
    }
    Ok(Ok(()))
}

/// Goes to a greater plan at once, and charges what is left of the period where people take the money.
fn rise(
    conn: &mut Connection,
    mut row: BillingSubscription,
    (from, to): &Chosen,
    by_stripe: bool,
    now: DateTime<Utc>,
) -> Result<Result<(), Error>, store::Error> {
    if to.price_cents.is_none() {
        return Ok(Err(Error::Conflict(format!("`{}` is on request: ask those who run this server", to.id))));
    }
    let organization = OrganizationId(row.organization_id);
    if row.state == PAST_DUE || billing::invoice_overdue_count(conn, organization)? > 0 {
        return Ok(Err(Error::Conflict("an invoice is overdue: pay it first (GET /api/billing/invoices)".to_owned())));
    }
    if by_stripe && to.stripe_price.is_some() && row.external_id.is_none() {
        return Ok(Err(Error::Conflict(format!(
            "`{}` is paid through Stripe: POST /api/billing/checkout gives the link",
            to.id
        ))));
    }
    let was_tried = row.state == TRIALING;
    let kind = if from.price_cents.unwrap_or(0) == 0 || was_tried { "subscribed" } else { "upgraded" };
    plan_change::apply(conn, &mut row, &Change { to, kind, at: now })?;
    if row.provider != STRIPE {
        charge(conn, &row, (Some(from).filter(|_| !was_tried), to), now)?;
    }
    Ok(Ok(()))
}

/// Makes the invoice of what is left of the period, at the difference of two prices.
fn charge(
    conn: &mut Connection,
    row: &BillingSubscription,
    (from, to): (Option<&Plan>, &Plan),
    now: DateTime<Utc>,
) -> Result<(), store::Error> {
    let period = Period { start: row.period_start, end: row.period_end };
    let price = |plan: &Plan| plan.price_cents.filter(|_| plan.currency == to.currency).unwrap_or(0);
    let (before, after) = (from.map_or(0, price), to.price_cents.unwrap_or(0));
    let cents = prorated(before, after, period, now);
    let what = format!("{} for the rest of the period, at {} a month", to.name, format_cents(after, &to.currency));
    let text = from.filter(|_| before > 0).map_or(what.clone(), |from| format!("{what}, less what was paid for {}", from.name));
    plan_change::invoice(conn, row, (text, cents, &to.currency), now)
}

/// The name of a zone, checked.
fn zone_name(name: &str) -> Result<String, Error> {
    timezone(name).map(|zone| zone.name().to_owned()).map_err(|error| Error::Invalid(format!("`zone`: {error}")))
}
