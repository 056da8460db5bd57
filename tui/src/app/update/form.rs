//! Keys of what lies over the screen.

use super::{act, ask, edit, lists, navigate, submit, views};
use crate::app::data::Query;
use crate::app::effect::{Effect, Purpose as Edited};
use crate::app::state::form::{Entry, Form, Purpose};
use crate::app::state::line::Line;
use crate::app::state::overlay::{Confirm, Note, Overlay, Picker, Target};
use crate::app::state::toast::Tone;
use crate::app::state::{State, can};

/// Lets a key change the overlay.
pub fn key(state: &mut State, name: &str) -> Vec<Effect> {
    let Some(overlay) = state.overlay.take() else { return Vec::new() };
    match overlay {
        // Escape closes whatever lies on top; the last filter that was understood stays.
        Overlay::Note(Note { then: Some(form), .. }) if name == "esc" => ask_next(state, form),
        _ if name == "esc" => Vec::new(),
        Overlay::Picker(picker) => pick(state, picker, name),
        Overlay::Messages(at) => {
            messages(state, at, name);
            Vec::new()
        }
        Overlay::Note(open) => note(state, open, name),
        Overlay::Confirm(question) => confirm(state, question, name),
        Overlay::Form(form) => fill(state, form, name),
        Overlay::Filter(line, _) => filter(state, line, name),
    }
}

/// Puts pasted text into the line that is being edited, if one is. Nothing else listens to it.
pub fn paste(state: &mut State, text: &str) {
    match &mut state.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.query.insert(text);
            picker.cursor = 0;
        }
        Some(Overlay::Form(form)) => {
            // A word that says that the user means it is typed.
            if let Some(field) = form.field().filter(|field| !matches!(field.entry, Entry::Word(_) | Entry::Choice(_))) {
                field.line.insert(text);
            }
        }
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
        Target::Column(column) => {
            lists::sort(state, column);
            Vec::new()
        }
        Target::View(view) => views::show(state, view),
        other => {
            view(state, other, picker.cursor);
            Vec::new()
        }
    }
}

/// What a choice does to how the executions are shown.
fn view(state: &mut State, target: Target, at: usize) {
    match target {
        Target::KeepView => views::name(state),
        Target::ForgetView(name) => views::forget(state, &name),
        Target::Shown(column) => views::turn(state, column, at),
        Target::Order(order) => views::order(state, order),
        _ => {}
    }
}

fn messages(state: &mut State, at: usize, name: &str) {
    let last = state.toasts.newest_first().count().saturating_sub(1);
    if let Some(at) = scrolled(at, last, name) {
        state.overlay = Some(Overlay::Messages(at));
    }
}

/// Where a key scrolls to; `None` closes.
fn scrolled(at: usize, last: usize, name: &str) -> Option<usize> {
    match name {
        "j" | "down" => Some((at + 1).min(last)),
        "k" | "up" => Some(at.saturating_sub(1)),
        "q" | "enter" => None,
        _ => Some(at),
    }
}

fn note(state: &mut State, mut open: Note, name: &str) -> Vec<Effect> {
    if let ("y", Some(text)) = (name, open.copy.clone()) {
        state.overlay = Some(Overlay::Note(open));
        return vec![Effect::Copy { what: "text", text }];
    }
    if let Some(scroll) = scrolled(open.scroll, open.lines.len().saturating_sub(1), name) {
        open.scroll = scroll;
        state.overlay = Some(Overlay::Note(open));
        return Vec::new();
    }
    open.then.map_or_else(Vec::new, |form| ask_next(state, form))
}

