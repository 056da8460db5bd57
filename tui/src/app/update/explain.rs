//! What a schedule will do: asked for in the list of triggers, said in a window.

use tidemill_common::api::schedule::{ScheduleExplain, ScheduleExplanation};
use tidemill_common::api::trigger::TriggerView;

use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::state::look::Token;
use crate::app::state::overlay::{Note, Overlay};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// How many firings are listed.
const FIRINGS: u32 = 10;

/// Asks the server what the schedule under the cursor will do.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let Some(entry) = listing.selected() else { return Vec::new() };
    match serde_json::from_value::<TriggerView>(entry.json.clone()) {
        Ok(trigger) if trigger.kind == "schedule" => {
            let TriggerView { cron, every, at, timezone, starts_at, ends_at, .. } = trigger;
            let count = Some(FIRINGS);
            let wanted = ScheduleExplain { cron, every, at, timezone, starts_at, ends_at, count, from: None };
            vec![Effect::Read(Query::Explanation { trigger: entry.id.clone(), wanted: Box::new(wanted) })]
        }
        _ => {
            state.toasts.push(state.now, Tone::Bad, "only schedules are explained: this trigger waits for deliveries");
            Vec::new()
        }
    }
}

/// Shows what the server said.
pub fn show(state: &mut State, trigger: &str, explained: ScheduleExplanation) {
    let mut lines = vec![(Token::Head, "It fires next at".to_owned())];
    if explained.next.is_empty() {
        lines.push((Token::Warn, "never again".to_owned()));
    }
    lines.extend(explained.next.into_iter().map(|firing| (Token::Ok, firing.local)));
    if !explained.changes.is_empty() {
        lines.push((Token::Head, String::new()));
        lines.push((Token::Head, "Where the clocks change within five years".to_owned()));
    }
    lines.extend(explained.changes.into_iter().map(|change| (Token::Muted, format!("{} {}", change.from, change.effect))));
    let title = format!("the schedule {trigger}");
    state.overlay = Some(Overlay::Note(Note { title, lines, copy: None, secret: false, then: None, scroll: 0 }));
}
