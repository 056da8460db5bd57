//! The mouse: the wheel moves, a click selects, a click on what is selected opens it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{act, motion, navigate};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::execution::{Execution, Pane};
use crate::app::state::list::List;
use crate::app::state::workflow::{Tab, Workflow};
use crate::app::state::{Root, Screen, State, geometry};

/// Rows per notch of the wheel.
const NOTCH: isize = 3;

/// Lets the mouse change the state.
pub fn update(state: &mut State, mouse: MouseEvent) -> Vec<Effect> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    let at = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(state, at, -NOTCH),
        MouseEventKind::ScrollDown => wheel(state, at, NOTCH),
        MouseEventKind::Down(MouseButton::Left) => click(state, at),
        _ => Vec::new(),
    }
}

fn wheel(state: &mut State, at: Position, rows: isize) -> Vec<Effect> {
    state.dirty = true;
    focus(state, at);
    motion::move_by(state, rows);
    state.refresh();
    motion::load_more(state)
}

/// The pane under the mouse gets the focus.
fn focus(state: &mut State, at: Position) {
    let body = geometry::frame(state.size).body;
    if let Screen::Execution(open) = state.screen_mut() {
        let area = geometry::execution(body, open.nodes.keys().len(), open.zoom);
        open.pane = if area.steps.contains(at) { Pane::Steps } else { Pane::Content };
    }
}

fn click(state: &mut State, at: Position) -> Vec<Effect> {
    state.dirty = true;
    let body = geometry::frame(state.size).body;
    focus(state, at);
    let same = match state.screen_mut() {
        Screen::Executions(screen) => {
            let area = geometry::executions_rows(body, screen.held > 0);
            row(area, at, screen.list.offset(), screen.list.keys().len()).map(|row| {
                let same = row == screen.list.index();
                screen.move_by(difference(row, screen.list.index()));
                same
            })
        }
        Screen::Workflows(screen) => {
            let area = geometry::workflows_rows(body);
            select(&mut screen.list, area, at)
        }
        Screen::Listing(listing) => {
            let family = Root::of(&listing.subject).map(Root::family).unwrap_or_default();
            if at.y == body.y && !family.is_empty() {
                let place = geometry::tab_place(family.iter().map(|root| root.name()), body.x, at.x);
                return place.map_or_else(Vec::new, |place| navigate::go(state, family[place]));
            }
            let area = geometry::listing_rows(body, listing.above());
            select(&mut listing.list, area, at)
        }
        Screen::Settings(screen) => select(&mut screen.list, geometry::workflows_rows(body), at),
        Screen::Workflow(open) => return click_workflow(state_click(open, body, at), state),
        Screen::Code(_) => None,
        Screen::Dashboard(screen) => {
            let (causes, active) = screen.shown();
            let area = geometry::dashboard(body, causes);
            let below = |area: Rect| Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            let hit = row(below(area.causes), at, 0, causes).or_else(|| row(below(area.active), at, causes, causes + active));
            hit.map(|row| {
                let same = row == screen.list.index();
                screen.list.select_index(row);
                same
            })
        }
        Screen::Execution(open) => {
            click_execution(open, body, at);
            None
        }
    };
    state.refresh();
    if same == Some(true) { act::act(state, Action::Open) } else { Vec::new() }
}

/// What a click on a workflow hit.
#[derive(Clone, Copy)]
enum Hit {
    /// A tab.
    Tab(Action),
    /// The row under the cursor.
    Same,
    /// Another row, or nothing.
    Other,
}

fn state_click(open: &mut Workflow, body: Rect, at: Position) -> Hit {
    const TABS: [Action; 5] =
        [Action::TabOverview, Action::TabFile, Action::TabVersions, Action::TabExecutions, Action::TabMetrics];
    if at.y == body.y {
        let place = geometry::tab_place(Tab::ALL.map(Tab::label), body.x, at.x);
        return place.map_or(Hit::Other, |place| Hit::Tab(TABS[place]));
    }
    let area = geometry::workflow(body);
    let hit = match open.tab {
        Tab::Versions => select(&mut open.version_list, area, at),
        Tab::Executions => select(&mut open.execution_list, area, at),
        _ => None,
    };
    if hit == Some(true) { Hit::Same } else { Hit::Other }
}

/// Puts the cursor on the row under the mouse; whether it was there.
fn select<K: Clone + Ord>(list: &mut List<K>, area: Rect, at: Position) -> Option<bool> {
    let row = row(area, at, list.offset(), list.keys().len())?;
    let same = row == list.index();
    list.select_index(row);
    Some(same)
}

fn click_workflow(hit: Hit, state: &mut State) -> Vec<Effect> {
    state.refresh();
    match hit {
        Hit::Tab(action) => act::act(state, action),
        Hit::Same => act::act(state, Action::Open),
        Hit::Other => navigate::missing(state),
    }
}

fn click_execution(open: &mut Execution, body: Rect, at: Position) {
    let area = geometry::execution(body, open.nodes.keys().len(), open.zoom);
    if let Some(row) = row(geometry::steps_rows(&area), at, open.nodes.offset(), open.nodes.keys().len()) {
        motion::move_to(open, row);
    } else if area.tabs.contains(at)
        && let Some(tab) = geometry::tab_at(&area, at.x)
    {
        open.chosen_tab = Some(tab);
        open.rewind();
    }
}

/// The row of a list that is under the mouse.
fn row(area: Rect, at: Position, offset: usize, count: usize) -> Option<usize> {
    let row = offset + usize::from(at.y.checked_sub(area.y)?);
    (area.contains(at) && row < count).then_some(row)
}

fn difference(to: usize, from: usize) -> isize {
    isize::try_from(to).unwrap_or(0) - isize::try_from(from).unwrap_or(0)
}
