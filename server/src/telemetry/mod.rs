//! Logs, metrics and traces: what an operator sees from outside. Nothing here decides anything.

mod code;
mod labels;
mod logs;
mod metrics;
mod otlp;
mod upkeep;

pub use code::CodeMetrics;
pub use labels::DeliveryOutcome;
pub use logs::{Error, LogLevel, check_level, execution_span, init_logs, request_span};
pub use metrics::{CONTENT_TYPE, Counted, Metrics};
pub use otlp::{Collector, OtlpOptions, SendError, headers as otlp_headers};
pub use upkeep::UpkeepMetrics;
