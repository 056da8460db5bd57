//! Orders about every execution that passes: the server is asked how many there are, then the user is, then it is given. The
//! server carries it out by itself.

use chrono::TimeDelta;
use tidemill_common::api::bulk::{BulkOrder, BulkView};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::ask::{self, Ask};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::Order;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::overlay::Overlay;
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// How many per second, when nothing else is said.
const RATE: u32 = 10;

/// The server counts no further.
const COUNTED: u32 = 10_000;

/// Opens the form, with what the filter says filled in.
pub fn form(state: &mut State) {
    let Screen::Executions(screen) = state.screen() else { return };
    let Some(whole) = screen.filter.whole() else {
        let why = "the server can only tell wf:NAME, status: and since: apart; C and r are about what is marked";
        state.toasts.push(state.now, Tone::Bad, why);
        return;
    };
    let failed = |status: &ExecutionStatus| matches!(status, ExecutionStatus::Failed | ExecutionStatus::DeadLetter);
    let retry = !whole.status.is_empty() && whole.status.iter().all(failed);
    let states: Vec<&str> = whole.status.iter().map(|status| status.as_str()).collect();
    let since = whole.since.map_or_else(String::new, span);
    let fields = vec![
        Field::choice("what", &["cancel", "retry"], "what is done to each").with(if retry { "retry" } else { "cancel" }),
        Field::new("workflow", whole.workflow.unwrap_or_default(), Entry::Text, "only this one's; every workflow's when empty"),
        Field::new("states", states.join(", "), Entry::Text, "empty: what has not ended (cancel), what failed (retry)"),
        Field::new("since", since, Entry::Text, "only those admitted within 90s, 15m, 24h, 7d"),
        Field::choice("from", &["failed", "start"], "where each begins, with retry"),
        Field::new("rate", RATE.to_string(), Entry::Text, "how many per second"),
        Field::new("reason", "", Entry::Text, "kept with each, with cancel"),
    ];
    let note = "first the server says how many there are; nothing happens before you have typed that number".to_owned();
    let form = Form::new("every execution that passes", Purpose::Bulk, fields, state.now).notes([note]);
    state.overlay = Some(Overlay::Form(Box::new(form)));
}

/// A span of time as the filter writes it.
fn span(period: TimeDelta) -> String {
    let seconds = period.num_seconds();
    match () {
        () if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        () if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        () if seconds % 60 == 0 => format!("{}m", seconds / 60),
        () => format!("{seconds}s"),
    }
}

/// The server has counted: asks whether they are meant.
pub fn fitting(state: &mut State, order: &BulkOrder, view: &BulkView) {
    let count = view.count.unwrap_or_default();
    let verb = order.action.as_str();
    if count == 0 {
        state.toasts.push(state.now, Tone::Plain, format!("nothing to {verb}: no execution fits"));
        return;
    }
    let many = if count >= COUNTED { format!("{COUNTED} or more") } else { count.to_string() };
    let rate = order.rate.unwrap_or(RATE).max(1);
    let states: Vec<&str> = order.status.iter().map(|status| status.as_str()).collect();
    let mut notes = vec![
        format!("of {}", order.workflow.as_deref().unwrap_or("every workflow")),
        if states.is_empty() { "in every state that fits".to_owned() } else { format!("that are {}", states.join(" or ")) },
        format!("{rate} per second, so within {}; `go` shows how far it is, and C stops it there", span(lasts(count, rate))),
        "what is admitted from now on is left alone".to_owned(),
    ];
    if let Some(since) = order.since {
        notes.insert(2, format!("admitted since {}", since.format("%Y-%m-%d %H:%M:%S UTC")));
    }
    let order = BulkOrder { dry_run: false, ..order.clone() };
    let fields = vec![ask::confirmation(state, count.to_string())];
    let purpose = Purpose::Send(vec![Order::Bulk(Box::new(order))]);
    let form = Form::new(format!("{verb} {many} executions?"), purpose, fields, state.now).notes(notes);
    state.overlay = Some(Overlay::Form(Box::new(form)));
}

/// How long `count` take at `rate` per second, in whole seconds.
fn lasts(count: u32, rate: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(count.div_ceil(rate)))
}

/// Asks whether an order is to be stopped.
pub fn stop(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let running = |id: &String| listing.get(id).filter(|entry| entry.json["state"] == "running");
    let targets = listing.list.targets();
    let ids: Vec<ExecutionId> = targets.iter().filter_map(|id| running(id)?.id.parse().ok()).collect();
    let Some(first) = ids.first() else {
        state.toasts.push(state.now, Tone::Bad, "it is not running any more");
        return Vec::new();
    };
    let question = format!("stop the order {}? what it has done stays", first.short());
    let orders = ids.into_iter().map(Order::BulkStop).collect();
    let notes = vec!["what it has done stays".to_owned()];
    ask::ask(state, Ask { action: Action::Cancel, question, notes, word: "stop".into(), orders })
}
