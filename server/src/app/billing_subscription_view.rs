//! What the API shows of a subscription: with what goes beyond the plan that comes, and what is paused.

use tidemill_common::api::billing_subscription::{
    BillingSubscriptionState, BillingSubscriptionView, ExcessView, PausedView, Provider,
};
use tidemill_common::api::plan::Metric;
use tidemill_common::ids::OrganizationId;

use super::billing_subscription::BillingSubscriptions;
use super::error::Error;
use super::plan::limits;
use crate::store::queries::{billing_subscription, plan, quota};
use crate::store::rows::billing_subscription::{BillingSubscription, PAST_DUE, STRIPE, TRIALING};
use crate::store::rows::plan::Plan;
use crate::store::{self, Connection};

impl BillingSubscriptions {
    /// The subscription of an organization.
    pub(super) async fn view(&self, organization: OrganizationId) -> Result<BillingSubscriptionView, Error> {
        let read = move |conn: &mut Connection| {
            let row = billing_subscription::get(conn, organization)?;
            let comes = plan::plan_get(conn, row.next_plan.as_deref().unwrap_or(&row.plan))?;
            let exceeds = exceeds(conn, organization, &comes)?;
            Ok((row, exceeds, billing_subscription::workflows_paused(conn, organization)?))
        };
        let (row, exceeds, paused) = self.database.engine(read).await?;
        let paused = paused.into_iter().map(|row| PausedView {
            workspace: row.slug,
            workflow_id: row.id,
            version: row.version,
            at: row.at,
        });
        Ok(BillingSubscriptionView { exceeds, paused: paused.collect(), ..view(row) })
    }
}

/// What goes beyond the limits of a plan.
fn exceeds(conn: &mut Connection, organization: OrganizationId, plan: &Plan) -> Result<Vec<ExcessView>, store::Error> {
    let (limits, mut found) = (limits(plan), Vec::new());
    for metric in [Metric::ActiveWorkflows, Metric::Integrations, Metric::Members] {
        let Some(limit) = limits.of(metric) else { continue };
        let used = quota::quota_used(conn, organization, metric)?;
        if used <= limit {
            continue;
        }
        let mut pauses = Vec::new();
        if metric == Metric::ActiveWorkflows {
            let beyond = billing_subscription::workflows_beyond(conn, organization, limit)?;
            pauses = beyond.into_iter().map(|row| format!("{}/{}", row.slug, row.id)).collect();
        }
        found.push(ExcessView { metric, used, limit, pauses });
    }
    Ok(found)
}

fn view(row: BillingSubscription) -> BillingSubscriptionView {
    BillingSubscriptionView {
        id: row.id,
        plan: row.plan,
        state: match row.state.as_str() {
            TRIALING => BillingSubscriptionState::Trialing,
            PAST_DUE => BillingSubscriptionState::PastDue,
            _ => BillingSubscriptionState::Active,
        },
        zone: row.zone,
        period_start: row.period_start,
        period_end: row.period_end,
        next_plan: row.next_plan,
        trial_end: row.trial_end,
        grace_end: row.grace_end,
        provider: if row.provider == STRIPE { Provider::Stripe } else { Provider::Manual },
        exceeds: Vec::new(),
        paused: Vec::new(),
    }
}
