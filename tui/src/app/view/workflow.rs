//! One workflow: overview, file, versions, executions, metrics.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tidemill_common::api::execution::StepView;
use tidemill_common::api::metrics::DurationMetrics;
use tidemill_common::api::workflow::{StepOutline, WorkflowDetail};
use tidemill_common::status::StepStatus;

use super::pane::{Row, instead, plain, put, row, say, span, tabs};
use super::theme::{Theme, Token};
use super::{aside, executions, source, steps, text};
use crate::app::state::workflow::{Tab, Workflow};
use crate::app::state::{State, geometry, graph};

/// Draws the tabs, and what the open one shows.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, open: &Workflow, theme: Theme) {
    tabs(buf, body, Tab::ALL.map(|tab| (tab.label(), tab == open.tab)), theme);
    let area = geometry::workflow(body);
    if open.detail.is_none() && open.draft.is_none() {
        if let Some(lines) = instead(&open.load, true, state.now, "workflow", Vec::new()) {
            say(buf, area, theme, &lines);
        }
        return;
    }
    match open.tab {
        Tab::Overview => overview(buf, area, state, open, theme),
        Tab::File => source::file(buf, area, open, theme),
        Tab::Versions => versions(buf, area, state, open, theme),
        Tab::Executions => its_executions(buf, area, state, open, theme),
        Tab::Metrics => metrics(buf, area, open, theme),
    }
}

fn overview(buf: &mut Buffer, area: Rect, state: &State, open: &Workflow, theme: Theme) {
    let Some(detail) = &open.detail else {
        return say(buf, area, theme, &[(Token::Muted, "It does not exist yet: 2 shows the draft.".into())]);
    };
    let width = if area.width >= 100 { area.width / 2 } else { area.width };
    let rows = graph_rows(detail);
    let height =
        u16::try_from(rows.len() + 1).unwrap_or(u16::MAX).min(if width < area.width { area.height } else { area.height / 2 });
    let left = Rect { width, height, ..area };
    put(buf, left, 0, vec![span(theme, Token::Head, "  STEPS")]);
    let below = Rect { y: left.y + 1, height: height.saturating_sub(1), ..left };
    for (at, (lines, step)) in (0..).zip(&rows) {
        let mut spans = vec![plain("  ")];
        spans.extend(steps::outline(lines, theme));
        let room = usize::from(width).saturating_sub(6 + lines.cells.len() * 2);
        spans.push(plain(text::fit(&step.id, (room / 2).min(28))));
        spans.push(span(theme, Token::Muted, format!(" {}", text::cut(&step.uses, room / 2))));
        put(buf, below, at, spans);
    }
    let beside = if width < area.width {
        Rect { x: area.x + width + 1, width: area.width - width - 1, ..area }
    } else {
        Rect { y: left.bottom() + 1, height: area.height.saturating_sub(height + 1), ..area }
    };
    aside::workflow(buf, beside, state.catalogue.get(&open.id).or(Some(&detail.workflow)), theme);
}

/// The graph of the file's steps: the rows of an execution that has not begun.
fn graph_rows(detail: &WorkflowDetail) -> Vec<(graph::Row, &StepOutline)> {
    let pending = |step: &StepOutline| StepView {
        id: step.id.clone(),
        uses: step.uses.clone(),
        depends_on: step.depends_on.clone(),
        status: StepStatus::Pending,
        attempt: 0,
        started_at: None,
        finished_at: None,
        wake_at: None,
        input: None,
        output: None,
        error: None,
        iterations: None,
        awaits: None,
        child_id: None,
        log: None,
    };
    let steps: Vec<StepView> = detail.steps.iter().map(pending).collect();
    graph::rows(&steps).into_iter().filter_map(|row| detail.steps.get(row.step).map(|step| (row, step))).collect()
}

