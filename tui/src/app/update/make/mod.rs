//! Forms: what each asks for. What they send when they are filled in is in `submit`.

pub mod account;
mod approval;
mod billing;
mod connect;
mod dead_letters;
mod house;
mod people;
mod remove;
pub mod save;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::ask;
use super::control::workflow_of;
use crate::app::action::Action;
use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::listing::{Entry as Row, Subject};
use crate::app::state::overlay::Overlay;
use crate::app::state::{Screen, State, schema};

/// Opens the form of `action`.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Start => start(state),
        Action::Approve | Action::Reject => approval::decide(state, action),
        Action::RetryForm => {
            retry(state);
            Vec::new()
        }
        Action::Replay if matches!(state.screen(), Screen::Listing(open) if open.subject == Subject::Refused) => {
            billing::replay(state)
        }
        Action::Replay | Action::Discard => {
            dead_letters::ask(state, action);
            Vec::new()
        }
        Action::New => {
            new(state);
            Vec::new()
        }
        Action::ChangePlan => billing::change(state),
        Action::Pay => billing::pay(state),
        Action::Paid => billing::paid(state),
        Action::PlanDelete => billing::delete(state),
        Action::PasswordLink => house::password(state),
        Action::Switch => house::turn(state),
        Action::Leave => house::leave(state),
        _ => remove::remove(state),
    }
}

fn show(state: &mut State, form: Form) {
    state.overlay = Some(Overlay::Form(Box::new(form)));
}

/// A field per input of the workflow, once its file is here; until then the input as JSON.
fn start(state: &mut State) -> Vec<Effect> {
    let Some(id) = state.screen().workflow().map(str::to_owned) else { return Vec::new() };
    let known = match state.screen() {
        Screen::Workflow(open) => open.detail.as_ref().map(|detail| detail.source.clone()),
        _ => None,
    };
    let form = start_form(state, &id, known.as_deref());
    show(state, form);
    if known.is_some() { Vec::new() } else { vec![Effect::Read(Query::Workflow(id))] }
}

fn start_form(state: &State, id: &str, source: Option<&str>) -> Form {
    let fields = source.and_then(schema::fields).unwrap_or_else(|| vec![json_field(&json!({}))]);
    let mut form = Form::new(format!("start {id}"), Purpose::Start(id.to_owned()), fields, state.now);
    if state.place.protected.is_some() {
        form.fields.push(ask::confirmation(state, String::new()));
    }
    form
}

/// The file of a workflow came while its start form is open and untouched: now its inputs are known.
pub fn refine(state: &mut State, id: &str, source: &str) {
    let Some(Overlay::Form(form)) = &state.overlay else { return };
    let waits = form.purpose == Purpose::Start(id.to_owned()) && form.text("input") == "{}";
    if waits && schema::fields(source).is_some() {
        let opened = form.opened;
        let mut form = start_form(state, id, Some(source));
        form.opened = opened;
        show(state, form);
    }
}

fn json_field(value: &Value) -> Field {
    Field::new("input", value.to_string(), Entry::Json, "JSON; expressions see it as trigger.body   ^e edits it")
}

fn retry(state: &mut State) {
    let Some(id) = state.screen().execution() else { return };
    let body = match state.screen() {
        Screen::Execution(open) => open.input().map(|input| input["body"].clone()),
        _ => None,
    };
    let mut fields = vec![Field::choice("from", &["failed", "start"], "failed: steps that succeeded keep their outputs")];
    // Only an execution that is open has shown its input; a large one when it was read whole.
    fields.extend(body.as_ref().map(json_field));
    if state.place.protected.is_some() {
        fields.push(ask::confirmation(state, String::new()));
    }
    let title = format!("retry {} {}", workflow_of(state, id), id.short());
    let form = Form::new(title, Purpose::Retry(id, body.unwrap_or_default()), fields, state.now);
    show(state, form);
}

fn new(state: &mut State) {
    let subject = match state.screen() {
        Screen::Workflows(_) => {
            let field = Field::new("id", "", Entry::Text, "a-z, 0-9, - and _; then your editor opens with an example");
            return show(state, Form::new("write a workflow", Purpose::Write, vec![field], state.now));
        }
        Screen::Listing(listing) => listing.subject.clone(),
        _ => return,
    };
    let now = state.now;
    let form = match subject {
        Subject::Secrets => secret("", now),
        Subject::Tokens => people::token(now),
        Subject::Members => people::member(now),
        Subject::Invites => people::invite(now),
        Subject::Shares => people::share(now),
        Subject::Credentials => connect::credential(None, now),
        Subject::Subscriptions => connect::subscription(None, now),
        Subject::Workspaces => house::workspace(now),
        Subject::Organizations => house::organization(now),
        Subject::Plans => billing::form(None, now),
        Subject::Customers => billing::spent(now),
        _ => return,
    };
    show(state, protect(state, form));
}

/// Opens the form that changes the row under the cursor.
pub fn change(state: &mut State) {
    let form = match state.screen() {
        Screen::Listing(listing) => match listing.selected() {
            Some(selected) => row(state, &listing.subject, selected),
            None => None,
        },
        Screen::Settings(settings) => settings.list.selected().and_then(|setting| account::setting(*setting, state)),
        _ => None,
    };
    if let Some(form) = form {
        show(state, protect(state, form));
    }
}

/// The form that changes the row `selected`.
fn row(state: &State, subject: &Subject, selected: &Row) -> Option<Form> {
    match subject {
        Subject::Members => people::role(&selected.json, state.now),
        Subject::Users => house::role(&selected.json, state.now),
        Subject::Workspaces => house::rename(&selected.json, state.now),
        Subject::Organizations => house::organization_plan(&selected.json, state),
        Subject::Plans => house::selected(state).map(|plan| billing::form(Some(&plan), state.now)),
        Subject::Quota => None,
        Subject::Credentials => house::selected(state).map(|view| connect::credential(Some(&view), state.now)),
        Subject::Subscriptions => house::selected(state).map(|view| connect::subscription(Some(&view), state.now)),
        _ => Some(secret(&selected.id, state.now)),
    }
}

fn protect(state: &State, mut form: Form) -> Form {
    if state.place.protected.is_some() {
        form.fields.push(ask::confirmation(state, String::new()));
    }
    form
}

/// The form that keeps a secret, or gives one another value.
fn secret(name: &str, now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new("name", name, Entry::Text, "expressions read it as secrets.NAME"),
        Field::new("value", "", Entry::Hidden, "never shown, here or later"),
    ];
    let title = if name.is_empty() { "keep a secret".to_owned() } else { format!("another value for {name}") };
    let mut form = Form::new(title, Purpose::Secret, fields, now);
    form.at = usize::from(!name.is_empty());
    form
}
