//! What requests gave.

use tidemill_common::api::execution::{ExecutionDetail, ExecutionView};
use tidemill_common::api::why::WhyView;
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::ids::ExecutionId;

use super::navigate;
use crate::app::effect::Effect;
use crate::app::event::{Answer, Failure};
use crate::app::state::State;
use crate::app::state::load::Load;
use crate::app::state::toast::Tone;

/// Lets an answer change the state.
pub fn update(state: &mut State, answer: Answer) -> Vec<Effect> {
    let effects = match answer {
        Answer::Executions { generation, older, result } if generation == state.store.generation => {
            state.store.loading_older &= !older;
            let shown = state.store.load == Load::Ready;
            let result = note(state, shown, result);
            if let Some(page) = state.store.load.end(result) {
                state.store.put_page(page, older);
            }
            state.link.resynced(state.now);
            Vec::new()
        }
        Answer::Workflows { generation, result } if generation == state.catalogue.generation => {
            let shown = state.catalogue.load == Load::Ready;
            let result = note(state, shown, result);
            if let Some(page) = state.catalogue.load.end(result) {
                state.catalogue.truncated = page.next_cursor.is_some();
                state.catalogue.items = page.items;
            }
            Vec::new()
        }
        Answer::Executions { .. } | Answer::Workflows { .. } => Vec::new(),
        Answer::Workspace(result) => {
            // Without the name the header says less; why it can't be read is said by what else can't be.
            state.place.workspace = result.unwrap_or_default();
            Vec::new()
        }
        Answer::Execution(id, result) => execution(state, id, result),
        Answer::Started(result) => started(state, result),
        Answer::Cancelled(id, result) => cancelled(state, id, result),
        Answer::Why(id, result) => why(state, id, result),
        Answer::Told(id, result) => told(state, id, result),
        Answer::Switched(id, result) => switched(state, &id, result),
        Answer::Copied(result) => {
            match result {
                Ok(what) => state.toasts.push(state.now, Tone::Good, format!("{what}: sent to your terminal's clipboard")),
                Err(why) => state.toasts.push(state.now, Tone::Bad, why),
            }
            Vec::new()
        }
    };
    state.refresh();
    effects
}

/// An error behind data that is shown already would stay unseen: it becomes a message.
fn note<T>(state: &mut State, shown: bool, result: Result<T, Failure>) -> Result<T, Failure> {
    if shown && let Err(failure) = &result {
        state.toasts.push(state.now, Tone::Bad, failure.message.clone());
    }
    result
}

fn execution(state: &mut State, id: ExecutionId, result: Result<Box<ExecutionDetail>, Failure>) -> Vec<Effect> {
    if let Ok(detail) = &result {
        state.store.put(detail.execution.clone());
    }
    let now = state.now;
    if let Some(open) = state.open_execution().filter(|open| open.id == id)
        && let Some(detail) = open.load.end(result)
    {
        open.put(*detail);
        open.link.resynced(now);
    }
    Vec::new()
}

fn started(state: &mut State, result: Result<Box<ExecutionView>, Failure>) -> Vec<Effect> {
    match result {
        Ok(view) => {
            let id = view.id;
            state.toasts.push(state.now, Tone::Good, format!("started {} as {}", view.workflow_id, id.short()));
            state.store.put(*view);
            navigate::open_execution(state, id)
        }
        Err(failure) => fail(state, "not started", &failure),
    }
}

fn cancelled(state: &mut State, id: ExecutionId, result: Result<Box<ExecutionView>, Failure>) -> Vec<Effect> {
    match result {
        Ok(view) => {
            state.toasts.push(state.now, Tone::Good, format!("{}: cancel was asked for", id.short()));
            state.store.put(*view);
            Vec::new()
        }
        Err(failure) => fail(state, "not cancelled", &failure),
    }
}

fn why(state: &mut State, id: ExecutionId, result: Result<WhyView, Failure>) -> Vec<Effect> {
    match result {
        Ok(why) => {
            let links: Vec<_> = why.links.into_iter().map(|link| link.text).collect();
            state.toasts.push(state.now, Tone::Plain, format!("{}: {}", id.short(), links.join("; ")));
            Vec::new()
        }
        Err(failure) => fail(state, "not known", &failure),
    }
}

fn told(state: &mut State, id: ExecutionId, result: Result<Box<ExecutionView>, Failure>) -> Vec<Effect> {
    match result {
        Ok(view) => {
            state.toasts.push(state.now, Tone::Good, format!("{}: the server was told", id.short()));
            state.store.put(*view);
            Vec::new()
        }
        Err(failure) => fail(state, "not changed", &failure),
    }
}

fn switched(state: &mut State, id: &str, result: Result<Box<WorkflowView>, Failure>) -> Vec<Effect> {
    match result {
        Ok(view) => {
            let what =
                view.active_version.map_or_else(|| "inactive".to_owned(), |version| format!("active in version {version}"));
            state.toasts.push(state.now, Tone::Good, format!("{id} is {what}"));
            state.catalogue.put(*view);
            Vec::new()
        }
        Err(failure) => fail(state, "not changed", &failure),
    }
}

fn fail(state: &mut State, what: &str, failure: &Failure) -> Vec<Effect> {
    let request = failure.request_id.as_ref().map_or_else(String::new, |id| format!(" (request {id})"));
    state.toasts.push(state.now, Tone::Bad, format!("{what}: {}{request}", failure.message));
    Vec::new()
}
