//! What was read by request goes to the screens that show it.

use chrono::TimeDelta;

use super::{bulk, edit, explain, make, navigate};
use crate::app::data::{Data, Query};
use crate::app::effect::Effect;
use crate::app::event::Failure;
use crate::app::state::listing::Subject;
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// Lets what was read change the state.
pub fn update(state: &mut State, query: &Query, result: Result<Data, Failure>) -> Vec<Effect> {
    let now = state.now;
    for listing in state.listings().filter(|listing| listing.subject.query() == *query) {
        listing.put(now, result.as_ref().map_err(Clone::clone));
    }
    match result {
        Ok(data) => take(state, query, data),
        Err(failure) => {
            refused(state, query, failure);
            Vec::new()
        }
    }
}

fn take(state: &mut State, query: &Query, data: Data) -> Vec<Effect> {
    match (query, data) {
        (_, Data::Causes(list)) => state.causes = list.items,
        (_, Data::Server(facts)) => state.server = Some(*facts),
        (_, Data::Nodes(list)) => state.nodes = Some(list),
        (_, Data::Plan(facts)) => state.plan = Some(*facts),
        (Query::Visit(workspace), Data::Account(_)) => return vec![Effect::Workspace(workspace.clone())],
        (_, Data::Account(account)) => {
            state.place.workspace.clone_from(&account.workspace.slug);
            state.account = Some(*account);
        }
        (Query::Fitting(order), Data::Fitting(view)) => bulk::fitting(state, order, &view),
        (Query::Validation { workflow, source }, Data::Validation(view)) => {
            return edit::validated(state, workflow, source, view);
        }
        (Query::Workflow(id), Data::Workflow(detail)) => {
            make::refine(state, id, &detail.source);
            state.catalogue.put(detail.workflow.clone());
            if let Some(open) = state.open_workflow().filter(|open| open.id == *id) {
                let loaded = open.load.end(Ok(()));
                debug_assert!(loaded.is_some(), "what was read is there");
                open.put(*detail);
            }
        }
        (Query::Explanation { trigger, .. }, Data::Explanation(explained)) => explain::show(state, trigger, explained),
        (Query::Versions(id), Data::Versions(list)) => {
            if let Some(open) = state.open_workflow().filter(|open| open.id == *id) {
                open.put_versions(list.items);
            }
            return navigate::missing(state);
        }
        (Query::Version(id, number), Data::Version(version)) => {
            if let Some(open) = state.open_workflow().filter(|open| open.id == *id) {
                open.sources.insert(*number, version.source.unwrap_or_default());
            }
        }
        (Query::Metrics(Some(id)), Data::Metrics(metrics)) => {
            if let Some(open) = state.open_workflow().filter(|open| open.id == *id) {
                open.metrics = Some(metrics);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// An error that no pane shows becomes a message.
fn refused(state: &mut State, query: &Query, failure: Failure) {
    let now = state.now;
    if let (Query::Workflow(id), Some(open)) = (query, state.open_workflow())
        && open.id == *id
    {
        // A workflow that is being written does not exist yet.
        if open.draft.is_none() {
            let nothing: Option<()> = open.load.end(Err(failure));
            debug_assert!(nothing.is_none(), "an error gives nothing");
        }
        return;
    }
    // What the dashboard shows of these is left as it was; their screens say why.
    let quiet =
        matches!(query, Query::Causes | Query::Server | Query::Versions(_) | Query::Account | Query::Plan | Query::Nodes);
    let shown = state.listings().any(|listing| listing.subject.query() == *query && listing.entries().is_empty());
    if !quiet && !shown {
        state.toasts.push(now, Tone::Bad, failure.message);
    }
}

/// What the dashboard shows and has no feed is read again this often while it is on screen.
const DASHBOARD: TimeDelta = TimeDelta::minutes(1);

/// Reads what is on screen and has no feed, when it is due.
pub fn again(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    match state.screen_mut() {
        Screen::Listing(listing) if now >= listing.due() => {
            listing.asked = now;
            vec![Effect::Read(listing.subject.query())]
        }
        Screen::Dashboard(screen) if screen.asked.is_none_or(|asked| now - asked >= DASHBOARD) => {
            screen.asked = Some(now);
            vec![Effect::Read(Query::Plan), Effect::Read(Query::Nodes), Effect::Read(Query::Server)]
        }
        _ => Vec::new(),
    }
}

/// What `screen` shows by request.
pub fn beside(screen: &Screen) -> Vec<Query> {
    match screen {
        Screen::Listing(listing) => vec![listing.subject.query()],
        Screen::Workflow(open) => vec![Query::Workflow(open.id.clone()), Query::Versions(open.id.clone())],
        Screen::Dashboard(_) => vec![Query::Server, Subject::Causes.query(), Query::Plan, Query::Nodes],
        Screen::Settings(_) => vec![Query::Account, Query::Server],
        _ => Vec::new(),
    }
}

/// Reads what an order may have changed and has no feed.
pub fn reload(state: &State) -> Vec<Effect> {
    state.screens().flat_map(beside).map(Effect::Read).collect()
}