/// Asks what comes after a note.
fn ask_next(state: &mut State, mut form: Box<Form>) -> Vec<Effect> {
    form.opened = state.now;
    state.overlay = Some(Overlay::Form(form));
    Vec::new()
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
    // The world may have moved while the question was on screen.
    if let Err(why) = can(state, question.action) {
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    send(state, question.orders)
}

/// Sends what still makes sense.
fn send(state: &mut State, orders: Vec<crate::app::order::Order>) -> Vec<Effect> {
    let mut refused = None;
    let due = orders.into_iter().filter(|order| match ask::still_due(state, order) {
        Ok(()) => true,
        Err(why) => {
            refused = Some(why);
            false
        }
    });
    let due: Vec<_> = due.collect();
    if let (true, Some(why)) = (due.is_empty(), refused) {
        state.toasts.push(state.now, Tone::Bad, why);
    }
    ask::send(state, due)
}

fn fill(state: &mut State, mut form: Box<Form>, name: &str) -> Vec<Effect> {
    let means_it = form.fields.iter().any(|field| matches!(field.entry, Entry::Word(_)));
    if means_it && !form.is_open(state.now) {
        state.overlay = Some(Overlay::Form(form));
        return Vec::new();
    }
    let last = form.at + 1 >= form.fields.len();
    let choice = form.fields.get(form.at).is_some_and(|field| matches!(field.entry, Entry::Choice(_)));
    match name {
        "enter" if last => return submit(state, form),
        "enter" | "tab" | "down" => form.step(1),
        "backtab" | "up" => form.step(-1),
        "left" | "right" | "space" if choice => {
            if let Some(field) = form.field() {
                field.turn(if name == "left" { -1 } else { 1 });
            }
        }
        "^e" => {
            if let Some(field) = form.fields.get(form.at).filter(|field| field.entry == Entry::Json) {
                let text = edit::pretty(field.line.text());
                state.overlay = Some(Overlay::Form(form));
                return vec![Effect::Edit { purpose: Edited::Field, text }];
            }
        }
        _ => {
            if !choice && let Some(field) = form.field() {
                field.line.edit(name);
            }
            form.error = None;
        }
    }
    state.overlay = Some(Overlay::Form(form));
    Vec::new()
}

fn submit(state: &mut State, form: Box<Form>) -> Vec<Effect> {
    if form.purpose == Purpose::Write {
        let id = form.text("id").to_owned();
        return edit::write(state, &id).unwrap_or_else(|why| complain(state, form, "id", why));
    }
    if let Purpose::Save(given) = &form.purpose {
        return match submit::needed(&form, "path") {
            Ok(path) => vec![Effect::Save(given.clone(), path)],
            Err((label, why)) => complain(state, form, &label, why),
        };
    }
    if form.purpose == Purpose::Bulk {
        return match submit::bulk(&form, state.now) {
            Ok(order) => vec![Effect::Read(Query::Fitting(Box::new(order)))],
            Err((label, why)) => complain(state, form, &label, why),
        };
    }
    if form.purpose == Purpose::View {
        let name = form.text("name").to_owned();
        return match views::save(state, &name) {
            Ok(()) => Vec::new(),
            Err(why) => complain(state, form, "name", why),
        };
    }
    if let Some(why) = grown(state, &form.purpose) {
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    match submit::orders(&form) {
        Ok(orders) => send(state, orders),
        Err((label, why)) => complain(state, form, &label, why),
    }
}

/// Shows the form again, with what is wrong with it.
fn complain(state: &mut State, mut form: Box<Form>, label: &str, why: String) -> Vec<Effect> {
    form.complain(label, why);
    state.overlay = Some(Overlay::Form(form));
    Vec::new()
}

/// What is meant by its cause may have grown while the form was open: nothing that nobody saw is ever acted on.
fn grown(state: &State, purpose: &Purpose) -> Option<String> {
    let (Purpose::Replay { causes, .. } | Purpose::Discard { causes, .. }) = purpose else { return None };
    causes.iter().find_map(|(fingerprint, seen)| {
        let now = state.causes.iter().find(|cause| cause.fingerprint == *fingerprint).map_or(0, |cause| cause.count);
        (now != *seen).then(|| format!("nothing was done: there were {seen} dead letters with this cause, now there are {now}"))
    })
}

fn filter(state: &mut State, mut line: Line, name: &str) -> Vec<Effect> {
    if name == "enter" {
        if let Err(why) = lists::apply_filter(state, line.text()) {
            state.overlay = Some(Overlay::Filter(line, Some(why)));
            return Vec::new();
        }
        return lists::ask_server(state);
    }
    line.edit(name);
    preview(state, line);
    Vec::new()
}

/// Shows at once what the filter gives; while it can't be understood, what it gave before.
fn preview(state: &mut State, line: Line) {
    let error = lists::apply_filter(state, line.text()).err();
    state.overlay = Some(Overlay::Filter(line, error));
}
