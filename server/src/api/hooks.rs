//! Webhooks: `/hooks/{workspace}/{path}`. Public: the trigger says how its sender proves who it is.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Body, IntoResponse, Request, Response, handler};
use tidemill_common::api::trigger::DeliveryView;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits;
use tidemill_common::problem::{Code, Problem};
use tokio::sync::Semaphore;

use super::problem::ProblemError;
use crate::admission::Refusal;
use crate::ingress::Webhooks;
use crate::ingress::body::BodyError;
use crate::ingress::webhook::{self, Answer, DeliveryError};
use crate::telemetry::{DeliveryOutcome, Metrics};

/// What deliveries need.
#[derive(Debug, Clone)]
pub struct Hooks {
    /// Takes deliveries.
    pub webhooks: Webhooks,
    /// How many deliveries may be under way at once; more are told to come back.
    pub room: Arc<Semaphore>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// One delivery.
#[handler]
pub async fn webhook_deliver(
    hooks: Data<&Hooks>,
    Path((workspace, path)): Path<(String, String)>,
    request: &Request,
    body: Body,
) -> Result<Response, ProblemError> {
    let Ok(_place) = hooks.room.try_acquire() else {
        hooks.metrics.webhook_answered(DeliveryOutcome::Overloaded);
        return Err(Problem::new(Code::Overloaded, "too many deliveries are under way; send it again").retry_after(1).into());
    };
    let answer = deliver(&hooks, &workspace, &path, request, body).await;
    hooks.metrics.webhook_answered(outcome(&answer));
    answer.map(respond).map_err(problem)
}

async fn deliver(hooks: &Hooks, workspace: &str, path: &str, request: &Request, body: Body) -> Result<Answer, Failure> {
    let body = body.into_bytes_limit(limits::WEBHOOK_BODY_BYTES).await.map_err(|_| Failure::TooLarge)?;
    let headers: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = webhook::Request {
        workspace,
        path: path.trim_end_matches('/'),
        method: request.method().as_str(),
        query: request.uri().query().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    Ok(hooks.webhooks.deliver(&request).await?)
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the body is larger than {} bytes", limits::WEBHOOK_BODY_BYTES)]
    TooLarge,
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Accepted { execution_id, duplicate } => {
            let status = if duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
            let view =
                DeliveryView { execution_id, status: None, duplicate, url: url(execution_id), output: None, error: None };
            json(status, &view)
        }
        Answer::Finished(event) => json(StatusCode::OK, &finished(event)),
    }
}

/// A failed execution is told with 200 all the same: the delivery is committed, and sending it again would not help.
fn finished(event: Event) -> DeliveryView {
    let Event { execution_id, body, .. } = event;
    let (status, output, error) = match body {
        EventBody::ExecutionCompleted { status, output, error } => (Some(status), output, error),
        _ => (None, None, None),
    };
    let output = output.map(Arc::unwrap_or_clone);
    DeliveryView { execution_id, status, duplicate: false, url: url(execution_id), output, error }
}

fn url(execution_id: ExecutionId) -> String {
    format!("/api/executions/{execution_id}")
}

fn json(status: StatusCode, view: &DeliveryView) -> Response {
    poem::web::Json(view).with_status(status).into_response()
}

fn outcome(answer: &Result<Answer, Failure>) -> DeliveryOutcome {
    match answer {
        Ok(Answer::Accepted { duplicate: true, .. }) => DeliveryOutcome::Duplicate,
        Ok(_) => DeliveryOutcome::Admitted,
        Err(Failure::Delivery(DeliveryError::Unknown)) => DeliveryOutcome::NotFound,
        Err(Failure::Delivery(DeliveryError::Signature(_))) => DeliveryOutcome::Unverified,
        Err(Failure::Delivery(DeliveryError::Refused(Refusal::Overloaded))) => DeliveryOutcome::Overloaded,
        Err(Failure::Delivery(DeliveryError::Refused(_) | DeliveryError::NotExecutable(_))) => DeliveryOutcome::Unavailable,
        Err(Failure::TooLarge | Failure::Delivery(_)) => DeliveryOutcome::Invalid,
    }
}

fn problem(failure: Failure) -> ProblemError {
    let Failure::Delivery(error) = failure else {
        return ProblemError::new(Code::PayloadTooLarge, failure.to_string());
    };
    match &error {
        // The same for unknown, inactive and foreign addresses.
        DeliveryError::Unknown => ProblemError::new(Code::NotFound, error.to_string()),
        DeliveryError::Method(_) => ProblemError::new(Code::MethodNotAllowed, error.to_string()),
        DeliveryError::Signature(cause) => {
            tracing::info!(reason = cause.reason(), "a delivery was refused");
            ProblemError::new(Code::SignatureInvalid, cause.to_string())
        }
        DeliveryError::Body(BodyError::Malformed(_)) => ProblemError::new(Code::BadRequest, error.to_string()),
        DeliveryError::Body(BodyError::Unsupported(_)) => ProblemError::new(Code::UnsupportedMediaType, error.to_string()),
        DeliveryError::Input(_) => ProblemError::new(Code::InputInvalid, error.to_string()),
        DeliveryError::NotExecutable(_) => not_executable(&error),
        DeliveryError::Refused(refusal) => refusal_problem(*refusal),
    }
}

/// The sender can do nothing about it, and need not know which secret is missing; the log says it.
fn not_executable(error: &DeliveryError) -> ProblemError {
    tracing::warn!(error = error as &dyn std::error::Error, "a delivery can't be executed");
    Problem::new(Code::Internal, format!("{error}; its operator finds the reason in the log")).retry_after(60).into()
}

fn refusal_problem(refusal: Refusal) -> ProblemError {
    let (code, seconds) = match refusal {
        Refusal::Draining => (Code::Draining, 5),
        Refusal::Overloaded => (Code::Overloaded, 1),
        Refusal::Unavailable => (Code::DatabaseUnavailable, 2),
        Refusal::Rejected => (Code::Internal, 60),
    };
    Problem::new(code, format!("{refusal}; nothing was started, send it again")).retry_after(seconds).into()
}
