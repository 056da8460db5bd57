//! Spans as OTLP writes them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::trace::{Attribute, Kind, Mark, Span};

/// The body of a request with `spans`.
pub(super) fn request(resource: &Value, spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "tidemill"}, "spans": spans}]}]})
}

/// Nanoseconds since 1970, as text: JSON has no 64-bit numbers.
pub(super) fn nanoseconds(at: DateTime<Utc>) -> String {
    at.timestamp_nanos_opt().unwrap_or_default().to_string()
}

fn span(span: &Span) -> Value {
    let attributes: Vec<Value> = span.attributes.iter().map(|(key, value)| attribute(key, value)).collect();
    let mut written = json!({
        "traceId": format!("{:032x}", span.trace_id),
        "spanId": format!("{:016x}", span.span_id),
        "name": span.name,
        "kind": match span.kind { Kind::Internal => 1, Kind::Server => 2 },
        "startTimeUnixNano": nanoseconds(span.start),
        "endTimeUnixNano": nanoseconds(span.end),
        "attributes": attributes,
        "events": span.marks.iter().map(mark).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        written["parentSpanId"] = format!("{parent:016x}").into();
    }
    if let Some(error) = &span.error {
        written["status"] = json!({"code": 2, "message": error});
    }
    written
}

fn attribute(key: &str, value: &Attribute) -> Value {
    let value = match value {
        Attribute::Text(text) => json!({ "stringValue": text }),
        Attribute::Number(number) => json!({ "intValue": number.to_string() }),
    };
    json!({"key": key, "value": value})
}

fn mark(mark: &Mark) -> Value {
    let step = mark.step.as_ref().map(|step| attribute("tidemill.step.id", &Attribute::Text(step.clone())));
    json!({"timeUnixNano": nanoseconds(mark.at), "name": mark.name, "attributes": step.into_iter().collect::<Vec<_>>()})
}
