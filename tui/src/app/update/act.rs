//! Actions.

use super::{ask, bulk, connect, control, edit, explain, link, lists, make, motion, navigate, picker, views, yank};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::execution::{Pane, Tab};
use crate::app::state::filter::Filter;
use crate::app::state::line::Line;
use crate::app::state::listing::Subject;
use crate::app::state::overlay::{Overlay, PickerKind};
use crate::app::state::toast::Tone;
use crate::app::state::workflow::Tab as WorkflowTab;
use crate::app::state::{Screen, State, can};

/// Does `action`, or says why it can't be done now.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Err(why) = can(state, action) {
        state.toasts.push(state.now, Tone::Bad, why);
        return Vec::new();
    }
    if let (Action::TabLeft | Action::TabRight, Screen::Listing(_)) = (action, state.screen()) {
        return navigate::beside(state, if action == Action::TabLeft { -1 } else { 1 });
    }
    if motion::act(state, action) {
        let mut effects = motion::load_more(state);
        effects.extend(navigate::missing(state));
        return effects;
    }
    match action {
        Action::Open => open(state),
        Action::Back => back(state),
        Action::Close if !state.at_root() => navigate::close(state),
        Action::Close | Action::Quit => {
            state.quitting = true;
            vec![Effect::Quit]
        }
        Action::Go(root) => navigate::go(state, root),
        Action::YankId | Action::YankCli | Action::YankJson | Action::YankPath | Action::YankValue => yank::act(state, action),
        Action::Resync => link::resync(state),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Mouse => {
            state.mouse = !state.mouse;
            vec![Effect::CaptureMouse(state.mouse)]
        }
        Action::Theme => {
            state.colors = state.colors.next();
            state.toasts.push(state.now, Tone::Plain, format!("drawn in {}", state.colors.name()));
            vec![Effect::Colors(state.colors)]
        }
        Action::Edit | Action::EditInput => edit::act(state, action),
        Action::Cancel if matches!(state.screen(), Screen::Listing(_)) => bulk::stop(state),
        Action::Switch if shows_workspaces(state) => make::act(state, action),
        Action::Switch if matches!(state.screen(), Screen::Listing(_)) => connect::act(state, action),
        Action::Test | Action::Rotate | Action::Redeliver => connect::act(state, action),
        Action::Bulk => {
            bulk::form(state);
            Vec::new()
        }
        Action::Cancel | Action::Pause | Action::Retry | Action::Switch | Action::Execute => control::act(state, action),
        Action::Save => {
            make::save::form(state);
            Vec::new()
        }
        Action::Whole => lists::whole(state),
        Action::Explain => explain::ask(state),
        Action::Undo => state.undo.take().map_or_else(Vec::new, |order| ask::send(state, vec![order])),
        Action::Approve
        | Action::Reject
        | Action::Start
        | Action::RetryForm
        | Action::Replay
        | Action::Discard
        | Action::ChangePlan
        | Action::Pay
        | Action::Paid
        | Action::PlanDelete
        | Action::PasswordLink
        | Action::New
        | Action::Leave
        | Action::Remove => make::act(state, action),
        other => overlay_or_screen(state, other),
    }
}

fn shows_workspaces(state: &State) -> bool {
    matches!(state.screen(), Screen::Listing(listing) if listing.subject == Subject::Workspaces)
}

/// What only changes what is seen.
fn overlay_or_screen(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Palette => state.overlay = Some(Overlay::Picker(picker::build(state, PickerKind::Palette))),
        Action::Help => state.overlay = Some(Overlay::Picker(picker::build(state, PickerKind::Help))),
        Action::Sort => state.overlay = views::orders(state).or_else(|| picker::sort(state)).map(Overlay::Picker),
        Action::Views => state.overlay = views::pick(state).map(Overlay::Picker),
        Action::Columns => state.overlay = views::columns(state).map(Overlay::Picker),
        Action::Messages => state.overlay = Some(Overlay::Messages(0)),
        Action::Filter => {
            let text = state.screen().filter().unwrap_or_default().to_owned();
            state.overlay = Some(Overlay::Filter(Line::new(text), None));
        }
        Action::Why | Action::TabWhy => return why(state),
        Action::ReadWhole => return read_whole(state),
        Action::Mark | Action::MarkRange | Action::MarkAll | Action::Unmark => lists::mark(state, action),
        Action::Failures => return lists::failures(state),
        other => return on_screen(state, other),
    }
    Vec::new()
}

