//! What events change about the steps that wait for something outside.

use tidemill_common::event::{Event, EventBody};

use crate::store::queries::journal::{OpenWait, WHOLE, WaitChange};

/// What `events` begin and end.
pub(super) fn changes(events: &[Event]) -> Vec<WaitChange> {
    events.iter().filter_map(change).collect()
}

fn change(event: &Event) -> Option<WaitChange> {
    let before = event.seq;
    let close = |step: &str, iteration: Option<u32>| {
        Some(WaitChange::Close { step: Some(step.to_owned()), iteration: iteration.map(number), before })
    };
    match &event.body {
        EventBody::StepWaiting { step, iteration, until, awaits: Some(awaited) } => Some(WaitChange::Open(OpenWait {
            step: step.to_string(),
            iteration: iteration.map_or(WHOLE, number),
            seq: event.seq,
            kind: awaited.kind.as_str(),
            since: event.at,
            until: *until,
            awaited: serde_json::to_string(awaited).expect("what is awaited has only string keys"),
            child: awaited.execution_id.map(|id| id.0),
        })),
        // What decides about a step as a whole ends what its iterations wait for.
        EventBody::StepCompleted { step, iteration, .. } | EventBody::StepFailed { step, iteration, .. } => {
            close(step, *iteration)
        }
        // An attempt that begins follows a decision.
        EventBody::StepStarted { step, iteration, attempt: 2.., .. } => close(step, *iteration),
        EventBody::StepSkipped { step, .. } => close(step, None),
        EventBody::FailureCaught { .. } | EventBody::ExecutionCompleted { .. } => {
            Some(WaitChange::Close { step: None, iteration: None, before })
        }
        _ => None,
    }
}

fn number(iteration: u32) -> i32 {
    i32::try_from(iteration).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidemill_common::awaited::{Awaited, AwaitedKind};
    use tidemill_common::ids::ExecutionId;

    use super::*;

    #[test]
    fn a_wait_is_ended_by_what_follows_it_and_never_by_what_came_before() {
        let event =
            |seq, body| Event { execution_id: ExecutionId(uuid::Uuid::nil()), seq, at: chrono::DateTime::default(), body };
        let awaits = Some(Arc::new(Awaited::new(AwaitedKind::Decision)));
        let started = |attempt| EventBody::StepStarted { step: "a".into(), iteration: Some(3), attempt, input: None };
        let waiting = EventBody::StepWaiting { step: "a".into(), iteration: Some(3), until: None, awaits };
        let story = [event(1, started(1)), event(2, waiting), event(3, started(2))];
        let found = changes(&story);
        assert!(matches!(&found[0], WaitChange::Open(OpenWait { iteration: 3, seq: 2, kind: "decision", .. })), "{found:?}");
        assert!(matches!(&found[1], WaitChange::Close { iteration: Some(3), before: 3, .. }), "{found:?}");
        assert_eq!(found.len(), 2);
    }
}
