//! Places in traces: W3C Trace Context, level 1.

use std::fmt;

use sha2::{Digest as _, Sha256};
use tidemill_common::event::Origin;
use tidemill_common::ids::ExecutionId;

/// A place in a trace, as it goes from one program to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never 0.
    pub trace_id: u128,
    /// The span in it; never 0.
    pub span_id: u64,
    /// Whether somebody collects it.
    pub sampled: bool,
}

/// Which traces are collected, of those that begin here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Of a hundred executions so many.
    pub percent: u8,
}

impl TraceContext {
    /// Reads a `traceparent` header; `None` when it is none (W3C Trace Context §3.2).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = hex(version, 2)?;
        // Later versions may say more behind what is known.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let (trace_id, span_id) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
        let sampled = hex(flags, 2)? & 1 == 1;
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, sampled })
    }

    /// The span of an execution as a whole. It stands in the trace of whoever sent the webhook, if the sender named one; else the
    /// trace has the number of the execution.
    #[must_use]
    pub fn of_execution(id: ExecutionId, origin: Option<&Origin>, sampling: Sampling) -> Self {
        let trace_id = Self::sender(origin).map_or(id.0.as_u128(), |sender| sender.trace_id);
        Self { trace_id, span_id: span_id(&[&id.0.as_bytes()[..]]), sampled: sampling.collects(id, origin) }
    }

    /// The place that the sender of the webhook named.
    #[must_use]
    pub fn sender(origin: Option<&Origin>) -> Option<Self> {
        Self::parse(origin?.traceparent.as_deref()?)
    }

    /// The place of an attempt in the same trace: what it calls belongs below it.
    #[must_use]
    pub fn attempt(self, id: ExecutionId, step: &str, iteration: Option<u32>, attempt: u32) -> Self {
        Self { span_id: attempt_span(id, step, iteration, attempt), ..self }
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

impl Sampling {
    /// Whether the trace of `id` is collected: what the sender says who named a place in one, else the same on every node.
    #[must_use]
    pub fn collects(self, id: ExecutionId, origin: Option<&Origin>) -> bool {
        // The last bits of a UUIDv7 are random.
        let own = || id.0.as_u64_pair().1 % 100 < u64::from(self.percent);
        TraceContext::sender(origin).map_or_else(own, |sender| sender.sampled)
    }
}

/// The span of one attempt; attempt 0 stands for all of them together.
#[must_use]
pub fn attempt_span(id: ExecutionId, step: &str, iteration: Option<u32>, attempt: u32) -> u64 {
    let iteration = iteration.map_or(0, |number| u64::from(number) + 1);
    span_id(&[&id.0.as_bytes()[..], &iteration.to_be_bytes(), &attempt.to_be_bytes(), step.as_bytes()])
}

fn span_id(parts: &[&[u8]]) -> u64 {
    let digest = parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)).max(1)
}

/// The number that `text` is, if it has so many digits, all of them small.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidemill_common::event::{Json, TriggerOrigin};

    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn id() -> ExecutionId {
        ExecutionId("01890000-0000-7000-8000-000000000042".parse().unwrap())
    }

    fn origin(traceparent: Option<&str>) -> Origin {
        Origin {
            workflow_id: "w".into(),
            version: 1,
            trigger: TriggerOrigin { kind: "webhook".into(), id: None },
            input: Json::default(),
            retry_of: None,
            parent: None,
            traceparent: traceparent.map(Arc::from),
        }
    }

    #[test]
    fn a_header_is_read_and_written() {
        let context = TraceContext::parse(SENT).unwrap();
        assert_eq!((context.to_string().as_str(), context.sampled), (SENT, true));
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-comes";
        assert!(TraceContext::parse(later).is_some_and(|context| !context.sampled));
    }

    #[test]
    fn what_is_no_header_is_none() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_execution_has_its_own_trace_or_that_of_its_sender() {
        let all = Sampling { percent: 100 };
        let own = TraceContext::of_execution(id(), Some(&origin(None)), all);
        assert_eq!((own.trace_id, own.sampled), (id().0.as_u128(), true));
        assert_eq!(own, TraceContext::of_execution(id(), None, all), "the same for whoever asks");
        let joined = TraceContext::of_execution(id(), Some(&origin(Some(SENT))), Sampling { percent: 0 });
        assert_eq!(joined.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert!(joined.sampled, "the sender has decided");
        assert!(!TraceContext::of_execution(id(), None, Sampling { percent: 0 }).sampled);
    }

    #[test]
    fn places_are_told_apart() {
        let mut ids = vec![TraceContext::of_execution(id(), None, Sampling { percent: 1 }).span_id];
        for (step, iteration, attempt) in [("a", None, 1), ("a", None, 2), ("a", Some(0), 1), ("a", Some(1), 1), ("b", None, 1)]
        {
            ids.push(attempt_span(id(), step, iteration, attempt));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}
