//! `/resume/{token}`: goes on with an execution that waits for an event. Public: whoever knows the address may.

use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, IntoResponse, Request, Response, handler};
use serde_json::json;
use tidemill_common::limits;
use tidemill_common::problem::Code;

use super::problem::ProblemError;
use crate::app;
use crate::ingress::Resumes;
use crate::ingress::body::BodyError;
use crate::ingress::resume::ResumeError;

/// What a browser shows: one button. Programs that only look at addresses, to check them, resume nothing.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
    <title>Tidemill</title><body style=\"font:16px sans-serif;margin:15vh auto;max-width:30em;text-align:center\">\
    <p>A workflow waits for you.</p><form method=\"post\"><button style=\"font:inherit;padding:.6em 2em\">Continue</button></form>";

/// What a browser may do with the page: send its form to where it came from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/// Shows that something waits. Changes nothing.
#[handler]
pub async fn resume_view(resumes: Data<&Resumes>, Path(token): Path<String>) -> Result<Response, ProblemError> {
    resumes.known(&token).await.map_err(refused)?;
    let page = PAGE.with_header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    let page = page.with_header(header::CONTENT_SECURITY_POLICY, POLICY).with_header(header::REFERRER_POLICY, "no-referrer");
    Ok(page.with_header(header::CACHE_CONTROL, "no-store").into_response())
}

/// Resumes, once. The body becomes the step's output.
#[handler]
pub async fn resume_deliver(
    resumes: Data<&Resumes>,
    Path(token): Path<String>,
    request: &Request,
    body: Body,
) -> Result<Response, ProblemError> {
    let too_large =
        |_| ProblemError::new(Code::PayloadTooLarge, format!("the body is larger than {} bytes", limits::INPUT_BYTES));
    let body = body.into_bytes_limit(limits::INPUT_BYTES).await.map_err(too_large)?;
    let content_type = request.content_type();
    let execution_id = resumes.deliver(&token, content_type, &body).await.map_err(refused)?;
    Ok(poem::web::Json(json!({ "execution_id": execution_id })).with_status(StatusCode::ACCEPTED).into_response())
}

fn refused(error: ResumeError) -> ProblemError {
    let code = match error {
        ResumeError::Store(error) => return app::Error::Store(error).into(),
        ResumeError::Unknown => Code::NotFound,
        ResumeError::Used => Code::Conflict,
        ResumeError::Body(BodyError::Malformed(_)) => Code::BadRequest,
        ResumeError::Body(BodyError::Unsupported(_)) => Code::UnsupportedMediaType,
    };
    ProblemError::new(code, error.to_string())
}
