//! The failures of one operation, so that its documentation lists exactly what it can answer.

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use tidemill_common::problem::Problem;

use super::problem::{MEDIA_TYPE, ProblemError};
use crate::app;

/// Statuses with what they mean, each at the bit of its place.
const STATUSES: [(u16, &str); 14] = [
    (400, "The request can't be understood."),
    (401, "No token, or one that is unknown, revoked or expired; or a wrong password or code."),
    (402, "The organization's plan allows no more of it, or doesn't have it."),
    (403, "The token may not do this."),
    (404, "No such thing in this workspace."),
    (409, "The present state doesn't allow it, or the first request with this `Idempotency-Key` is under way."),
    (412, "`If-Match` names another version than the present one."),
    (413, "The body is too large."),
    (415, "The body's media type is not read here."),
    (422, "The document or input has errors, or the `Idempotency-Key` was used for another request."),
    (429, "The server has no room at the moment, or too many attempts have failed."),
    (500, "A fault of the server."),
    (502, "The payment provider did not do it."),
    (503, "The database can't be reached, or the server is stopping."),
];

const fn bit(status: u16) -> u32 {
    let mut place = 0;
    while place < STATUSES.len() {
        if STATUSES[place].0 == status {
            return 1 << place;
        }
        place += 1;
    }
    0
}

/// What every operation with a token can answer.
const READ: u32 = bit(400) | bit(401) | bit(403) | bit(404) | bit(500) | bit(503);
/// What every operation that changes something can answer.
const WRITE: u32 = READ | bit(409) | bit(413) | bit(422);

/// An operation that reads.
pub type ReadFailure = Failure<READ>;
/// An operation that reads something of a workspace, which may have been deleted.
pub type WorkspaceReadFailure = Failure<{ READ | bit(409) }>;
/// An operation that changes something and has no body, or one that may be absent.
pub type WriteFailure = Failure<WRITE>;
/// An operation that changes something and reads a body.
pub type BodyFailure = Failure<{ WRITE | bit(415) }>;
/// Applying a file.
pub type ApplyFailure = Failure<{ WRITE | bit(412) | bit(415) }>;
/// Starting or cancelling an execution.
pub type EngineFailure = Failure<{ WRITE | bit(402) | bit(415) | bit(429) }>;
/// Adding something that a plan limits.
pub type LimitedFailure = Failure<{ WRITE | bit(402) | bit(415) }>;
/// What needs the payment provider.
pub type PaymentFailure = Failure<{ WRITE | bit(402) | bit(415) | bit(502) }>;
/// Reading something that only some plans have.
pub type FeatureFailure = Failure<{ READ | bit(402) | bit(409) }>;
/// Accepting an invite.
pub type InviteFailure = Failure<{ WRITE | bit(402) | bit(415) | bit(429) }>;
/// Signing in.
pub type SignInFailure = Failure<{ WRITE | bit(415) | bit(429) }>;
/// Readiness.
pub type ReadyFailure = Failure<{ bit(500) | bit(503) }>;

/// A failure of an operation that can answer the statuses in `MASK`.
#[derive(Debug)]
pub struct Failure<const MASK: u32>(ProblemError);

impl<const MASK: u32> From<app::Error> for Failure<MASK> {
    fn from(error: app::Error) -> Self {
        Self(error.into())
    }
}

impl<const MASK: u32> From<ProblemError> for Failure<MASK> {
    fn from(error: ProblemError) -> Self {
        Self(error)
    }
}

impl<const MASK: u32> From<Failure<MASK>> for poem::Error {
    fn from(failure: Failure<MASK>) -> Self {
        if MASK & bit(failure.0.problem.status) == 0 {
            tracing::error!(status = failure.0.problem.status, "an operation answers a status that it doesn't document");
        }
        failure.0.into()
    }
}

impl<const MASK: u32> ApiResponse for Failure<MASK> {
    fn meta() -> MetaResponses {
        let listed = STATUSES.iter().filter(|(status, _)| MASK & bit(*status) != 0);
        MetaResponses { responses: listed.map(|(status, description)| response(*status, description)).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

fn response(status: u16, description: &'static str) -> MetaResponse {
    let retry_after = || MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("Seconds after which trying again makes sense.".to_owned()),
        required: false,
        deprecated: false,
        schema: u64::schema_ref(),
    };
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: MEDIA_TYPE, schema: Problem::schema_ref() }],
        headers: if matches!(status, 429 | 503) { vec![retry_after()] } else { Vec::new() },
    }
}
