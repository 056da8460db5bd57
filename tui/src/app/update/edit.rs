//! Text that the user edits in an editor of their own: files, code, inputs. What comes back is checked before it is sent.

use super::ask::{self, Ask};
use super::{make, navigate};
use crate::app::action::Action;
use crate::app::data::Query;
use crate::app::effect::{Effect, Purpose};
use crate::app::order::Order;
use crate::app::state::line::Line;
use crate::app::state::overlay::Overlay;
use crate::app::state::toast::Tone;
use crate::app::state::workflow::{Draft, Tab};
use crate::app::state::{Screen, State};
use tidemill_common::api::workflow::ValidationView;

/// Begins to edit what `action` is about.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match state.screen() {
        Screen::Code(code) if action == Action::EditInput => {
            let text = serde_json::to_string_pretty(&code.input).unwrap_or_default();
            vec![Effect::Edit { purpose: Purpose::CodeInput, text }]
        }
        Screen::Code(code) => vec![Effect::Edit { purpose: Purpose::Code(code.suffix()), text: code.text.clone() }],
        Screen::Workflow(open) => {
            let (id, newest) = (open.id.clone(), open.detail.as_ref().map(|detail| detail.workflow.version));
            let base = open.draft.as_ref().map_or(newest, |draft| draft.base);
            let text = open.source().unwrap_or_default().to_owned();
            vec![Effect::Edit { purpose: Purpose::Workflow { id, base }, text }]
        }
        // In the list the file is not here yet: the workflow is opened, and `e` there edits it.
        Screen::Workflows(_) => {
            let id = state.screen().workflow().unwrap_or_default().to_owned();
            let effects = navigate::open_workflow(state, &id);
            state.toasts.push(state.now, Tone::Plain, "e again edits the file");
            effects
        }
        Screen::Listing(_) | Screen::Settings(_) => {
            make::change(state);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Begins to write the workflow `id`.
///
/// # Errors
///
/// Says what is wrong with the id.
pub fn write(state: &mut State, id: &str) -> Result<Vec<Effect>, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if id.is_empty() || !id.chars().all(plain) {
        return Err("an id is made of a-z, 0-9, - and _".into());
    }
    if state.catalogue.get(id).is_some() {
        return Err(format!("there is a workflow {id} already"));
    }
    let text = format!(
        "id: {id}\nname: {id}\n\n# A webhook at /hooks/<workspace>/{id}; without triggers it is started by hand.\ntriggers:\n  - {{id: hook, \
         type: webhook, path: {id}}}\n\nsteps:\n  - id: greet\n    uses: transform\n    with: {{text: \"hello {{{{ trigger.body.name \
         }}}}\"}}\n\noutput: \"{{{{ steps.greet.output.text }}}}\"\n"
    );
    Ok(vec![Effect::Edit { purpose: Purpose::Workflow { id: id.to_owned(), base: None }, text }])
}

/// JSON over several lines, if it is JSON.
pub fn pretty(text: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

/// Takes what the user's editor left.
pub fn done(state: &mut State, purpose: Purpose, result: Result<Option<String>, String>) -> Vec<Effect> {
    let text = match result {
        Ok(Some(text)) => text,
        Ok(None) => {
            state.toasts.push(state.now, Tone::Plain, "nothing was changed");
            return Vec::new();
        }
        Err(why) => {
            state.toasts.push(state.now, Tone::Bad, why);
            return Vec::new();
        }
    };
    match purpose {
        Purpose::Workflow { id, base } => draft(state, &id, base, text),
        Purpose::Code(_) => {
            if let Screen::Code(code) = state.screen_mut() {
                (code.text, code.result) = (text, None);
            }
            Vec::new()
        }
        Purpose::CodeInput => {
            code_input(state, &text);
            Vec::new()
        }
        Purpose::Field => {
            if let Some(Overlay::Form(form)) = &mut state.overlay
                && let Some(field) = form.field()
            {
                field.line = Line::new(compact(&text));
            }
            Vec::new()
        }
    }
}

/// JSON in one line, if it is JSON.
fn compact(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| text.trim().replace('\n', " "), |value| value.to_string())
}

fn code_input(state: &mut State, text: &str) {
    let parsed = serde_json::from_str(text);
    let now = state.now;
    match (state.screen_mut(), parsed) {
        (Screen::Code(code), Ok(value)) => (code.input, code.result) = (value, None),
        (_, Err(error)) => state.toasts.push(now, Tone::Bad, format!("not JSON, so the input stays as it was: {error}")),
        _ => {}
    }
}

/// The file is shown as a draft, and the server is asked what is wrong with it.
fn draft(state: &mut State, id: &str, base: Option<i32>, source: String) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.open_workflow().is_none_or(|open| open.id != id) {
        effects = navigate::open_workflow(state, id);
    }
    if let Some(open) = state.open_workflow() {
        open.draft = Some(Draft { source: source.clone(), base, errors: Vec::new() });
        (open.tab, open.scroll) = (Tab::File, 0);
    }
    effects.push(Effect::Read(Query::Validation { workflow: id.to_owned(), source }));
    effects
}

/// The server said what is wrong with a draft: it is shown in place; a file that is right is offered to be applied.
pub fn validated(state: &mut State, workflow: &str, source: &str, view: ValidationView) -> Vec<Effect> {
    let now = state.now;
    let Some(open) = state.open_workflow().filter(|open| open.id == workflow) else { return Vec::new() };
    let Some(draft) = open.draft.as_mut().filter(|draft| draft.source == source) else { return Vec::new() };
    draft.errors = view.errors;
    let (base, first) = (draft.base, draft.errors.first().map(|error| error.line));
    if let Some(line) = first {
        let count = draft.errors.len();
        open.show_line(line);
        let what = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
        state.toasts.push(now, Tone::Bad, format!("not applied: {what}; e edits the draft, esc drops it"));
        return Vec::new();
    }
    let question = match base {
        Some(version) => format!("apply {workflow} as version {}?", version + 1),
        None => format!("make the workflow {workflow}?"),
    };
    let notes = vec!["it is valid; its triggers change only when the version is activated".to_owned()];
    let orders = vec![Order::Apply { workflow: workflow.to_owned(), source: source.to_owned(), base }];
    ask::ask(state, Ask { action: Action::Edit, question, notes, word: workflow.to_owned(), orders })
}
