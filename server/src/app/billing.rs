//! Money: history, invoices, Stripe's pages and events, and what customers are worth.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::json;
use tidemill_common::api::billing::{
    AcquisitionCost, BillingEventList, BillingEventView, InvoiceLine, InvoiceList, InvoiceState, InvoiceView, LtvCacView,
};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::access::authorize;
use super::audit::Act;
use super::billing_subscription::BillingSubscriptions;
use super::error::Error;
use super::plan_change::note;
use crate::auth::{Caller, Operation};
use crate::payments::{Payer, Stripe};
use crate::store::queries::{billing, billing_subscription, plan};
use crate::store::rows::billing::{BillingEvent, Invoice, OPEN, OVERDUE, PAID};
use crate::store::rows::billing_subscription::{ACTIVE, PAST_DUE};
use crate::store::{self, Connection};

/// How far back customers' worth is reckoned, unless told otherwise.
const MONTHS: u32 = 12;
/// Most that can have been spent in a month: a thousand million.
const MOST_CENTS: i64 = 100_000_000_000;
/// How it is reckoned.
const FORMULA: &str = "arpa = revenue / paying / months; churn = churned / paying / months; ltv = arpa / churn; \
    cac = acquisition / new_paying; ltv_to_cac = ltv / cac. Revenue is what was paid, without the costs of serving it; \
    currencies are not converted.";

impl BillingSubscriptions {
    /// What happened to the subscription of the caller's organization.
    pub async fn history(&self, caller: &Caller) -> Result<BillingEventList, Error> {
        authorize(caller, Operation::BillingEventList)?;
        let home = caller.home;
        let rows = self.database.engine(move |conn| billing::billing_event_list(conn, home)).await?;
        Ok(BillingEventList { items: rows.into_iter().map(event_view).collect() })
    }

    /// The invoices of the caller's organization.
    pub async fn invoices(&self, caller: &Caller) -> Result<InvoiceList, Error> {
        authorize(caller, Operation::InvoiceList)?;
        let home = caller.home;
        let rows = self.database.engine(move |conn| billing::invoice_list(conn, home)).await?;
        Ok(InvoiceList { items: rows.into_iter().map(invoice_view).collect::<Result<_, _>>()? })
    }

    /// One invoice, and who pays it.
    pub async fn invoice(&self, caller: &Caller, id: Uuid) -> Result<(InvoiceView, String), Error> {
        authorize(caller, Operation::InvoiceView)?;
        let home = caller.home;
        let read = move |conn: &mut Connection| Ok((billing::invoice_get(conn, home, id)?, billing::payer(conn, home)?.0));
        let (row, name) = self.database.engine(read).await.map_err(Error::of("invoice"))?;
        Ok((invoice_view(row)?, name))
    }

    /// Says that an invoice of any organization was paid; for admins of the server.
    pub async fn invoice_pay(&self, caller: &Caller, id: Uuid) -> Result<InvoiceView, Error> {
        authorize(caller, Operation::InvoicePay)?;
        let now = self.clock.now();
        let act = Act::at_home(caller, Operation::InvoicePay, now);
        let paid = self.database.engine(move |conn| {
            let invoice = billing::invoice_lock(conn, id)?;
            if invoice.state != OPEN && invoice.state != OVERDUE {
                return Ok(Err(Error::Conflict(format!("the invoice is {} already", invoice.state))));
            }
            billing::invoice_paid(conn, id, now)?;
            settled(conn, &invoice, now)?;
            act.on("invoice", id).saying(format!("number {}", invoice.number)).write_as_engine(conn)?;
            Ok(Ok(Invoice { state: PAID.to_owned(), paid_at: Some(now), ..invoice }))
        });
        invoice_view(paid.await.map_err(Error::of("invoice"))??)
    }

    /// The address of a page of Stripe on which the caller's organization subscribes to a plan.
    pub async fn checkout(&self, caller: &Caller, id: &str, back: &str) -> Result<String, Error> {
        authorize(caller, Operation::CheckoutCreate)?;
        let stripe = self.stripe()?;
        let (home, id) = (caller.home, id.replace('\0', ""));
        let wanted = self.database.engine(move |conn| plan::plan_lock(conn, &id)).await?;
        let price = wanted.filter(|plan| plan.offered).and_then(|plan| plan.stripe_price);
        let price = price.ok_or_else(|| {
            Error::Invalid("no plan with this id is paid through Stripe: GET /api/pricing lists what there is".to_owned())
        })?;
        let customer = self.customer(stripe, home).await?;
        let url = stripe.checkout(&customer, &price, back).await.map_err(Error::Payment)?;
        self.ordered(Act::at_home(caller, Operation::CheckoutCreate, self.clock.now()), home).await?;
        Ok(url)
    }

