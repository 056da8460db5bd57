//! Problem details (RFC 9457): the one shape of every answer that is not 2xx.

use serde::{Deserialize, Serialize};

use crate::api::quota::{Quota, QuotaExceeded};
use crate::api::workflow::Diagnostic;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:tidemill:problem:<code>`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// The kind in words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code to program against.
    pub code: String,
    /// What happened this time and what to do next.
    pub detail: String,
    /// Finds this request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub request_id: Option<String>,
    /// Seconds after which trying again makes sense, as in the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub retry_after: Option<u64>,
    /// Everything that is wrong with a workflow file, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub errors: Vec<Diagnostic>,
    /// The limit of the plan that it would have gone beyond.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub quota: Option<QuotaExceeded>,
}

/// The stable codes, their status and title. The list only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request can't be understood.
    BadRequest,
    /// No token, or one that is unknown, revoked or expired.
    Unauthenticated,
    /// Address, password or code are wrong.
    SignInFailed,
    /// The account asks for a code of its second factor.
    SecondFactorNeeded,
    /// Too many attempts have failed.
    TooManyAttempts,
    /// Nobody has answered the device yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The device asks too often.
    SlowDown,
    /// Somebody refused the device.
    AccessDenied,
    /// The device's code has ended.
    ExpiredToken,
    /// The token may not do this.
    Forbidden,
    /// No such thing here, or it belongs to someone else.
    NotFound,
    /// The path exists, the method doesn't.
    MethodNotAllowed,
    /// The organization's plan allows no more of it; `quota` says of what.
    QuotaExceeded,
    /// The organization's plan doesn't have it.
    NotInPlan,
    /// The payment provider did not do it.
    PaymentFailed,
    /// The present state doesn't allow it.
    Conflict,
    /// `If-Match` names another version than the present one.
    VersionMismatch,
    /// The same `Idempotency-Key` came with another request.
    IdempotencyMismatch,
    /// The first request with this `Idempotency-Key` is still under way.
    IdempotencyInFlight,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The body's media type is not read here.
    UnsupportedMediaType,
    /// The workflow file has errors; `errors` lists them.
    WorkflowInvalid,
    /// The input doesn't fit the workflow's `inputs` schema.
    InputInvalid,
    /// The code asks for a runtime that this server's operator has not allowed.
    RuntimeNotAllowed,
    /// The signature or credential of a webhook delivery is wrong.
    SignatureInvalid,
    /// The server has no room at the moment.
    Overloaded,
    /// The server has no memory for another large payload at the moment.
    MemoryShort,
    /// The database can't be reached at the moment.
    DatabaseUnavailable,
    /// This server can't lock code up well enough, so it runs none.
    SandboxUnavailable,
    /// The server is stopping.
    Draining,
    /// A fault of the server.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 31] = [
        Self::BadRequest,
        Self::Unauthenticated,
        Self::SignInFailed,
        Self::SecondFactorNeeded,
        Self::TooManyAttempts,
        Self::AuthorizationPending,
        Self::SlowDown,
        Self::AccessDenied,
        Self::ExpiredToken,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::QuotaExceeded,
        Self::NotInPlan,
        Self::PaymentFailed,
        Self::Conflict,
        Self::VersionMismatch,
        Self::IdempotencyMismatch,
        Self::IdempotencyInFlight,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::WorkflowInvalid,
        Self::InputInvalid,
        Self::RuntimeNotAllowed,
        Self::SignatureInvalid,
        Self::Overloaded,
        Self::MemoryShort,
        Self::DatabaseUnavailable,
        Self::SandboxUnavailable,
        Self::Draining,
        Self::Internal,
    ];

    /// Code, HTTP status and title.
    #[must_use]
    pub fn parts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::BadRequest => ("bad_request", 400, "The request can't be understood"),
            Self::Unauthenticated => ("unauthenticated", 401, "A valid API token is needed"),
            Self::SignInFailed => ("sign_in_failed", 401, "Not signed in"),
            Self::SecondFactorNeeded => ("second_factor_needed", 401, "A second factor is needed"),
            Self::TooManyAttempts => ("too_many_attempts", 429, "Too many attempts"),
            Self::AuthorizationPending => ("authorization_pending", 400, "Nobody has answered yet"),
            Self::SlowDown => ("slow_down", 400, "Asked too often"),
            Self::AccessDenied => ("access_denied", 400, "Refused"),
            Self::ExpiredToken => ("expired_token", 400, "The code has ended"),
            Self::Forbidden => ("forbidden", 403, "Not allowed"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "Method not allowed"),
            Self::QuotaExceeded => ("quota_exceeded", 402, "The plan allows no more"),
            Self::NotInPlan => ("not_in_plan", 402, "Not in the plan"),
            Self::PaymentFailed => ("payment_failed", 502, "The payment provider did not do it"),
            Self::Conflict => ("conflict", 409, "The present state doesn't allow this"),
            Self::VersionMismatch => ("version_mismatch", 412, "Changed by someone else"),
            Self::IdempotencyMismatch => ("idempotency_mismatch", 422, "Idempotency key used for another request"),
            Self::IdempotencyInFlight => ("idempotency_in_flight", 409, "The first request is still under way"),
            Self::PayloadTooLarge => ("payload_too_large", 413, "The body is too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "This media type is not read here"),
            Self::WorkflowInvalid => ("workflow_invalid", 422, "The workflow file has errors"),
            Self::InputInvalid => ("input_invalid", 422, "The input doesn't fit the workflow"),
            Self::RuntimeNotAllowed => ("runtime_not_allowed", 422, "This server doesn't run it"),
            Self::SignatureInvalid => ("signature_invalid", 401, "The sender could not be verified"),
            Self::Overloaded => ("overloaded", 429, "No room at the moment"),
            Self::MemoryShort => ("memory_short", 503, "No memory for another large payload at the moment"),
            Self::DatabaseUnavailable => ("database_unavailable", 503, "The database can't be reached"),
            Self::SandboxUnavailable => ("sandbox_unavailable", 503, "Code can't be locked up here"),
            Self::Draining => ("draining", 503, "The server is stopping"),
            Self::Internal => ("internal", 500, "A fault of the server"),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.parts().0
    }
}

impl Problem {
    /// A problem of kind `code` with `detail` for this occurrence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (word, status, title) = code.parts();
        Self {
            kind: format!("urn:tidemill:problem:{word}"),
            title: title.to_owned(),
            status,
            code: word.to_owned(),
            detail: detail.into(),
            request_id: None,
            retry_after: None,
            errors: Vec::new(),
            quota: None,
        }
    }

    /// The problem that a plan allows no more.
    #[must_use]
    pub fn quota_exceeded(quota: Quota) -> Self {
        let detail = format!("{quota}. Plans that allow more are listed at {}", crate::api::quota::UPGRADE);
        Self { quota: Some(quota.into()), ..Self::new(Code::QuotaExceeded, detail) }
    }

    /// The same with a `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}
