//! What came of orders.

use super::make::account;
use super::{data, navigate};
use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::event::Failure;
use crate::app::order::{AccountOrder, Enrolled, HouseOrder, Once, Order, Outcome, Page};
use crate::app::state::listing::Subject;
use crate::app::state::load::Load;
use crate::app::state::look::Token;
use crate::app::state::overlay::{Note, Overlay};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};
use tidemill_common::api::billing_subscription::BillingSubscriptionView;
use tidemill_common::api::workflow::{ApplyOutcome, WorkflowApplied};

/// Lets the outcome of an order change the state; `left` others of its batch follow.
pub fn update(state: &mut State, order: &Order, result: Result<Outcome, Failure>, left: usize) -> Vec<Effect> {
    state.batch.end(result.as_ref().err().map(|failure| failure.message.as_str()));
    if result.is_ok() && left == 0 && order.is_last() {
        state.quitting = true;
        return vec![Effect::Quit];
    }
    if state.batch.total > 1 {
        if let Ok(outcome) = result {
            take(state, order, outcome);
        }
        if left > 0 || !state.batch.is_over() {
            return Vec::new();
        }
        let tone = if state.batch.failed > 0 { Tone::Bad } else { Tone::Good };
        state.toasts.push(state.now, tone, state.batch.text());
        unmark(state);
        return data::reload(state);
    }
    match result {
        Ok(outcome) => one(state, order, outcome),
        Err(failure) => refused(state, order, &failure),
    }
}

fn unmark(state: &mut State) {
    super::lists::unmark(state);
    state.refresh();
}

/// Keeps what an order says about executions and workflows.
fn take(state: &mut State, order: &Order, outcome: Outcome) {
    match outcome {
        Outcome::Done => {
            if let Order::WorkflowDelete(id) = order {
                state.catalogue.items.retain(|workflow| workflow.id != *id);
            }
        }
        Outcome::Execution(view) | Outcome::Started(view) => {
            state.store.put(*view);
        }
        Outcome::Workflow(view) => state.catalogue.put(*view),
        _ => {}
    }
}

/// Says what came of the only order of a batch, and shows it.
fn one(state: &mut State, order: &Order, outcome: Outcome) -> Vec<Effect> {
    let about = order.about();
    match outcome {
        Outcome::Started(view) => {
            let id = view.id;
            say(state, format!("started {} as {}", view.workflow_id, id.short()));
            state.store.put(*view);
            return navigate::open_execution(state, id);
        }
        Outcome::Execution(view) => {
            let text = match order {
                Order::Cancel(..) => format!("{about}: cancel was asked for"),
                Order::Approve { .. } | Order::Decide(..) => format!("{about}: {}", order.verbed()),
                _ => format!("{about}: {} (u takes it back)", order.verbed()),
            };
            say(state, text);
            state.store.put(*view);
            if matches!(order, Order::Approve { .. } | Order::Decide(..)) {
                return data::reload(state);
            }
            return Vec::new();
        }
        Outcome::Workflow(view) => {
            let what =
                view.active_version.map_or_else(|| "inactive".to_owned(), |version| format!("active in version {version}"));
            say(state, format!("{about} is {what} (u takes it back)"));
            state.catalogue.put(*view);
        }
        Outcome::Applied(applied) => applied_file(state, *applied),
        Outcome::Count(count) => say(state, format!("{count} {about} {}", order.verbed())),
        Outcome::Once(once) => secret(state, once),
        Outcome::Enrolled(enrolled) => begun(state, enrolled),
        Outcome::Page(found) => page(state, found),
        Outcome::Plan(view) => plan(state, order, &view),
        Outcome::Bulk(view) => {
            let count = view.count.unwrap_or_default();
            say(state, format!("{} {count} executions: go shows how far it is", view.action.as_str()));
        }
        Outcome::Code(result) => {
            if let Screen::Code(code) = state.screen_mut() {
                (code.load, code.scroll, code.result) = (Load::Ready, 0, Some(*result));
            }
            return Vec::new();
        }
        Outcome::Done => {
            let back = if order.undo(None).is_some() { " (u takes it back)" } else { "" };
            say(state, format!("{about}: {}{back}", order.verbed()));
            if let Order::WorkflowDelete(id) = order {
                return deleted(state, id);
            }
            if let Order::House(HouseOrder::WorkspaceLeave(slug)) = order
                && *slug == state.place.workspace
            {
                return left_behind(state, slug);
            }
        }
    }
    data::reload(state)
}

fn say(state: &mut State, text: String) {
    state.toasts.push(state.now, Tone::Good, text);
}

fn deleted(state: &mut State, id: &str) -> Vec<Effect> {
    state.catalogue.items.retain(|workflow| workflow.id != id);
    if matches!(state.screen(), Screen::Workflow(open) if open.id == id) {
        return navigate::close(state);
    }
    Vec::new()
}

fn applied_file(state: &mut State, applied: WorkflowApplied) {
    let view = applied.workflow;
    let (id, version) = (view.id.clone(), view.version);
    let text = match applied.outcome {
        ApplyOutcome::Created => format!("{id} is new; A activates it"),
        ApplyOutcome::Updated => format!("{id} has version {version}; A activates it"),
        ApplyOutcome::Unchanged => format!("{id} is as it was: version {version} is the same file"),
    };
    if let Some(open) = state.open_workflow().filter(|open| open.id == id) {
        open.draft = None;
    }
    state.catalogue.put(view);
    say(state, text);
}

