//! Money: what happened, invoices, events of Stripe. These run as the engine.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use crate::store::rows::billing::{BillingEvent, Invoice, OPEN, OVERDUE, PAID};
use crate::store::schema::{billing_events, invoices};
use crate::store::{Error, Statement};

/// Most that are listed.
const LISTED: i64 = 500;

/// Writes down what happened.
pub fn billing_event_insert(conn: &mut PgConnection, event: &BillingEvent) -> Result<(), Error> {
    diesel::insert_into(billing_events::table).values(event).execute(conn)?;
    Ok(())
}

/// What happened to an organization's subscription, the newest first.
pub fn billing_event_list(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<BillingEvent>, Error> {
    Ok(billing_events::table
        .filter(billing_events::organization_id.eq(organization.0))
        .order((billing_events::at.desc(), billing_events::id.desc()))
        .limit(LISTED)
        .select(BillingEvent::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Adds an invoice under the next number, unless Stripe's is known already. Returns whether it did.
pub fn invoice_insert(conn: &mut PgConnection, invoice: Invoice) -> Result<bool, Error> {
    if let Some(external) = &invoice.external_id
        && diesel::select(diesel::dsl::exists(invoices::table.filter(invoices::external_id.eq(external)))).get_result(conn)?
    {
        return Ok(false);
    }
    // The row stays locked until the commit: no number is left out or given twice.
    let number: Number = Statement::new("UPDATE invoice_numbers SET last = last + 1 RETURNING last").get_result(conn)?;
    diesel::insert_into(invoices::table).values(Invoice { number: number.last, ..invoice }).execute(conn)?;
    Ok(true)
}

/// An organization's invoices, the newest first.
pub fn invoice_list(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<Invoice>, Error> {
    Ok(invoices::table
        .filter(invoices::organization_id.eq(organization.0))
        .order(invoices::number.desc())
        .limit(LISTED)
        .select(Invoice::as_select())
        .load(conn)?)
}

/// An invoice of an organization.
pub fn invoice_get(conn: &mut PgConnection, organization: OrganizationId, id: Uuid) -> Result<Invoice, Error> {
    Ok(invoices::table.find((organization.0, id)).select(Invoice::as_select()).first(conn)?)
}

/// An invoice of anybody, locked.
pub fn invoice_lock(conn: &mut PgConnection, id: Uuid) -> Result<Invoice, Error> {
    Ok(invoices::table.filter(invoices::id.eq(id)).for_update().select(Invoice::as_select()).first(conn)?)
}

/// An invoice is paid.
pub fn invoice_paid(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(invoices::table.filter(invoices::id.eq(id)))
        .set((invoices::state.eq(PAID), invoices::paid_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// The open invoices of an organization that were to be paid by now are overdue. Returns what they come to, if there are any.
pub fn invoice_overdue(
    conn: &mut PgConnection,
    organization: OrganizationId,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    let late: Vec<i64> = diesel::update(
        invoices::table
            .filter(invoices::organization_id.eq(organization.0))
            .filter(invoices::state.eq(OPEN))
            .filter(invoices::due_at.le(now)),
    )
    .set(invoices::state.eq(OVERDUE))
    .returning(invoices::total_cents)
    .get_results(conn)?;
    Ok((!late.is_empty()).then(|| late.iter().sum()))
}

/// How many invoices of an organization are overdue.
pub fn invoice_overdue_count(conn: &mut PgConnection, organization: OrganizationId) -> Result<i64, Error> {
    let overdue = invoices::table.filter(invoices::organization_id.eq(organization.0)).filter(invoices::state.eq(OVERDUE));
    Ok(overdue.count().get_result(conn)?)
}

/// Notes that an event of Stripe was heard. Returns false when it was before.
pub fn stripe_event_hear(conn: &mut PgConnection, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let heard = Statement::new("INSERT INTO stripe_events (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(id)
        .bind::<Timestamptz, _>(now)
        .execute(conn)?;
    Ok(heard > 0)
}

/// Forgets events of Stripe of before `before`: it sends none again after 30 days.
pub fn stripe_event_sweep(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(Statement::new("DELETE FROM stripe_events WHERE at < $1").bind::<Timestamptz, _>(before).execute(conn)?)
}

/// Says what winning customers cost in a month.
pub fn acquisition_cost_put(conn: &mut PgConnection, month: NaiveDate, cents: i64) -> Result<(), Error> {
    Statement::new(
        "INSERT INTO acquisition_costs (month, cents) VALUES ($1, $2) ON CONFLICT (month) DO UPDATE SET cents = excluded.cents",
    )
    .bind::<Date, _>(month)
    .bind::<BigInt, _>(cents)
    .execute(conn)?;
    Ok(())
}

/// What customers' worth is reckoned from.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct CustomersRow {
    /// Organizations that paid something.
    #[diesel(sql_type = BigInt)]
    pub paying: i64,
    /// Those that did for the first time.
    #[diesel(sql_type = BigInt)]
    pub new_paying: i64,
    /// Those that paid at some time and lost or cancelled their plan.
    #[diesel(sql_type = BigInt)]
    pub churned: i64,
    /// What was paid.
    #[diesel(sql_type = BigInt)]
    pub revenue_cents: i64,
    /// What winning them cost.
    #[diesel(sql_type = BigInt)]
    pub acquisition_cents: i64,
}

/// What customers paid and cost between two instants.
pub fn customers(conn: &mut PgConnection, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<CustomersRow, Error> {
    Ok(Statement::new(
        "WITH span AS (SELECT $1::timestamptz AS since, $2::timestamptz AS until),
              paid AS (SELECT organization_id, paid_at, total_cents FROM invoices WHERE state = 'paid' AND total_cents > 0)
         SELECT (SELECT count(DISTINCT organization_id) FROM paid, span WHERE paid_at >= since AND paid_at < until) AS paying,
                (SELECT count(*) FROM (SELECT min(paid_at) AS first FROM paid GROUP BY organization_id) f, span
                 WHERE first >= since AND first < until) AS new_paying,
                (SELECT count(DISTINCT e.organization_id) FROM billing_events e, span
                 WHERE e.kind IN ('cancelled', 'lapsed') AND e.at >= since AND e.at < until
                   AND EXISTS (SELECT FROM paid p WHERE p.organization_id = e.organization_id AND p.paid_at < e.at)) AS churned,
                (SELECT coalesce(sum(total_cents), 0)::bigint FROM paid, span WHERE paid_at >= since AND paid_at < until)
                    AS revenue_cents,
                (SELECT coalesce(sum(cents), 0)::bigint FROM acquisition_costs, span
                 WHERE month >= date_trunc('month', since, 'UTC')::date AND month < until) AS acquisition_cents",
    )
    .bind::<Timestamptz, _>(since)
    .bind::<Timestamptz, _>(until)
    .get_result(conn)?)
}

/// The organization's name and its admins' addresses, for Stripe and invoices.
pub fn payer(conn: &mut PgConnection, organization: OrganizationId) -> Result<(String, Option<String>), Error> {
    #[derive(QueryableByName)]
    struct Payer {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
        email: Option<String>,
    }
    let row: Payer = Statement::new(
        "SELECT o.name, (SELECT u.email FROM users u WHERE u.organization_id = o.id AND u.organization_role = 'admin'
                         AND u.email IS NOT NULL ORDER BY u.created_at LIMIT 1) AS email
         FROM organizations o WHERE o.id = $1",
    )
    .bind::<SqlUuid, _>(organization.0)
    .get_result(conn)?;
    Ok((row.name, row.email))
}
