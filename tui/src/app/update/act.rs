//! Actions.

use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::{link, motion, navigate, picker, yank};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::execution::{Pane, Tab};
use crate::app::state::filter::Filter;
use crate::app::state::line::Line;
use crate::app::state::overlay::{Confirm, Deed, Overlay, PickerKind, StartForm};
use crate::app::state::toast::Tone;
use crate::app::state::{Root, Screen, State, approval, can, status};

/// Does `action`, or says why it can't be done now.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Err(why) = can(state, action) {
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    if motion::act(state, action) {
        return motion::load_more(state);
    }
    match action {
        Action::Open => return open(state),
        Action::Back => return back(state),
        Action::Close if !state.at_root() => return navigate::close(state),
        Action::Close | Action::Quit => {
            state.quitting = true;
            return vec![Effect::Quit];
        }
        Action::GoDashboard => return navigate::go(state, Root::Dashboard),
        Action::GoExecutions => return navigate::go(state, Root::Executions),
        Action::GoWorkflows => return navigate::go(state, Root::Workflows),
        Action::YankId | Action::YankCli | Action::YankJson => return yank::act(state, action),
        Action::Resync => return link::resync(state),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Mouse => {
            state.mouse = !state.mouse;
            return vec![Effect::CaptureMouse(state.mouse)];
        }
        Action::Palette => state.overlay = Some(Overlay::Picker(picker::build(state, PickerKind::Palette))),
        Action::Help => state.overlay = Some(Overlay::Picker(picker::build(state, PickerKind::Help))),
        Action::Messages => state.overlay = Some(Overlay::Messages(0)),
        Action::Filter => state.overlay = Some(Overlay::Filter(Line::new(filter_text(state)), None)),
        Action::Start => state.overlay = state.screen().workflow().map(start_form),
        Action::Cancel => ask_cancel(state),
        Action::Retry => ask_retry(state),
        Action::Pause => return pause(state),
        Action::Approve | Action::Reject => ask_decision(state, action == Action::Approve),
        Action::Why => return state.screen().execution().map(Effect::Why).into_iter().collect(),
        Action::Switch => ask_switch(state),
        other => on_screen(state, other),
    }
    Vec::new()
}

fn filter_text(state: &State) -> String {
    match state.screen() {
        Screen::Executions(screen) => screen.filter.text().to_owned(),
        Screen::Workflows(screen) => screen.filter.clone(),
        _ => String::new(),
    }
}

fn start_form(workflow: &str) -> Overlay {
    Overlay::Start(StartForm { workflow: workflow.to_owned(), input: Line::new("{}"), error: None })
}

fn pause(state: &State) -> Vec<Effect> {
    let Some(id) = state.screen().execution() else { return Vec::new() };
    vec![Effect::Pause { id, on: status(state, id) != Some(ExecutionStatus::Paused) }]
}

fn ask_retry(state: &mut State) {
    let Some(id) = state.screen().execution() else { return };
    let question = format!("retry {} {}? steps that succeeded keep their outputs", workflow_of(state, id), id.short());
    ask(state, question, Deed::Retry(id));
}

fn ask_decision(state: &mut State, approve: bool) {
    let (Some(id), Some(step)) = (state.screen().execution(), approval(state)) else { return };
    let message = step.awaits.as_ref().and_then(|awaited| awaited.message.clone()).unwrap_or_default();
    let (word, step) = (if approve { "approve" } else { "reject" }, step.id.clone());
    ask(state, format!("{word} {step}: {message}"), Deed::Decide(id, step, approve));
}

fn ask_cancel(state: &mut State) {
    let Some(id) = state.screen().execution() else { return };
    let workflow = workflow_of(state, id);
    ask(state, format!("cancel {workflow} {}? steps under way are stopped", id.short()), Deed::Cancel(id));
}

fn workflow_of(state: &State, id: ExecutionId) -> String {
    let workflow = match state.screen() {
        Screen::Execution(open) => open.detail.as_ref().map(|detail| detail.execution.workflow_id.clone()),
        _ => state.store.get(id).map(|row| row.workflow_id.clone()),
    };
    workflow.unwrap_or_else(|| "execution".into())
}

