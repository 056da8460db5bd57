//! OpenTelemetry: traces of executions and the metrics of this server, sent to a collector by OTLP over HTTP.
//!
//! Start at [`Collector`] for how something gets there. What is sent is JSON as the protocol writes it (OTLP 1.x, "JSON Protobuf
//! Encoding"), which every collector takes at the same addresses.

mod collector;
mod metrics;
mod traces;

pub use collector::{Collector, OtlpOptions, SendError, headers};
