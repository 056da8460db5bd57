//! Events between memory and their two columns, `type` and `data`.

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;

/// The `data` of an event as JSON text.
///
/// serde writes `{"type":"<type>","data":<data>}`; the frame around the data has a known length.
pub(super) fn data(body: &EventBody) -> String {
    let mut text = serde_json::to_string(body).expect("an event has only string keys and finite numbers");
    let start = r#"{"type":"","data":"#.len() + body.type_name().len();
    text.pop();
    text.drain(..start);
    text
}

/// The event that a row holds.
pub fn decode(
    execution_id: ExecutionId,
    seq: i32,
    at: DateTime<Utc>,
    event_type: &str,
    data: &str,
) -> Result<Event, serde_json::Error> {
    let body = serde_json::from_str(&format!(r#"{{"type":"{event_type}","data":{data}}}"#))?;
    Ok(Event { execution_id, seq, at, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemill_common::event::SkipReason;

    #[test]
    fn the_data_of_an_event_comes_back() {
        let bodies = [
            EventBody::ExecutionStarted { origin: None },
            EventBody::StepSkipped { step: "a\"}\u{0}ü".into(), reason: SkipReason::Failure },
        ];
        for body in bodies {
            let text = data(&body);
            let event = decode(ExecutionId(uuid::Uuid::nil()), 1, DateTime::default(), body.type_name(), &text).unwrap();
            assert_eq!(event.body, body, "{text}");
        }
    }
}
