//! What the API shows of a subscription: with what goes beyond the plan that comes, and what is paused.

use tidemill_common::api::plan::Metric;
use tidemill_common::api::subscription::{ExcessView, PausedView, Provider, SubscriptionState, SubscriptionView};
use tidemill_common::ids::OrganizationId;

use super::error::Error;
use super::plan::limits;
use super::subscription::Subscriptions;
use crate::store::queries::{plan, quota, subscription};
use crate::store::rows::plan::Plan;
use crate::store::rows::subscription::{PAST_DUE, STRIPE, Subscription, TRIALING};
use crate::store::{self, Connection};

impl Subscriptions {
    /// The subscription of an organization.
    pub(super) async fn view(&self, organization: OrganizationId) -> Result<SubscriptionView, Error> {
        let read = move |conn: &mut Connection| {
            let row = subscription::subscription_get(conn, organization)?;
            let comes = plan::plan_get(conn, row.next_plan.as_deref().unwrap_or(&row.plan))?;
            let exceeds = exceeds(conn, organization, &comes)?;
            Ok((row, exceeds, subscription::workflows_paused(conn, organization)?))
        };
        let (row, exceeds, paused) = self.database.engine(read).await?;
        let paused = paused.into_iter().map(|row| PausedView {
            workspace: row.slug,
            workflow_id: row.id,
            version: row.version,
            at: row.at,
        });
        Ok(SubscriptionView { exceeds, paused: paused.collect(), ..view(row) })
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
            let beyond = subscription::workflows_beyond(conn, organization, limit)?;
            pauses = beyond.into_iter().map(|row| format!("{}/{}", row.slug, row.id)).collect();
        }
        found.push(ExcessView { metric, used, limit, pauses });
    }
    Ok(found)
}

fn view(row: Subscription) -> SubscriptionView {
    SubscriptionView {
        id: row.id,
        plan: row.plan,
        state: match row.state.as_str() {
            TRIALING => SubscriptionState::Trialing,
            PAST_DUE => SubscriptionState::PastDue,
            _ => SubscriptionState::Active,
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
