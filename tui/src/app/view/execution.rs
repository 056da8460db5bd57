//! One execution: the graph, and input, output, error and events of the selected step.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tidemill_common::awaited::waiting_words;
use tidemill_common::event::{Event, EventBody, SkipReason, StepError};
use tidemill_common::status::StepStatus;

use super::pane::{instead, plain, put, put_right, say, span};
use super::theme::{Theme, Token};
use super::{json, steps, text};
use crate::app::state::execution::{Execution, LogLine, Pane, Tab};
use crate::app::state::{State, geometry};

/// Draws both panes, or the lower one alone.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, open: &Execution, theme: Theme) {
    if open.detail.is_none() {
        if let Some(lines) = instead(&open.load, true, state.now, "execution", Vec::new()) {
            say(buf, body, theme, &lines);
        }
        return;
    }
    let area = geometry::execution(body, open.nodes.keys().len(), open.zoom);
    if !open.zoom {
        steps::draw(buf, &area, state, open, theme);
    }
    tabs(buf, area.tabs, open, theme);
    match open.tab() {
        Tab::Error => match open.error() {
            Some(error) => failure(buf, area.content, open, error, theme),
            None => say(buf, area.content, theme, &[(Token::Muted, "No error: nothing failed here.".into())]),
        },
        Tab::Events => events(buf, area.content, open, state, theme),
        Tab::Log => log(buf, area.content, open, theme),
        Tab::Why => why(buf, area.content, open, state, theme),
        tab => match open.json(tab) {
            Some(value) => {
                let cursor = (open.pane == Pane::Content).then_some(open.line);
                let place = json::Place { scroll: open.scroll, folded: &open.folded, cursor };
                json::draw(buf, area.content, value, &place, theme);
            }
            None => say(buf, area.content, theme, &[(Token::Muted, why_none(open, tab))]),
        },
    }
    if let Some(reference) = open.unread() {
        let hint = format!(" {} in all: L reads it ", text::size(reference.bytes));
        put_right(buf, area.content, area.content.height.saturating_sub(1), vec![span(theme, Token::Accent, hint)]);
    } else if !matches!(open.tab(), Tab::Error | Tab::Why) {
        more_below(buf, area.content, open, theme);
    }
}

fn tabs(buf: &mut Buffer, area: Rect, open: &Execution, theme: Theme) {
    let mut spans = vec![plain(" ")];
    for tab in Tab::ALL {
        let label = format!("[{}]", tab.label());
        let chosen = tab == open.tab();
        let token = if chosen && open.pane == Pane::Content { Token::Accent } else { Token::Head };
        let mut label = span(theme, if chosen { token } else { Token::Muted }, label);
        if chosen {
            label.style = label.style.add_modifier(ratatui::style::Modifier::REVERSED);
        }
        spans.extend([label, plain(" ")]);
    }
    put(buf, area, 0, spans);
    let what = match open.step() {
        Some(step) => format!("{} {} {}", step.id, theme.pick("·", "-"), step.uses),
        None => "execution".to_owned(),
    };
    let room = usize::from(area.width).saturating_sub(62);
    put_right(buf, area, 0, vec![plain(" "), span(theme, Token::Head, text::cut(&what, room)), plain(" ")]);
}

/// How many lines are below the last visible one.
fn more_below(buf: &mut Buffer, area: Rect, open: &Execution, theme: Theme) {
    let below = open.content_lines().saturating_sub(open.scroll + usize::from(area.height));
    if below > 0 {
        let mark = format!(" {} {} more ", theme.pick("▼", "v"), text::number(below));
        put_right(buf, area, area.height.saturating_sub(1), vec![span(theme, Token::Accent, mark)]);
    }
}

fn why_none(open: &Execution, tab: Tab) -> String {
    let status = open.step().map(|step| step.status);
    let why = match (tab, status) {
        (_, Some(StepStatus::Pending)) => "the steps that it waits for have not ended.",
        (_, Some(StepStatus::Skipped)) => "the step was skipped; its events (4) say why.",
        (Tab::Input, _) => "none was recorded, or the output says the same.",
        (_, Some(StepStatus::Failed)) => "the step failed; 3 shows why.",
        (_, Some(StepStatus::Cancelled)) => "the step was stopped.",
        (_, Some(_)) => "the step is under way.",
        (_, None) if open.detail.as_ref().is_some_and(|detail| detail.execution.status.is_terminal()) => {
            "the workflow gives none, or did not get there."
        }
        (_, None) => "the execution is under way.",
    };
    let what = if tab == Tab::Input { "No input" } else { "No output" };
    format!("{what}: {why}")
}

/// The chain of causes, the nearest first.
fn why(buf: &mut Buffer, area: Rect, open: &Execution, state: &State, theme: Theme) {
    let Some(why) = &open.why else {
        return say(buf, area, theme, &[(Token::Muted, "The server is being asked why.".into())]);
    };
    let mut lines = vec![if why.moving {
        (Token::Run, "Work is under way on it.".to_owned())
    } else {
        (Token::Wait, format!("It is {}, and nothing is under way:", why.status))
    }];
    for link in &why.links {
        let until = link.until.map_or_else(String::new, |at| format!(" (in {})", text::growing(at - state.now)));
        lines.push((Token::Head, format!("{} {}{until}", theme.pick("→", "->"), link.text)));
    }
    lines.push((Token::Muted, "w asks again".into()));
    say(buf, area, theme, &lines);
}

