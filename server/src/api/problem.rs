//! Everything that is not 2xx, as a problem (RFC 9457). The only place where errors become status codes.

use std::error::Error as StdError;
use std::fmt;

use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError, ResponseError, SizedLimitError};
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError};
use tidemill_common::limits::API_BODY_BYTES;
use tidemill_common::problem::{Code, Problem};

use crate::app::engine::EngineError;
use crate::app::{self, DeviceError};

/// The media type of every problem. RFC 9457 defines no parameters: JSON is UTF-8 anyway.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How soon a client may come back while the database is away, in seconds.
const DATABASE_RETRY: u64 = 2;

/// How soon a client may come back while the server stops, in seconds.
const DRAIN_RETRY: u64 = 5;

/// A problem on its way out, with the cause that only the log sees.
#[derive(Debug)]
pub struct ProblemError {
    /// What the client reads.
    pub problem: Box<Problem>,
    /// What the answer's headers say besides.
    pub headers: HeaderMap,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ProblemError {
    /// A problem without a hidden cause.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// The same with more headers.
    #[must_use]
    pub fn with(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }
}

impl From<Problem> for ProblemError {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), headers: HeaderMap::new(), cause: None }
    }
}

impl fmt::Display for ProblemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.detail)
    }
}

impl StdError for ProblemError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl ResponseError for ProblemError {
    fn status(&self) -> StatusCode {
        status(&self.problem)
    }
}

impl From<app::Error> for ProblemError {
    fn from(error: app::Error) -> Self {
        let mut problem = match &error {
            app::Error::Store(store) if store.is_unavailable() => database_away(),
            app::Error::Store(_) | app::Error::Internal(_) => internal(),
            app::Error::Engine(engine) => engine_problem(engine),
            app::Error::QuotaExceeded(quota) => Problem::quota_exceeded(*quota),
            app::Error::TooManyAttempts { retry_after } => {
                Problem::new(Code::TooManyAttempts, error.to_string()).retry_after(*retry_after)
            }
            other => Problem::new(code(other), other.to_string()),
        };
        match error {
            app::Error::WorkflowInvalid(errors) => problem.errors = errors,
            error @ (app::Error::Store(_) | app::Error::Internal(_)) => {
                return Self { cause: Some(Box::new(error)), ..problem.into() };
            }
            _ => {}
        }
        problem.into()
    }
}

/// The codes of errors that tell the client what it can do.
fn code(error: &app::Error) -> Code {
    match error {
        app::Error::Forbidden { .. }
        | app::Error::OutOfScope(_)
        | app::Error::NotOrganizationAdmin(_)
        | app::Error::NotAnApprover(_) => Code::Forbidden,
        app::Error::SignInFailed => Code::SignInFailed,
        app::Error::SecondFactorNeeded => Code::SecondFactorNeeded,
        app::Error::TooManyAttempts { .. } => Code::TooManyAttempts,
        app::Error::Device(DeviceError::Pending) => Code::AuthorizationPending,
        app::Error::Device(DeviceError::SlowDown) => Code::SlowDown,
        app::Error::Device(DeviceError::Denied) => Code::AccessDenied,
        app::Error::Device(DeviceError::Expired) => Code::ExpiredToken,
        app::Error::QuotaExceeded(_) => Code::QuotaExceeded,
        app::Error::NotInPlan(_) => Code::NotInPlan,
        app::Error::SignatureInvalid => Code::SignatureInvalid,
        app::Error::Payment(_) => Code::PaymentFailed,
        app::Error::NotFound(_) => Code::NotFound,
        app::Error::Invalid(_) => Code::BadRequest,
        app::Error::Conflict(_) => Code::Conflict,
        app::Error::VersionMismatch { .. } => Code::VersionMismatch,
        app::Error::WorkflowInvalid(_) => Code::WorkflowInvalid,
        app::Error::InputInvalid(_) => Code::InputInvalid,
        app::Error::RuntimeNotAllowed(_) => Code::RuntimeNotAllowed,
        app::Error::SandboxUnavailable(_) => Code::SandboxUnavailable,
        app::Error::Engine(_) | app::Error::Store(_) | app::Error::Internal(_) => Code::Internal,
    }
}

/// The problem of an engine that did not do it.
pub fn engine_problem(error: &EngineError) -> Problem {
    match error {
        EngineError::Overloaded { retry_after } => Problem::new(Code::Overloaded, error.to_string()).retry_after(*retry_after),
        EngineError::Unavailable => database_away(),
        EngineError::QuotaExceeded(quota) => Problem::quota_exceeded(*quota),
        EngineError::Draining => Problem::new(Code::Draining, "the server is stopping: send it again").retry_after(DRAIN_RETRY),
        EngineError::NotFound => Problem::new(Code::NotFound, error.to_string()),
        EngineError::Ended | EngineError::Answered => Problem::new(Code::Conflict, error.to_string()),
    }
}

/// The problem of a server without its database.
pub fn database_away() -> Problem {
    Problem::new(Code::DatabaseUnavailable, "the database can't be reached at the moment: send it again")
        .retry_after(DATABASE_RETRY)
}

/// The problem of a fault that is ours; the log knows more.
pub fn internal() -> Problem {
    Problem::new(Code::Internal, "a fault of the server; its log tells more under this request id")
}

/// The problem that no token, or a wrong one, was sent.
pub fn unauthenticated() -> Problem {
    Problem::new(Code::Unauthenticated, "send a valid API token as `Authorization: Bearer tm_…`")
}

/// The problem of any error that reaches the edge.
pub fn of(error: &poem::Error) -> Problem {
    if let Some(known) = error.downcast_ref::<ProblemError>() {
        return (*known.problem).clone();
    }
    if error.is::<NotFoundError>() {
        return Problem::new(Code::NotFound, "there is no such address on this server; /docs lists them");
    }
    if error.is::<MethodNotAllowedError>() {
        return Problem::new(Code::MethodNotAllowed, "this address knows other methods; /docs lists them");
    }
    if error.is::<SizedLimitError>() || matches!(error.downcast_ref(), Some(ReadBodyError::PayloadTooLarge)) {
        return too_large();
    }
    if error.is::<ContentTypeError>() {
        return Problem::new(Code::UnsupportedMediaType, error.to_string());
    }
    if error.is::<ParsePathError>() || error.is::<ParseParamError>() || error.is::<ParseRequestPayloadError>() {
        return Problem::new(Code::BadRequest, error.to_string());
    }
    match error.status() {
        StatusCode::UNAUTHORIZED => unauthenticated(),
        status if status.is_client_error() => Problem::new(Code::BadRequest, error.to_string()),
        _ => internal(),
    }
}

/// The problem of a body over the limit.
pub fn too_large() -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("the body of an API request has at most {API_BODY_BYTES} bytes"))
}

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A problem as an answer.
pub fn response(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).map_or_else(|_| Body::empty(), Body::from_vec);
    let mut response = Response::builder().status(status(problem)).content_type(MEDIA_TYPE).body(body);
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == 401 {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tidemill\""));
    }
    response
}
