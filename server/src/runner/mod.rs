//! Does the work of one step that has outside effects. Never sees the store.
//!
//! `transform`, `switch`, `wait` and `fail` have none: `domain::execution` evaluates them itself.

pub mod http;
pub mod outbound;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;

use crate::domain::workflow::plan::Work;
pub use http::StepContext;
use outbound::Outbound;

/// The runner. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    outbound: Arc<Outbound>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runner")
    }
}

impl Runner {
    /// A runner that reaches the outside through `outbound`.
    #[must_use]
    pub fn new(outbound: Arc<Outbound>) -> Self {
        Self { outbound }
    }

    /// Carries out one attempt of `work` with its rendered `with`.
    pub async fn run(&self, work: &Work, with: Value, context: StepContext) -> Result<Value, StepError> {
        match work {
            Work::HttpRequest(_) => http::request(&self.outbound, with, context).await,
            Work::Transform(_) | Work::Switch(_) | Work::Wait(_) | Work::Fail(_) => {
                Err(StepError::new(FailureClass::Infrastructure, "a step without outside effects was sent to the runner"))
            }
        }
    }
}
