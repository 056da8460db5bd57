//! Orders about credentials and subscriptions.

use tidemill_common::api::subscription::SubscriptionSecret;

use crate::app::order::{ConnectOrder, Once, Outcome, Page};
use crate::client::{Client, Error};

/// Sends `order`.
pub async fn send(client: &Client, order: &ConnectOrder) -> Result<Outcome, Error> {
    match order {
        ConnectOrder::CredentialPut(name, wanted) => client.credential_set(name, wanted).await.map(|_| Outcome::Done),
        ConnectOrder::CredentialDelete(name) => client.credential_delete(name).await.map(|()| Outcome::Done),
        ConnectOrder::SubscriptionCreate(wanted) => client.subscription_create(wanted).await.map(key),
        ConnectOrder::SubscriptionRotate(id, _) => client.subscription_rotate(*id).await.map(key),
        ConnectOrder::SubscriptionUpdate(id, _, wanted) => client.subscription_update(*id, wanted).await.map(|_| Outcome::Done),
        ConnectOrder::SubscriptionTest(id, _) => client.subscription_test(*id).await.map(|_| Outcome::Done),
        ConnectOrder::SubscriptionDelete(id, _) => client.subscription_delete(*id).await.map(|()| Outcome::Done),
        ConnectOrder::TriggerTest(workflow, trigger) => {
            let made = client.trigger_test(workflow, trigger, None).await?;
            let until = made.expires_at.format("%H:%M:%S UTC");
            let note = format!("It starts executions of version {} until {until}, also when that is not active.", made.version);
            let title = format!("where {workflow}/{trigger} is tried out");
            Ok(Outcome::Page(Page { title, address: made.path, note }))
        }
        ConnectOrder::Redeliver(id, delivery, _) => client.subscription_redeliver(*id, *delivery).await.map(|_| Outcome::Done),
    }
}

fn key(made: SubscriptionSecret) -> Outcome {
    let title = format!("the key that signs what {} is told", made.subscription.name);
    Outcome::Once(Once { title, secret: made.secret })
}
