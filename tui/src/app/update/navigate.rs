//! Going from screen to screen.

use tidemill_common::ids::ExecutionId;

use crate::app::effect::Effect;
use crate::app::state::execution::Execution;
use crate::app::state::executions::Executions;
use crate::app::state::filter::Filter;
use crate::app::state::{Root, Screen, State};

/// Opens an execution on top; instead of the one that is open, if one is.
pub fn open_execution(state: &mut State, id: ExecutionId) -> Vec<Effect> {
    if matches!(state.screen(), Screen::Execution(_)) {
        state.pop();
    }
    let mut open = Execution::new(id);
    open.load.begin(state.now);
    state.push(Screen::Execution(Box::new(open)));
    vec![Effect::LoadExecution(id), Effect::Follow { id, after: 0 }]
}

/// Shows a root screen.
pub fn go(state: &mut State, root: Root) -> Vec<Effect> {
    let mut effects = leave(state);
    state.show_root(root.screen());
    if root == Root::Workflows {
        // Workflows have no feed: they are read when they are looked at.
        state.catalogue.load.begin(state.now);
        effects.push(Effect::LoadWorkflows { generation: state.catalogue.generation });
    }
    effects
}

/// Shows the executions of a workflow.
pub fn open_workflow(state: &mut State, id: &str) -> Vec<Effect> {
    let effects = leave(state);
    match Filter::parse(&format!("wf:{id}")) {
        Ok(filter) => state.push(Screen::Executions(Executions::filtered(filter))),
        Err(why) => state.toasts.push(state.now, crate::app::state::toast::Tone::Bad, why),
    }
    effects
}

/// Opens what the cursor is on.
pub fn open(state: &mut State) -> Vec<Effect> {
    if let Some(id) = state.screen().workflow().map(str::to_owned) {
        return open_workflow(state, &id);
    }
    match (state.screen().execution(), state.screen()) {
        (_, Screen::Execution(_)) | (None, _) => Vec::new(),
        (Some(id), _) => open_execution(state, id),
    }
}

/// Takes the top screen away.
pub fn close(state: &mut State) -> Vec<Effect> {
    match state.pop() {
        Some(Screen::Execution(_)) => vec![Effect::Unfollow],
        _ => Vec::new(),
    }
}

fn leave(state: &mut State) -> Vec<Effect> {
    let followed = state.screens().any(|screen| matches!(screen, Screen::Execution(_)));
    if followed { vec![Effect::Unfollow] } else { Vec::new() }
}
