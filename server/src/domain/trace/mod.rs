//! One trace per execution, made of its events: who takes an execution over, or reads it again, makes the same ids.
//!
//! Start at [`TraceContext`] for which trace an execution belongs to, at [`spans`] for what is told of it.

mod context;
mod span;

pub use context::{Sampling, TraceContext, attempt_span};
pub use span::{Attribute, Kind, Mark, Span, spans};
