//! Orders about the plan.

use tidemill_common::api::billing_subscription::{BillingSubscriptionCreate, PlanChoice};
use tidemill_common::api::refused_delivery::RefusedDeliveryReplay;

use crate::app::order::{BillingOrder, Outcome, Way};
use crate::client::{Client, Error};

/// Sends `order`.
pub async fn send(client: &Client, order: &BillingOrder) -> Result<Outcome, Error> {
    let view = match order {
        BillingOrder::Change(Way::Up, plan) => client.plan_upgrade(&PlanChoice { plan: plan.clone() }).await?,
        BillingOrder::Change(Way::Down, plan) => client.plan_downgrade(&PlanChoice { plan: plan.clone() }).await?,
        BillingOrder::Change(way, plan) => {
            let trial = (*way == Way::Trial).then_some(true);
            client.subscribe(&BillingSubscriptionCreate { plan: plan.clone(), trial, zone: None }).await?
        }
        BillingOrder::Cancel(id, _) => client.billing_subscription_cancel(*id).await?,
        BillingOrder::RefusedReplay(ids) => {
            let wanted = RefusedDeliveryReplay { ids: Some(ids.clone()) };
            let done = client.refused_delivery_replay(&wanted).await?;
            return Ok(Outcome::Count(u32::try_from(done.count).unwrap_or(u32::MAX)));
        }
    };
    Ok(Outcome::Plan(Box::new(view)))
}
