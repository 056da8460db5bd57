//! Makes the request of a step and says what came of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidemill_common::clock::{Clock as _, SystemClock};
use tidemill_common::event::StepError;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;
use tokio::time::Instant;
use url::Url;

use super::input::Input;
use super::{answer, input, pages, retry_after};
use crate::budget::{HANDLED, Share};
use crate::domain::credential::{Credential, Kind};
use crate::domain::payload;
use crate::domain::trace::TraceContext;
use crate::domain::workflow::expression::ExpressionError;
use crate::domain::workflow::http::{HttpWork, ResponseForm};
use crate::domain::workflow::scope::Scope;
use crate::runner::code::{CodeLimits, Printed};
use crate::runner::outbound::{Answer, Error, Outbound, Request};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
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
    /// What proves who asks, when the step names a credential.
    pub credential: Option<Arc<Credential>>,
    /// Where code shows what it prints, when somebody wants to see it before the attempt ends.
    pub printed: Option<Printed>,
    /// Its place in a trace, on a server that sends traces.
    pub trace: Option<TraceContext>,
    /// What code may take at most by the plan, whatever its file asks for.
    pub code_most: CodeLimits,
}

impl StepContext {
    /// Tells the other side to which place in which trace the request belongs, unless the step says so itself.
    pub(in crate::runner) fn name_trace(&self, headers: &mut HeaderMap) {
        if let Some(trace) = &self.trace
            && let Ok(value) = HeaderValue::try_from(trace.to_string())
        {
            headers.entry(TRACEPARENT).or_insert(value);
        }
    }

    /// The same for every attempt, and for nothing else (the first of several pages is page 0): by it the other side knows a repeated request again.
    pub(in crate::runner) fn idempotency_key(&self, page: u32) -> String {
        let page = if page == 0 { String::new() } else { format!("|{page}") };
        hex::encode(Sha256::digest(format!("{}|{}|{}{page}", self.execution_id, self.step, self.iteration)))
    }
}

/// Makes the request that `with` (rendered) describes, or one for each page. The output is `{status, headers, body,
/// body_encoding}`, with the memory for it when it is large.
pub async fn request(
    outbound: &Outbound,
    work: &HttpWork,
    with: &Value,
    context: StepContext,
) -> Result<(Value, Option<Share>), StepError> {
    let input = input::read(with).map_err(user_error)?;
    if let Some(credential) = &context.credential {
        check_kind(credential)?;
    }
    let asker = Asker { outbound, work, ends: Instant::now() + context.timeout, context: &context };
    match &work.pagination {
        None => asker.ask(&input, 0).await.map(|page| (page.output, page.share)),
        Some(pagination) => pages::read(&asker, pagination, input).await,
    }
}

/// What one request gave.
pub(super) struct Page {
    /// What later steps see.
    pub output: Value,
    /// The URL that answered.
    pub url: Url,
    /// The memory for the output, when it is large.
    pub share: Option<Share>,
}

/// Sends one request of a step.
pub(super) struct Asker<'a> {
    outbound: &'a Outbound,
    work: &'a HttpWork,
    context: &'a StepContext,
    ends: Instant,
}

impl Asker<'_> {
    /// Sends it; gives what later steps see, if it is a success.
    pub(super) async fn ask(&self, input: &Input, page: u32) -> Result<Page, StepError> {
        let mut headers = input.headers.clone();
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("tidemill/", env!("CARGO_PKG_VERSION"))));
        if !headers.contains_key(&IDEMPOTENCY_KEY)
            && let Ok(key) = HeaderValue::try_from(self.context.idempotency_key(page))
        {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        self.context.name_trace(&mut headers);
        let request = Request {
            method: input.method.clone(),
            url: input.url.clone(),
            headers,
            body: input.body.clone(),
            follow_redirects: input.follow_redirects,
            timeout: self.ends.saturating_duration_since(Instant::now()),
            credential: self.context.credential.clone(),
        };
        let answer = self.outbound.send(request).await.map_err(|error| failed(&error, self.context))?;
        let output = self.judge(input, &answer)?;
        let Answer { url, mut share, body, .. } = answer;
        if let Some(share) = &mut share {
            // What was read of the text may be many times larger.
            share.set(payload::weight(&output) + (HANDLED - 2) * body.len() as u64);
        }
        Ok(Page { output, url, share })
    }

    fn judge(&self, input: &Input, answer: &Answer) -> Result<Value, StepError> {
        let Some(success) = &self.work.success_if else {
            if input.fail_on_status && answer.status.as_u16() >= 400 {
                return Err(refused(answer, "", SystemClock.now()));
            }
            return answer::output(answer, self.work.response).map_err(user_error);
        };
        // What can't be read as the author wants it can still be judged by its status.
        let form = answer::output(answer, self.work.response).or_else(|_| answer::output(answer, ResponseForm::Auto));
        let output = form.map_err(user_error)?;
        let scope = Scope::of_answer(Arc::new(output.clone()));
        match success.evaluate_bool(&scope) {
            Ok(true) => answer::output(answer, self.work.response).map_err(user_error),
            Ok(false) | Err(ExpressionError::Undefined(_)) => {
                let source = format!(", and `success_if` is false: {}", success.source().trim());
                Err(refused(answer, &source, SystemClock.now()))
            }
            Err(error) => Err(user_error(format!("`success_if` can't be evaluated: {error}"))),
        }
    }
}

pub(in crate::runner) fn user_error(message: impl Into<String>) -> StepError {
    StepError::new(FailureClass::User, message)
}

fn check_kind(credential: &Credential) -> Result<(), StepError> {
    match credential.kind {
        Kind::Basic { .. } | Kind::Bearer { .. } | Kind::HeaderKey { .. } | Kind::QueryKey { .. } | Kind::OAuth2(_) => Ok(()),
        Kind::Smtp(_) | Kind::Signing { .. } => Err(user_error(format!(
            "the credential `{}` is of the type {}, which proves nothing in an http.request; use basic, bearer, api_key or oauth2",
            credential.name,
            credential.kind.as_str()
        ))),
    }
}

pub(in crate::runner) fn failed(error: &Error, context: &StepContext) -> StepError {
    tracing::debug!(
        execution_id = %context.execution_id, step = %context.step, attempt = context.attempt, cause = ?error,
        "an outbound request failed"
    );
    let class = match error {
        Error::Url(_) | Error::Forbidden { .. } | Error::Redirect(_) | Error::TooLarge | Error::Credential { .. } => {
            FailureClass::User
        }
        Error::Token { passing: false, .. } => FailureClass::User,
        Error::Token { .. } | Error::Dns { .. } | Error::Connect { .. } | Error::Exchange { .. } => {
            FailureClass::Infrastructure
        }
        Error::Timeout(_) => FailureClass::Timeout,
    };
    StepError::new(class, error.to_string())
}

pub(in crate::runner) fn refused(answer: &Answer, why: &str, now: DateTime<Utc>) -> StepError {
    let status = answer.status.as_u16();
    let host = answer.url.host_str().unwrap_or_default();
    let mut message = format!("{host} answered {}{why}", answer.status);
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
