//! What Stripe tells. An event only says that something changed; what it is now is asked of Stripe, so that events may come late, twice
//! and in any order.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::ids::{OrganizationId, uuid_at};

use super::audit::Act;
use super::billing::{lines, settled};
use super::billing_subscription::BillingSubscriptions;
use super::billing_subscription_round::GRACE;
use super::error::Error;
use super::plan::FALLBACK;
use super::plan_change::{self, Change, note};
use crate::payments::{PaidInvoice, StripeEvent, StripeSubscription};
use crate::store::queries::{billing, billing_subscription, plan};
use crate::store::rows::billing::{Invoice, PAID};
use crate::store::rows::billing_subscription::{ACTIVE, BillingSubscription, MANUAL, PAST_DUE, STRIPE};
use crate::store::rows::plan::Plan;
use crate::store::{self, Connection};

/// What has changed, as it is now.
enum News {
    Subscription(StripeSubscription),
    Invoice(PaidInvoice),
}

impl BillingSubscriptions {
    /// Hears an event of Stripe, whose signature is `header`. Events that say nothing new change nothing.
    pub async fn hear(&self, header: &str, body: &[u8]) -> Result<(), Error> {
        let stripe = self.stripe()?;
        let now = self.clock.now();
        let event = StripeEvent::read(stripe.webhook_secret(), header, body, now).map_err(|_| Error::SignatureInvalid)?;
        let Some(event) = event else { return Ok(()) };
        // What is asked first is written first.
        let _turn = self.hearing.lock().await;
        let news = if event.kind.starts_with("customer.subscription.") {
            News::Subscription(stripe.subscription(&event.object).await.map_err(Error::Payment)?)
        } else if event.kind.starts_with("invoice.") && event.kind != "invoice.deleted" && event.kind != "invoice.upcoming" {
            News::Invoice(stripe.invoice(&event.object).await.map_err(Error::Payment)?)
        } else {
            return Ok(());
        };
        let heard = self.database.engine(move |conn| {
            if !billing::stripe_event_hear(conn, &event.id, now)? {
                return Ok(None);
            }
            let customer = match &news {
                News::Subscription(subscription) => &subscription.customer,
                News::Invoice(invoice) => &invoice.customer,
            };
            let Some(row) = billing_subscription::of_customer(conn, customer)? else {
                tracing::warn!(event = event.id, "Stripe tells of a customer that is none of this server's");
                return Ok(None);
            };
            let organization = OrganizationId(row.organization_id);
            match news {
                News::Subscription(subscription) => follow(conn, row, &subscription, now)?,
                News::Invoice(invoice) => book(conn, row, &invoice, now)?,
            }
            let act = Act::by_node(organization, "stripe_event", now);
            act.on("billing_subscription", organization)
                .saying(format!("{} {}", event.kind, event.id))
                .write_as_engine(conn)?;
            Ok(Some(organization))
        });
        let Some(organization) = heard.await? else { return Ok(()) };
        (self.workflows.activated)();
        self.resume_paused(organization).await
    }
}

/// The subscription becomes what Stripe says it is.
fn follow(
    conn: &mut Connection,
    mut row: BillingSubscription,
    said: &StripeSubscription,
    now: DateTime<Utc>,
) -> Result<(), store::Error> {
    let is_ours = row.external_id.as_deref().is_none_or(|ours| ours == said.id);
    match said.status.as_str() {
        "active" | "trialing" => {
            let Some(to) = plan_with_price(conn, &said.price)? else {
                tracing::warn!(price = said.price, "Stripe tells of a price that no plan has");
                return Ok(());
            };
            STRIPE.clone_into(&mut row.provider);
            row.external_id = Some(said.id.clone());
            if row.plan == to.id {
                (row.state, row.grace_end, row.trial_end) = (ACTIVE.to_owned(), None, None);
            } else {
                plan_change::apply(conn, &mut row, &Change { to: &to, kind: "subscribed", at: now })?;
            }
            row.next_plan = said.ends.then(|| FALLBACK.to_owned());
            row.updated_at = now;
            billing_subscription::update(conn, &row)
        }
        "past_due" | "unpaid" if is_ours => begin_grace(conn, &mut row, now),
        "canceled" | "incomplete_expired" if row.external_id.as_deref() == Some(&said.id) => {
            let to = plan::plan_get(conn, FALLBACK)?;
            MANUAL.clone_into(&mut row.provider);
            row.external_id = None;
            plan_change::apply(conn, &mut row, &Change { to: &to, kind: "cancelled", at: now })
        }
        _ => Ok(()),
    }
}

fn begin_grace(conn: &mut Connection, row: &mut BillingSubscription, now: DateTime<Utc>) -> Result<(), store::Error> {
    if row.grace_end.is_none() {
        (row.state, row.grace_end, row.updated_at) = (PAST_DUE.to_owned(), Some(now + GRACE), now);
        billing_subscription::update(conn, row)?;
    }
    Ok(())
}

/// An invoice of Stripe's: kept when it is paid; the grace period begins when paying failed.
fn book(
    conn: &mut Connection,
    mut row: BillingSubscription,
    said: &PaidInvoice,
    now: DateTime<Utc>,
) -> Result<(), store::Error> {
    if said.paid {
        let invoice = Invoice {
            organization_id: row.organization_id,
            id: uuid_at(now),
            number: 0,
            at: said.at,
            period_start: row.period_start,
            period_end: row.period_end,
            currency: said.currency.clone(),
            lines: lines(&said.lines),
            total_cents: said.total_cents,
            state: PAID.to_owned(),
            due_at: said.at + TimeDelta::days(1),
            paid_at: Some(now),
            external_id: Some(said.id.clone()),
        };
        if billing::invoice_insert(conn, invoice.clone())? {
            settled(conn, &invoice, now)?;
        }
        return Ok(());
    }
    // A first payment that fails takes nothing away: there is nothing yet.
    if said.attempted && row.external_id.is_some() {
        begin_grace(conn, &mut row, now)?;
        note(conn, &row, "payment_failed", Some((said.total_cents, &said.currency)), Some(said.id.clone()), now)?;
    }
    Ok(())
}

fn plan_with_price(conn: &mut Connection, price: &str) -> Result<Option<Plan>, store::Error> {
    let plans = plan::plan_list(conn)?;
    Ok(plans.into_iter().find(|plan| plan.stripe_price.as_deref() == Some(price)))
}
