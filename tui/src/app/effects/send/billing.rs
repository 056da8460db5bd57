//! Orders about the plan.

use tidemill_common::api::billing_subscription::{BillingSubscriptionCreate, PlanChoice};
use tidemill_common::api::refused_delivery::RefusedDeliveryReplay;

use crate::app::order::{BillingOrder, Outcome, Page, Way};
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
        BillingOrder::Checkout(plan) => {
            let address = client.checkout(&PlanChoice { plan: plan.clone() }).await?.url;
            let note = "The plan changes when Stripe has told the server of the payment.".to_owned();
            return Ok(Outcome::Page(Page { title: format!("where the plan {plan} is paid"), address, note }));
        }
        BillingOrder::Portal => {
            let address = client.portal().await?.url;
            let note = "Cards, addresses and receipts are changed there.".to_owned();
            return Ok(Outcome::Page(Page { title: "how you pay".to_owned(), address, note }));
        }
        BillingOrder::Paid(id, _) => return client.invoice_pay(*id).await.map(|_| Outcome::Done),
        BillingOrder::Spent(cost) => return client.acquisition_cost_put(cost).await.map(|_| Outcome::Done),
        BillingOrder::PlanPut(id, wanted) => return client.plan_put(id, wanted).await.map(|_| Outcome::Done),
        BillingOrder::PlanDelete(id) => return client.plan_delete(id).await.map(|()| Outcome::Done),
    };
    Ok(Outcome::Plan(Box::new(view)))
}
