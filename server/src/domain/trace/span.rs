//! The spans of an execution that has ended, made of its events.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody, Origin, StepError};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::ExecutionStatus;

use super::{Sampling, TraceContext, attempt_span};

/// Spans of one execution; what is beyond is counted in an attribute of the first.
const MOST: usize = 2000;

/// A stretch of time in which something happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
    /// The span that it is a part of.
    pub parent: Option<u64>,
    /// What happened: the workflow's id, or the step's.
    pub name: String,
    /// How it stands to others.
    pub kind: Kind,
    /// When it began.
    pub start: DateTime<Utc>,
    /// When it ended.
    pub end: DateTime<Utc>,
    /// More about it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What happened within it.
    pub marks: Vec<Mark>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// How a span stands to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It answers a request from elsewhere.
    Server,
    /// It is a part of its parent.
    Internal,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// Something that took no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: DateTime<Utc>,
    /// What: the type of the event.
    pub name: &'static str,
    /// The step that it is about.
    pub step: Option<String>,
}

/// The spans of an execution whose `events` are all here: one for the whole, one for each step and iteration, and one below for each
/// attempt where there was more than one. `None` when it has not ended, or nobody collects its trace.
#[must_use]
pub fn spans(workspace_id: WorkspaceId, events: &[Event], sampling: Sampling) -> Option<Vec<Span>> {
    let (first, last) = (events.first()?, events.last()?);
    let EventBody::ExecutionCompleted { status, error, .. } = &last.body else { return None };
    let origin = events.iter().find_map(|event| match &event.body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => Some(origin),
        _ => None,
    })?;
    let context = TraceContext::of_execution(first.execution_id, Some(origin), sampling);
    if !context.sampled {
        return None;
    }
    let mut story = Story::default();
    for event in events {
        story.hear(event);
    }
    let mut root = root(context, origin, (first.execution_id.admitted_at(), last.at));
    root.attributes.push(("tidemill.workspace.id", Attribute::Text(workspace_id.to_string())));
    root.attributes.push(("tidemill.execution.id", Attribute::Text(first.execution_id.to_string())));
    root.attributes.push(("tidemill.execution.status", Attribute::Text(status.as_str().to_owned())));
    root.error = ended_badly(*status, error.as_ref());
    root.marks = std::mem::take(&mut story.marks);
    let mut all = vec![root];
    let told = Told { context, id: first.execution_id, end: last.at };
    story.places.iter().for_each(|place| told.tell(place, &story, &mut all));
    let left_out = all.len().saturating_sub(MOST);
    if left_out > 0 {
        all.truncate(MOST);
        let left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
        all[0].attributes.push(("tidemill.spans.left_out", Attribute::Number(left_out)));
    }
    Some(all)
}

fn root(context: TraceContext, origin: &Origin, (start, end): (DateTime<Utc>, DateTime<Utc>)) -> Span {
    let text = |text: &str| Attribute::Text(text.to_owned());
    let mut attributes = vec![
        ("tidemill.workflow.id", text(&origin.workflow_id)),
        ("tidemill.workflow.version", Attribute::Number(i64::from(origin.version))),
        ("tidemill.trigger.type", text(&origin.trigger.kind)),
    ];
    if let Some(parent) = &origin.parent {
        attributes.push(("tidemill.parent.execution_id", Attribute::Text(parent.execution_id.to_string())));
    }
    if let Some(before) = origin.retry_of {
        attributes.push(("tidemill.retry_of.execution_id", Attribute::Text(before.to_string())));
    }
    let kind = if *origin.trigger.kind == *"webhook" { Kind::Server } else { Kind::Internal };
    Span {
        trace_id: context.trace_id,
        span_id: context.span_id,
        parent: TraceContext::sender(Some(origin)).map(|sender| sender.span_id),
        name: origin.workflow_id.to_string(),
        kind,
        start,
        end: end.max(start),
        attributes,
        marks: Vec::new(),
        error: None,
    }
}

fn ended_badly(status: ExecutionStatus, error: Option<&StepError>) -> Option<String> {
    match status {
        ExecutionStatus::Failed | ExecutionStatus::DeadLetter => {
            Some(error.map_or_else(|| status.as_str().to_owned(), |error| error.message.clone()))
        }
        _ => None,
    }
}

/// What the events say, by place.
#[derive(Default)]
struct Story {
    places: Vec<Place>,
    marks: Vec<Mark>,
}

/// A step, or one iteration of it.
struct Place {
    step: Arc<str>,
    iteration: Option<u32>,
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    attempts: Vec<Attempt>,
    marks: Vec<Mark>,
}

struct Attempt {
    number: u32,
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    error: Option<StepError>,
}