fn failure(buf: &mut Buffer, area: Rect, open: &Execution, error: &StepError, theme: Theme) {
    let mut lines = vec![(Token::Err, error.message.clone())];
    let mut facts = vec![format!("class {}", error.class.as_str())];
    facts.extend(error.step.as_ref().map(|step| format!("step {step}")));
    facts.extend(error.status.map(|status| format!("HTTP status {status}")));
    facts.extend(error.retry_after.map(|seconds| format!("asked to be left alone for {seconds} s")));
    if let Some(step) = open.step() {
        facts.push(format!("attempt {}", step.attempt));
    }
    lines.push((Token::Muted, facts.join(", ")));
    if error.class.is_retried_by_default() {
        lines.push((Token::Muted, "A step with `retry` tries this class of failure again by itself.".into()));
    }
    say(buf, area, theme, &lines);
}

fn events(buf: &mut Buffer, area: Rect, open: &Execution, state: &State, theme: Theme) {
    let mut shown = 0;
    for (row, event) in (0..).zip(open.step_events().skip(open.scroll).take(usize::from(area.height))) {
        let (token, what) = describe(event);
        let head = format!(" {}  {} ", event.at.format("%H:%M:%S%.3f"), text::right(&format!("#{}", event.seq), 5));
        let room = usize::from(area.width).saturating_sub(head.len() + 28);
        let spans = vec![
            span(theme, Token::Muted, head),
            span(theme, token, text::fit(event.body.type_name(), 26)),
            plain(" "),
            plain(text::cut(&what, room)),
        ];
        put(buf, area, row, spans);
        shown += 1;
    }
    if shown == 0 {
        let line = match open.step() {
            Some(step) => format!("Nothing has happened to {} yet.", step.id),
            None if open.link.is_stale(state.now) => "Events come over the stream, which is offline.".into(),
            None => "The events are being read.".into(),
        };
        say(buf, area, theme, &[(Token::Muted, line)]);
    }
}

fn log(buf: &mut Buffer, area: Rect, open: &Execution, theme: Theme) {
    if open.log().next().is_none() {
        return say(buf, area, theme, &[(Token::Muted, "No log: nothing was printed. Code steps print.".into())]);
    }
    let width = usize::from(area.width).saturating_sub(2);
    for (row, line) in (0..).zip(open.log().skip(open.scroll).take(usize::from(area.height))) {
        let line = match line {
            LogLine::Heading(event) => {
                let head = format!("{}  {}", event.at.format("%H:%M:%S%.3f"), describe(event).1);
                span(theme, Token::Muted, text::cut(&head, width))
            }
            LogLine::Text(line) => plain(text::cut(line, width)),
        };
        put(buf, area, row, vec![plain(" "), line]);
    }
}

/// An event in words, without its payload.
fn describe(event: &Event) -> (Token, String) {
    let of = |step: &str, attempt: u32| if attempt > 1 { format!("{step}, attempt {attempt}") } else { step.to_owned() };
    let place = event.body.place().unwrap_or_default();
    match &event.body {
        EventBody::ExecutionQueued(origin) => {
            (Token::Muted, format!("{} version {}, by {}", origin.workflow_id, origin.version, origin.trigger.kind))
        }
        EventBody::ExecutionStarted { origin: Some(origin) } => {
            (Token::Run, format!("{} version {}, by {}", origin.workflow_id, origin.version, origin.trigger.kind))
        }
        EventBody::ExecutionStarted { origin: None } => (Token::Run, String::new()),
        EventBody::StepStarted { attempt, .. } => (Token::Run, of(&place, *attempt)),
        EventBody::StepCompleted { attempt, .. } => (Token::Ok, of(&place, *attempt)),
        EventBody::StepFailed { attempt, error, retry_at, .. } => {
            let again = retry_at.map_or_else(|| ", giving up".to_owned(), |at| format!(", again at {}", at.format("%H:%M:%S")));
            (Token::Err, format!("{}{again}: {}", of(&place, *attempt), error.message))
        }
        EventBody::StepLogged { attempt, .. } => (Token::Muted, of(&place, *attempt)),
        EventBody::StepSkipped { step, reason } => {
            let why = match reason {
                SkipReason::Condition => "its `if` was false",
                SkipReason::Dependency => "a step that it depends on was skipped",
                SkipReason::Failure => "a step that it depends on failed",
                SkipReason::NotChosen => "a switch chose another case",
            };
            (Token::Muted, format!("{step}: {why}"))
        }
        EventBody::StepWaiting { until, awaits, .. } => {
            (Token::Wait, format!("{place} {}", waiting_words(*until, awaits.as_deref())))
        }
        EventBody::StepDecided { verdict, by, comment, .. } => {
            let why = comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
            (Token::Warn, format!("{place}: {} by {by}{why}", verdict.as_str()))
        }
        EventBody::FailureReported { workflow_id, execution_id, error } => {
            let outcome = error.clone().or_else(|| execution_id.map(|id| id.to_string())).unwrap_or_default();
            (if error.is_some() { Token::Err } else { Token::Muted }, format!("{workflow_id}: {outcome}"))
        }
        EventBody::FailureCaught { error } => (Token::Err, error.message.clone()),
        EventBody::ExecutionCancelRequested { reason, by }
        | EventBody::ExecutionPaused { reason, by }
        | EventBody::ExecutionResumed { reason, by } => {
            (Token::Warn, reason.as_ref().map_or_else(|| format!("by {by}"), |reason| format!("by {by}: {reason}")))
        }
        EventBody::ExecutionCompleted { status, error, .. } => {
            let why = error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
            (if error.is_some() { Token::Err } else { Token::Ok }, format!("{status}{why}"))
        }
    }
}
