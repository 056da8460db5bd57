//! Does the work of one step that has outside effects. Never sees the store.
//!
//! `transform`, `switch`, `wait`, `approval`, `workflow.call` and `fail` have none here: `domain::execution` carries them out.

pub mod code;
mod email;
pub mod http;
pub mod outbound;
mod webhook;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::limits::PAYLOAD_INLINE_BYTES;
use tidemill_common::status::FailureClass;

use crate::budget::Share;
use crate::domain::credential::Credential;
use crate::domain::masker::Masker;
use crate::domain::payload;
use crate::domain::subscription::Attempted;
use crate::domain::workflow::plan::{CodeWork, Work};
use code::{CodeLimits, CodeRunner, Engine, Printed};
pub use http::StepContext;
use outbound::Outbound;
pub use webhook::{Parcel, SigningKey, payload};

/// How an attempt ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its output or its error.
    pub result: Result<Value, StepError>,
    /// What it printed; empty when it printed nothing.
    pub log: String,
    /// The memory for its output, when that is large.
    pub share: Option<Share>,
    /// How long code ran.
    pub code_time: Duration,
}

impl Outcome {
    /// A failure, about which nothing was printed.
    #[must_use]
    pub fn failed(error: StepError) -> Self {
        Self { result: Err(error), log: String::new(), share: None, code_time: Duration::ZERO }
    }
}

impl From<Result<Value, StepError>> for Outcome {
    fn from(result: Result<Value, StepError>) -> Self {
        Self { result, log: String::new(), share: None, code_time: Duration::ZERO }
    }
}

impl From<Result<(Value, Option<Share>), StepError>> for Outcome {
    fn from(result: Result<(Value, Option<Share>), StepError>) -> Self {
        let (result, share) = result.map_or_else(|error| (Err(error), None), |(output, share)| (Ok(output), share));
        Self { result, log: String::new(), share, code_time: Duration::ZERO }
    }
}

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
    pub async fn run(&self, work: &Work, with: Value, context: StepContext) -> Outcome {
        match work {
            Work::HttpRequest(work) => {
                let credential = context.credential.clone();
                let outcome = http::request(&self.outbound, work, &with, context).await.into();
                self.without_token(credential.as_deref(), outcome).await
            }
            Work::Email(_) => email::send(&self.outbound, &with, context).await.into(),
            Work::Webhook(_) => webhook::send(&self.outbound, &with, context).await.into(),
            Work::Code(work) => self.run_code(work, with, &context).await,
            Work::Transform(_) | Work::Switch(_) | Work::Wait(_) | Work::Fail(_) | Work::Call(_) | Work::Approval(_) => {
                let message = "a step without outside effects was sent to the runner";
                Outcome::failed(StepError::new(FailureClass::Infrastructure, message))
            }
        }
    }

    /// What a request gave, without the access token that it was made with: nobody else knows it to be a secret.
    async fn without_token(&self, credential: Option<&Credential>, outcome: Outcome) -> Outcome {
        let Some(credential) = credential else { return outcome };
        let Some(token) = self.outbound.kept_token(credential).await else { return outcome };
        let masker = Masker::new([token.as_str()]);
        let result = match outcome.result {
            Ok(output) => Ok(masker.mask(&output)),
            Err(error) => Err(StepError { message: masker.mask_text(&error.message), ..error }),
        };
        Outcome { result, ..outcome }
    }

    /// Makes one attempt to deliver to a subscription.
    pub async fn deliver(&self, parcel: Parcel) -> Attempted {
        webhook::deliver(&self.outbound, parcel).await
    }

    async fn run_code(&self, work: &CodeWork, input: Value, context: &StepContext) -> Outcome {
        let limits = CodeLimits::asked(context.timeout, work.asks).at_most(context.code_most);
        let nowhere = Printed::default();
        let printed = context.printed.as_ref().unwrap_or(&nowhere);
        let engine = Engine::of(work.language, work.runtime);
        let outcome = self.code.run_shown(engine, (work.code(), &input), limits, printed).await;
        let large = outcome.result.as_ref().ok().map(payload::weight).filter(|weight| *weight > PAYLOAD_INLINE_BYTES as u64);
        let share = large.map(|weight| self.outbound.budget().take(weight));
        Outcome { result: outcome.result, log: outcome.log, share, code_time: outcome.duration }
    }
}