impl Story {
    fn hear(&mut self, event: &Event) {
        let at = event.at;
        match &event.body {
            EventBody::StepStarted { step, iteration, attempt, .. } => {
                self.place(step, *iteration, at).attempt(*attempt, at);
            }
            EventBody::StepCompleted { step, iteration, attempt, .. } => {
                self.place(step, *iteration, at).ends(*attempt, at, None, true);
            }
            EventBody::StepFailed { step, iteration, attempt, error, retry_at } => {
                self.place(step, *iteration, at).ends(*attempt, at, Some(error), retry_at.is_none());
            }
            EventBody::StepWaiting { step, iteration, .. } | EventBody::StepDecided { step, iteration, .. } => {
                let mark = Mark { at, name: event.body.type_name(), step: None };
                self.place(step, *iteration, at).marks.push(mark);
            }
            EventBody::StepLogged { .. } | EventBody::ExecutionStarted { .. } | EventBody::ExecutionCompleted { .. } => {}
            body => self.marks.push(Mark { at, name: body.type_name(), step: body.step().map(str::to_owned) }),
        }
    }

    /// The place, newest first: most events are about what began last.
    fn place(&mut self, step: &Arc<str>, iteration: Option<u32>, at: DateTime<Utc>) -> &mut Place {
        let known = self.places.iter().rposition(|place| place.iteration == iteration && place.step == *step);
        let index = known.unwrap_or_else(|| {
            let (step, attempts, marks) = (Arc::clone(step), Vec::new(), Vec::new());
            self.places.push(Place { step, iteration, start: at, end: None, attempts, marks });
            self.places.len() - 1
        });
        &mut self.places[index]
    }
}

impl Place {
    /// An attempt that is repeated after a crash has the number that it had.
    fn attempt(&mut self, number: u32, at: DateTime<Utc>) -> &mut Attempt {
        let known = self.attempts.iter().rposition(|attempt| attempt.number == number);
        let index = known.unwrap_or_else(|| {
            self.attempts.push(Attempt { number, start: at, end: None, error: None });
            self.attempts.len() - 1
        });
        &mut self.attempts[index]
    }

    fn ends(&mut self, number: u32, at: DateTime<Utc>, error: Option<&StepError>, for_good: bool) {
        let attempt = self.attempt(number, at);
        attempt.end = Some(at);
        attempt.error = error.cloned();
        self.end = for_good.then_some(at);
    }

    /// Its own span: that of its only attempt, or one above all of them.
    fn span_id(&self, id: ExecutionId) -> u64 {
        let attempt = match self.attempts.as_slice() {
            [only] => only.number,
            _ => 0,
        };
        attempt_span(id, &self.step, self.iteration, attempt)
    }
}

/// What all spans below the first have in common.
struct Told {
    context: TraceContext,
    id: ExecutionId,
    end: DateTime<Utc>,
}

impl Told {
    fn tell(&self, place: &Place, story: &Story, all: &mut Vec<Span>) {
        let above = place
            .iteration
            .and_then(|_| story.places.iter().find(|whole| whole.iteration.is_none() && whole.step == place.step));
        let parent = above.map_or(self.context.span_id, |whole| whole.span_id(self.id));
        let own = place.span_id(self.id);
        let last = place.attempts.last();
        let error = last.and_then(|attempt| attempt.error.as_ref());
        let mut span = self.span(place, (own, parent), (place.start, place.end));
        fail(&mut span, error);
        span.marks.clone_from(&place.marks);
        let attempts = i64::try_from(place.attempts.len()).unwrap_or(i64::MAX);
        span.attributes.push(("tidemill.step.attempts", Attribute::Number(attempts)));
        all.push(span);
        if place.attempts.len() < 2 {
            return;
        }
        for attempt in &place.attempts {
            let id = attempt_span(self.id, &place.step, place.iteration, attempt.number);
            let mut span = self.span(place, (id, own), (attempt.start, attempt.end));
            span.name = format!("{} attempt {}", span.name, attempt.number);
            span.attributes.push(("tidemill.step.attempt", Attribute::Number(i64::from(attempt.number))));
            fail(&mut span, attempt.error.as_ref());
            all.push(span);
        }
    }

    /// What had not ended when the execution did was stopped with it.
    fn span(&self, place: &Place, (span_id, parent): (u64, u64), (start, end): (DateTime<Utc>, Option<DateTime<Utc>>)) -> Span {
        let mut attributes = vec![("tidemill.step.id", Attribute::Text(place.step.to_string()))];
        let mut name = place.step.to_string();
        if let Some(number) = place.iteration {
            attributes.push(("tidemill.step.iteration", Attribute::Number(i64::from(number))));
            name = format!("{name}[{number}]");
        }
        Span {
            trace_id: self.context.trace_id,
            span_id,
            parent: Some(parent),
            name,
            kind: Kind::Internal,
            start,
            end: end.unwrap_or(self.end).max(start),
            attributes,
            marks: Vec::new(),
            error: None,
        }
    }
}

fn fail(span: &mut Span, error: Option<&StepError>) {
    if let Some(error) = error {
        span.error = Some(error.message.clone());
        span.attributes.push(("error.type", Attribute::Text(error.class.as_str().to_owned())));
    }
}

#[cfg(test)]
mod tests;
