//! Where things are on the screen. Views draw there and clicks are looked up there.

use ratatui::layout::Rect;

use super::execution::Tab;

/// The least size that anything is drawn in.
pub const LEAST: (u16, u16) = (60, 15);

/// From this width on a list shows the selected row's facts beside it, and an execution its panes side by side.
pub const WIDE: u16 = 160;

/// Width of the pane beside a list.
const ASIDE: u16 = 64;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Server, workspace, state of the link.
    pub header: Rect,
    /// Where we are.
    pub crumbs: Rect,
    /// The line between.
    pub rule: Rect,
    /// The screen itself.
    pub body: Rect,
    /// The newest message, a question or the line that is edited.
    pub message: Rect,
    /// The most useful keys.
    pub hints: Rect,
}

/// The parts of a screen of `size` columns and rows.
pub fn frame(size: (u16, u16)) -> Frame {
    let (width, height) = size;
    let row = |y| Rect::new(0, y, width, 1);
    Frame {
        header: row(0),
        crumbs: row(1),
        rule: row(2),
        body: Rect::new(0, 3, width, height.saturating_sub(5)),
        message: row(height.saturating_sub(2)),
        hints: row(height.saturating_sub(1)),
    }
}

/// Whether there is too little room to draw.
pub fn too_small(size: (u16, u16)) -> bool {
    size.0 < LEAST.0 || size.1 < LEAST.1
}

/// A list and, where there is room, the pane beside it.
pub fn list(body: Rect) -> (Rect, Option<Rect>) {
    if body.width < WIDE {
        return (body, None);
    }
    let list = Rect { width: body.width - ASIDE, ..body };
    (list, Some(Rect { x: list.width + 2, width: ASIDE - 2, ..body }))
}

/// The rows of the executions list: below the headings and, if rows are held, the line that says so.
pub fn executions_rows(body: Rect, held: bool) -> Rect {
    below(list(body).0, 1 + u16::from(held))
}

/// The rows of the workflows list.
pub fn workflows_rows(body: Rect) -> Rect {
    below(list(body).0, 1)
}

/// A listing with `above` rows over its headings: where they stand, and the rows below.
pub fn listing_rows(body: Rect, above: u16) -> Rect {
    below(list(body).0, above + 1)
}

/// The list of a listing, headings included, and the pane beside it.
pub fn listing(body: Rect, above: u16) -> (Rect, Option<Rect>) {
    let (area, beside) = list(body);
    (below(area, above), beside)
}

fn below(area: Rect, rows: u16) -> Rect {
    Rect { y: area.y + rows, height: area.height.saturating_sub(rows), ..area }
}

/// The dashboard: counters, how plan and server are, charts, causes, what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dashboard {
    /// The counters.
    pub counters: Rect,
    /// Quota, nodes, sandbox.
    pub health: Rect,
    /// The charts.
    pub charts: Rect,
    /// Heading and rows of the causes.
    pub causes: Rect,
    /// Heading and rows of what is under way.
    pub active: Rect,
}

/// Height of the charts: taller where there is room.
fn chart_height(body: Rect) -> u16 {
    if body.height >= 35 { 9 } else { 2 }
}

/// Rows for causes and what is under way together.
pub fn dashboard_room(body: Rect) -> usize {
    usize::from(body.height.saturating_sub(chart_height(body) + 7))
}

/// The dashboard's parts, with `causes` rows of causes. An empty section keeps one row to say why.
pub fn dashboard(body: Rect, causes: usize) -> Dashboard {
    let charts = chart_height(body);
    let causes = u16::try_from(causes.max(1)).unwrap_or(u16::MAX).min(body.height.saturating_sub(charts + 7)) + 1;
    let top = body.y + charts + 3;
    let at = |y: u16, height: u16| Rect { y, height, ..body };
    Dashboard {
        counters: at(body.y, 1),
        health: at(body.y + 1, 1),
        charts: at(body.y + 2, charts),
        causes: at(top, causes),
        active: at(top + causes + 1, body.bottom().saturating_sub(top + causes + 1)),
    }
}

/// The parts of an execution's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execution {
    /// Heading and rows of the graph; empty when zoomed.
    pub steps: Rect,
    /// The tabs.
    pub tabs: Rect,
    /// What the tab shows.
    pub content: Rect,
}

/// The parts of an execution's screen whose graph has `nodes` rows.
pub fn execution(body: Rect, nodes: usize, zoom: bool) -> Execution {
    let (steps, right) = match (zoom, body.width >= WIDE) {
        (true, _) => (Rect { height: 0, ..body }, body),
        (false, true) => {
            let left = body.width / 2;
            let right = Rect { x: left + 1, width: body.width - left - 1, ..body };
            (Rect { width: left, ..body }, right)
        }
        (false, false) => {
            let wanted = u16::try_from(nodes + 1).unwrap_or(u16::MAX);
            let height = wanted.min((body.height * 9 / 20).max(6));
            (Rect { height, ..body }, below(body, height + 1))
        }
    };
    Execution { steps, tabs: Rect { height: 1, ..right }, content: below(right, 1) }
}

/// The tab of an execution at column `x`.
pub fn tab_at(area: &Execution, x: u16) -> Option<Tab> {
    tab_place(Tab::ALL.map(Tab::label), area.tabs.x, x).map(|place| Tab::ALL[place])
}

/// Which of `labels` is at column `x`: tabs stand side by side from column `left` on, each in brackets with a space before it.
pub fn tab_place<'a>(labels: impl IntoIterator<Item = &'a str>, left: u16, x: u16) -> Option<usize> {
    let mut left = left + 1;
    for (place, label) in labels.into_iter().enumerate() {
        let width = u16::try_from(label.len() + 2).unwrap_or(u16::MAX);
        if (left..left + width).contains(&x) {
            return Some(place);
        }
        left += width + 1;
    }
    None
}

/// What a tab of a workflow shows: below the tabs and the line under them.
pub fn workflow(body: Rect) -> Rect {
    below(body, 2)
}

/// The rows of the graph, below the heading.
pub fn steps_rows(area: &Execution) -> Rect {
    below(area.steps, 1)
}
