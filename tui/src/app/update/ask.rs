//! Asking before something is done, and sending it. How much is asked follows from what it changes: nothing for what the same
//! key undoes, a yes for what touches one live thing, a typed word for what touches many or can't be taken back, the name
//! of the context where that is protected.

use crate::app::action::{Action, Tier};
use crate::app::effect::Effect;
use crate::app::order::Order;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::overlay::{Confirm, Overlay};
use crate::app::state::{State, status};

/// What is asked.
pub struct Ask {
    /// The action that asks.
    pub action: Action,
    /// The question.
    pub question: String,
    /// The blast radius, a line each.
    pub notes: Vec<String>,
    /// What has to be typed when it can't be taken back.
    pub word: String,
    /// What is sent.
    pub orders: Vec<Order>,
}

/// Asks as much as is due, or sends at once.
pub fn ask(state: &mut State, ask: Ask) -> Vec<Effect> {
    let tier = ask.action.info().tier;
    let protected = state.place.protected.clone();
    if tier == Tier::Direct && protected.is_none() && ask.orders.len() == 1 {
        return send(state, ask.orders);
    }
    if ask.orders.len() == 1 && tier != Tier::Typed && protected.is_none() {
        let Ask { action, question, orders, .. } = ask;
        state.overlay = Some(Overlay::Confirm(Confirm { question, action, orders, at: state.now }));
        return Vec::new();
    }
    let many = ask.orders.len().to_string();
    let word = if ask.orders.len() > 1 { many } else { ask.word };
    let form = Form::new(ask.question, Purpose::Send(ask.orders), vec![confirmation(state, word)], state.now).notes(ask.notes);
    state.overlay = Some(Overlay::Form(Box::new(form)));
    Vec::new()
}

/// The field that takes the word by which the user means it: `word`, or the name of the context where that is protected.
pub fn confirmation(state: &State, word: String) -> Field {
    if let Some(context) = &state.place.protected {
        let help = format!("PROTECTED: type {context}, the name of this context");
        return Field::new("confirm", "", Entry::Word(context.clone()), help);
    }
    let help = format!("type {word} to do it");
    Field::new("confirm", "", Entry::Word(word), help)
}

/// Sends orders.
pub fn send(state: &mut State, orders: Vec<Order>) -> Vec<Effect> {
    let Some(first) = orders.first() else { return Vec::new() };
    state.batch.begin(orders.len(), first.verbed());
    // Only what one key changed can be taken back by one key.
    if let [order] = orders.as_slice() {
        let before = match order {
            Order::Switch { workflow, .. } => state.catalogue.get(workflow).and_then(|workflow| workflow.active_version),
            _ => None,
        };
        state.undo = order.undo(before);
    }
    vec![Effect::Send(orders)]
}

/// Whether an order still makes sense: the world may have moved while the question was on screen.
pub fn still_due(state: &State, order: &Order) -> Result<(), String> {
    match order {
        Order::Cancel(id, _) | Order::Pause(id) => match status(state, *id) {
            Some(status) if status.is_terminal() => Err(format!("the execution has ended: {status}")),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