fn versions(buf: &mut Buffer, area: Rect, state: &State, open: &Workflow, theme: Theme) {
    let live = state.catalogue.get(&open.id).and_then(|workflow| workflow.active_version);
    let list = Rect { width: if area.width >= 100 { 44 } else { 34.min(area.width) }, ..area };
    if open.versions.is_empty() {
        return say(buf, list, theme, &[(Token::Muted, "No version has been read yet.".into())]);
    }
    let shown = open.versions.iter().enumerate().skip(open.version_list.offset()).take(usize::from(list.height));
    for (at, (index, version)) in (0..).zip(shown) {
        let active = live == Some(version.version);
        let spans = vec![
            plain(text::fit(&format!("v{}", version.version), 6)),
            span(theme, Token::Ok, text::fit(if active { "active" } else { "" }, 8)),
            span(theme, Token::Muted, text::right(&text::ago(version.created_at, state.now), 5)),
            span(theme, Token::Muted, format!("  {}", version.sha256.get(..8).unwrap_or_default())),
        ];
        row(buf, list, at, spans, Row { selected: index == open.version_list.index(), marked: false });
    }
    let beside = Rect { x: area.x + list.width + 1, width: area.width.saturating_sub(list.width + 1), ..area };
    source::difference(buf, beside, open, theme);
}

fn its_executions(buf: &mut Buffer, area: Rect, state: &State, open: &Workflow, theme: Theme) {
    if open.execution_list.keys().is_empty() {
        let lines = [
            (Token::Muted, "None of the loaded executions is of this workflow.".to_owned()),
            (Token::Muted, format!("r starts one; 2 at the root with /wf:{} asks the server for older ones.", open.id)),
        ];
        return say(buf, area, theme, &lines);
    }
    let shown = open.execution_list.keys().iter().enumerate().skip(open.execution_list.offset()).take(usize::from(area.height));
    for (at, (index, id)) in (0..).zip(shown) {
        if let Some(view) = state.store.get(*id) {
            let look = Row { selected: index == open.execution_list.index(), marked: false };
            row(buf, area, at, executions::line(view, area.width, state, theme), look);
        }
    }
}

fn metrics(buf: &mut Buffer, area: Rect, open: &Workflow, theme: Theme) {
    let Some(metrics) = &open.metrics else {
        return say(buf, area, theme, &[(Token::Muted, "The metrics are being read.".into())]);
    };
    let Some(mine) = metrics.items.iter().find(|item| item.workflow_id == open.id) else {
        return say(buf, area, theme, &[(Token::Muted, "No execution of it ended within the last day.".into())]);
    };
    let name = usize::from(area.width).saturating_sub(2 + 6 * 9 + 1).clamp(4, 40);
    let titles = ["ENDED", "FAILED", "SUCCESS", "P50", "P95", "P99"].map(|title| text::right(title, 9)).concat();
    put(buf, area, 0, vec![span(theme, Token::Head, format!("  {}{titles}", text::fit("", name)))]);
    let whole = std::iter::once(("all steps", &mine.executions));
    let steps = mine.steps.iter().map(|step| (step.step.as_str(), &step.ended));
    for (at, (label, ended)) in (1..).zip(whole.chain(steps)) {
        let token = if ended.failed > 0 { Token::Warn } else { Token::Ok };
        let spans = vec![plain(format!("  {}", text::fit(label, name))), span(theme, token, numbers(ended))];
        put(buf, area, at, spans);
    }
}

fn numbers(ended: &DurationMetrics) -> String {
    let millis = |value: Option<i64>| {
        value.map_or_else(|| "-".to_owned(), |millis| text::duration(chrono::TimeDelta::milliseconds(millis)))
    };
    let rate = ended.success_rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1}%", rate * 100.0));
    let cells = [ended.count.to_string(), ended.failed.to_string(), rate];
    cells.into_iter().chain([ended.p50_ms, ended.p95_ms, ended.p99_ms].map(millis)).map(|cell| text::right(&cell, 9)).collect()
}
