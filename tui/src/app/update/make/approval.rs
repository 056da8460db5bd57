//! What steps wait for: approved, rejected or decided, one with an answer, several at once without.

use tidemill_common::api::approval::ApprovalDecision;

use super::{protect, show};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::Order;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::listing::{Opens, Subject};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State, awaited, schema};
use crate::app::update::ask::{self, Ask};

/// Asks for what `action` needs: an answer for one, a number for several.
pub fn decide(state: &mut State, action: Action) -> Vec<Effect> {
    if state.screen().marked() > 1 {
        return several(state, action);
    }
    one(state, action == Action::Approve);
    Vec::new()
}

/// Asks about all that are marked and need no answer.
fn several(state: &mut State, action: Action) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    if listing.subject != Subject::Approvals {
        return Vec::new();
    }
    let (yes, targets) = (action == Action::Approve, listing.list.targets());
    let order = |key: &String| {
        let entry = listing.get(key)?;
        let Some(Opens::Execution(id)) = entry.opens else { return None };
        let may = entry.json["may_decide"] == true && (!yes || entry.json["form"].is_null());
        let iteration = entry.json["iteration"].as_u64().and_then(|number| u32::try_from(number).ok());
        let step = entry.json["step"].as_str().map(str::to_owned);
        let decision = Box::new(ApprovalDecision { step, iteration, comment: None, answer: None });
        may.then_some((Order::Approve { id, yes, decision }, entry.json["message"].as_str().unwrap_or_default().to_owned()))
    };
    let (orders, mut notes): (Vec<Order>, Vec<String>) = targets.iter().filter_map(order).unzip();
    if orders.is_empty() {
        let why = "none of them can be decided together: each needs an answer, or another role";
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    let left = targets.len() - orders.len();
    if left > 0 {
        notes.push(format!("{left} are left alone: they need an answer, or another role"));
    }
    let verb = if yes { "approve" } else { "reject" };
    let question = format!("{verb} {} of {}?", orders.len(), targets.len());
    ask::ask(state, Ask { action, question, notes, word: verb.to_owned(), orders })
}

fn one(state: &mut State, yes: bool) {
    let Some(decision) = awaited(state) else { return };
    let title = format!("{} {} of {}", if yes { "approve" } else { "reject" }, decision.step, decision.id.short());
    let notes = vec![decision.message.clone()];
    let comment = Field::new("comment", "", Entry::Text, "kept with the execution");
    let form = if decision.lost {
        let words: &[&str] = if yes { &["retry", "succeed", "fail"] } else { &["fail"] };
        let outcome = Field::choice("outcome", words, "retry may have its effect twice; succeed gives no output");
        let title = format!("decide {} of {}", decision.step, decision.id.short());
        Form::new(title, Purpose::Lost(Box::new(decision)), vec![outcome, comment], state.now)
    } else {
        let mut fields = decision.form.as_ref().filter(|_| yes).and_then(schema::of_schema).unwrap_or_default();
        fields.push(comment);
        Form::new(title, Purpose::Approval(Box::new(decision), yes), fields, state.now)
    };
    show(state, protect(state, form.notes(notes)));
}
