//! Organizations, the account, its sessions and workspaces: what is asked first, and what is sent.

use tidemill_common::api::billing_subscription::BillingSubscriptionUpdate;
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::*;
use crate::app::data::{Data, Query};
use crate::app::order::{HouseOrder, Once};
use crate::app::state::samples::{self, around};

/// The screen behind `keys`, for an admin of everything.
fn open(keys: &str) -> App {
    let mut app = App::new();
    app.answer(Answer::Data(Query::Account, Ok(Data::Account(Box::new(samples::account())))));
    app.keys(keys);
    for (_, query, data) in around::answers().into_iter().chain(samples::household::answers()) {
        app.answer(Answer::Data(query, Ok(data)));
    }
    app
}

fn enter(app: &mut App) -> Vec<Effect> {
    app.key(KeyCode::Enter)
}

/// The only order that `effects` send.
fn sent(effects: &[Effect]) -> Order {
    let [Effect::Send(orders)] = effects else { unreachable!("{effects:?}") };
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].clone()
}

#[test]
fn an_organization_is_made_and_its_link_is_shown_once() {
    let mut app = open("gz");
    app.keys("nBeta & Co");
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "the last field comes first");
    assert_eq!(enter(&mut app), [], "it needs a first workspace");
    app.keys("beta");
    enter(&mut app);
    let order = sent(&enter(&mut app));
    let Order::House(HouseOrder::OrganizationCreate(wanted)) = &order else { unreachable!("{order:?}") };
    assert_eq!((wanted.name.as_str(), wanted.workspace.as_str(), &wanted.email), ("Beta & Co", "beta", &None));
    let once = Once { title: "the link".into(), secret: "https://x/invite#0rg".into() };
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Once(once)), left: 0 });
    assert!(app.state.shows_secret(), "it goes on no tape");
    app.key(KeyCode::Esc);
    assert!(!format!("{:?}", app.state).contains("0rg"));
}

#[test]
fn an_organization_is_put_on_a_plan() {
    let mut app = open("gz");
    app.keys("je");
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "neither a plan nor a zone");
    app.keys("pro");
    enter(&mut app);
    let wanted = BillingSubscriptionUpdate { plan: Some("pro".into()), zone: None };
    let order = HouseOrder::OrganizationPlan(OrganizationId(Uuid::from_u128(2)), "Acme".into(), wanted);
    assert_eq!(sent(&enter(&mut app)), Order::House(order));
}
