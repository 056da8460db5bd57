//! What is removed, and what that means for those who use it.

use super::{account, billing};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::{AccountOrder, ConnectOrder, HouseOrder, Order, PeopleOrder};
use crate::app::state::listing::{Entry, Subject};
use crate::app::state::{Screen, State};
use crate::app::update::ask::{self, Ask};

/// Asks whether what is selected or marked is meant to go.
pub fn remove(state: &mut State) -> Vec<Effect> {
    match state.screen() {
        Screen::Listing(listing) if matches!(listing.subject, Subject::Plans | Subject::Quota) => billing::cancel(state),
        Screen::Settings(_) => account::erase(state),
        Screen::Listing(listing) => {
            let targets = listing.list.targets();
            let entries = targets.iter().filter_map(|id| listing.get(id));
            let mut orders: Vec<Order> = entries.filter_map(|entry| order(&listing.subject, entry)).collect();
            // With our own session everything ends: the others come before it.
            orders.sort_by_key(Order::is_last);
            let Some(first) = orders.first() else { return Vec::new() };
            let names: Vec<String> = orders.iter().map(Order::about).collect();
            let (verb, note) = consequence(&listing.subject);
            let mut notes = vec![note.to_owned()];
            if orders.iter().any(Order::is_last) {
                notes.push("your own session is among them: this program ends, and `tidemill login` begins another".to_owned());
            }
            let (word, question) = (first.about(), format!("{verb} {}?", names.join(", ")));
            ask::ask(state, Ask { action: Action::Remove, question, notes, word, orders })
        }
        screen => {
            let ids = screen.workflows();
            workflows(state, &ids)
        }
    }
}

fn workflows(state: &mut State, ids: &[String]) -> Vec<Effect> {
    let is_active = |id: &&String| state.catalogue.get(id).is_some_and(|workflow| workflow.active_version.is_some());
    let active: Vec<&str> = ids.iter().filter(is_active).map(String::as_str).collect();
    let live = match (active.len(), ids.len()) {
        (0, 1) => "it is not active".to_owned(),
        (_, 1) => "it is ACTIVE: its webhooks answer 404 and its schedules stop".to_owned(),
        (0, _) => "none of them is active".to_owned(),
        _ => format!("ACTIVE: {}; their webhooks answer 404 and their schedules stop", active.join(", ")),
    };
    let notes = vec![live, "executions stay in the history".to_owned()];
    let question = match ids {
        [id] => format!("remove the workflow {id}?"),
        _ => format!("remove {} workflows: {}?", ids.len(), ids.join(", ")),
    };
    let orders = ids.iter().cloned().map(Order::WorkflowDelete).collect();
    let word = ids.first().cloned().unwrap_or_default();
    ask::ask(state, Ask { action: Action::Remove, question, notes, word, orders })
}

/// The order that removes the thing of a row.
fn order(subject: &Subject, entry: &Entry) -> Option<Order> {
    let text = |field: &str| entry.json[field].as_str().unwrap_or_default().to_owned();
    let id = entry.id.as_str();
    Some(match subject {
        Subject::Secrets => Order::SecretDelete(id.to_owned()),
        Subject::Tokens => Order::TokenRevoke(id.parse().ok()?, text("name")),
        Subject::Credentials => Order::Connect(ConnectOrder::CredentialDelete(id.to_owned())),
        Subject::Subscriptions => Order::Connect(ConnectOrder::SubscriptionDelete(id.parse().ok()?, text("name"))),
        Subject::Members => Order::People(PeopleOrder::MemberRemove(id.parse().ok()?, text("name"))),
        Subject::Invites => {
            let whom = Some(text("email")).filter(|email| !email.is_empty());
            // An invite for anybody has no name: the end of its id is one.
            let whom = whom.unwrap_or_else(|| id.rsplit('-').next().unwrap_or(id).to_owned());
            Order::People(PeopleOrder::InviteRevoke(id.parse().ok()?, whom))
        }
        Subject::Users => Order::House(HouseOrder::UserErase(id.parse().ok()?, text("name"))),
        Subject::Workspaces => Order::House(HouseOrder::WorkspaceDelete(id.to_owned())),
        Subject::Sessions if entry.json["current"] == true => Order::Account(AccountOrder::SignOut(text("name"))),
        Subject::Sessions => Order::House(HouseOrder::SessionEnd(id.parse().ok()?, text("name"))),
        Subject::Shares => Order::People(PeopleOrder::ShareRevoke(id.parse().ok()?, text("object_id"))),
        _ => return None,
    })
}

/// What is done, and what that means.
fn consequence(subject: &Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Secrets => ("remove", "workflows that read it fail from now on"),
        Subject::Credentials => ("remove", "steps that use it fail from now on"),
        Subject::Subscriptions => ("remove", "it is told nothing more, and the log of its deliveries goes too"),
        Subject::Members => ("remove", "within five seconds nothing is open to them; what they made stays"),
        Subject::Users => ("erase", "memberships, tokens, sessions, name and address are gone for good; what they made stays"),
        Subject::Workspaces => ("delete", "it is shut at once and can be restored for 30 days; then all of it is gone"),
        Subject::Sessions => ("end", "whoever sits there has to sign in again"),
        Subject::Invites => ("revoke", "its link stops working; members who came by it stay"),
        Subject::Shares => ("end the share of", "within five seconds it is closed to them"),
        _ => ("revoke", "whoever uses it is refused at once"),
    }
}
