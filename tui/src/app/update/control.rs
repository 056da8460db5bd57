//! Cancel, pause, retry, activate, execute: what is asked first, and what is sent.

use tidemill_common::api::code::CodeExecute;
use tidemill_common::api::control::{ExecutionRetry, RetryFrom};
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::ask::{self, Ask};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::Order;
use crate::app::state::load::Load;
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State, status};

/// Does what `action` asks for, after asking what it has to.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Switch => switch(state),
        Action::Execute => execute(state),
        Action::Cancel => on_executions(state, action, |state, id| not_ended(state, id).then(|| Order::Cancel(id, None))),
        Action::Pause => pause(state),
        _ => on_executions(state, action, |state, id| failed(state, id).then(|| retry(id))),
    }
}

fn not_ended(state: &State, id: ExecutionId) -> bool {
    status(state, id).is_none_or(|status| !status.is_terminal())
}

fn failed(state: &State, id: ExecutionId) -> bool {
    status(state, id).is_none_or(|status| status.is_terminal() && status != ExecutionStatus::Succeeded)
}

fn retry(id: ExecutionId) -> Order {
    Order::Retry(id, Box::new(ExecutionRetry { from: RetryFrom::Failed, ..ExecutionRetry::default() }))
}

/// Pauses what is under way; if everything is paused, lets it go on.
fn pause(state: &mut State) -> Vec<Effect> {
    let ids = state.screen().executions();
    let paused = |id: &ExecutionId| status(state, *id) == Some(ExecutionStatus::Paused);
    if ids.iter().all(paused) {
        return on_executions(state, Action::Pause, |_, id| Some(Order::Resume(id)));
    }
    on_executions(state, Action::Pause, |state, id| not_ended(state, id).then_some(Order::Pause(id)))
}

/// Asks about the executions that are marked, or the selected one; those that `order` gives nothing for are left alone.
fn on_executions(state: &mut State, action: Action, order: impl Fn(&State, ExecutionId) -> Option<Order>) -> Vec<Effect> {
    let ids = state.screen().executions();
    let orders: Vec<Order> = ids.iter().filter_map(|id| order(state, *id)).collect();
    let (Some(first), [id, ..]) = (orders.first(), ids.as_slice()) else {
        state.toasts.push(state.now, Tone::Bad, "none of them is in a state for that");
        return Vec::new();
    };
    let verb = match first {
        Order::Cancel(..) => "cancel",
        Order::Pause(_) => "pause",
        Order::Resume(_) => "resume",
        _ => "retry",
    };
    let question = match (orders.len(), ids.len()) {
        (1, 1) => format!("{verb} {} {}? {}", workflow_of(state, *id), id.short(), consequence(first)),
        (some, all) => format!("{verb} {some} of {all} executions? {}", consequence(first)),
    };
    let meant = |order: &Order| match order {
        Order::Cancel(id, _) | Order::Pause(id) | Order::Resume(id) | Order::Retry(id, _) => Some(*id),
        _ => None,
    };
    let mut notes = vec![blast(state, &orders.iter().filter_map(meant).collect::<Vec<_>>())];
    let left = ids.len() - orders.len();
    if left > 0 {
        notes.push(format!("{left} are left alone: they are not in a state for that"));
    }
    ask::ask(state, Ask { action, question, notes, word: verb.to_owned(), orders })
}

fn consequence(order: &Order) -> &'static str {
    match order {
        Order::Cancel(..) => "steps under way are stopped",
        Order::Pause(_) => "what is under way ends, nothing new begins",
        Order::Resume(_) => "waits that were due fire at once",
        _ => "steps that succeeded keep their outputs",
    }
}

