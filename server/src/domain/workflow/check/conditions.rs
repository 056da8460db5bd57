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
use crate::domain::workflow::plan::{Check, ConditionTrigger, EventTrigger, InternalEvent, Items, On};

/// The fields of a condition.
pub(super) const FIELDS: [&str; 10] = ["id", "type", "every", "check", "if", "on", "cooldown", "items", "key", "existing"];
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
    let every = fields.required(problems, "every").and_then(|field| every(&field, problems));
    let check = fields.required(problems, "check").and_then(|field| check(&field, problems));
    let items = items(fields, problems);
    let names: &[&str] = if fields.get("items").is_some() { &["result", "previous", "item"] } else { &["result", "previous"] };
    let condition = match fields.get("if") {
        Some(field) => Some(expression(&field, names, problems)?),
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
    let (every, schedule) = every?;
    let on = if on? == "level" { On::Level } else { On::Edge };
    Some(ConditionTrigger { every, schedule, check: check?, condition, on, cooldown: cooldown?, items: items? })
}

fn every(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<(Duration, Schedule)> {
    let every = ids::duration(field, problems, Duration::from_secs(1), LONGEST)?;
    match Schedule::new(&Draft { every: Some(every), ..Draft::default() }) {
        Ok(schedule) => Some((every, schedule)),
        Err(error) => {
            field.report(problems, Found::new("out_of_range", error.to_string()));
            None
        }
    }
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

fn check(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Check> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &CHECK_FIELDS, &[]);
    let uses = fields.required(problems, "uses")?.word(problems, &CHECK_USES)?;
    let with = fields.required(problems, "with")?;
    let graph = Graph::new(HashMap::new(), Vec::new(), 0);
    let world = World { graph: &graph, inputs: None, own_id: None, events: BTreeSet::new() };
    let mut context = Context::outside(&world, &["previous"]);
    let work = match Language::from_word(uses) {
        Some(language) => code::work(language, &with, &mut context, problems),
        None => http::work(&with, &mut context, problems),
    };
    let timeout = match fields.get("timeout") {
        None => Some(steps::TIMEOUT),
        Some(field) => ids::duration(&field, problems, Duration::from_secs(1), LONGEST_CHECK),
    };
    let secrets: BTreeSet<_> = context.used_secrets;
    Some(Check { uses, work: work?, timeout: timeout?, secrets: secrets.into_iter().collect() })
}

/// Reads an event trigger.
pub(super) fn event(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<EventTrigger> {
    fields.expect(problems, &EVENT_FIELDS, &[]);
    let words = InternalEvent::ALL.map(InternalEvent::as_str);
    let word = fields.required(problems, "event").and_then(|field| field.word(problems, &words));
    let workflow = match fields.get("workflow") {
        None => None,
        Some(field) => Some(ids::id_at(&field, problems)?),
    };
    let condition = match fields.get("if") {
        None => None,
        Some(field) => Some(expression(&field, &["trigger"], problems)?),
    };
    let event = InternalEvent::ALL.into_iter().find(|event| Some(event.as_str()) == word)?;
    Some(EventTrigger { event, workflow, condition })
}
