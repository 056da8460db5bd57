//! The outermost layer: every answer has a request id, every failure is a problem, a panic is one too.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, Middleware, Request, Response, Result};
use poem_openapi::OperationId;
use tidemill_common::problem::Code;
use uuid::Uuid;

use super::{methods, problem};
use crate::telemetry::Metrics;

/// Finds a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts every answer into its envelope, and counts it.
#[derive(Debug, Clone)]
pub struct Envelope(pub Arc<Metrics>);

/// An endpoint whose answers are in their envelope.
#[derive(Debug)]
pub struct Enveloped<E> {
    inner: E,
    metrics: Arc<Metrics>,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Envelope {
    type Output = Enveloped<E>;

    fn transform(&self, inner: E) -> Enveloped<E> {
        Enveloped { inner, metrics: Arc::clone(&self.0) }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Enveloped<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let began = Instant::now();
        let id = request_id(&request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let operation = operation(&path, &answer);
        let mut response = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => refuse(error, &id),
            Err(panic) => {
                tracing::error!(request_id = %id, %method, path, panic = panic_text(&*panic), "a request panicked");
                let mut problem = problem::internal();
                problem.request_id = Some(id.clone());
                problem::response(&problem)
            }
        };
        let status = response.status().as_u16();
        self.metrics.http_answered(method.as_str(), operation, status, began.elapsed());
        tracing::debug!(request_id = %id, %method, path, status, "answered");
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        if status == 405
            && !response.headers().contains_key(header::ALLOW)
            && let Some(value) = methods::allow(&path).and_then(|methods| HeaderValue::from_str(&methods).ok())
        {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
}

/// What the metrics call the request: the operation of the OpenAPI document, or the kind of what is not in it.
fn operation(path: &str, answer: &std::thread::Result<Result<Response>>) -> &'static str {
    let known = match answer {
        Ok(Ok(response)) => response.data::<OperationId>().map(|id| id.0),
        Ok(Err(error)) => error.data::<OperationId>().map(|id| id.0),
        Err(_) => None,
    };
    match known {
        Some(operation) => operation,
        None if path.starts_with("/hooks/") => "webhook_deliver",
        None if path.starts_with("/test-hooks/") => "webhook_test",
        None if path == "/docs" || path == "/api/openapi.json" => "documentation",
        None => "other",
    }
}

/// An error as an answer. Errors that are ours are logged with their causes.
fn refuse(error: poem::Error, request_id: &str) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let mut problem = problem::of(&error);
    // That there is no memory for another delivery is no fault, and may be said a thousand times.
    if problem.status >= 500 && problem.code != Code::MemoryShort.parts().0 {
        tracing::error!(request_id, code = problem.code, causes = causes(&error), "a request failed");
    }
    problem.request_id = Some(request_id.to_owned());
    let mut response = problem::response(&problem);
    if let Some(known) = error.downcast_ref::<problem::ProblemError>() {
        response.headers_mut().extend(known.headers.clone());
    }
    response
}

/// The error and everything behind it, in one line.
fn causes(error: &poem::Error) -> String {
    let known = error.downcast_ref::<problem::ProblemError>();
    let mut next = known.and_then(std::error::Error::source);
    let mut text = error.to_string();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

/// The id that a proxy gave the request, if it is harmless, else a new one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    given.filter(harmless).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}
