//! What events do to the state: pure. `update` takes the state and an event and says which side effects it wants.

mod act;
mod answer;
mod ask;
mod bulk;
mod connect;
mod control;
mod data;
mod edit;
mod explain;
mod form;
mod key;
mod link;
mod lists;
mod make;
mod motion;
mod mouse;
mod navigate;
mod picker;
mod sent;
mod submit;
#[cfg(test)]
mod tests;
mod views;
mod yank;

use chrono::{DateTime, Utc};
use tidemill_common::ids::ExecutionId;

use super::data::Query;
use super::effect::Effect;
use super::event::Event;
use super::state::session::Session;
use super::state::{Screen, State};

/// What to do at the start: read what the first screens show.
pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = link::load(state);
    effects.push(Effect::Read(Query::Account));
    effects.extend(data::again(state));
    effects
}

/// Opens an execution at the start.
pub fn open(state: &mut State, id: ExecutionId) -> Vec<Effect> {
    navigate::open_execution(state, id)
}

/// Shows the screens of an earlier session; reads what they show, and does nothing else.
pub fn restore(state: &mut State, session: &Session) -> Vec<Effect> {
    let mut screens = session.screens.iter().filter_map(|saved| saved.screen(state.now));
    let Some(root) = screens.next() else { return Vec::new() };
    let above: Vec<Screen> = screens.collect();
    state.show_root(root);
    for screen in above {
        state.push(screen);
    }
    let mut effects = data::reload(state);
    if let Screen::Execution(open) = state.screen() {
        effects.extend([Effect::LoadExecution(open.id), Effect::Follow { id: open.id, after: 0 }]);
    }
    effects.extend(lists::ask_server(state));
    effects
}

/// Lets `event`, which happened at `at`, change the state.
pub fn update(state: &mut State, at: DateTime<Utc>, event: Event) -> Vec<Effect> {
    state.now = state.now.max(at);
    match event {
        Event::Link(channel, event) => link::update(state, channel, event),
        Event::Answer(answer) => {
            state.dirty = true;
            answer::update(state, answer)
        }
        Event::Key(key) => {
            state.dirty = true;
            key::update(state, &key)
        }
        Event::Paste(text) => {
            state.dirty = true;
            form::paste(state, &text);
            Vec::new()
        }
        Event::Mouse(mouse) => mouse::update(state, mouse),
        Event::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.dirty = true;
            state.refresh();
            Vec::new()
        }
        Event::Tick => {
            state.dirty = true;
            state.refresh();
            data::again(state)
        }
        Event::Edited(purpose, result) => {
            state.dirty = true;
            let effects = edit::done(state, purpose, result);
            state.refresh();
            effects
        }
    }
}
