//! Why an execution isn't moving: the whole chain, from its events, its place in the queue and the nodes.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::api::execution::{ExecutionDetail, StepView};
use tidemill_common::api::why::{WhyKind, WhyLink, WhyView};
use tidemill_common::awaited::AwaitedKind;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::CALL_DEPTH;
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::error::Error;
use super::execution::{EVENTS, Executions};
use super::execution_detail::Readable;
use crate::auth::{Caller, Operation};
use crate::store::queries::execution;
use crate::store::queries::why::{self, LineRow, NodesRow, PlaceRow};

/// What is known about an execution that may not be moving.
struct Facts {
    detail: ExecutionDetail,
    /// Who paused it, while it is paused.
    paused: Option<(DateTime<Utc>, String, Option<String>)>,
    place: Option<PlaceRow>,
    nodes: NodesRow,
    /// Its place in the line for its concurrency key, if it waits for it.
    line: Option<LineRow>,
}

impl Executions {
    /// Why an execution is where it is, and those that it waits for.
    pub async fn why(&self, caller: &Caller, id: ExecutionId) -> Result<WhyView, Error> {
        self.permit(caller, Operation::ExecutionWhyView, id).await?;
        let mut view = self.why_alone(caller, id).await?;
        let mut next = awaited(&view);
        for _ in 0..CALL_DEPTH {
            let Some(child) = next else { break };
            let of_child = match self.why_alone(caller, child).await {
                Ok(of_child) => of_child,
                // It is about to begin.
                Err(Error::NotFound(_)) => break,
                Err(error) => return Err(error),
            };
            next = awaited(&of_child);
            view.moving |= of_child.moving;
            let links = of_child.links.into_iter();
            view.links.extend(links.map(|link| WhyLink { execution_id: link.execution_id.or(Some(child)), ..link }));
        }
        Ok(view)
    }

    async fn why_alone(&self, caller: &Caller, id: ExecutionId) -> Result<WhyView, Error> {
        let (workspace, now) = (caller.workspace, self.clock.now());
        let (place, nodes, line, events) = self
            .database
            .with_tenant(workspace, move |conn| {
                let rows = execution::event_list(conn, workspace, id, 0, EVENTS)?;
                let Readable { events, .. } = Readable::of(rows);
                Ok((why::place(conn, workspace, id)?, why::nodes(conn, now)?, why::line(conn, workspace, id)?, events))
            })
            .await?;
        let facts = Facts { detail: self.view(caller, id).await?, paused: paused(&events), place, nodes, line };
        Ok(chain(&facts, now))
    }
}

/// The execution that this one waits for, if it waits for one.
fn awaited(view: &WhyView) -> Option<ExecutionId> {
    view.links.iter().find(|link| link.kind == WhyKind::ExecutionAwaited)?.execution_id
}

/// Who paused the execution, if nobody resumed it since.
fn paused(events: &[Event]) -> Option<(DateTime<Utc>, String, Option<String>)> {
    let newest = |event: &&Event| matches!(event.body, EventBody::ExecutionPaused { .. } | EventBody::ExecutionResumed { .. });
    let event = events.iter().rev().find(newest)?;
    match &event.body {
        EventBody::ExecutionPaused { reason, by } => Some((event.at, by.clone(), reason.clone())),
        _ => None,
    }
}

fn chain(facts: &Facts, now: DateTime<Utc>) -> WhyView {
    let execution = &facts.detail.execution;
    let mut links = Vec::new();
    match &facts.place {
        _ if execution.status.is_terminal() => links.push(ended(facts)),
        None => links.push(WhyLink::new(WhyKind::Ended, "it has just ended; ask again")),
        Some(place) => {
            links.extend(requests(place, execution.status));
            links.extend(facts.paused.as_ref().map(pause));
            links.extend(facts.detail.steps.iter().filter_map(|step| self::step(step, facts.paused.is_some())));
            links.extend(facts.line.as_ref().map(key_held));
            links.extend(place.starts_at.filter(|at| *at > now).map(rate_limited));
            links.extend(holder(place, &facts.nodes, now));
        }
    }
    let moving =
        links.iter().any(|link| link.kind == WhyKind::StepRunning) && links.iter().any(|link| link.kind == WhyKind::Leased);
    WhyView { execution_id: execution.id, status: execution.status, moving, links }
}

fn ended(facts: &Facts) -> WhyLink {
    let execution = &facts.detail.execution;
    let why = execution.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    WhyLink { since: execution.finished_at, ..WhyLink::new(WhyKind::Ended, format!("it has ended: {}{why}", execution.status)) }
}

/// What was asked and has not taken effect yet.
fn requests(place: &PlaceRow, status: ExecutionStatus) -> Option<WhyLink> {
    let by = |request: &Value| request.get("by").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(cancel) = &place.cancel {
        let by = by(cancel);
        let text = format!("{by} asked to cancel it; the node that holds it stops it within seconds (`force` ends it at once)");
        return Some(WhyLink { by: Some(by), ..WhyLink::new(WhyKind::CancelRequested, text) });
    }
    let pause = place.pause.as_ref()?;
    let on = pause.get("on").and_then(Value::as_bool).unwrap_or_default();
    if on == (status == ExecutionStatus::Paused) {
        return None;
    }
    let (by, what) = (by(pause), if on { "pause" } else { "resume" });
    Some(WhyLink {
        by: Some(by.clone()),
        ..WhyLink::new(WhyKind::PauseRequested, format!("{by} asked to {what} it a moment ago"))
    })
}

