//! When something that is visible changes with time alone. Nothing visible, no timer.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::load::Load;
use super::overlay::Overlay;
use super::{Screen, State, geometry};

/// Loading says nothing for this long: most answers come sooner.
pub const QUIET: TimeDelta = TimeDelta::milliseconds(150);

impl State {
    /// When the screen changes by itself, if it does.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        let link = self.shown_link().next_change(self.now);
        let toast = self.toasts.next_change(self.now);
        let durations = self.shows_durations().then(|| self.next_full(TimeDelta::seconds(1))).flatten();
        let minutes = matches!(self.screen(), Screen::Dashboard(_)).then(|| self.next_full(TimeDelta::minutes(1))).flatten();
        let reading = match self.screen() {
            Screen::Listing(listing) => Some(listing.due()),
            _ => None,
        };
        [link, toast, durations, minutes, reading, self.loading()].into_iter().flatten().min()
    }

    /// Whether what is on screen is still being read.
    pub fn is_loading(&self) -> bool {
        self.loading().is_some()
    }

    fn next_full(&self, step: TimeDelta) -> Option<DateTime<Utc>> {
        self.now.duration_trunc(step).ok().map(|start| start + step)
    }

    fn loading(&self) -> Option<DateTime<Utc>> {
        let load = match self.screen() {
            Screen::Dashboard(_) | Screen::Executions(_) => &self.store.load,
            Screen::Workflows(_) => &self.catalogue.load,
            Screen::Workflow(open) => &open.load,
            Screen::Listing(listing) => &listing.load,
            Screen::Code(code) => &code.load,
            Screen::Execution(open) => &open.load,
            Screen::Settings(_) => return None,
        };
        let Load::Loading(since) = load else { return None };
        Some(if self.now - *since < QUIET { *since + QUIET } else { self.now + TimeDelta::seconds(1) })
    }

    /// Whether a duration that still grows is on screen.
    fn shows_durations(&self) -> bool {
        if matches!(self.overlay, Some(Overlay::Picker(_) | Overlay::Messages(_) | Overlay::Form(_) | Overlay::Note(_))) {
            return false;
        }
        let body = geometry::frame(self.size).body;
        match self.screen() {
            Screen::Dashboard(screen) => !screen.summary.active.is_empty(),
            Screen::Executions(screen) => {
                let height = usize::from(geometry::executions_rows(body, screen.held > 0).height);
                let visible = screen.list.keys().iter().skip(screen.list.offset()).take(height);
                visible.filter_map(|id| self.store.get(*id)).any(|row| !row.status.is_terminal())
            }
            Screen::Execution(open) => open.detail.as_ref().is_some_and(|detail| !detail.execution.status.is_terminal()),
            Screen::Workflow(open) => {
                let visible = open.execution_list.keys().iter().filter_map(|id| self.store.get(*id));
                open.execution().is_some() && visible.into_iter().any(|row| !row.status.is_terminal())
            }
            Screen::Listing(listing) => listing.shows_countdown(),
            Screen::Workflows(_) | Screen::Code(_) | Screen::Settings(_) => false,
        }
    }
}
