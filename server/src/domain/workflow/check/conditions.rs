//! Condition and event triggers.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tidemill_common::step_protocol::Language;

use super::expressions::{Context, World};
use super::graph::Graph;
use super::{code, http, ids, steps};
use crate::domain::schedule::{Draft, Schedule};
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems};
use crate::domain::workflow::expression::Expression;
use crate::domain::workflow::plan::{Check, ConditionTrigger, EventTrigger, InternalEvent, Items, Listen, On, When};

/// The fields of a condition.
pub(super) const FIELDS: [&str; 12] =
    ["id", "type", "every", "event", "workflow", "check", "if", "on", "cooldown", "items", "key", "existing"];
/// The fields of `check`.
pub(super) const CHECK_FIELDS: [&str; 3] = ["uses", "with", "timeout"];
/// What a check can do.
const CHECK_USES: [&str; 4] = ["http.request", "python", "javascript", "sql"];
/// The fields of an event trigger.
pub(super) const EVENT_FIELDS: [&str; 5] = ["id", "type", "event", "workflow", "if"];
/// The longest interval and cool-down.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The longest time of a check.
const LONGEST_CHECK: Duration = Duration::from_secs(600);

/// Reads a condition.
pub(super) fn condition(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<ConditionTrigger> {
    fields.expect(problems, &FIELDS, &[]);
    let when = when(fields, problems);
    let happens = fields.get("event").is_some();
    let check = match fields.get("check") {
        None if happens => Some(None),
        None => {
            fields.required(problems, "check");
            None
        }
        Some(field) => check(&field, if happens { &["previous", "event"] } else { &["previous"] }, problems).map(Some),
    };
    let items = items(fields, problems);
    let condition = match fields.get("if") {
        Some(field) => Some(expression(&field, names(happens, fields.get("items").is_some()), problems)?),
        None if fields.get("items").is_some() => None,
        None => {
            fields.required(problems, "if");
            return None;
        }
    };
    let on = fields.get("on").map_or(Some("edge"), |field| field.word(problems, &["edge", "level"]));
    let cooldown = match fields.get("cooldown") {
        None => Some(Duration::ZERO),
        Some(field) => ids::duration(&field, problems, Duration::ZERO, LONGEST),
    };
    only_without_items(fields, problems);
    let on = if on? == "level" { On::Level } else { On::Edge };
    Some(ConditionTrigger { when: when?, check: check?, condition, on, cooldown: cooldown?, items: items? })
}

/// What `if` sees.
fn names(happens: bool, items: bool) -> &'static [&'static str] {
    match (happens, items) {
        (false, false) => &["result", "previous"],
        (false, true) => &["result", "previous", "item"],
        (true, false) => &["result", "previous", "event"],
        (true, true) => &["result", "previous", "event", "item"],
    }
}

/// On an interval, or when something has happened.
fn when(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<When> {
    match (fields.get("every"), fields.get("event")) {
        (Some(field), None) => {
            if let Some(field) = fields.get("workflow") {
                let found = Found::new("conflict", "`workflow` says whose events count, and this condition has no `event`");
                field.report(problems, found.hint("remove it, or write `event` in place of `every`"));
            }
            every(&field, problems)
        }
        (None, Some(_)) => listen(fields, problems).map(When::Happened),
        (None, None) => {
            fields.required(problems, "every");
            None
        }
        (Some(_), Some(field)) => {
            let found =
                Found::new("conflict", "a condition is checked on an interval or when something has happened, not both");
            field.report(problems, found.hint("keep `every` or `event`; two triggers can have one each"));
            None
        }
    }
}

fn every(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<When> {
    let interval = ids::duration(field, problems, Duration::from_secs(1), LONGEST)?;
    match Schedule::new(&Draft { every: Some(interval), ..Draft::default() }) {
        Ok(schedule) => Some(When::Every { interval, schedule: Box::new(schedule) }),
        Err(error) => {
            field.report(problems, Found::new("out_of_range", error.to_string()));
            None
        }
    }
}

/// Which internal events are meant.
fn listen(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Listen> {
    let words: Vec<&'static str> = InternalEvent::all().map(InternalEvent::as_str).collect();
    let word = fields.required(problems, "event").and_then(|field| field.word(problems, &words));
    let workflow = match fields.get("workflow") {
        None => None,
        Some(field) => Some(ids::id_at(&field, problems)?),
    };
    Some(Listen { event: InternalEvent::from_word(word?)?, workflow })
}

/// An item is new once: there is no edge, level or cool-down to speak of.
fn only_without_items(fields: &Fields<'_>, problems: &mut Problems<'_>) {
    if fields.get("items").is_none() {
        if let Some(field) = fields.get("key").or_else(|| fields.get("existing")) {
            field.report(problems, Found::new("conflict", "this says something about `items`, and there are none"));
        }
        return;
    }
    for key in ["on", "cooldown"] {
        if let Some(field) = fields.get(key) {
            let found = Found::new("conflict", format!("`{key}` has no meaning with `items`: each new item fires once"));
            field.report(problems, found.hint("remove it"));
        }
    }
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read, as everywhere in this room")]
fn items(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Option<Items>> {
    let Some(field) = fields.get("items") else { return Some(None) };
    let list = expression(&field, &["result", "previous"], problems);
    let key = fields.required(problems, "key").and_then(|field| expression(&field, &["item", "result"], problems));
    let existing = fields.get("existing").map_or(Some("skip"), |field| field.word(problems, &["skip", "fire"]));
    Some(Some(Items { list: list?, key: key?, existing: existing? == "fire" }))
}

/// A bare expression that sees `names`, and nothing of an execution: there is none yet.
fn expression(field: &Cursor<'_>, names: &'static [&'static str], problems: &mut Problems<'_>) -> Option<Expression> {
    let graph = Graph::new(HashMap::new(), Vec::new(), 0);
    let world = World { graph: &graph, inputs: None, own_id: None, events: BTreeSet::new() };
    Context::outside(&world, names).bare(field, problems)
}

fn check(field: &Cursor<'_>, names: &'static [&'static str], problems: &mut Problems<'_>) -> Option<Check> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &CHECK_FIELDS, &[]);
    let uses = fields.required(problems, "uses")?.word(problems, &CHECK_USES)?;
    let with = fields.required(problems, "with")?;
    let graph = Graph::new(HashMap::new(), Vec::new(), 0);
    let world = World { graph: &graph, inputs: None, own_id: None, events: BTreeSet::new() };
    let mut context = Context::outside(&world, names);
    let work = match Language::from_word(uses) {
        Some(language) => code::work(language, &with, &mut context, problems),
        None => http::work(&with, &mut context, problems),
    };
    let timeout = match fields.get("timeout") {
        None => Some(steps::TIMEOUT),
        Some(field) => ids::duration(&field, problems, Duration::from_secs(1), LONGEST_CHECK),
    };
    let (secrets, credential) = (context.used_secrets.into_iter().collect(), context.used_credential);
    Some(Check { uses, work: work?, timeout: timeout?, secrets, credential })
}

/// Reads an event trigger.
pub(super) fn event(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<EventTrigger> {
    fields.expect(problems, &EVENT_FIELDS, &[]);
    let listen = listen(fields, problems);
    let condition = match fields.get("if") {
        None => None,
        Some(field) => Some(expression(&field, &["trigger"], problems)?),
    };
    Some(EventTrigger { listen: listen?, condition })
}
