//! Webhooks: `/hooks/{workspace}/{path}`. Public: the trigger says how its sender proves who it is.

use std::sync::Arc;
use std::time::Duration;

use poem::http::Method;
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use tidemill_common::limits::PAYLOAD_INLINE_BYTES;
use tidemill_common::problem::{Code, Problem};
use tokio::io::AsyncReadExt as _;

use super::form;
use super::hook_answer::{answer, outcome, problem};
use super::hook_cors as cors;
use super::problem::ProblemError;
use crate::budget::{Budget, HANDLED};
use crate::domain::payload::PayloadLimits;
use crate::domain::workflow::plan::FormTrigger;
use crate::ingress::webhook::{Answer, DeliveryError};
use crate::ingress::{self, Route, Shown, Webhooks};
use crate::live::{Live, Room};
use crate::telemetry::{DeliveryOutcome, Metrics};

/// How long a body is read that nobody wants.
const DISCARD: Duration = Duration::from_secs(10);
/// How many times as long as it may be a body that is too long is read, for its sender's sake.
const DISCARDED: usize = 4;

/// What deliveries need.
#[derive(Debug, Clone)]
pub struct Hooks {
    /// Takes deliveries.
    pub webhooks: Webhooks,
    /// How many deliveries may be under way at once; more are told to come back.
    pub room: Room,
    /// The memory for large bodies; who gets none is told to come back.
    pub budget: Budget,
    /// How large bodies may be that any trigger takes.
    pub payload_limits: Live<PayloadLimits>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// One delivery.
#[handler]
pub async fn webhook_deliver(
    hooks: Data<&Hooks>,
    Path((workspace, _)): Path<(String, String)>,
    request: &Request,
    body: Body,
) -> Result<Response, ProblemError> {
    let found = async {
        let path = below(request, 3).ok_or(DeliveryError::Unknown)?;
        let segments = ingress::segments(path).ok_or(DeliveryError::Unknown)?;
        let route = hooks.webhooks.find(&workspace, &segments).await?;
        Ok((route, segments))
    };
    hooks.serve(found, request, body).await
}

/// One delivery to a test address.
#[handler]
pub async fn webhook_test(
    hooks: Data<&Hooks>,
    Path((token, _)): Path<(String, String)>,
    request: &Request,
    body: Body,
) -> Result<Response, ProblemError> {
    let found = async {
        let path = below(request, 3).ok_or(DeliveryError::Unknown)?;
        let segments = ingress::segments(path).ok_or(DeliveryError::Unknown)?;
        let route = hooks.webhooks.find_test(&token, &segments).await?;
        Ok((route, segments))
    };
    hooks.serve(found, request, body).await
}

/// What follows the first `slashes` slashes of the address, as it came.
fn below(request: &Request, slashes: usize) -> Option<&str> {
    request.original_uri().path().splitn(slashes + 1, '/').nth(slashes)
}

impl Hooks {
    /// Answers a request to the address that `found` finds.
    async fn serve(
        &self,
        found: impl Future<Output = Result<(Arc<Route>, Vec<String>), DeliveryError>>,
        request: &Request,
        body: Body,
    ) -> Result<Response, ProblemError> {
        let Some(_place) = self.room.enter().filter(|_| self.webhooks.has_room()) else {
            self.metrics.webhook_answered(DeliveryOutcome::Overloaded);
            let problem = Problem::new(Code::Overloaded, "too many deliveries are under way; send it again");
            return Err(problem.retry_after(1).into());
        };
        let (route, segments) = match found.await {
            Ok(found) => found,
            Err(error) => {
                self.metrics.webhook_answered(outcome(&Err(&error)));
                return Err(problem(&error));
            }
        };
        let shared = route.webhook().and_then(|webhook| webhook.cors.as_ref());
        if let Some(preflight) = shared.filter(|_| request.method() == Method::OPTIONS) {
            return Ok(cors::preflight(preflight, &route, request));
        }
        if let Some(form) = route.form() {
            let shown = self.form(&route, form, &segments, (request, body)).await;
            self.metrics.webhook_answered(form_outcome(&shown));
            return shown.map_err(|error| problem(&error)).and_then(|shown| form::page(form, shown));
        }
        let answered = self.deliver(&route, &segments, request, body).await;
        self.metrics.webhook_answered(outcome(&answered.as_ref()));
        let headers = shared.map(|shared| cors::headers(shared, request)).unwrap_or_default();
        match answered {
            Ok(said) => {
                let mut response = answer(said);
                response.headers_mut().extend(headers);
                Ok(response)
            }
            Err(error) => Err(problem(&error).with(headers)),
        }
    }