    /// The address of a page of Stripe on which the caller's organization changes how it pays.
    pub async fn portal(&self, caller: &Caller, back: &str) -> Result<String, Error> {
        authorize(caller, Operation::PortalCreate)?;
        let (stripe, home) = (self.stripe()?, caller.home);
        let row = self.database.engine(move |conn| billing_subscription::get(conn, home)).await?;
        let nobody = || Error::Conflict("nothing was paid through Stripe yet: POST /api/billing/checkout first".to_owned());
        let url = stripe.portal(&row.customer.ok_or_else(nobody)?, back).await.map_err(Error::Payment)?;
        self.ordered(Act::at_home(caller, Operation::PortalCreate, self.clock.now()), home).await?;
        Ok(url)
    }

    pub(super) fn stripe(&self) -> Result<&Stripe, Error> {
        let words = "this server takes no money through Stripe: those who run it set stripe_key, or take it themselves";
        self.stripe.as_ref().ok_or_else(|| Error::Conflict(words.to_owned()))
    }

    async fn ordered(&self, act: Act, organization: OrganizationId) -> Result<(), Error> {
        let write = move |conn: &mut Connection| act.on("billing_subscription", organization).write_as_engine(conn);
        Ok(self.database.engine(write).await?)
    }

    /// What Stripe calls the organization; it is made known there first.
    async fn customer(&self, stripe: &Stripe, organization: OrganizationId) -> Result<String, Error> {
        let read = move |conn: &mut Connection| {
            Ok((billing_subscription::get(conn, organization)?, billing::payer(conn, organization)?))
        };
        let (row, (name, email)) = self.database.engine(read).await?;
        if let Some(known) = row.customer {
            return Ok(known);
        }
        let payer = Payer { organization: organization.to_string(), name, email };
        let made = stripe.customer_create(&payer).await.map_err(Error::Payment)?;
        let kept = self.database.engine(move |conn| {
            let mut row = billing_subscription::lock(conn, organization)?;
            let customer = row.customer.get_or_insert(made).clone();
            billing_subscription::update(conn, &row)?;
            Ok(customer)
        });
        Ok(kept.await?)
    }

    /// Says what winning customers cost in a month; for admins of the server.
    pub async fn acquisition_cost(&self, caller: &Caller, cost: AcquisitionCost) -> Result<AcquisitionCost, Error> {
        authorize(caller, Operation::AcquisitionCostPut)?;
        let is_month = cost.month.day() == 1 && (2000..2100).contains(&cost.month.year());
        if !is_month || !(0..=MOST_CENTS).contains(&cost.cents) {
            return Err(Error::Invalid("`month` must be the first day of a month, and `cents` 0 to 100000000000".to_owned()));
        }
        let (act, kept) = (Act::at_home(caller, Operation::AcquisitionCostPut, self.clock.now()), cost.clone());
        let put = self.database.engine(move |conn| {
            billing::acquisition_cost_put(conn, kept.month, kept.cents)?;
            act.on("acquisition_cost", kept.month).after(&kept.cents).write_as_engine(conn)
        });
        put.await?;
        Ok(cost)
    }

    /// What a customer brings and costs; for admins of the server.
    pub async fn ltv_cac(&self, caller: &Caller, months: Option<u32>) -> Result<LtvCacView, Error> {
        authorize(caller, Operation::LtvCacView)?;
        let months = months.unwrap_or(MONTHS);
        if !(1..=120).contains(&months) {
            return Err(Error::Invalid(format!("`months` must be 1 to 120, not {months}")));
        }
        let until = self.clock.now();
        let since = until.checked_sub_months(chrono::Months::new(months)).unwrap_or(until - TimeDelta::days(365));
        let row = self.database.engine(move |conn| billing::customers(conn, since, until)).await?;
        Ok(worth(row, since, until, f64::from(months)))
    }
}

