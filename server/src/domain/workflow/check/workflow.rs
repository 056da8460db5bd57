//! The file as a whole.

use std::sync::Arc;
use std::time::Duration;

use tidemill_common::limits::WAIT_SECONDS;

use super::concurrency::concurrency;
use super::expressions::{Context, World};
use super::rate_limit::{priority, rate_limit};
use super::{forms, ids, steps, triggers, webhooks};
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Node, Problems};
use crate::domain::workflow::inputs::InputSchema;
use crate::domain::workflow::plan::{Plan, RESPOND, Step, Trigger, TriggerKind};

/// The fields of a workflow.
pub(super) const FIELDS: [&str; 13] = [
    "id",
    "name",
    "description",
    "inputs",
    "triggers",
    "steps",
    "catch",
    "on_failure",
    "output",
    "timeout",
    "concurrency",
    "rate_limit",
    "priority",
];
/// Fields that come with later versions.
const LATER: [&str; 2] = ["labels", "defaults"];
/// Longest name and description, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_DESCRIPTION: usize = 10_000;

/// Checks the tree. Optional parts that are wrong are left out of the plan; whoever asks for it looks at `problems` first.
pub(in crate::domain::workflow) fn workflow(root: &Node, problems: &mut Problems<'_>) -> Option<Plan> {
    let fields = Cursor::root(root).fields(problems)?;
    fields.expect(problems, &FIELDS, &LATER);
    let id = ids::id(&fields, problems);
    let name = prose(&fields, "name", LONGEST_NAME, problems);
    let description = prose(&fields, "description", LONGEST_DESCRIPTION, problems);
    let inputs = fields.get("inputs").and_then(|field| schema(&field, "inputs", problems));
    let mut triggers = fields.get("triggers").map_or_else(|| Some(Vec::new()), |field| triggers::triggers(&field, problems));
    if let (Some(field), Some(triggers)) = (fields.get("triggers"), &mut triggers) {
        forms::ask(&field, triggers, inputs.as_ref(), problems);
    }
    let longest = Duration::from_secs(WAIT_SECONDS);
    let timeout = fields.get("timeout").and_then(|field| ids::duration(&field, problems, Duration::from_secs(1), longest));
    let lists = steps::lists(&fields.required(problems, "steps")?, fields.get("catch").as_ref(), problems)?;
    let (drafts, graph) = steps::outline(&lists, problems)?;
    let world = World {
        graph: &graph,
        inputs: inputs.as_ref().and_then(InputSchema::only_fields),
        own_id: id.as_deref(),
        events: steps::events(&drafts),
    };
    let steps = steps::finish(&drafts, &world, problems);
    if let (Some(field), Some(triggers), Some(inputs)) = (fields.get("triggers"), &triggers, &inputs) {
        inputs_fit(&field, triggers, inputs, problems);
    }
    if let (Some(field), Some(triggers), Some(steps)) = (fields.get("triggers"), &triggers, &steps) {
        can_respond(&field, triggers, steps, problems);
    }
    let on_failure = fields.get("on_failure").and_then(|field| on_failure(&field, id.as_deref(), problems));
    let mut context = Context::new(&world, None);
    let output = fields.get("output").and_then(|field| context.template(&field, problems));
    let output_reads = context.reads;
    let concurrency = fields.get("concurrency").and_then(|field| concurrency(&field, &world, problems));
    let rate_limit = fields.get("rate_limit").and_then(|field| rate_limit(&field, &world, problems));
    let priority = fields.get("priority").map_or(Some(0), |field| priority(&field, problems));
    let (id, steps) = (id?, steps?);
    Some(Plan {
        name: name.unwrap_or_else(|| id.to_string()),
        id,
        description,
        inputs,
        triggers: triggers?,
        waits_outside: steps.iter().any(Step::waits_outside),
        steps,
        catch_from: lists.catch_from,
        on_failure,
        output,
        output_reads,
        timeout,
        concurrency,
        rate_limit,
        priority: priority?,
    })
}

/// What a schedule gives its executions is known: it must fit.
fn inputs_fit(list: &Cursor<'_>, triggers: &[Trigger], inputs: &InputSchema, problems: &mut Problems<'_>) {
    let Some(items) = list.list(problems) else { return };
    for (item, trigger) in items.iter().zip(triggers) {
        let TriggerKind::Schedule(schedule) = &trigger.kind else { continue };
        let Some(input) = &schedule.input else { continue };
        if let Err(violations) = inputs.check(input) {
            let message = format!("the `input` of this schedule doesn't fit `inputs`: {}", violations.join("; "));
            item.report(problems, Found::new("input_invalid", message));
        }
    }
}

/// A webhook that waits for a `respond` step would wait in vain without one.
fn can_respond(field: &Cursor<'_>, triggers: &[Trigger], steps: &[Step], problems: &mut Problems<'_>) {
    if webhooks::needs_respond_step(triggers) && steps.iter().all(|step| step.uses != RESPOND) {
        let found = Found::new("missing_step", "a webhook answers with a `respond` step, and there is none");
        field.report(problems, found.hint("add a step with uses: respond, or write respond: when_finished"));
    }
}

/// The id of another workflow.
fn on_failure(field: &Cursor<'_>, own: Option<&str>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let told = ids::id_at(field, problems)?;
    if Some(&*told) == own {
        let found = Found::new("conflict", "a workflow can't be told of its own failures");
        field.report(problems, found.hint("name another workflow, or use `catch`"));
        return None;
    }
    Some(told)
}

/// A text for people, if the file has one in order.
fn prose(fields: &Fields<'_>, key: &str, longest: usize, problems: &mut Problems<'_>) -> Option<String> {
    let field = fields.get(key)?;
    let text = field.text(problems)?;
    if text.value.chars().count() > longest {
        field.report(problems, Found::new("out_of_range", format!("`{key}` may have {longest} characters")));
        return None;
    }
    Some(text.value.clone())
}

/// The JSON Schema that stands at `field`, which is called `name`.
pub(super) fn schema(field: &Cursor<'_>, name: &str, problems: &mut Problems<'_>) -> Option<InputSchema> {
    if !matches!(field.node.content, Content::Map(_)) {
        field.fields(problems)?;
    }
    match InputSchema::new(field.node.to_json()) {
        Ok(schema) => Some(schema),
        Err(message) => {
            let found = Found::new("invalid_schema", format!("`{name}` is not a JSON Schema: {message}"));
            field.report(
                problems,
                found.hint("an example is {type: object, required: [qty], properties: {qty: {type: integer}}}"),
            );
            None
        }
    }
}
