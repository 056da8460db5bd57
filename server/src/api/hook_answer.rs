//! What the sender of a delivery is answered.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Body, IntoResponse, Response};
use tidemill_common::api::quota::Quota;
use tidemill_common::api::trigger::DeliveryView;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::problem::{Code, Problem};

use super::problem::ProblemError;
use crate::admission::Refusal;
use crate::domain::signature::Handshake;
use crate::ingress::Reply;
use crate::ingress::body::BodyError;
use crate::ingress::webhook::{Answer, DeliveryError};
use crate::telemetry::DeliveryOutcome;

/// Names the execution where the body is the workflow's own.
const EXECUTION: HeaderName = HeaderName::from_static("tidemill-execution");

/// The answer to a delivery that was taken.
pub(super) fn answer(answer: Answer) -> Response {
    match answer {
        Answer::Accepted { execution_id, duplicate: true } => {
            json(StatusCode::OK, &DeliveryView { duplicate: true, ..view(execution_id) })
        }
        Answer::Accepted { execution_id, duplicate: false } => {
            let response = json(StatusCode::ACCEPTED, &view(execution_id));
            response.with_header(header::LOCATION, url(execution_id)).into_response()
        }
        Answer::Finished(event) => json(StatusCode::OK, &finished(event)),
        Answer::Replied(execution_id, reply) => replied(execution_id, reply),
        Answer::Unanswerable(execution_id, error) => {
            json(StatusCode::OK, &DeliveryView { error: Some(error), ..view(execution_id) })
        }
        Answer::Handshake(Handshake { status, body }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            match body {
                Some(body) => poem::web::Json(body).with_status(status).into_response(),
                None => status.into_response(),
            }
        }
    }
}

/// A failed execution is told with 200 all the same: the delivery is committed, and sending it again would not help.
fn finished(event: Event) -> DeliveryView {
    let Event { execution_id, body, .. } = event;
    let (status, output, error) = match body {
        EventBody::ExecutionCompleted { status, output, error } => (Some(status), output, error),
        _ => (None, None, None),
    };
    DeliveryView { status, output: output.map(Arc::unwrap_or_clone), error, ..view(execution_id) }
}

/// What a workflow says. A page of its making is shown in a sandbox, so that its scripts are strangers to everything else at this
/// address.
fn replied(execution_id: ExecutionId, reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = Response::builder().status(status).body(Body::from_vec(reply.body));
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox allow-forms allow-popups allow-scripts"));
    if let Ok(id) = HeaderValue::try_from(execution_id.to_string()) {
        headers.insert(EXECUTION, id);
    }
    response
}

fn view(execution_id: ExecutionId) -> DeliveryView {
    let url = url(execution_id);
    DeliveryView { execution_id, status: None, duplicate: false, url, output: None, error: None }
}

fn url(execution_id: ExecutionId) -> String {
    format!("/api/executions/{execution_id}")
}

fn json(status: StatusCode, view: &DeliveryView) -> Response {
    poem::web::Json(view).with_status(status).into_response()
}

/// What the metrics count.
pub(super) fn outcome(answer: &Result<&Answer, &DeliveryError>) -> DeliveryOutcome {
    match answer {
        Ok(Answer::Accepted { duplicate: true, .. }) => DeliveryOutcome::Duplicate,
        Ok(Answer::Handshake(_)) => DeliveryOutcome::Handshake,
        Ok(_) => DeliveryOutcome::Admitted,
        Err(DeliveryError::Unknown) => DeliveryOutcome::NotFound,
        Err(DeliveryError::Signature(_) | DeliveryError::Address) => DeliveryOutcome::Unverified,
        Err(
            DeliveryError::Refused(Refusal::Overloaded | Refusal::QuotaExceeded(_))
            | DeliveryError::TooMany { .. }
            | DeliveryError::Crowded,
        ) => DeliveryOutcome::Overloaded,
        Err(DeliveryError::Refused(_) | DeliveryError::NotExecutable(_)) => DeliveryOutcome::Unavailable,
        Err(_) => DeliveryOutcome::Invalid,
    }
}

/// What a sender is told whose delivery started nothing.
pub(super) fn problem(error: &DeliveryError) -> ProblemError {
    let code = match error {
        // The same for unknown, inactive and foreign addresses.
        DeliveryError::Unknown => Code::NotFound,
        DeliveryError::Method(methods) => {
            let allow = HeaderValue::try_from(methods.join(", ")).map(|allow| (header::ALLOW, allow));
            return ProblemError::new(Code::MethodNotAllowed, error.to_string()).with(allow.into_iter().collect::<HeaderMap>());
        }
        DeliveryError::Address => Code::Forbidden,
        DeliveryError::TooMany { wait } => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Problem::new(Code::Overloaded, error.to_string()).retry_after(seconds).into();
        }
        DeliveryError::Crowded => return Problem::new(Code::MemoryShort, error.to_string()).retry_after(1).into(),
        DeliveryError::TooLarge(_) => Code::PayloadTooLarge,
        DeliveryError::Signature(cause) => {
            tracing::info!(reason = cause.reason(), "a delivery was refused");
            Code::SignatureInvalid
        }
        DeliveryError::Body(BodyError::Malformed(_)) => Code::BadRequest,
        DeliveryError::Body(BodyError::Unsupported(_)) => Code::UnsupportedMediaType,
        DeliveryError::Input(_) => Code::InputInvalid,
        DeliveryError::NotExecutable(_) => return not_executable(error),
        DeliveryError::Refused(refusal) => return refusal_problem(*refusal),
    };
    ProblemError::new(code, error.to_string())
}

/// The sender can do nothing about it, and need not know which secret is missing; the log says it.
fn not_executable(error: &DeliveryError) -> ProblemError {
    tracing::warn!(error = error as &dyn std::error::Error, "a delivery can't be executed");
    Problem::new(Code::Internal, format!("{error}; its operator finds the reason in the log")).retry_after(60).into()
}

/// It was kept: its owner can replay it. The sender may come again, and need not come often.
fn quota_exceeded(quota: Quota) -> ProblemError {
    let mut problem = Problem::quota_exceeded(quota).retry_after(3600);
    problem.status = StatusCode::TOO_MANY_REQUESTS.as_u16();
    problem.into()
}

fn refusal_problem(refusal: Refusal) -> ProblemError {
    let (code, seconds) = match refusal {
        Refusal::Draining => (Code::Draining, 5),
        Refusal::Overloaded => (Code::Overloaded, 1),
        Refusal::Unavailable => (Code::DatabaseUnavailable, 2),
        Refusal::Rejected => (Code::Internal, 60),
        Refusal::QuotaExceeded(quota) => return quota_exceeded(quota),
    };
    Problem::new(code, format!("{refusal}; nothing was started, send it again")).retry_after(seconds).into()
}
