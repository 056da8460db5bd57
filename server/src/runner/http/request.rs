//! Makes the request of a step and says what came of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidemill_common::clock::{Clock as _, SystemClock};
use tidemill_common::event::StepError;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;

use super::{answer, input, retry_after};
use crate::runner::outbound::{Answer, Error, Outbound, Request};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Most characters of an answer's body that an error repeats.
const EXCERPT: usize = 300;

/// Which attempt of which step asks.
#[derive(Debug, Clone)]
pub struct StepContext {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step's id.
    pub step: Arc<str>,
    /// Which round of a `for_each`; 0 for a step without one.
    pub iteration: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// How long this attempt may take.
    pub timeout: Duration,
}

impl StepContext {
    /// The same for every attempt, and for nothing else: by it the other side knows a repeated request again.
    fn idempotency_key(&self) -> String {
        hex::encode(Sha256::digest(format!("{}|{}|{}", self.execution_id, self.step, self.iteration)))
    }
}

/// Makes the request that `with` (rendered) describes. The output is `{status, headers, body, body_encoding}`.
pub async fn request(outbound: &Outbound, with: Value, context: StepContext) -> Result<Value, StepError> {
    let input = input::read(&with).map_err(|message| StepError::new(FailureClass::User, message))?;
    let mut headers = input.headers;
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("tidemill/", env!("CARGO_PKG_VERSION"))));
    if !headers.contains_key(&IDEMPOTENCY_KEY)
        && let Ok(key) = HeaderValue::try_from(context.idempotency_key())
    {
        headers.insert(IDEMPOTENCY_KEY, key);
    }
    let request = Request {
        method: input.method,
        url: input.url,
        headers,
        body: input.body,
        follow_redirects: input.follow_redirects,
        timeout: context.timeout,
    };
    let answer = outbound.send(request).await.map_err(|error| failed(&error, &context))?;
    if input.fail_on_status && answer.status.as_u16() >= 400 {
        return Err(refused(&answer, SystemClock.now()));
    }
    Ok(answer::output(&answer))
}

fn failed(error: &Error, context: &StepContext) -> StepError {
    tracing::debug!(
        execution_id = %context.execution_id, step = %context.step, attempt = context.attempt, cause = ?error,
        "an outbound request failed"
    );
    let class = match error {
        Error::Url(_) | Error::Forbidden { .. } | Error::Redirect(_) | Error::TooLarge => FailureClass::User,
        Error::Dns { .. } | Error::Connect { .. } | Error::Exchange { .. } => FailureClass::Infrastructure,
        Error::Timeout(_) => FailureClass::Timeout,
    };
    StepError::new(class, error.to_string())
}

fn refused(answer: &Answer, now: DateTime<Utc>) -> StepError {
    let status = answer.status.as_u16();
    let host = answer.url.host_str().unwrap_or_default();
    let mut message = format!("{host} answered {}", answer.status);
    if let Ok(text) = std::str::from_utf8(&answer.body)
        && !text.trim().is_empty()
    {
        message.push_str(": ");
        message.extend(text.trim().chars().take(EXCERPT).map(|c| if c.is_control() { ' ' } else { c }));
    }
    let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    StepError {
        status: Some(status),
        retry_after: asked.and_then(|value| retry_after::parse(value, now)),
        ..StepError::new(class_of(status), message)
    }
}

/// What can pass by itself is the world's fault, the rest is the author's.
fn class_of(status: u16) -> FailureClass {
    match status {
        408 | 425 | 429 | 500.. => FailureClass::Infrastructure,
        _ => FailureClass::User,
    }
}
