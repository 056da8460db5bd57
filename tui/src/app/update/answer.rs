//! What requests gave.

use serde_json::Value;
use tidemill_common::api::execution::{ExecutionDetail, ExecutionPage};
use tidemill_common::api::why::WhyView;
use tidemill_common::ids::ExecutionId;

use super::{data, sent};
use crate::app::effect::Effect;
use crate::app::event::{Answer, Failure};
use crate::app::given::Given;
use crate::app::state::load::Load;
use crate::app::state::look::Token;
use crate::app::state::overlay::{Note, Overlay};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// Lets an answer change the state.
pub fn update(state: &mut State, answer: Answer) -> Vec<Effect> {
    let effects = match answer {
        Answer::Executions { generation, older, result } if generation == state.store.generation => {
            state.store.loading_older &= !older;
            let shown = state.store.load == Load::Ready;
            let result = note(state, shown, result);
            if let Some(page) = state.store.load.end(result) {
                state.store.put_page(page, older);
            }
            state.link.resynced(state.now);
            Vec::new()
        }
        Answer::Workflows { generation, result } if generation == state.catalogue.generation => {
            let shown = state.catalogue.load == Load::Ready;
            let result = note(state, shown, result);
            if let Some(page) = state.catalogue.load.end(result) {
                state.catalogue.truncated = page.next_cursor.is_some();
                state.catalogue.items = page.items;
            }
            Vec::new()
        }
        Answer::Executions { .. } | Answer::Workflows { .. } => Vec::new(),
        Answer::Filtered { filter, older, result } => {
            filtered(state, &filter, older, result);
            Vec::new()
        }
        Answer::Data(query, result) => data::update(state, &query, result),
        Answer::Execution(id, result) => execution(state, id, result),
        Answer::Sent { order, result, left } => sent::update(state, &order, result, left),
        Answer::Payload { id, sha256, result } => payload(state, id, sha256, result),
        Answer::Saved(given, result) => saved(state, &given, result),
        Answer::Why(id, result) => why(state, id, result),
        Answer::Copied(result) => {
            match result {
                Ok(what) => state.toasts.push(state.now, Tone::Good, format!("{what}: sent to your terminal's clipboard")),
                Err(why) => state.toasts.push(state.now, Tone::Bad, why),
            }
            Vec::new()
        }
    };
    state.refresh();
    effects
}

/// An error behind data that is shown already would stay unseen: it becomes a message.
fn note<T>(state: &mut State, shown: bool, result: Result<T, Failure>) -> Result<T, Failure> {
    if shown && let Err(failure) = &result {
        state.toasts.push(state.now, Tone::Bad, failure.message.clone());
    }
    result
}

fn execution(state: &mut State, id: ExecutionId, result: Result<Box<ExecutionDetail>, Failure>) -> Vec<Effect> {
    if let Ok(detail) = &result {
        state.store.put(detail.execution.clone());
    }
    let now = state.now;
    if let Some(open) = state.open_execution().filter(|open| open.id == id)
        && let Some(detail) = open.load.end(result)
    {
        open.put(*detail);
        open.link.resynced(now);
    }
    Vec::new()
}

fn payload(state: &mut State, id: ExecutionId, sha256: String, result: Result<Value, Failure>) -> Vec<Effect> {
    match result {
        Ok(value) => {
            if let Some(open) = state.open_execution().filter(|open| open.id == id) {
                open.payloads.insert(sha256, value);
            }
            Vec::new()
        }
        Err(failure) => sent::fail(state, "the value can't be read", &failure),
    }
}

fn saved(state: &mut State, given: &Given, result: Result<String, Failure>) -> Vec<Effect> {
    match result {
        Ok(path) => {
            let text = format!("{}: written to {path}", given.about());
            state.toasts.push(state.now, Tone::Good, text);
            Vec::new()
        }
        Err(failure) => sent::fail(state, "not written", &failure),
    }
}

fn filtered(state: &mut State, filter: &str, older: bool, result: Result<ExecutionPage, Failure>) {
    let result = note(state, true, result);
    let Ok(page) = result else { return };
    if let Screen::Executions(screen) = state.screen_mut()
        && screen.filter.text() == filter
    {
        screen.server.loading = false;
        if older || screen.server.older.is_none() {
            screen.server.older = page.next_cursor;
        }
    }
    for view in page.items {
        state.store.put(view);
    }
}

/// An execution that is open shows why in a tab; elsewhere it is said in a window.
fn why(state: &mut State, id: ExecutionId, result: Result<WhyView, Failure>) -> Vec<Effect> {
    let why = match result {
        Ok(why) => why,
        Err(failure) => return sent::fail(state, "not known", &failure),
    };
    match state.screen_mut() {
        Screen::Execution(open) if open.id == id => open.why = Some(why),
        _ => {
            let head = if why.moving { "work is under way on it" } else { "nothing is under way on it" };
            let mut lines = vec![(Token::Head, format!("{}: {head}", why.status))];
            lines.extend(why.links.into_iter().map(|link| (Token::Muted, format!("→ {}", link.text))));
            let title = format!("why {} {}", super::control::workflow_of(state, id), id.short());
            state.overlay = Some(Overlay::Note(Note { title, lines, copy: None, secret: false, then: None, scroll: 0 }));
        }
    }
    Vec::new()
}
