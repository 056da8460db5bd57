//! Copying.

use serde_json::Value;

use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::execution::{Execution, LogLine, Tab};
use crate::app::state::json::at;
use crate::app::state::settings::Said;
use crate::app::state::toast::Tone;
use crate::app::state::workflow::Tab as WorkflowTab;
use crate::app::state::{Screen, State};

/// Copies what the cursor is on, or says that there is nothing.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let copied = match action {
        Action::YankId => id(state).map(|text| ("id", text)),
        Action::YankCli => command(state).map(|text| ("command", text)),
        Action::YankPath => {
            open(state).and_then(expression).map(|text| ("path", text)).or_else(|| address(state).map(|text| ("address", text)))
        }
        Action::YankValue => open(state).and_then(value).map(|text| ("value", text)),
        _ => log(state).map(|text| ("log", text)).or_else(|| json(state).map(|text| ("JSON", text))),
    };
    let Some((what, text)) = copied else {
        state.toasts.push(state.now, Tone::Bad, "there is nothing to copy here");
        return Vec::new();
    };
    vec![Effect::Copy { what, text }]
}

fn open(state: &State) -> Option<&Execution> {
    match state.screen() {
        Screen::Execution(open) => Some(open),
        _ => None,
    }
}

/// The address of what the cursor is on.
fn address(state: &State) -> Option<String> {
    match state.screen() {
        Screen::Listing(listing) => Some(state.place.address(listing.selected()?.address.as_ref()?)),
        Screen::Settings(_) => Some(state.place.url.clone()).filter(|url| !url.is_empty()),
        _ => None,
    }
}

/// The setting under the cursor.
fn setting(state: &State) -> Option<Said> {
    match state.screen() {
        Screen::Settings(screen) => screen.list.selected().map(|setting| setting.said(state)),
        _ => None,
    }
}

fn id(state: &State) -> Option<String> {
    if let Some(said) = setting(state) {
        return Some(said.value);
    }
    if let Screen::Listing(listing) = state.screen() {
        return listing.selected().map(|entry| entry.id.clone());
    }
    if let Some(id) = state.screen().execution() {
        return Some(id.to_string());
    }
    state.screen().workflow().map(str::to_owned)
}

/// The command line that shows the same; of marked executions one that cancels nothing: it lists them.
fn command(state: &State) -> Option<String> {
    let screen = state.screen();
    match screen {
        Screen::Listing(listing) => return listing.selected().map(|entry| entry.command.clone()),
        Screen::Settings(_) => return Some("tidemill ctx list".to_owned()),
        Screen::Code(code) => return Some(format!("tidemill code run FILE --language {}", code.language.as_str())),
        Screen::Workflow(open) if open.tab == WorkflowTab::Metrics => {
            return Some(format!("tidemill get metrics --workflow {}", open.id));
        }
        Screen::Workflow(open) if open.version().is_some() => {
            return Some(format!("tidemill workflow versions {} {}", open.id, open.version()?));
        }
        _ => {}
    }
    if let Some(id) = screen.execution() {
        return Some(format!("tidemill describe execution {id}"));
    }
    screen.workflow().map(|workflow| format!("tidemill describe workflow {workflow}"))
}

/// The expression that reads the value under the cursor from a workflow file.
fn expression(open: &Execution) -> Option<String> {
    let path = open.path()?;
    let root = match (open.tab(), open.step()) {
        (Tab::Output, Some(step)) => format!("steps.{}.output", step.id),
        (Tab::Input, None) => "trigger".to_owned(),
        // What a step got and what the workflow gave is named by no expression: the path from there.
        _ => String::new(),
    };
    let whole = format!("{root}{path}");
    Some(if root.is_empty() { whole } else { format!("{{{{ {whole} }}}}") })
}

fn value(open: &Execution) -> Option<String> {
    match at(open.json(open.tab())?, &open.path()?)? {
        Value::String(text) => Some(text.clone()),
        other => serde_json::to_string_pretty(other).ok(),
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
                Tab::Log => None,
                Tab::Why => open.why.as_ref().and_then(|why| serde_json::to_string_pretty(why).ok()),
                tab => open.json(tab).and_then(pretty),
            };
        }
        Screen::Listing(listing) => return listing.selected().and_then(|entry| pretty(&entry.json)),
        Screen::Settings(_) => {
            let said = setting(state)?;
            return pretty(&serde_json::json!({ said.label: said.value }));
        }
        Screen::Code(code) => return code.result.as_ref().and_then(|result| serde_json::to_string_pretty(result).ok()),
        Screen::Workflow(open) if open.tab == WorkflowTab::File => return open.source().map(str::to_owned),
        Screen::Workflow(open) if open.tab == WorkflowTab::Overview => serde_json::to_value(open.detail.as_ref()?),
        Screen::Workflows(_) => serde_json::to_value(state.catalogue.get(state.screen().workflow()?)?),
        _ => serde_json::to_value(state.store.get(state.screen().execution()?)?),
    };
    row.ok().as_ref().and_then(pretty)
}

/// What the selected step printed, without the headings, when that is what the open tab shows.
fn log(state: &State) -> Option<String> {
    let open = open(state)?;
    let lines = open.log().filter_map(|line| match line {
        LogLine::Heading(_) => None,
        LogLine::Text(text) => Some(text),
    });
    let log = lines.collect::<Vec<_>>().join("\n");
    (open.tab() == Tab::Log && !log.is_empty()).then_some(log)
}
