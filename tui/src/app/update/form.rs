//! Keys of what lies over the screen.

use serde_json::Value;

use super::{act, navigate};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::filter::Filter;
use crate::app::state::line::Line;
use crate::app::state::overlay::{Confirm, Deed, Overlay, Picker, StartForm, Target};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State, can};

/// Lets a key change the overlay.
pub fn key(state: &mut State, name: &str) -> Vec<Effect> {
    let Some(overlay) = state.overlay.take() else { return Vec::new() };
    match overlay {
        // Escape closes whatever lies on top; the last filter that was understood stays.
        _ if name == "esc" => Vec::new(),
        Overlay::Picker(picker) => pick(state, picker, name),
        Overlay::Messages(at) => {
            messages(state, at, name);
            Vec::new()
        }
        Overlay::Confirm(question) => confirm(state, question, name),
        Overlay::Start(form) => start(state, form, name),
        Overlay::Filter(line, _) => {
            filter(state, line, name);
            Vec::new()
        }
    }
}

/// Puts pasted text into the line that is being edited, if one is. Nothing else listens to it.
pub fn paste(state: &mut State, text: &str) {
    match &mut state.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.query.insert(text);
            picker.cursor = 0;
        }
        Some(Overlay::Start(form)) => form.input.insert(text),
        Some(Overlay::Filter(line, _)) => {
            line.insert(text);
            let line = line.clone();
            preview(state, line);
        }
        _ => {}
    }
}

fn pick(state: &mut State, mut picker: Picker, name: &str) -> Vec<Effect> {
    let count = picker.matches().len();
    match name {
        "up" | "^p" => picker.cursor = picker.cursor.saturating_sub(1),
        "down" | "^n" | "tab" => picker.cursor = (picker.cursor + 1).min(count.saturating_sub(1)),
        "pgup" => picker.cursor = picker.cursor.saturating_sub(10),
        "pgdn" => picker.cursor = (picker.cursor + 10).min(count.saturating_sub(1)),
        "enter" => return choose(state, picker),
        _ => {
            if picker.query.edit(name) {
                picker.cursor = 0;
            }
        }
    }
    state.overlay = Some(Overlay::Picker(picker));
    Vec::new()
}

fn choose(state: &mut State, picker: Picker) -> Vec<Effect> {
    let Some(item) = picker.matches().get(picker.cursor).copied().cloned() else {
        state.overlay = Some(Overlay::Picker(picker));
        return Vec::new();
    };
    match item.target {
        Target::Action(action) => act::act(state, action),
        Target::Execution(id) => navigate::open_execution(state, id),
        Target::Workflow(id) => navigate::open_workflow(state, &id),
    }
}

fn messages(state: &mut State, at: usize, name: &str) {
    let last = state.toasts.newest_first().count().saturating_sub(1);
    let at = match name {
        "j" | "down" => (at + 1).min(last),
        "k" | "up" => at.saturating_sub(1),
        "q" | "enter" => return,
        _ => at,
    };
    state.overlay = Some(Overlay::Messages(at));
}

fn confirm(state: &mut State, question: Confirm, name: &str) -> Vec<Effect> {
    if !question.is_open(state.now) {
        state.overlay = Some(Overlay::Confirm(question));
        return Vec::new();
    }
    if name != "y" && name != "Y" {
        state.toasts.push(state.now, Tone::Plain, "nothing was done");
        return Vec::new();
    }
    let action = match question.deed {
        Deed::Cancel(_) => Action::Cancel,
        Deed::Retry(_) => Action::Retry,
        Deed::Decide(.., true) => Action::Approve,
        Deed::Decide(..) => Action::Reject,
        Deed::Switch(..) => Action::Switch,
    };
    // The world may have moved while the question was on screen.
    if let Err(why) = can(state, action) {
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    match question.deed {
        Deed::Cancel(id) => vec![Effect::Cancel(id)],
        Deed::Retry(id) => vec![Effect::Retry(id)],
        Deed::Decide(id, step, approve) => vec![Effect::Decide { id, step, approve }],
        Deed::Switch(workflow, activate) => vec![Effect::Switch { workflow, activate }],
    }
}

fn start(state: &mut State, mut form: StartForm, name: &str) -> Vec<Effect> {
    if name == "enter" {
        match parse(form.input.text()) {
            Ok(input) => return vec![Effect::Start { workflow: form.workflow, input }],
            Err(why) => form.error = Some(why),
        }
    } else {
        form.input.edit(name);
        form.error = None;
    }
    state.overlay = Some(Overlay::Start(form));
    Vec::new()
}

fn parse(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

fn filter(state: &mut State, mut line: Line, name: &str) {
    if name == "enter" {
        if let Err(why) = apply_filter(state, line.text()) {
            state.overlay = Some(Overlay::Filter(line, Some(why)));
        }
        return;
    }
    line.edit(name);
    preview(state, line);
}

/// Shows at once what the filter gives; while it can't be understood, what it gave before.
fn preview(state: &mut State, line: Line) {
    let error = apply_filter(state, line.text()).err();
    state.overlay = Some(Overlay::Filter(line, error));
}

fn apply_filter(state: &mut State, text: &str) -> Result<(), String> {
    match state.screen_mut() {
        Screen::Workflows(screen) => {
            text.clone_into(&mut screen.filter);
            state.refresh();
        }
        Screen::Executions(_) => act::set_filter(state, Filter::parse(text)?),
        _ => {}
    }
    Ok(())
}
