//! Whether an action can be done now and, if not, why: help shows the reason instead of hiding the key.

use tidemill_common::status::ExecutionStatus;

use super::access::Need;
use super::link::Health;
use super::listing::Subject;
use super::settings::Setting;
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
        if let Screen::Listing(listing) = state.screen()
            && action != Action::Undo
            && let Some(why) = listing.subject.spec().changes.refusal(state.account.as_ref())
        {
            return Err(why);
        }
    }
    match action {
        Action::Cancel | Action::Switch if matches!(state.screen(), Screen::Listing(_)) => removable(state),
        Action::Cancel | Action::Pause => not_ended(state),
        Action::Retry | Action::RetryForm => retry(state),
        Action::Start | Action::Switch => workflow(state),
        Action::Edit => editable(state),
        Action::Approve | Action::Reject => {
            super::awaited(state).map(|_| ()).ok_or_else(|| "no step here waits for a decision".into())
        }
        Action::Test
        | Action::Rotate
        | Action::Redeliver
        | Action::ChangePlan
        | Action::Paid
        | Action::PlanDelete
        | Action::PasswordLink
        | Action::Leave
        | Action::Remove
        | Action::Replay
        | Action::Discard => removable(state),
        Action::Save => savable(state),
        Action::Whole => Need::Organization.refusal(state.account.as_ref()).map_or(Ok(()), Err),
        Action::Undo => state.undo.as_ref().map(|_| ()).ok_or_else(|| "there is nothing to take back".into()),
        Action::YankPath if !matches!(state.screen(), Screen::Execution(_)) => address(state),
        Action::YankPath | Action::YankValue | Action::Fold => content(state),
        Action::ReadWhole => unread(state),
        Action::Why => state.screen().execution().map(|_| ()).ok_or_else(|| "no execution is selected".into()),
        Action::YankId | Action::YankCli | Action::YankJson | Action::Open => something(state),
        Action::Filter => filter(state),
        _ => Ok(()),
    }
}

/// The execution under the cursor must not have ended; of several that are marked, those that have are left alone.
fn not_ended(state: &State) -> Result<(), String> {
    if state.screen().marked() > 0 {
        return Ok(());
    }
    let id = state.screen().execution().ok_or("no execution is selected")?;
    match status(state, id) {
        Some(status) if status.is_terminal() => Err(format!("the execution has ended: {status}")),
        _ => Ok(()),
    }
}

fn retry(state: &State) -> Result<(), String> {
    if state.screen().marked() > 0 {
        return Ok(());
    }
    let id = state.screen().execution().ok_or("no execution is selected")?;
    match status(state, id) {
        Some(status) if !status.is_terminal() => Err(format!("the execution has not ended: it is {status}")),
        Some(ExecutionStatus::Succeeded) => Err("nothing failed in this execution".into()),
        _ => Ok(()),
    }
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

fn editable(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Workflow(open) if open.source().is_none() => Err("the file has not been read yet".into()),
        Screen::Workflows(_) => workflow(state),
        Screen::Listing(_) => removable(state),
        Screen::Settings(screen) => match screen.list.selected().and_then(|setting| setting.said(state).action) {
            Some(Action::Edit) => Ok(()),
            _ => {
                Err("e changes your name, password, second factor and devices, and an organization that you administer".into())
            }
        },
        _ => Ok(()),
    }
}

fn removable(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Listing(listing) => listing.selected().map(|_| ()).ok_or_else(|| "nothing is selected".into()),
        Screen::Settings(screen) if screen.list.selected() != Some(&Setting::Data) => {
            Err("D erases your account, on the row `your data`".into())
        }
        Screen::Settings(_) => state.account.as_ref().map(|_| ()).ok_or_else(|| "the account is not known yet".into()),
        _ => workflow(state),
    }
}

fn savable(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Listing(listing) if matches!(listing.subject, Subject::Audit(_)) => Ok(()),
        Screen::Settings(screen) if screen.list.selected() != Some(&Setting::Data) => {
            Err("S writes what the server keeps about you, on the row `your data`".into())
        }
        Screen::Settings(_) => Ok(()),
        _ => removable(state),
    }
}

fn content(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Execution(open) if open.json(open.tab()).is_some() => Ok(()),
        _ => Err("values are in the input and output of an execution (1 and 2 there)".into()),
    }
}

fn unread(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Execution(open) if open.unread().is_some() => Ok(()),
        _ => Err("all of the value is shown".into()),
    }
}

fn address(state: &State) -> Result<(), String> {
    match state.screen() {
        Screen::Settings(_) => Ok(()),
        Screen::Listing(listing) if listing.selected().is_some_and(|entry| entry.address.is_some()) => Ok(()),
        _ => Err("paths are in the input and output of an execution, addresses in triggers and subscriptions".into()),
    }
}

fn something(state: &State) -> Result<(), String> {
    let screen = state.screen();
    let row = match screen {
        Screen::Listing(listing) => listing.selected().is_some(),
        Screen::Settings(_) => true,
        _ => false,
    };
    let selected = row || screen.execution().is_some() || screen.workflow().is_some();
    if selected { Ok(()) } else { Err("nothing is selected".into()) }
}

fn filter(state: &State) -> Result<(), String> {
    state.screen().filter().map(|_| ()).ok_or_else(|| "only lists can be filtered".into())
}
