//! The pane beside a list: the facts of the selected row, from what is loaded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::api::trigger::TriggerView;
use tidemill_common::api::workflow::WorkflowView;

use super::executions::{elapsed, trigger};
use super::link::link;
use super::pane::{plain, put, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::State;
use crate::app::state::listing::{Entry, moment};

const LABEL: usize = 11;

struct Facts<'a> {
    buf: &'a mut Buffer,
    area: Rect,
    theme: Theme,
    at: u16,
}

impl<'a> Facts<'a> {
    /// Begins with the line that sets the pane off.
    fn new(buf: &'a mut Buffer, area: Rect, theme: Theme) -> Self {
        let bar = theme.pick("│", "|");
        for row in 0..area.height {
            put(buf, area, row, vec![span(theme, Token::Muted, bar)]);
        }
        let area = Rect { x: area.x + 2, width: area.width - 2, ..area };
        Self { buf, area, theme, at: 0 }
    }

    fn title(&mut self, title: &str) {
        put(self.buf, self.area, self.at, vec![span(self.theme, Token::Head, text::cut(title, usize::from(self.area.width)))]);
        self.at += 2;
    }

    /// Makes the values from the line `begins` on a link.
    fn link(&mut self, begins: u16, address: &str) {
        let left = u16::try_from(LABEL).unwrap_or(0);
        let values = Rect {
            x: self.area.x + left,
            y: self.area.y + begins,
            width: self.area.width.saturating_sub(left),
            height: self.at.saturating_sub(begins),
        };
        link(self.buf, values.intersection(self.area), address, self.theme);
    }

    fn fact(&mut self, label: &str, value: &str, token: Option<Token>) {
        let width = usize::from(self.area.width).saturating_sub(LABEL);
        for (line, part) in text::wrap(value, width).into_iter().enumerate() {
            let label = text::fit(if line == 0 { label } else { "" }, LABEL);
            let value = token.map_or_else(|| plain(part.clone()), |token| span(self.theme, token, part.clone()));
            put(self.buf, self.area, self.at, vec![span(self.theme, Token::Muted, label), value]);
            self.at += 1;
        }
    }
}

/// The facts of a row of a listing.
pub fn entry(buf: &mut Buffer, area: Rect, state: &State, entry: Option<&Entry>, theme: Theme) {
    let mut facts = Facts::new(buf, area, theme);
    let Some(entry) = entry else { return };
    for fact in &entry.facts {
        let begins = facts.at;
        facts.fact(fact.label, &fact.text, fact.token);
        if entry.address.as_ref() == Some(&fact.text) {
            facts.link(begins, &state.place.address(&fact.text));
        }
    }
}

/// The facts of an execution.
pub fn execution(buf: &mut Buffer, area: Rect, state: &State, view: Option<&ExecutionView>, theme: Theme) {
    let mut facts = Facts::new(buf, area, theme);
    let Some(view) = view else { return };
    let (glyph, token) = theme.execution(view.status);
    facts.title(&view.workflow_id);
    facts.fact("status", &format!("{glyph} {}", view.status), Some(token));
    facts.fact("id", &view.id.to_string(), None);
    facts.fact("version", &view.version.to_string(), None);
    facts.fact("trigger", &trigger(view), None);
    facts.fact("admitted", &moment(view.created_at), None);
    if let Some(at) = view.finished_at {
        facts.fact("ended", &moment(at), None);
    }
    facts.fact("time", &elapsed(view, state), None);
    facts.fact("events", &view.last_seq.to_string(), None);
    if let Some(error) = &view.error {
        facts.at += 1;
        facts.fact("error", error, Some(Token::Err));
    }
    facts.at += 1;
    facts.fact("", "enter shows steps, input, output and events", Some(Token::Muted));
}

/// The facts of a workflow.
pub fn workflow(buf: &mut Buffer, area: Rect, view: Option<&WorkflowView>, theme: Theme) {
    let mut facts = Facts::new(buf, area, theme);
    let Some(view) = view else { return };
    facts.title(&view.name);
    facts.fact("id", &view.id, None);
    facts.fact("newest", &format!("version {}", view.version), None);
    match view.active_version {
        Some(version) => facts.fact("active", &format!("version {version}"), Some(Token::Ok)),
        None => facts.fact("active", "no: its triggers start nothing (A activates)", Some(Token::Warn)),
    }
    facts.fact("made", &moment(view.created_at), None);
    facts.fact("changed", &moment(view.updated_at), None);
    for trigger in &view.triggers {
        facts.at += 1;
        facts.fact("trigger", &trigger.id, None);
        for (label, value) in details(trigger) {
            facts.fact(label, &value, None);
        }
    }
}

fn details(trigger: &TriggerView) -> Vec<(&'static str, String)> {
    let mut details = vec![("  type", trigger.kind.clone())];
    details.extend(trigger.path.clone().map(|path| ("  path", path)));
    let zone = trigger.timezone.as_deref().unwrap_or("UTC");
    details.extend(trigger.cron.as_ref().map(|cron| ("  cron", format!("{cron} ({zone})"))));
    details.extend(trigger.next_at.map(|at| ("  next", moment(at))));
    details
}