/// Which workflows, and how many of each.
fn blast(state: &State, ids: &[ExecutionId]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for id in ids {
        let workflow = workflow_of(state, *id);
        match counts.iter_mut().find(|(known, _)| *known == workflow) {
            Some((_, count)) => *count += 1,
            None => counts.push((workflow, 1)),
        }
    }
    counts.iter().map(|(workflow, count)| format!("{count} of {workflow}")).collect::<Vec<_>>().join(", ")
}

/// The workflow of an execution, as far as it is known.
pub fn workflow_of(state: &State, id: ExecutionId) -> String {
    let workflow = match state.screen() {
        Screen::Execution(open) => open.detail.as_ref().map(|detail| detail.execution.workflow_id.clone()),
        _ => state.store.get(id).map(|row| row.workflow_id.clone()),
    };
    workflow.unwrap_or_else(|| "execution".into())
}

/// Activates the version under the cursor, else the newest; an active workflow on which no other version is chosen is
/// deactivated.
fn switch(state: &mut State) -> Vec<Effect> {
    if state.screen().marked() > 0 {
        return switch_marked(state);
    }
    let Some(workflow) = state.screen().workflow().and_then(|id| state.catalogue.get(id)) else {
        state.toasts.push(state.now, Tone::Bad, "the workflow has not been read yet");
        return Vec::new();
    };
    let chosen = match state.screen() {
        Screen::Workflow(open) => open.version(),
        _ => None,
    };
    let (id, newest, active) = (workflow.id.clone(), workflow.version, workflow.active_version);
    let activate = match (chosen, active) {
        (Some(version), active) if active != Some(version) => Some(version),
        (None, None) => Some(newest),
        _ => None,
    };
    let question = match (activate, active) {
        (Some(version), Some(active)) => format!("activate {id} version {version} instead of {active}?"),
        (Some(version), None) => format!("activate {id} version {version}? its triggers go live"),
        (None, _) => format!("deactivate {id}? its triggers stop starting executions"),
    };
    let notes = vec![format!("executions that are under way go on with their version; {} triggers", workflow.triggers.len())];
    let orders = vec![Order::Switch { workflow: id.clone(), activate }];
    ask::ask(state, Ask { action: Action::Switch, question, notes, word: id, orders })
}

/// Activates the newest version of each workflow that is marked and not active; if all are active, deactivates them.
fn switch_marked(state: &mut State) -> Vec<Effect> {
    let marked = state.screen().workflows();
    let known: Vec<&WorkflowView> = marked.iter().filter_map(|id| state.catalogue.get(id)).collect();
    let inactive = |workflow: &&&WorkflowView| workflow.active_version.is_none();
    let off: Vec<&&WorkflowView> = known.iter().filter(inactive).collect();
    let (verb, meant) = if off.is_empty() { ("deactivate", known.iter().collect()) } else { ("activate", off) };
    let order = |workflow: &&&WorkflowView| Order::Switch {
        workflow: workflow.id.clone(),
        activate: (verb == "activate").then_some(workflow.version),
    };
    let orders: Vec<Order> = meant.iter().map(order).collect();
    let names: Vec<&str> = meant.iter().map(|workflow| workflow.id.as_str()).collect();
    let triggers: usize = meant.iter().map(|workflow| workflow.triggers.len()).sum();
    let question = format!("{verb} {} of {} workflows?", orders.len(), marked.len());
    let what = if verb == "activate" { "go live, in the newest versions" } else { "stop starting executions" };
    let notes = vec![names.join(", "), format!("{triggers} triggers {what}; what is under way goes on")];
    ask::ask(state, Ask { action: Action::Switch, question, notes, word: verb.to_owned(), orders })
}

fn execute(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Screen::Code(screen) = state.screen_mut() else { return Vec::new() };
    screen.load = Load::Loading(now);
    let code = CodeExecute {
        language: screen.language,
        runtime: None,
        code: screen.text.clone(),
        input: Some(screen.input.clone()),
        timeout_ms: None,
        memory_mib: None,
    };
    ask::send(state, vec![Order::Execute(Box::new(code))])
}