    async fn deliver(
        &self,
        route: &Route,
        segments: &[String],
        request: &Request,
        body: Body,
    ) -> Result<Answer, DeliveryError> {
        let headers = headers(request);
        let came = came(request, segments, &headers);
        self.webhooks.allows(route, &came)?;
        let body = self.read(route, &came, body).await?;
        self.webhooks.deliver(route, &came, body).await
    }

    async fn form(
        &self,
        route: &Route,
        form: &FormTrigger,
        segments: &[String],
        (request, body): (&Request, Body),
    ) -> Result<Shown, DeliveryError> {
        let headers = headers(request);
        let came = came(request, segments, &headers);
        self.webhooks.allows(route, &came)?;
        let body = self.read(route, &came, body).await?;
        self.webhooks.form(route, form, &came, body).await
    }

    /// The body, if it is no larger than the trigger takes, and if there is memory for it.
    async fn read(&self, route: &Route, came: &ingress::Request<'_>, body: Body) -> Result<ingress::Body, DeliveryError> {
        let asked = route.webhook().map_or(0, |webhook| webhook.max_body_bytes);
        let most = asked.min(usize::try_from(self.payload_limits.get().one).unwrap_or(usize::MAX));
        let declared = came.header("content-length").and_then(|length| length.parse::<usize>().ok());
        if let Some(declared) = declared.filter(|declared| *declared > most) {
            if declared <= most.saturating_mul(DISCARDED) {
                discard(body, declared).await;
            }
            return Err(DeliveryError::TooLarge(most));
        }
        let expected = declared.unwrap_or(most);
        let mut share = None;
        if expected > PAYLOAD_INLINE_BYTES {
            share = self.budget.try_enter(expected as u64 * HANDLED);
            if share.is_none() {
                discard(body, most).await;
                return Err(DeliveryError::Crowded);
            }
        }
        let bytes = body.into_bytes_limit(most).await.map_err(|_| DeliveryError::TooLarge(most))?;
        match &mut share {
            Some(share) if bytes.len() > PAYLOAD_INLINE_BYTES => share.set(bytes.len() as u64 * HANDLED),
            _ => share = None,
        }
        Ok(ingress::Body { bytes: bytes.into(), share })
    }
}

/// Reads a body that nobody wants: a sender that is cut off while it sends may never see the answer.
async fn discard(body: Body, most: usize) {
    let mut rest = body.into_async_read().take(most as u64);
    let mut nowhere = tokio::io::sink();
    let read = tokio::io::copy(&mut rest, &mut nowhere);
    // How far it comes and whether it breaks off is all the same.
    drop(tokio::time::timeout(DISCARD, read).await);
}

fn form_outcome(shown: &Result<Shown, DeliveryError>) -> DeliveryOutcome {
    match shown {
        Ok(Shown::Thanks(_)) => DeliveryOutcome::Admitted,
        Ok(Shown::Questions { errors, .. }) if errors.is_empty() => DeliveryOutcome::Handshake,
        Ok(Shown::Questions { .. }) => DeliveryOutcome::Invalid,
        Err(error) => outcome(&Err(error)),
    }
}

fn headers(request: &Request) -> Vec<(&str, &[u8])> {
    request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

fn came<'a>(request: &'a Request, segments: &'a [String], headers: &'a [(&'a str, &'a [u8])]) -> ingress::Request<'a> {
    let uri = request.original_uri();
    ingress::Request {
        segments,
        method: request.method().as_str(),
        target: uri.path_and_query().map_or("/", |target| target.as_str()),
        query: uri.query().unwrap_or_default(),
        headers,
        peer: request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip),
    }
}
