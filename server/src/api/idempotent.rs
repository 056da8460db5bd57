//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that comes twice is carried out once.
//!
//! The reply of the first is kept for a day per workspace and token. What may succeed later (429, 5xx) is not kept. Where the
//! server dies in between, the key is free again after 90 seconds; starting an execution is safe even then, because the engine
//! knows the key as well.

use poem::http::header::{self, HeaderMap};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use sha2::{Digest, Sha256};
use tidemill_common::limits::API_BODY_BYTES;
use tidemill_common::problem::{Code, Problem};

use super::methods;
use super::payload;
use super::problem::{self, ProblemError};
use crate::app::{Begun, Idempotency, IdempotentRequest, KeptReply, Taken};
use crate::auth::Caller;

/// Names a request, so that it is carried out once.
pub const KEY: &str = "idempotency-key";

/// Carries out requests with an `Idempotency-Key` once.
#[derive(Clone)]
pub struct Idempotent(pub Idempotency);

/// An endpoint whose requests are carried out once.
pub struct Once<E> {
    inner: E,
    replies: Idempotency,
}

impl<E: Endpoint> Middleware<E> for Idempotent {
    type Output = Once<E>;

    fn transform(&self, inner: E) -> Once<E> {
        Once { inner, replies: self.0.clone() }
    }
}

impl<E: Endpoint> Endpoint for Once<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let Some((caller, key)) = keyed(&request)? else {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        };
        let (head, mut body) = request.split();
        let bytes = payload::read(&mut body).await?;
        let fingerprint = fingerprint(&head, &bytes);
        request = head;
        request.set_body(bytes);
        let taken =
            match self.replies.begin(&caller, IdempotentRequest { key, fingerprint }).await.map_err(ProblemError::from)? {
                Begun::First(taken) => taken,
                Begun::Kept(reply) => return replay(reply),
                Begun::InFlight => return Err(in_flight().into()),
                Begun::Mismatch => return Err(mismatch().into()),
            };
        let answer = self.inner.call(request).await.map(IntoResponse::into_response);
        self.settle(&caller, taken, answer).await
    }
}

impl<E> Once<E> {
    /// Keeps the answer, or gives the key back. What was done is done: an answer is never held back because it can't be kept.
    async fn settle(&self, caller: &Caller, taken: Taken, answer: Result<Response>) -> Result<Response> {
        let status = answer.as_ref().map_or_else(poem::Error::status, Response::status);
        if !is_kept(status) {
            if let Err(error) = self.replies.release(caller, taken).await {
                tracing::warn!(%error, "an idempotency key stays taken for 90 seconds");
            }
            return answer;
        }
        let (reply, answer) = match answer {
            Ok(response) => copy(response).await.map(|(reply, response)| (reply, Ok(response)))?,
            Err(error) => (refusal(&error), Err(error)),
        };
        if let Err(error) = self.replies.finish(caller, taken, reply).await {
            tracing::warn!(%error, "the reply to a request with an idempotency key was not kept");
        }
        answer
    }
}

/// The caller and the key, where there is a key and the request changes something.
fn keyed(request: &Request) -> Result<Option<(Caller, String)>, ProblemError> {
    let changes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(request.method())
        // What the address doesn't do is refused for that, whatever the key.
        && methods::of(request.uri().path()).is_none_or(|methods| methods.contains(request.method()));
    let (Some(value), Some(caller), true) = (request.headers().get(KEY), request.extensions().get::<Caller>(), changes) else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let key = key
        .ok_or_else(|| ProblemError::new(Code::BadRequest, "`Idempotency-Key` must have 1 to 255 visible ASCII characters"))?;
    Ok(Some((caller.clone(), key.to_owned())))
}

/// What the request asks for. The token is mixed in, so that the hash of a short secret value can't be guessed from the database.
fn fingerprint(request: &Request, body: &[u8]) -> [u8; 32] {
    let headers = request.headers();
    let mut hash = Sha256::new();
    let parts: [&[u8]; 5] = [
        value(headers, header::AUTHORIZATION.as_str()),
        request.method().as_str().as_bytes(),
        request.uri().path_and_query().map_or(&[], |path| path.as_str().as_bytes()),
        value(headers, header::IF_MATCH.as_str()),
        body,
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a [u8] {
    headers.get(name).map(poem::http::HeaderValue::as_bytes).unwrap_or_default()
}

/// Whether a reply is final: trying again would not help.
fn is_kept(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS
}

/// The reply to keep, and the same response again. What must not be stored anywhere is not kept.
async fn copy(response: Response) -> Result<(KeptReply, Response)> {
    let (parts, body) = response.into_parts();
    let body = body.into_bytes_limit(4 * API_BODY_BYTES).await.map_err(|_| ProblemError::from(problem::internal()))?;
    let secret = parts.headers.get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store");
    let reply = KeptReply {
        status: parts.status.as_u16(),
        content_type: parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned),
        body: (!secret).then(|| body.to_vec()),
    };
    Ok((reply, Response::from_parts(parts, body.into())))
}

/// A refusal to keep. It has no request id: that of the request that comes again will be right.
fn refusal(error: &poem::Error) -> KeptReply {
    let problem = problem::of(error);
    KeptReply {
        status: problem.status,
        content_type: Some(problem::MEDIA_TYPE.to_owned()),
        body: serde_json::to_vec(&problem).ok(),
    }
}

fn replay(reply: KeptReply) -> Result<Response> {
    let Some(body) = reply.body else {
        let detail =
            "the first request with this `Idempotency-Key` was carried out; its answer held a secret that is shown only once";
        return Err(ProblemError::new(Code::Conflict, detail).into());
    };
    if reply.content_type.as_deref() == Some(problem::MEDIA_TYPE) {
        let problem = serde_json::from_slice(&body).unwrap_or_else(|_| problem::internal());
        return Err(ProblemError::from(problem).into());
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = Response::builder().status(status).header("Idempotency-Replayed", "true");
    if let Some(content_type) = reply.content_type {
        response = response.content_type(content_type);
    }
    Ok(response.body(body))
}

fn in_flight() -> ProblemError {
    let detail = "the first request with this `Idempotency-Key` is still under way: send it again";
    Problem::new(Code::IdempotencyInFlight, detail).retry_after(1).into()
}

fn mismatch() -> ProblemError {
    ProblemError::new(Code::IdempotencyMismatch, "this `Idempotency-Key` was used for another request: use a new one")
}