/// Asks the server why: an execution that is open shows it in a tab, a list in a window.
fn why(state: &mut State) -> Vec<Effect> {
    show_tab(state, Tab::Why);
    state.screen().execution().map(Effect::Why).into_iter().collect()
}

/// Reads the value that the open tab only refers to.
fn read_whole(state: &mut State) -> Vec<Effect> {
    let Screen::Execution(open) = state.screen() else { return Vec::new() };
    let Some(reference) = open.unread() else { return Vec::new() };
    let effect = Effect::LoadPayload { id: open.id, sha256: reference.sha256 };
    state.toasts.push(state.now, Tone::Plain, "the whole value is being read");
    vec![effect]
}

fn open(state: &mut State) -> Vec<Effect> {
    if let Screen::Execution(open) = state.screen_mut() {
        if open.pane == Pane::Content {
            open.fold();
        }
        open.pane = Pane::Content;
        state.refresh();
        return Vec::new();
    }
    navigate::open(state)
}

/// Undoes one thing: marks, filter, zoom, pane, screen. Overlays have had their turn.
fn back(state: &mut State) -> Vec<Effect> {
    let at_root = state.at_root();
    let now = state.now;
    if lists::unmark(state) {
        return Vec::new();
    }
    match state.screen_mut() {
        Screen::Executions(screen) if at_root && !screen.filter.is_empty() => lists::set_filter(state, Filter::default()),
        Screen::Workflows(screen) if !screen.filter.is_empty() => screen.filter.clear(),
        Screen::Listing(listing) if !listing.filter.is_empty() => {
            // Nothing is always understood.
            let cleared = listing.set_filter("");
            debug_assert!(cleared.is_ok(), "an empty filter is one");
            state.refresh();
            return lists::ask_server(state);
        }
        Screen::Workflow(open) if open.draft.is_some() => {
            open.draft = None;
            state.toasts.push(now, Tone::Plain, "the draft is gone; the file is the newest version's");
        }
        Screen::Execution(open) if open.zoom => open.zoom = false,
        Screen::Execution(open) if open.pane == Pane::Content => open.pane = Pane::Steps,
        _ if at_root => state.toasts.push(now, Tone::Plain, "this is the root: q leaves Tidemill"),
        _ => return navigate::close(state),
    }
    state.refresh();
    Vec::new()
}

fn on_screen(state: &mut State, action: Action) -> Vec<Effect> {
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
        (Action::Fold, Screen::Execution(open)) => open.fold(),
        (Action::Follow, Screen::Executions(_)) => lists::follow(state),
        (Action::Language, Screen::Code(code)) => code.turn(),
        (action, Screen::Workflow(_)) => return workflow_tab(state, action),
        _ => {}
    }
    state.refresh();
    Vec::new()
}

/// Shows a tab of an execution, from its first line.
pub fn show_tab(state: &mut State, tab: Tab) {
    if let Screen::Execution(open) = state.screen_mut() {
        open.chosen_tab = Some(tab);
        open.rewind();
    }
}

fn workflow_tab(state: &mut State, action: Action) -> Vec<Effect> {
    let tab = match action {
        Action::TabOverview => WorkflowTab::Overview,
        Action::TabFile => WorkflowTab::File,
        Action::TabVersions => WorkflowTab::Versions,
        Action::TabExecutions => WorkflowTab::Executions,
        Action::TabMetrics => WorkflowTab::Metrics,
        _ => return Vec::new(),
    };
    if let Screen::Workflow(open) = state.screen_mut() {
        open.tab = tab;
    }
    state.refresh();
    navigate::missing(state)
}
