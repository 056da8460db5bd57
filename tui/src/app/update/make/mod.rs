//! Forms: what each asks for. What they send when they are filled in is in `submit`.

mod billing;
mod connect;
mod people;
mod remove;

use serde_json::{Value, json};
use tidemill_common::ids::ExecutionId;

use super::ask;
use super::control::workflow_of;
use crate::app::action::Action;
use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::listing::{Listing, Opens, Subject};
use crate::app::state::overlay::Overlay;
use crate::app::state::{Screen, State, awaited, schema};

/// Opens the form of `action`.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Start => start(state),
        Action::Approve | Action::Reject => {
            approval(state, action == Action::Approve);
            Vec::new()
        }
        Action::RetryForm => {
            retry(state);
            Vec::new()
        }
        Action::Replay if matches!(state.screen(), Screen::Listing(open) if open.subject == Subject::Refused) => {
            billing::replay(state)
        }
        Action::Replay | Action::Discard => {
            dead_letters(state, action);
            Vec::new()
        }
        Action::New => {
            new(state);
            Vec::new()
        }
        Action::ChangePlan => billing::change(state),
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
        Screen::Execution(open) => open.detail.as_ref().map(|detail| detail.input["body"].clone()),
        _ => None,
    };
    let mut fields = vec![Field::choice("from", &["failed", "start"], "failed: steps that succeeded keep their outputs")];
    // Only an execution that is open has shown its input.
    fields.extend(body.as_ref().map(json_field));
    if state.place.protected.is_some() {
        fields.push(ask::confirmation(state, String::new()));
    }
    let title = format!("retry {} {}", workflow_of(state, id), id.short());
    let form = Form::new(title, Purpose::Retry(id, body.unwrap_or_default()), fields, state.now);
    show(state, form);
}

fn approval(state: &mut State, yes: bool) {
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

/// The dead letters that are meant: by cause, or one by one.
struct Meant {
    ids: Vec<ExecutionId>,
    fingerprint: Option<String>,
    count: i64,
    about: String,
}

fn meant(listing: &Listing) -> Option<Meant> {
    if listing.subject == Subject::Causes {
        let entry = listing.selected()?;
        let count = entry.json["count"].as_i64().unwrap_or(0);
        let about = entry.json["cause"].as_str().unwrap_or_default().to_owned();
        return Some(Meant { ids: Vec::new(), fingerprint: Some(entry.id.clone()), count, about });
    }
    let targets = listing.list.targets();
    let opens = |id: &String| match listing.get(id)?.opens {
        Some(Opens::Execution(id)) => Some(id),
        _ => None,
    };
    let ids: Vec<ExecutionId> = targets.iter().filter_map(opens).collect();
    let about = listing.selected()?.json["cause"].as_str().unwrap_or_default().to_owned();
    let count = i64::try_from(ids.len()).unwrap_or(0);
    Some(Meant { ids, fingerprint: None, count, about })
}

fn dead_letters(state: &mut State, action: Action) {
    let Screen::Listing(listing) = state.screen() else { return };
    let Some(Meant { ids, fingerprint, count, about }) = meant(listing) else { return };
    let things = if count == 1 { "1 dead letter".to_owned() } else { format!("{count} dead letters") };
    let mut notes = vec![format!("cause: {about}")];
    let confirm = ask::confirmation(state, count.to_string());
    let form = if action == Action::Replay {
        notes.push("each becomes a new execution; steps that succeeded are not repeated with `failed`".into());
        let canary = if count > 1 { "1" } else { "0" };
        let mut fields = vec![
            Field::choice("from", &["failed", "start"], "where each begins"),
            Field::new("canary", canary, Entry::Text, "so many go first; the rest only when they succeeded"),
            Field::new("rate", "10", Entry::Text, "how many begin per second"),
        ];
        if count > 1 || state.place.protected.is_some() {
            fields.push(confirm);
        }
        Form::new(format!("replay {things}"), Purpose::Replay { ids, fingerprint, seen: count }, fields, state.now)
    } else {
        notes.push("nothing will be done about them; they stay in the history with your reason".into());
        let fields = vec![Field::new("reason", "", Entry::Text, "kept with them"), confirm];
        Form::new(format!("discard {things}"), Purpose::Discard { ids, fingerprint, seen: count }, fields, state.now)
    };
    show(state, form.notes(notes));
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
        Subject::Secrets => return secret(state, ""),
        Subject::Tokens => people::token(now),
        Subject::Members => people::member(now),
        Subject::Invites => people::invite(now),
        Subject::Shares => people::share(now),
        Subject::Credentials => connect::credential(None, now),
        Subject::Subscriptions => connect::subscription(None, now),
        _ => return,
    };
    show(state, protect(state, form));
}

/// Opens the form that changes the row under the cursor.
pub fn change(state: &mut State) {
    let Screen::Listing(listing) = state.screen() else { return };
    let Some(entry) = listing.selected() else { return };
    let form = match listing.subject {
        Subject::Members => people::role(&entry.json, state.now),
        Subject::Credentials => {
            serde_json::from_value(entry.json.clone()).ok().map(|view| connect::credential(Some(&view), state.now))
        }
        Subject::Subscriptions => {
            serde_json::from_value(entry.json.clone()).ok().map(|view| connect::subscription(Some(&view), state.now))
        }
        _ => {
            let name = entry.id.clone();
            return secret(state, &name);
        }
    };
    if let Some(form) = form {
        show(state, protect(state, form));
    }
}

fn protect(state: &State, mut form: Form) -> Form {
    if state.place.protected.is_some() {
        form.fields.push(ask::confirmation(state, String::new()));
    }
    form
}

/// The form that keeps a secret, or gives one another value.
fn secret(state: &mut State, name: &str) {
    let fields = vec![
        Field::new("name", name, Entry::Text, "expressions read it as secrets.NAME"),
        Field::new("value", "", Entry::Hidden, "never shown, here or later"),
    ];
    let title = if name.is_empty() { "keep a secret".to_owned() } else { format!("another value for {name}") };
    let mut form = Form::new(title, Purpose::Secret, fields, state.now);
    form.at = usize::from(!name.is_empty());
    show(state, protect(state, form));
}
