//! Going from screen to screen.

use tidemill_common::ids::ExecutionId;

use super::{act, data};
use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::state::execution::Execution;
use crate::app::state::listing::{Fact, Line, Listing, Opens, Subject};
use crate::app::state::look::Token;
use crate::app::state::overlay::{Note, Overlay};
use crate::app::state::toast::Tone;
use crate::app::state::workflow::{Tab, Workflow};
use crate::app::state::{Root, Screen, State};

/// Opens an execution on top; instead of the one that is open, if one is.
pub fn open_execution(state: &mut State, id: ExecutionId) -> Vec<Effect> {
    if matches!(state.screen(), Screen::Execution(_)) {
        state.pop();
    }
    let mut open = Execution::new(id);
    open.load.begin(state.now);
    state.push(Screen::Execution(Box::new(open)));
    vec![Effect::LoadExecution(id), Effect::Follow { id, after: 0 }]
}

/// Shows a root screen.
pub fn go(state: &mut State, root: Root) -> Vec<Effect> {
    let mut effects = leave(state);
    let screen = root.screen(state.now);
    if !matches!(screen, Screen::Dashboard(_)) {
        effects.extend(data::beside(&screen).into_iter().map(Effect::Read));
    }
    state.show_root(screen);
    effects.extend(data::again(state));
    if root == Root::Workflows {
        // Workflows have no feed: they are read when they are looked at.
        state.catalogue.load.begin(state.now);
        effects.push(Effect::LoadWorkflows { generation: state.catalogue.generation });
    }
    effects
}

/// Shows the screen beside the present one, among those that belong together.
pub fn beside(state: &mut State, by: isize) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let Some(root) = Root::of(&listing.subject) else { return Vec::new() };
    let family = root.family();
    let at = family.iter().position(|other| *other == root).unwrap_or(0);
    match family.get(at.wrapping_add_signed(by)) {
        Some(next) => go(state, *next),
        None => Vec::new(),
    }
}

/// Shows a workflow on top.
pub fn open_workflow(state: &mut State, id: &str) -> Vec<Effect> {
    let mut effects = leave(state);
    let mut open = Workflow::new(id);
    open.load.begin(state.now);
    state.push(Screen::Workflow(Box::new(open)));
    effects.push(Effect::Read(Query::Workflow(id.to_owned())));
    effects.push(Effect::Read(Query::Versions(id.to_owned())));
    effects
}

/// Shows a listing on top.
pub fn open_listing(state: &mut State, subject: Subject) -> Vec<Effect> {
    let query = subject.query();
    state.push(Screen::Listing(Box::new(Listing::new(subject, state.now))));
    vec![Effect::Read(query)]
}

/// Goes to another workspace, once the server has said that the token reaches it.
fn go_to_workspace(state: &mut State, slug: String) -> Vec<Effect> {
    if slug == state.place.workspace {
        state.toasts.push(state.now, Tone::Plain, format!("this is the workspace {slug}"));
        return Vec::new();
    }
    vec![Effect::Read(Query::Visit(slug))]
}

/// Opens what the cursor is on.
pub fn open(state: &mut State) -> Vec<Effect> {
    if let Screen::Listing(listing) = state.screen() {
        return match listing.selected().and_then(|entry| entry.opens.clone()) {
            Some(Opens::Execution(id)) => open_execution(state, id),
            Some(Opens::Workflow(id)) => open_workflow(state, &id),
            Some(Opens::Listing(subject)) => open_listing(state, subject),
            Some(Opens::Workspace(slug)) => go_to_workspace(state, slug),
            None => {
                whole(state);
                Vec::new()
            }
        };
    }
    if let Screen::Settings(settings) = state.screen() {
        let action = settings.list.selected().and_then(|setting| setting.said(state).action);
        return action.map_or_else(Vec::new, |action| act::act(state, action));
    }
    if let Some(id) = state.screen().execution() {
        return open_execution(state, id);
    }
    match state.screen() {
        Screen::Workflows(screen) => match screen.list.selected().cloned() {
            Some(id) => open_workflow(state, &id),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Shows all that is known of the row under the cursor, in a window.
fn whole(state: &mut State) {
    let Screen::Listing(listing) = state.screen() else { return };
    let Some(entry) = listing.selected() else { return };
    let label = |fact: &Fact| if fact.label.is_empty() { String::new() } else { format!("{}: ", fact.label) };
    let known = |fact: &Fact| (fact.token.unwrap_or(Token::Head), format!("{}{}", label(fact), fact.text));
    let mut lines: Vec<Line> = entry.facts.iter().map(known).collect();
    let text = serde_json::to_string_pretty(&entry.json).unwrap_or_default();
    lines.push((Token::Muted, String::new()));
    lines.extend(text.lines().map(|line| (Token::Muted, line.to_owned())));
    let title = format!("{}: y copies it as JSON", listing.subject.crumb());
    state.overlay = Some(Overlay::Note(Note { title, lines, copy: Some(text), secret: false, then: None, scroll: 0 }));
}

/// Takes the top screen away.
pub fn close(state: &mut State) -> Vec<Effect> {
    let mut effects = match state.pop() {
        Some(Screen::Execution(_)) => vec![Effect::Unfollow],
        _ => Vec::new(),
    };
    // What an earlier session left below has read nothing yet.
    effects.extend(missing(state));
    effects
}

/// What the tab of the workflow on top shows and has not been read yet.
pub fn missing(state: &State) -> Vec<Effect> {
    let Screen::Workflow(open) = state.screen() else { return Vec::new() };
    match open.tab {
        Tab::Versions => {
            open.missing().into_iter().map(|version| Effect::Read(Query::Version(open.id.clone(), version))).collect()
        }
        Tab::Metrics if open.metrics.is_none() => vec![Effect::Read(Query::Metrics(Some(open.id.clone())))],
        _ => Vec::new(),
    }
}

fn leave(state: &mut State) -> Vec<Effect> {
    let followed = state.screens().any(|screen| matches!(screen, Screen::Execution(_)));
    if followed { vec![Effect::Unfollow] } else { Vec::new() }
}