/// A payment came: who was in the grace period and owes nothing more is in order again.
pub(super) fn settled(conn: &mut Connection, invoice: &Invoice, now: DateTime<Utc>) -> Result<(), store::Error> {
    let organization = OrganizationId(invoice.organization_id);
    let mut row = billing_subscription::lock(conn, organization)?;
    if row.state == PAST_DUE && billing::invoice_overdue_count(conn, organization)? == 0 {
        (row.state, row.grace_end, row.updated_at) = (ACTIVE.to_owned(), None, now);
        billing_subscription::update(conn, &row)?;
    }
    let detail = format!("invoice {}", invoice.number);
    note(conn, &row, "payment_succeeded", Some((invoice.total_cents, &invoice.currency)), Some(detail), now)
}

#[expect(clippy::cast_precision_loss, reason = "sums of money and people are far below 2^53")]
fn worth(row: billing::CustomersRow, since: DateTime<Utc>, until: DateTime<Utc>, months: f64) -> LtvCacView {
    let per = |amount: i64, of: i64| (of > 0).then(|| amount as f64 / of as f64);
    let arpa_cents = per(row.revenue_cents, row.paying).map(|paid| paid / months);
    let churn = per(row.churned, row.paying).map(|lost| lost / months);
    let ltv_cents = arpa_cents.zip(churn.filter(|churn| *churn > 0.0)).map(|(arpa, churn)| arpa / churn);
    let cac_cents = per(row.acquisition_cents, row.new_paying).filter(|cac| *cac > 0.0);
    LtvCacView {
        since,
        until,
        months,
        paying: row.paying,
        new_paying: row.new_paying,
        churned: row.churned,
        revenue_cents: row.revenue_cents,
        acquisition_cents: row.acquisition_cents,
        arpa_cents,
        churn,
        ltv_cents,
        cac_cents,
        ltv_to_cac: ltv_cents.zip(cac_cents).map(|(ltv, cac)| ltv / cac),
        formula: FORMULA.to_owned(),
    }
}

fn event_view(row: BillingEvent) -> BillingEventView {
    let BillingEvent { id, at, kind, plan, amount_cents, currency, detail, .. } = row;
    BillingEventView { id, at, kind, plan, amount_cents, currency, detail }
}

fn invoice_view(row: Invoice) -> Result<InvoiceView, Error> {
    let lines = serde_json::from_value::<Vec<InvoiceLine>>(row.lines);
    let lines = lines.map_err(|error| store::Error::Corrupt(format!("the lines of the invoice {}: {error}", row.id)))?;
    Ok(InvoiceView {
        id: row.id,
        number: row.number,
        organization_id: OrganizationId(row.organization_id),
        at: row.at,
        period_start: row.period_start,
        period_end: row.period_end,
        currency: row.currency,
        lines,
        total_cents: row.total_cents,
        state: match row.state.as_str() {
            PAID => InvoiceState::Paid,
            OPEN => InvoiceState::Open,
            OVERDUE => InvoiceState::Overdue,
            _ => InvoiceState::Void,
        },
        due_at: row.due_at,
        paid_at: row.paid_at,
    })
}

/// The lines of an invoice, as the database keeps them.
pub(super) fn lines(lines: &[(String, i64)]) -> serde_json::Value {
    lines.iter().map(|(text, cents)| json!({ "text": text, "cents": cents })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worth_follows_its_formula_and_says_nothing_without_numbers() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let row = |paying, new_paying, churned, revenue_cents, acquisition_cents| billing::CustomersRow {
            paying,
            new_paying,
            churned,
            revenue_cents,
            acquisition_cents,
        };
        let some = worth(row(10, 4, 2, 290_000, 80_000), now, now, 10.0);
        assert_eq!((some.arpa_cents, some.churn), (Some(2900.0), Some(0.02)));
        assert_eq!((some.ltv_cents, some.cac_cents, some.ltv_to_cac), (Some(145_000.0), Some(20_000.0), Some(7.25)));
        let none = worth(row(0, 0, 0, 0, 100), now, now, 12.0);
        assert_eq!((none.arpa_cents, none.ltv_cents, none.cac_cents, none.ltv_to_cac), (None, None, None, None));
        assert_eq!(worth(row(3, 0, 0, 900, 0), now, now, 1.0).ltv_cents, None, "nobody was lost yet");
    }
}