fn ask_switch(state: &mut State) {
    let Some(workflow) = state.screen().workflow().and_then(|id| state.catalogue.get(id)) else { return };
    let (id, version) = (workflow.id.clone(), workflow.version);
    if workflow.active_version.is_some() {
        ask(state, format!("deactivate {id}? its triggers stop starting executions"), Deed::Switch(id, None));
    } else {
        ask(state, format!("activate {id} version {version}? its triggers go live"), Deed::Switch(id, Some(version)));
    }
}

fn ask(state: &mut State, question: String, deed: Deed) {
    state.overlay = Some(Overlay::Confirm(Confirm { question, deed, at: state.now }));
}

fn open(state: &mut State) -> Vec<Effect> {
    if let Screen::Execution(open) = state.screen_mut() {
        open.pane = Pane::Content;
        return Vec::new();
    }
    navigate::open(state)
}

/// Undoes one thing: filter, zoom, pane, screen. Overlays have had their turn.
fn back(state: &mut State) -> Vec<Effect> {
    let at_root = state.at_root();
    let now = state.now;
    match state.screen_mut() {
        Screen::Executions(screen) if at_root && !screen.filter.is_empty() => set_filter(state, Filter::default()),
        Screen::Workflows(screen) if !screen.filter.is_empty() => screen.filter.clear(),
        Screen::Execution(open) if open.zoom => open.zoom = false,
        Screen::Execution(open) if open.pane == Pane::Content => open.pane = Pane::Steps,
        _ if at_root => state.toasts.push(now, Tone::Plain, "this is the root: q leaves Tidemill"),
        _ => return navigate::close(state),
    }
    state.refresh();
    Vec::new()
}

fn on_screen(state: &mut State, action: Action) {
    match (action, state.screen_mut()) {
        (Action::TabInput, Screen::Execution(_)) => show_tab(state, Tab::Input),
        (Action::TabOutput, Screen::Execution(_)) => show_tab(state, Tab::Output),
        (Action::TabError, Screen::Execution(_)) => show_tab(state, Tab::Error),
        (Action::TabEvents, Screen::Execution(_)) => show_tab(state, Tab::Events),
        (Action::TabLog, Screen::Execution(_)) => show_tab(state, Tab::Log),
        (Action::NextPane, Screen::Execution(open)) => {
            open.pane = if open.pane == Pane::Steps { Pane::Content } else { Pane::Steps };
        }
        (Action::Zoom, Screen::Execution(open)) => {
            open.zoom = !open.zoom;
            open.pane = Pane::Content;
        }
        (Action::Follow, Screen::Executions(_)) => follow(state),
        (Action::Failures, Screen::Executions(_)) => failures(state),
        _ => {}
    }
    state.refresh();
}

/// Shows a tab, from its first line.
pub fn show_tab(state: &mut State, tab: Tab) {
    if let Screen::Execution(open) = state.screen_mut() {
        (open.chosen_tab, open.scroll) = (Some(tab), 0);
    }
}

fn follow(state: &mut State) {
    let (now, store) = (state.now, std::mem::take(&mut state.store));
    if let Screen::Executions(screen) = state.screen_mut() {
        if screen.follows() {
            screen.hold();
        } else {
            screen.follow(&store, now);
        }
    }
    state.store = store;
}

fn failures(state: &mut State) {
    let wanted = match state.screen() {
        Screen::Executions(screen) if screen.filter == Filter::failures() => Filter::default(),
        _ => Filter::failures(),
    };
    set_filter(state, wanted);
}

/// Shows other rows of the executions list.
pub fn set_filter(state: &mut State, filter: Filter) {
    let (now, store) = (state.now, std::mem::take(&mut state.store));
    if let Screen::Executions(screen) = state.screen_mut() {
        screen.set_filter(filter, &store, now);
    }
    state.store = store;
    state.refresh();
}
