//! Quotas: what the caller's organization may use, and uses.

use tidemill_common::api::plan::Metric;
use tidemill_common::api::quota::{QuotaView, UPGRADE, UsageList, UsageView, UsedView};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::access::authorize;
use super::error::Error;
use super::plan::{features, limits};
use crate::auth::{Caller, Operation};
use crate::store::queries::{billing_subscription, plan, quota};
use crate::store::{self, Connection, Database};

/// Periods that are listed.
const PERIODS: i64 = 36;

/// What organizations use.
#[derive(Clone)]
pub struct Quotas {
    database: Database,
}

impl Quotas {
    /// Quotas in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// What the caller's organization may use, and uses.
    pub async fn quota(&self, caller: &Caller) -> Result<QuotaView, Error> {
        authorize(caller, Operation::QuotaView)?;
        let home = caller.home;
        let view = self.database.engine(move |conn| {
            let (plan, period) = (plan::plan_of(conn, home)?, billing_subscription::get(conn, home)?);
            let (meter, usage) = (quota::meter_get(conn, home)?, quota::usage_list(conn, home, 1)?);
            let summed = usage.first().filter(|summed| summed.period_start == period.period_start);
            let limits = limits(&plan);
            let mut items = Vec::new();
            for metric in Metric::ALL {
                let used = match metric {
                    // Where there is a limit the meter knows at once; else the sum does, a little later.
                    Metric::Executions if meter.most.is_some() => meter.used,
                    Metric::Executions => summed.map_or(0, |summed| summed.executions),
                    Metric::Events => summed.map_or(0, |summed| summed.events),
                    Metric::CodeSeconds => summed.map_or(0, |summed| summed.code_ms / 1000),
                    present => quota::quota_used(conn, home, present)?,
                };
                let resets_at = metric.resets().then_some(period.period_end);
                items.push(UsedView { metric, used, limit: limits.of(metric), resets_at });
            }
            Ok(QuotaView {
                features: features(&plan),
                plan: plan.id,
                period_start: period.period_start,
                period_end: period.period_end,
                items,
                refused: quota::refused_count(conn, home)?,
                upgrade: UPGRADE.to_owned(),
            })
        });
        Ok(view.await?)
    }

    /// What the caller's organization used in the last periods.
    pub async fn usage(&self, caller: &Caller) -> Result<UsageList, Error> {
        authorize(caller, Operation::UsageList)?;
        let home = caller.home;
        let rows = self.database.engine(move |conn| quota::usage_list(conn, home, PERIODS)).await?;
        let view = |row: quota::UsagePeriod| UsageView {
            period_start: row.period_start,
            executions: row.executions,
            events: row.events,
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a month are exact")]
            code_seconds: row.code_ms as f64 / 1000.0,
        };
        Ok(UsageList { items: rows.into_iter().map(view).collect() })
    }
}

/// Refuses one more of something when the plan of the transaction's workspace allows no more. Before anything is written.
pub(super) fn one_more(conn: &mut Connection, metric: Metric) -> Result<Result<(), Error>, store::Error> {
    Ok(quota::quota_one_more(conn, metric, None)?.map_or(Ok(()), |quota| Err(Error::QuotaExceeded(quota))))
}

/// The same for a member of the transaction's workspace.
pub(super) fn one_more_member(conn: &mut Connection, who: Uuid) -> Result<Result<(), Error>, store::Error> {
    let quota = quota::quota_one_more(conn, Metric::Members, Some(who))?;
    Ok(quota.map_or(Ok(()), |quota| Err(Error::QuotaExceeded(quota))))
}

/// The same in a transaction of the engine, for an account that there may not be yet.
pub(super) fn one_more_member_of(
    conn: &mut Connection,
    organization: OrganizationId,
    who: Option<Uuid>,
) -> Result<Result<(), Error>, store::Error> {
    let quota = quota::quota_one_more_of(conn, organization, Metric::Members, who)?;
    Ok(quota.map_or(Ok(()), |quota| Err(Error::QuotaExceeded(quota))))
}