fn pause((since, by, reason): &(DateTime<Utc>, String, Option<String>)) -> WhyLink {
    let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let text = format!("{by} paused it{why}; nothing begins and no timer fires until it is resumed");
    WhyLink { since: Some(*since), by: Some(by.clone()), ..WhyLink::new(WhyKind::Paused, text) }
}

fn step(step: &StepView, paused: bool) -> Option<WhyLink> {
    let held = if paused { ", once it is resumed" } else { "" };
    let (kind, text) = match step.status {
        StepStatus::Running => (WhyKind::StepRunning, format!("attempt {} of step `{}` is under way", step.attempt, step.id)),
        StepStatus::Waiting => waiting(step, held),
        StepStatus::Retrying => {
            let error = step.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
            let next = step.attempt + 1;
            (WhyKind::StepRetrying, format!("step `{}` failed and attempt {next} is due at a time{held}{error}", step.id))
        }
        _ => return None,
    };
    let since = if step.status == StepStatus::Running { step.started_at } else { None };
    let execution_id = step.awaits.as_ref().and_then(|awaited| awaited.execution_id);
    Some(WhyLink { step: Some(step.id.clone()), since, until: step.wake_at, execution_id, ..WhyLink::new(kind, text) })
}

/// What a step waits for, and what can be done about it.
fn waiting(step: &StepView, held: &str) -> (WhyKind, String) {
    let Some(awaited) = &step.awaits else {
        return (WhyKind::StepWaiting, format!("step `{}` waits for a time{held}", step.id));
    };
    let (kind, help) = match awaited.kind {
        AwaitedKind::Execution => (WhyKind::ExecutionAwaited, ""),
        AwaitedKind::Event => (WhyKind::StepWaiting, ""),
        AwaitedKind::Approval => (WhyKind::ApprovalAwaited, "; `tidemill approve` or `tidemill reject` decides"),
        AwaitedKind::Decision => {
            (WhyKind::DecisionAwaited, "; find out, then say so with `tidemill decide EXECUTION retry|succeed|fail`")
        }
    };
    (kind, format!("step `{}` waits for {}{help}{held}", step.id, awaited.words()))
}

fn key_held(line: &LineRow) -> WhyLink {
    let before = if line.before == 1 { "1 execution stands".to_owned() } else { format!("{} executions stand", line.before) };
    let holder = line.holder.map(|id| format!(" is held by execution {id};")).unwrap_or_default();
    let text = format!("its concurrency key `{}`{holder} {before} before it", line.key);
    WhyLink { execution_id: line.holder.map(ExecutionId), ..WhyLink::new(WhyKind::KeyHeld, text) }
}

fn rate_limited(starts_at: DateTime<Utc>) -> WhyLink {
    let text = "it came faster than the workflow's `rate_limit` lets executions begin; it begins at a time";
    WhyLink { until: Some(starts_at), ..WhyLink::new(WhyKind::RateLimited, text) }
}

/// Who works on it; or, when it is due, why nobody does.
fn holder(place: &PlaceRow, nodes: &NodesRow, now: DateTime<Utc>) -> Option<WhyLink> {
    let Some(node) = &place.node else {
        return (place.available_at <= now).then(|| nobody(place, nodes));
    };
    let lost = place.expires_at.is_none_or(|expires_at| expires_at <= now);
    let times =
        if place.takeovers > 0 { format!("; {} nodes were lost with it before", place.takeovers) } else { String::new() };
    let (kind, text) = if lost {
        (
            WhyKind::NodeLost,
            format!("node {node} held it and is not heard of any more; another node takes over within seconds{times}"),
        )
    } else {
        (WhyKind::Leased, format!("node {node} holds it{times}"))
    };
    Some(WhyLink { node: Some(node.clone()), since: place.heartbeat_at, until: place.expires_at, ..WhyLink::new(kind, text) })
}

fn nobody(place: &PlaceRow, nodes: &NodesRow) -> WhyLink {
    let (kind, text) = if nodes.alive == 0 {
        (WhyKind::NoNode, "it is due and no node is alive: start one with `tidemill serve`".to_owned())
    } else if nodes.draining == nodes.alive {
        (WhyKind::Draining, format!("it is due and the {} nodes that are alive are stopping", nodes.alive))
    } else if nodes.free == 0 {
        (WhyKind::NoRoom, format!("it is due and no node has room: {} executions run on {} nodes", nodes.running, nodes.alive))
    } else {
        (WhyKind::Due, "it is due; a node takes it up within seconds".to_owned())
    };
    WhyLink { since: Some(place.available_at), ..WhyLink::new(kind, text) }
}

#[cfg(test)]
#[path = "execution_why_tests.rs"]
mod tests;
