//! The workflows list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use tidemill_common::api::workflow::WorkflowView;

use super::pane::{Row, instead, plain, put, row, say, span};
use super::theme::{Theme, Token};
use super::{aside, text};
use crate::app::state::workflows::Workflows;
use crate::app::state::{State, geometry};

const ACTIVE: usize = 12;
const VERSION: usize = 8;
const CHANGED: usize = 8;

struct Columns {
    id: usize,
    name: usize,
    triggers: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let rest = width.saturating_sub(2 + ACTIVE + 2 + 2 + VERSION + 2 + 2 + CHANGED + 1);
        let id = (rest * 2 / 5).clamp(14, 40);
        let roomy = rest >= 70;
        let name = if roomy { (rest - id) / 2 - 2 } else { 0 };
        let gap = if roomy { 2 } else { 0 };
        Self { id, name, triggers: rest.saturating_sub(id + name + gap) }
    }
}

/// Draws the list and, where there is room, the facts of the selected row.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, screen: &Workflows, theme: Theme) {
    let (area, beside) = geometry::list(body);
    let columns = Columns::of(usize::from(area.width));
    heading(buf, area, &columns, theme);
    let rows = geometry::workflows_rows(body);
    let shown = screen.list.keys().iter().enumerate().skip(screen.list.offset()).take(usize::from(rows.height));
    for (at, (index, id)) in (0..).zip(shown) {
        if let Some(view) = state.catalogue.get(id) {
            let look = Row { selected: index == screen.list.index(), marked: screen.list.is_marked(id) };
            row(buf, rows, at, spans(view, &columns, state, theme), look);
        }
    }
    let empty = screen.list.keys().is_empty();
    if let Some(lines) = instead(&state.catalogue.load, empty, state.now, "workflows", why_empty(screen)) {
        say(buf, rows, theme, &lines);
    }
    if let Some(beside) = beside {
        aside::workflow(buf, beside, screen.list.selected().and_then(|id| state.catalogue.get(id)), theme);
    }
}

fn heading(buf: &mut Buffer, area: Rect, columns: &Columns, theme: Theme) {
    let name = if columns.name > 0 { format!("{}  ", text::fit("NAME", columns.name)) } else { String::new() };
    let line = format!(
        "  {}  {}  {}  {name}{}  {}",
        text::fit("STATE", ACTIVE),
        text::fit("WORKFLOW", columns.id),
        text::right("VERSION", VERSION),
        text::fit("TRIGGERS", columns.triggers),
        text::right("CHANGED", CHANGED),
    );
    put(buf, area, 0, vec![span(theme, Token::Head, line)]);
}

fn spans(view: &WorkflowView, columns: &Columns, state: &State, theme: Theme) -> Vec<Span<'static>> {
    let (token, active) = match view.active_version {
        Some(_) => (Token::Ok, format!("{} active", theme.pick("●", "*"))),
        None => (Token::Muted, format!("{} inactive", theme.pick("○", "o"))),
    };
    // An older version that is live is worth seeing.
    let version = match view.active_version {
        Some(active) if active != view.version => format!("{active} of {}", view.version),
        _ => view.version.to_string(),
    };
    let mut spans = vec![
        span(theme, token, text::fit(&active, ACTIVE)),
        plain("  "),
        plain(text::fit(&view.id, columns.id)),
        plain("  "),
        plain(text::right(&version, VERSION)),
        plain("  "),
    ];
    if columns.name > 0 {
        spans.push(span(theme, Token::Muted, format!("{}  ", text::fit(&view.name, columns.name))));
    }
    spans.push(span(theme, Token::Muted, text::fit(&triggers(view), columns.triggers)));
    spans.push(span(theme, Token::Muted, format!("  {}", text::right(&text::clock(view.updated_at, state.now), CHANGED))));
    spans
}

fn triggers(view: &WorkflowView) -> String {
    let one = |trigger: &tidemill_common::api::trigger::TriggerView| {
        let what = trigger.cron.as_ref().or(trigger.path.as_ref());
        what.map_or_else(|| trigger.kind.clone(), |what| format!("{} {what}", trigger.kind))
    };
    if view.triggers.is_empty() { "manual only".into() } else { view.triggers.iter().map(one).collect::<Vec<_>>().join(", ") }
}

fn why_empty(screen: &Workflows) -> Vec<String> {
    if screen.filter.is_empty() {
        return vec![
            "This workspace has no workflows yet.".into(),
            "Write a workflow file and send it: tidemill apply -f workflow.yaml".into(),
        ];
    }
    vec![format!("No workflow matches /{}", screen.filter), "Esc clears the filter, / changes it.".into()]
}
