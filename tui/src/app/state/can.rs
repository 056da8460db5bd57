//! Whether an action can be done now and, if not, why: help shows the reason instead of hiding the key.

use tidemill_common::api::execution::StepView;
use tidemill_common::awaited::AwaitedKind;
use tidemill_common::status::ExecutionStatus;

use super::link::Health;
use super::{Screen, State};
use crate::app::action::{Action, Tier};

/// Whether `action` can be done now; the error is the reason, for people.
pub fn can(state: &State, action: Action) -> Result<(), String> {
    if action.info().tier != Tier::Free {
        if state.place.readonly {
            return Err("this session is read-only".into());
        }
        if matches!(state.link.health(state.now), Health::Offline { .. }) {
            return Err("offline: nothing is sent until the server answers (^r tries now)".into());
        }
    }
    match action {
        Action::Cancel | Action::Pause => not_ended(state),
        Action::Retry => retry(state),
        Action::Approve | Action::Reject => approval(state).map(|_| ()).ok_or_else(|| "no step waits for an approval".into()),
        Action::Start | Action::Switch => workflow(state),
        Action::Why => state.screen().execution().map(|_| ()).ok_or_else(|| "no execution is selected".into()),
        Action::YankId | Action::YankCli | Action::YankJson | Action::Open => something(state),
        Action::Filter => filter(state),
        _ => Ok(()),
    }
}

fn not_ended(state: &State) -> Result<(), String> {
    let id = state.screen().execution().ok_or("no execution is selected")?;
    match status(state, id) {
        Some(status) if status.is_terminal() => Err(format!("the execution has ended: {status}")),
        _ => Ok(()),
    }
}

fn retry(state: &State) -> Result<(), String> {
    let id = state.screen().execution().ok_or("no execution is selected")?;
    match status(state, id) {
        Some(status) if !status.is_terminal() => Err(format!("the execution has not ended: it is {status}")),
        Some(ExecutionStatus::Succeeded) => Err("nothing failed in this execution".into()),
        _ => Ok(()),
    }
}

/// The step of the open execution that waits for an approval: the selected one, else the first.
pub fn approval(state: &State) -> Option<&StepView> {
    let Screen::Execution(open) = state.screen() else { return None };
    let waits = |step: &&StepView| step.awaits.as_ref().is_some_and(|awaited| awaited.kind == AwaitedKind::Approval);
    open.step().filter(waits).or_else(|| open.detail.as_ref()?.steps.iter().find(waits))
}

/// The state of an execution, as far as it is known.
pub fn status(state: &State, id: tidemill_common::ids::ExecutionId) -> Option<ExecutionStatus> {
    match state.screen() {
        Screen::Execution(open) => open.detail.as_ref().map(|detail| detail.execution.status),
        _ => state.store.get(id).map(|row| row.status),
    }
}

fn workflow(state: &State) -> Result<(), String> {
    state.screen().workflow().map(|_| ()).ok_or_else(|| "no workflow is selected".into())
}

fn something(state: &State) -> Result<(), String> {
    let selected = state.screen().execution().is_some() || state.screen().workflow().is_some();
    if selected { Ok(()) } else { Err("nothing is selected".into()) }
}

fn filter(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Executions(_) | Screen::Workflows(_) => Ok(()),
        _ => Err("only lists can be filtered".into()),
    }
}
