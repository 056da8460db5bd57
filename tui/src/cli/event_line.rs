//! An event as one line: for people, or as data.

use serde_json::Value;
use tidemill_common::awaited::waiting_words;
use tidemill_common::event::{Event, EventBody, SkipReason, StepError};
use tidemill_common::payload::PayloadRef;

use super::output::{Format, Paint, Tone, execution_tone, plain_text};

/// Longest detail for people, in characters.
const DETAIL: usize = 200;

/// `event` in `format`, without a newline.
#[must_use]
pub fn render(event: &Event, format: Format, paint: Paint) -> String {
    let step = event.body.place().unwrap_or_default();
    match format {
        Format::Json | Format::Jsonl => serde_json::to_string(event).expect("events have string keys"),
        Format::Yaml => {
            let value = serde_json::to_value(event).expect("events have string keys");
            format!("---\n{}", super::output::to_yaml(&value).trim_end())
        }
        Format::Name => event.seq.to_string(),
        Format::Tsv => {
            let at = event.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            format!(
                "{}\t{at}\t{}\t{}\t{}",
                event.seq,
                event.body.type_name(),
                plain_text(&step),
                plain_text(&detail(&event.body))
            )
        }
        Format::Table | Format::Wide => {
            let at = paint.paint(Tone::Dim, &event.at.format("%H:%M:%S%.3f").to_string());
            let kind = paint.paint(tone(&event.body), &format!("{:<20}", event.body.type_name()));
            let said = match &event.body {
                EventBody::StepLogged { attempt, .. } => format!("attempt {attempt}"),
                body => shortened(&detail(body)),
            };
            let line = format!("{at}  {kind}  {:<16}  {said}", plain_text(&step));
            line.trim_end().to_owned() + &log_lines(&event.body)
        }
    }
}

/// What the event means.
#[must_use]
pub fn tone(body: &EventBody) -> Tone {
    match body {
        EventBody::ExecutionCompleted { status, .. } => execution_tone(*status),
        EventBody::StepCompleted { .. } => Tone::Good,
        EventBody::StepFailed { retry_at: Some(_), .. }
        | EventBody::ExecutionCancelRequested { .. }
        | EventBody::ExecutionPaused { .. } => Tone::Warn,
        EventBody::StepFailed { .. } | EventBody::FailureCaught { .. } => Tone::Bad,
        EventBody::StepSkipped { .. } => Tone::Dim,
        _ => Tone::Live,
    }
}

fn detail(body: &EventBody) -> String {
    match body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => {
            format!("{} version {}, {}", origin.workflow_id, origin.version, origin.trigger.kind)
        }
        EventBody::ExecutionStarted { origin: None } => String::new(),
        EventBody::StepStarted { attempt, .. } => format!("attempt {attempt}"),
        EventBody::StepCompleted { output, .. } => output.to_string(),
        EventBody::StepFailed { attempt, error, retry_at, .. } => {
            let next = retry_at.map(|at| format!("; next attempt at {}", at.format("%H:%M:%S"))).unwrap_or_default();
            format!("attempt {attempt}: {}{next}", error_text(error))
        }
        EventBody::StepLogged { log, .. } => log.to_string(),
        EventBody::StepSkipped { reason, .. } => match reason {
            SkipReason::Condition => "its condition is false".to_owned(),
            SkipReason::Dependency => "a step it depends on was skipped".to_owned(),
            SkipReason::Failure => "a step it depends on failed".to_owned(),
            SkipReason::NotChosen => "a switch chose another case".to_owned(),
        },
        EventBody::StepWaiting { until, awaits, .. } => waiting_words(*until, awaits.as_deref()),
        EventBody::StepDecided { verdict, by, comment, .. } => {
            let why = comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
            format!("{} by {by}{why}", verdict.as_str())
        }
        EventBody::FailureCaught { error } => error_text(error),
        EventBody::FailureReported { workflow_id, execution_id, error } => {
            let outcome = error.clone().or_else(|| execution_id.map(|id| id.to_string())).unwrap_or_default();
            format!("{workflow_id}: {outcome}")
        }
        EventBody::ExecutionCancelRequested { reason, by }
        | EventBody::ExecutionPaused { reason, by }
        | EventBody::ExecutionResumed { reason, by } => match reason {
            Some(reason) => format!("by {by}: {reason}"),
            None => format!("by {by}"),
        },
        EventBody::ExecutionCompleted { status, output, error } => {
            let more = error.as_ref().map(error_text).or_else(|| output.as_ref().map(ToString::to_string));
            more.map_or_else(|| status.to_string(), |more| format!("{status}: {more}"))
        }
    }
}

/// What a step printed, whole, below its event.
fn log_lines(body: &EventBody) -> String {
    let EventBody::StepLogged { log, .. } = body else { return String::new() };
    log.lines().flat_map(|line| ["\n    ".to_owned(), plain_text(line).trim_end().to_owned()]).collect()
}

/// Class and message, with the step where it is named.
fn error_text(error: &StepError) -> String {
    let step = error.step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
    format!("{step}{} ({})", error.message, error.class.as_str())
}

/// `text` in one line, cut when too long.
#[must_use]
pub fn shortened(text: &str) -> String {
    let text = plain_text(text);
    match text.char_indices().nth(DETAIL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// A value in one line, cut when too long. Of one that is kept apart, its beginning, and how to read the rest.
#[must_use]
pub fn value_line(value: &Value) -> String {
    if let Some(PayloadRef { sha256, bytes, preview }) = PayloadRef::of(value) {
        return format!("{}… ({bytes} bytes; payload {})", plain_text(&preview), plain_text(&sha256));
    }
    shortened(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &Value) -> Event {
        serde_json::from_value(serde_json::json!({
            "execution_id": "01990000-0000-7000-8000-000000000001", "seq": 4, "at": "2026-01-02T03:04:05.678Z", "type": kind, "data": data
        }))
        .unwrap()
    }

    fn lines(format: Format) -> String {
        let events = [
            event("execution_started", &serde_json::json!({})),
            event(
                "step_completed",
                &serde_json::json!({"step": "total", "attempt": 1, "output": {"total": 7, "text": "a\u{1b}[2Jb"}}),
            ),
            event(
                "step_failed",
                &serde_json::json!({"step": "charge", "attempt": 2, "error": {"class": "infrastructure", "message": "refused"}, "retry_at": "2026-01-02T03:04:09Z"}),
            ),
            event("step_logged", &serde_json::json!({"step": "total", "attempt": 1, "log": "one\n\n  two\u{1b}[2J\n"})),
            event("step_skipped", &serde_json::json!({"step": "tier", "reason": "condition"})),
            event(
                "execution_completed",
                &serde_json::json!({"status": "failed", "error": {"class": "user", "message": "no", "step": "charge"}}),
            ),
        ];
        events.iter().map(|event| render(event, format, Paint(false)) + "\n").collect()
    }

    #[test]
    fn for_people() {
        insta::assert_snapshot!(lines(Format::Table));
    }

    #[test]
    fn for_programs() {
        insta::assert_snapshot!(lines(Format::Tsv).replace('\t', "|"));
        for line in lines(Format::Jsonl).lines() {
            serde_json::from_str::<Event>(line).unwrap();
        }
    }

    #[test]
    fn long_details_are_cut_between_characters() {
        let long = "ä".repeat(DETAIL + 1);
        assert_eq!(shortened(&long).chars().count(), DETAIL + 1);
        assert!(shortened(&long).ends_with('…'));
    }
}
