//! Keys: first what lies over the screen, then the tables.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{act, form};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::keymap::{self, Resolved};
use crate::app::state::State;

/// Lets a key change the state.
pub fn update(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let Some(name) = keymap::name(key) else { return Vec::new() };
    if name == "^c" {
        return act::act(state, Action::Quit);
    }
    if state.overlay.is_some() {
        return form::key(state, &name);
    }
    if name == "esc" && !state.pending.is_empty() {
        state.pending.clear();
        return Vec::new();
    }
    let sequence = if state.pending.is_empty() { name } else { format!("{} {name}", state.pending) };
    state.pending.clear();
    match keymap::resolve(state.scopes(), &sequence) {
        Resolved::Action(action) => act::act(state, action),
        Resolved::Prefix => {
            state.pending = sequence;
            Vec::new()
        }
        Resolved::Unknown => Vec::new(),
    }
}
