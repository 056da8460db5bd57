//! Does the work of one step that has outside effects. Never sees the store.
//!
//! `transform`, `switch`, `wait` and `fail` have none: `domain::execution` evaluates them itself.

pub mod code;
mod email;
pub mod http;
pub mod outbound;
mod webhook;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;

use crate::domain::workflow::plan::{CodeWork, Work};
use code::{CodeLimits, CodeRunner};
pub use http::StepContext;
use outbound::Outbound;

/// The runner. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    outbound: Arc<Outbound>,
    code: CodeRunner,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runner")
    }
}

impl Runner {
    /// A runner that reaches the outside through `outbound`, and runs code by `code`.
    #[must_use]
    pub fn new(outbound: Arc<Outbound>, code: CodeRunner) -> Self {
        Self { outbound, code }
    }

    /// Carries out one attempt of `work` with its rendered `with`.
    pub async fn run(&self, work: &Work, with: Value, context: StepContext) -> Result<Value, StepError> {
        match work {
            Work::HttpRequest(work) => http::request(&self.outbound, work, &with, context).await,
            Work::Email(_) => email::send(&self.outbound, &with, context).await,
            Work::Webhook(_) => webhook::send(&self.outbound, &with, context).await,
            Work::Code(work) => self.run_code(work, with, &context).await,
            Work::Transform(_) | Work::Switch(_) | Work::Wait(_) | Work::Fail(_) => {
                Err(StepError::new(FailureClass::Infrastructure, "a step without outside effects was sent to the runner"))
            }
        }
    }

    async fn run_code(&self, work: &CodeWork, input: Value, context: &StepContext) -> Result<Value, StepError> {
        let mut limits = CodeLimits { time: context.timeout, ..CodeLimits::default() };
        limits.memory_bytes = work.memory_bytes.unwrap_or(limits.memory_bytes);
        self.code.run(work.language, work.code(), &input, limits).await.result
    }
}
