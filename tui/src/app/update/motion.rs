//! Moving the cursor and scrolling.

use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::act::show_tab;
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::dashboard::Row;
use crate::app::state::execution::{Execution, Node, Pane, Tab};
use crate::app::state::workflow::Tab as WorkflowTab;
use crate::app::state::{Screen, State, geometry};

const TO_THE_END: isize = isize::MAX / 2;

/// Does `action` if it is a motion; whether it was.
pub fn act(state: &mut State, action: Action) -> bool {
    let page = page(state);
    match action {
        Action::Up => move_by(state, -1),
        Action::Down => move_by(state, 1),
        Action::HalfUp => move_by(state, -(page / 2).max(1)),
        Action::HalfDown => move_by(state, (page / 2).max(1)),
        Action::PageUp => move_by(state, -page),
        Action::PageDown => move_by(state, page),
        Action::Top => top(state),
        Action::Bottom => move_by(state, TO_THE_END),
        Action::TabLeft => turn_tab(state, -1),
        Action::TabRight => turn_tab(state, 1),
        Action::NextFailure => next_failure(state),
        _ => return false,
    }
    state.refresh();
    true
}

fn page(state: &State) -> isize {
    isize::try_from(geometry::frame(state.size).body.height.saturating_sub(2)).unwrap_or(1).max(1)
}

/// Moves the cursor of the visible screen, or scrolls its content.
pub fn move_by(state: &mut State, rows: isize) {
    match state.screen_mut() {
        Screen::Dashboard(screen) => screen.list.move_by(rows),
        Screen::Executions(screen) => screen.move_by(rows),
        Screen::Workflows(screen) => screen.list.move_by(rows),
        Screen::Listing(listing) => listing.list.move_by(rows),
        Screen::Settings(screen) => screen.list.move_by(rows),
        Screen::Workflow(open) => match open.tab {
            WorkflowTab::Versions => open.version_list.move_by(rows),
            WorkflowTab::Executions => open.execution_list.move_by(rows),
            _ => {
                let last = open.source().map_or(0, |source| source.lines().count()).saturating_sub(1);
                open.scroll = open.scroll.saturating_add_signed(rows).min(last);
            }
        },
        Screen::Code(code) => code.scroll = code.scroll.saturating_add_signed(rows),
        Screen::Execution(open) if open.pane == Pane::Content => open.move_content(rows),
        Screen::Execution(open) => move_to(open, open.nodes.index().saturating_add_signed(rows)),
    }
}

/// Puts the cursor of the graph on a row; from now on it stays where the user puts it.
pub fn move_to(open: &mut Execution, index: usize) {
    open.follows = false;
    open.rewind();
    open.nodes.select_index(index);
}

fn top(state: &mut State) {
    let (now, store) = (state.now, std::mem::take(&mut state.store));
    let followed = if let Screen::Executions(screen) = state.screen_mut() {
        screen.follow(&store, now);
        true
    } else {
        false
    };
    state.store = store;
    if !followed {
        move_by(state, -TO_THE_END);
    }
}

fn turn_tab(state: &mut State, by: isize) {
    if let Screen::Workflow(open) = state.screen_mut() {
        let at = WorkflowTab::ALL.iter().position(|tab| *tab == open.tab).unwrap_or(0);
        open.tab = WorkflowTab::ALL.get(at.wrapping_add_signed(by)).copied().unwrap_or(open.tab);
        return;
    }
    let Screen::Execution(open) = state.screen() else { return };
    let at = Tab::ALL.iter().position(|tab| *tab == open.tab()).unwrap_or(0);
    if let Some(tab) = Tab::ALL.get(at.wrapping_add_signed(by)) {
        show_tab(state, *tab);
    }
}

/// To the next failure below, else the first from the top.
fn next_failure(state: &mut State) {
    let (index, failed) = match state.screen() {
        Screen::Dashboard(screen) => {
            let failed = screen.list.keys().iter().map(|row| matches!(row, Row::Cause(..))).collect();
            (screen.list.index(), failed)
        }
        Screen::Executions(screen) => {
            let is_failed = |status| matches!(status, ExecutionStatus::Failed | ExecutionStatus::DeadLetter);
            let failed = |id| state.store.get(id).is_some_and(|row| is_failed(row.status));
            (screen.list.index(), screen.list.keys().iter().map(|id| failed(*id)).collect())
        }
        Screen::Execution(open) => {
            let failed = |node: &Node| match (node, &open.detail) {
                (Node::Step(at), Some(detail)) => detail.steps.get(*at).is_some_and(|step| step.status == StepStatus::Failed),
                _ => false,
            };
            (open.nodes.index(), open.nodes.keys().iter().map(failed).collect::<Vec<bool>>())
        }
        _ => return,
    };
    let below = (index + 1..failed.len()).find(|at| failed[*at]);
    let Some(found) = below.or_else(|| (0..failed.len()).find(|at| failed[*at])) else { return };
    match state.screen_mut() {
        Screen::Execution(open) => move_to(open, found),
        _ => move_by(state, isize::try_from(found).unwrap_or(0) - isize::try_from(index).unwrap_or(0)),
    }
}

/// Reads older rows when the cursor comes near the end of those that are loaded.
pub fn load_more(state: &mut State) -> Vec<Effect> {
    let Screen::Executions(screen) = state.screen_mut() else { return Vec::new() };
    let near = screen.list.index() + 20 >= screen.list.keys().len();
    if let (true, Some(wanted), Some(cursor)) = (near, screen.filter.wanted(), &screen.server.older) {
        let (filter, cursor) = (screen.filter.text().to_owned(), Some(cursor.clone()));
        if std::mem::replace(&mut screen.server.loading, true) {
            return Vec::new();
        }
        return vec![Effect::LoadFiltered { filter, wanted, cursor }];
    }
    if !near || screen.server.loading || state.store.loading_older || state.store.older.is_none() {
        return Vec::new();
    }
    state.store.loading_older = true;
    vec![Effect::LoadExecutions { generation: state.store.generation, cursor: state.store.older.clone() }]
}
