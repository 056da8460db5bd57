//! Copying.

use serde_json::Value;

use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::execution::{LogLine, Tab};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// Copies what the cursor is on, or says that there is nothing.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let copied = match action {
        Action::YankId => id(state).map(|text| ("id", text)),
        Action::YankCli => command(state).map(|text| ("command", text)),
        _ => log(state).map(|text| ("log", text)).or_else(|| json(state).map(|text| ("JSON", text))),
    };
    let Some((what, text)) = copied else {
        state.toasts.push(state.now, Tone::Bad, "there is nothing to copy here");
        return Vec::new();
    };
    vec![Effect::Copy { what, text }]
}

fn id(state: &State) -> Option<String> {
    let workflow = state.screen().workflow().map(str::to_owned);
    workflow.or_else(|| state.screen().execution().map(|id| id.to_string()))
}

fn command(state: &State) -> Option<String> {
    match (state.screen().workflow(), state.screen().execution()) {
        (Some(workflow), _) => Some(format!("tidemill describe workflow {workflow}")),
        (None, Some(id)) => Some(format!("tidemill describe execution {id}")),
        (None, None) => None,
    }
}

/// The value that the open tab shows; in lists the row.
fn json(state: &State) -> Option<String> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).ok();
    let row = match state.screen() {
        Screen::Execution(open) => {
            return match open.tab() {
                Tab::Error => open.error().and_then(|error| serde_json::to_string_pretty(error).ok()),
                Tab::Events => serde_json::to_string_pretty(&open.step_events().collect::<Vec<_>>()).ok(),
                tab => open.json(tab).and_then(pretty),
            };
        }
        Screen::Workflows(_) => serde_json::to_value(state.catalogue.get(state.screen().workflow()?)?),
        _ => serde_json::to_value(state.store.get(state.screen().execution()?)?),
    };
    row.ok().as_ref().and_then(pretty)
}

/// What the selected step printed, without the headings, when that is what the open tab shows.
fn log(state: &State) -> Option<String> {
    let Screen::Execution(open) = state.screen() else { return None };
    let lines = open.log().filter_map(|line| match line {
        LogLine::Heading(_) => None,
        LogLine::Text(text) => Some(text),
    });
    let log = lines.collect::<Vec<_>>().join("\n");
    (open.tab() == Tab::Log && !log.is_empty()).then_some(log)
}