/// What the server gives once is shown this one time, and goes into no message.
fn secret(state: &mut State, once: Once) {
    let Once { title, secret } = once;
    let mut lines: Vec<_> = secret.lines().map(|line| (Token::Head, line.to_owned())).collect();
    lines.extend([
        (Token::Muted, String::new()),
        (Token::Warn, "This is shown one time only: keep it now.".to_owned()),
        (Token::Muted, "y copies it to your terminal's clipboard; esc closes.".to_owned()),
    ]);
    state.overlay = Some(Overlay::Note(Note { title, lines, copy: Some(secret), secret: true, then: None, scroll: 0 }));
}

/// What an authenticator app needs is shown this one time; then its first code is asked for.
fn begun(state: &mut State, enrolled: Enrolled) {
    let Enrolled { secret, url } = enrolled;
    let lines = vec![
        (Token::Head, secret.clone()),
        (Token::Muted, String::new()),
        (Token::Head, url),
        (Token::Muted, String::new()),
        (Token::Warn, "This is shown one time only: put one of the two into your authenticator app now.".to_owned()),
        (Token::Muted, "y copies the first to your terminal's clipboard; enter goes on to the app's first code.".to_owned()),
    ];
    let title = "the secret of your second factor, which is not on yet".to_owned();
    let then = Some(Box::new(account::first_code(state.now)));
    state.overlay = Some(Overlay::Note(Note { title, lines, copy: Some(secret), secret: true, then, scroll: 0 }));
}

/// The workspace that is on screen was left: to another one, if there is one.
fn left_behind(state: &mut State, slug: &str) -> Vec<Effect> {
    let listing = state.screens().find_map(|screen| match screen {
        Screen::Listing(listing) if listing.subject == Subject::Workspaces => Some(listing),
        _ => None,
    });
    let entries = listing.map_or(&[][..], |listing| listing.entries());
    let others = || entries.iter().filter(|entry| entry.id != slug && entry.json["delete_after"].is_null());
    if let Some(other) = others().find(|entry| entry.json["archived_at"].is_null()).or_else(|| others().next()) {
        return vec![Effect::Read(Query::Visit(other.id.clone()))];
    }
    let nothing = "you are a member of no other workspace: somebody who administers one can invite you";
    state.toasts.push(state.now, Tone::Bad, nothing);
    Vec::new()
}

/// An address to go to: a link where the terminal opens them, and copied with `y` everywhere.
fn page(state: &mut State, page: Page) {
    let address = state.place.address(&page.address);
    let lines = vec![
        (Token::Accent, address.clone()),
        (Token::Muted, String::new()),
        (Token::Head, page.note),
        (Token::Muted, "y copies the address to your terminal's clipboard; esc closes.".to_owned()),
    ];
    state.overlay =
        Some(Overlay::Note(Note { title: page.title, lines, copy: Some(address), secret: false, then: None, scroll: 0 }));
}

/// What has become of the plan, and what exceeds it.
fn plan(state: &mut State, order: &Order, view: &BillingSubscriptionView) {
    let end = view.period_end.format("%Y-%m-%d");
    let head = match &view.next_plan {
        Some(next) => format!("the plan {} stays until {end} and becomes {next}", view.plan),
        None => format!("{} is the plan", view.plan),
    };
    // Those who run the server change the plans of others.
    let head = if matches!(order, Order::House(_)) { format!("{}: {head}", order.about()) } else { head };
    if view.exceeds.is_empty() && view.paused.is_empty() {
        return say(state, head);
    }
    let mut lines = vec![(Token::Head, head)];
    for excess in &view.exceeds {
        let what = excess.metric.as_str().replace('_', " ");
        lines.push((Token::Warn, format!("{what}: {} are used and {} allowed then", excess.used, excess.limit)));
        lines.extend(excess.pauses.iter().map(|workflow| (Token::Muted, format!("  {workflow} will be paused"))));
    }
    let paused = view.paused.iter();
    lines.extend(paused.map(|paused| (Token::Warn, format!("paused: {}/{}", paused.workspace, paused.workflow_id))));
    lines.push((Token::Muted, "Nothing is deleted; a greater plan takes everything up again.".to_owned()));
    state.overlay =
        Some(Overlay::Note(Note { title: "the plan".into(), lines, copy: None, secret: false, then: None, scroll: 0 }));
}

fn refused(state: &mut State, order: &Order, failure: &Failure) -> Vec<Effect> {
    state.undo = None;
    if let Screen::Code(code) = state.screen_mut() {
        code.load = Load::Ready;
    }
    let what = match order {
        Order::Pause(_) | Order::Resume(_) | Order::Switch { .. } => "not changed".to_owned(),
        _ => format!("not {}", order.verbed()),
    };
    // A code that was mistyped is typed again: the secret of the app is still the same.
    if matches!(order, Order::Account(AccountOrder::FactorConfirm(_))) && state.overlay.is_none() {
        let mut form = account::first_code(state.now);
        form.complain("code", failure.message.clone());
        state.overlay = Some(Overlay::Form(Box::new(form)));
    }
    fail(state, &what, failure)
}

/// Says what did not happen, and why.
pub fn fail(state: &mut State, what: &str, failure: &Failure) -> Vec<Effect> {
    let request = failure.request_id.as_ref().map_or_else(String::new, |id| format!(" (request {id})"));
    state.toasts.push(state.now, Tone::Bad, format!("{what}: {}{request}", failure.message));
    Vec::new()
}
