//! What organizations may use, and use.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use tidemill_common::api::plan::Metric;
use tidemill_common::api::quota::Quota;
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use crate::store::schema::{usage_meters, usage_periods};
use crate::store::{Error, Statement};

#[derive(QueryableByName)]
struct QuotaRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    most: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    used: Option<i64>,
}

impl QuotaRow {
    /// The limit that one more would go beyond.
    fn exceeded(self, metric: Metric) -> Option<Quota> {
        let (limit, used) = (self.most?, self.used?);
        (used >= limit).then_some(Quota { metric, limit, used, resets_at: None })
    }
}

/// Whether the organization of the transaction's workspace may have one more of something; else the limit. Where there is a limit,
/// nobody else gets an answer before this transaction ends, so that as many fit as may. `who` is the account that becomes a member.
pub fn quota_one_more(conn: &mut PgConnection, metric: Metric, who: Option<Uuid>) -> Result<Option<Quota>, Error> {
    let row = Statement::new("SELECT most, used FROM quota_here($1, $2)")
        .bind::<Text, _>(metric.as_str())
        .bind::<Nullable<SqlUuid>, _>(who);
    Ok(row.get_result::<QuotaRow>(conn)?.exceeded(metric))
}

/// The same, as the engine, of any organization.
pub fn quota_one_more_of(
    conn: &mut PgConnection,
    organization: OrganizationId,
    metric: Metric,
    who: Option<Uuid>,
) -> Result<Option<Quota>, Error> {
    let row = Statement::new("SELECT most, used FROM quota_of($1, $2, $3)")
        .bind::<SqlUuid, _>(organization.0)
        .bind::<Text, _>(metric.as_str())
        .bind::<Nullable<SqlUuid>, _>(who);
    Ok(row.get_result::<QuotaRow>(conn)?.exceeded(metric))
}

/// How much of something that there is at any time an organization has. Runs as the engine.
pub fn quota_used(conn: &mut PgConnection, organization: OrganizationId, metric: Metric) -> Result<i64, Error> {
    let row: QuotaRow = Statement::new("SELECT NULL::bigint AS most, quota_used($1, $2) AS used")
        .bind::<SqlUuid, _>(organization.0)
        .bind::<Text, _>(metric.as_str())
        .get_result(conn)?;
    Ok(row.used.unwrap_or_default())
}

/// What a meter says.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = usage_meters)]
pub struct Meter {
    /// How many executions the period has; counted only where there is a limit.
    pub used: i64,
    /// How many it may have.
    pub most: Option<i64>,
    /// When the next period begins.
    pub resets_at: DateTime<Utc>,
}

/// An organization's meter of executions.
pub fn meter_get(conn: &mut PgConnection, organization: OrganizationId) -> Result<Meter, Error> {
    Ok(usage_meters::table.find(organization.0).select(Meter::as_select()).first(conn)?)
}

/// What was used in a period.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = usage_periods)]
pub struct UsagePeriod {
    /// When it began.
    pub period_start: DateTime<Utc>,
    /// Executions that began.
    pub executions: i64,
    /// Events.
    pub events: i64,
    /// How long code steps ran, in milliseconds.
    pub code_ms: i64,
}

/// What an organization used, the newest period first.
pub fn usage_list(conn: &mut PgConnection, organization: OrganizationId, most: i64) -> Result<Vec<UsagePeriod>, Error> {
    Ok(usage_periods::table
        .filter(usage_periods::organization_id.eq(organization.0))
        .order(usage_periods::period_start.desc())
        .limit(most)
        .select(UsagePeriod::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many arrivals of an organization were refused and wait. Runs as the engine.
pub fn refused_count(conn: &mut PgConnection, organization: OrganizationId) -> Result<i64, Error> {
    let row: Count = Statement::new(
        "SELECT count(*) AS count FROM refused_deliveries r JOIN workspaces w ON w.id = r.workspace_id
         WHERE w.organization_id = $1 AND r.replayed_at IS NULL",
    )
    .bind::<SqlUuid, _>(organization.0)
    .get_result(conn)?;
    Ok(row.count)
}

/// Adds how long code steps of workspaces ran, in milliseconds, to the present periods of their organizations. Runs as the engine.
pub fn code_time_add(conn: &mut PgConnection, ran: Vec<(Uuid, i64)>) -> Result<(), Error> {
    let (workspaces, millis): (Vec<_>, Vec<_>) = ran.into_iter().unzip();
    Statement::new(
        "UPDATE usage_periods u SET code_ms = u.code_ms + t.ms
         FROM (SELECT w.organization_id, sum(r.ms)::bigint AS ms
               FROM unnest($1::uuid[], $2::bigint[]) AS r (workspace_id, ms) JOIN workspaces w ON w.id = r.workspace_id
               GROUP BY w.organization_id) t JOIN billing_subscriptions s USING (organization_id)
         WHERE u.organization_id = t.organization_id AND u.period_start = s.period_start",
    )
    .bind::<Array<SqlUuid>, _>(workspaces)
    .bind::<Array<BigInt>, _>(millis)
    .execute(conn)?;
    Ok(())
}
