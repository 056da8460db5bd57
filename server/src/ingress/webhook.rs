//! A webhook delivery: from the raw request to an answer for its sender.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tidemill_common::clock::Clock;
use tidemill_common::event::{Event, TriggerOrigin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits;

use super::body::{self, BodyError};
use super::routes::{Route, Routes};
use crate::admission::{Admission, Arrival, Outcome, Refusal};
use crate::domain::signature::{self, Headers, SignatureError};
use crate::domain::workflow::plan::{Respond, WebhookTrigger};
use crate::executor::VersionError;
use crate::hub::Hub;
use crate::journal::Delivery;

/// Headers that prove something and therefore never become part of an execution.
const PROOFS: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-hub-signature-256"];

/// A request as it came.
#[derive(Debug)]
pub struct Request<'a> {
    /// The workspace's slug.
    pub workspace: &'a str,
    /// What follows it in the address.
    pub path: &'a str,
    /// The method, in capitals.
    pub method: &'a str,
    /// The query, not decoded.
    pub query: &'a str,
    /// Names (lower case) and values, in the order of their coming.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, byte by byte.
    pub body: &'a [u8],
}

/// What the sender is told.
#[derive(Debug)]
pub enum Answer {
    /// The delivery is committed; the execution goes on.
    Accepted {
        /// The execution.
        execution_id: ExecutionId,
        /// Whether an earlier delivery had the same id.
        duplicate: bool,
    },
    /// The execution has ended: its last event.
    Finished(Event),
}

/// Why a delivery started nothing.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// No active trigger has this address.
    #[error("no active workflow listens here")]
    Unknown,
    /// The trigger does not answer to the method.
    #[error("the method is not one of {}", .0.join(", "))]
    Method(Vec<&'static str>),
    /// The sender could not prove who it is.
    #[error("the sender could not be verified")]
    Signature(#[from] SignatureError),
    /// The body can't be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body doesn't fit the workflow's `inputs`.
    #[error("the body doesn't fit the workflow's inputs: {}", .0.join("; "))]
    Input(Vec<String>),
    /// The workflow version can't be executed: a secret is missing, or this binary refuses it.
    #[error("the workflow behind this address can't be executed")]
    NotExecutable(#[source] VersionError),
    /// No room, or no database.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<VersionError> for DeliveryError {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Store(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a webhook's address can't be looked up");
                Self::Refused(Refusal::Unavailable)
            }
            other => Self::NotExecutable(other),
        }
    }
}

/// Takes deliveries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Webhooks {
    routes: Routes,
    admission: Admission,
    hub: Hub,
    clock: Arc<dyn Clock>,
}

impl Webhooks {
    /// Deliveries to the addresses of `routes`.
    #[must_use]
    pub fn new(routes: Routes, admission: Admission, hub: Hub, clock: Arc<dyn Clock>) -> Self {
        Self { routes, admission, hub, clock }
    }

    /// Verifies, reads and admits a delivery; waits for the end of the execution when the trigger says so.
    pub async fn deliver(&self, request: &Request<'_>) -> Result<Answer, DeliveryError> {
        let route = self.routes.find(request.workspace, request.path).await?.ok_or(DeliveryError::Unknown)?;
        let webhook = route.webhook().ok_or(DeliveryError::Unknown)?;
        if !webhook.methods.contains(&request.method) {
            return Err(DeliveryError::Method(webhook.methods.clone()));
        }
        self.verify(&route, request)?;
        let input = trigger_input(webhook, request)?;
        route.plan.check_input(&input["body"]).map_err(DeliveryError::Input)?;
        self.admit(&route, webhook, request, input).await
    }

    fn verify(&self, route: &Route, request: &Request<'_>) -> Result<(), SignatureError> {
        let Some((scheme, secret)) = &route.proof else { return Ok(()) };
        signature::verify(scheme, &[secret], Headers(request.headers), request.body, self.clock.now())
    }

    async fn admit(
        &self,
        route: &Route,
        webhook: &WebhookTrigger,
        request: &Request<'_>,
        input: Value,
    ) -> Result<Answer, DeliveryError> {
        let execution_id = self.admission.next_id();
        let ended =
            (webhook.respond == Respond::WhenFinished).then(|| Waiting::new(&self.hub, route.workspace_id, execution_id));
        let arrival = Arrival {
            execution_id,
            workspace_id: route.workspace_id,
            workflow_uid: route.workflow_uid,
            version: route.version,
            plan: Arc::clone(&route.plan),
            trigger: TriggerOrigin { kind: "webhook".into(), id: Some(Arc::clone(route.trigger_id())) },
            input: Arc::new(input),
            delivery: delivery(route, webhook, request),
            retry: None,
            parent: None,
        };
        match (self.admission.admit(arrival).await?, ended) {
            (Outcome::Duplicate(execution_id), _) => Ok(Answer::Accepted { execution_id, duplicate: true }),
            (Outcome::Admitted, None) => Ok(Answer::Accepted { execution_id, duplicate: false }),
            (Outcome::Admitted, Some(ended)) => Ok(match ended.event().await {
                Some(event) => Answer::Finished(event),
                None => Answer::Accepted { execution_id, duplicate: false },
            }),
        }
    }
}

/// A place in the list of those who wait for the end of an execution; given up when it is dropped.
struct Waiting<'a> {
    hub: &'a Hub,
    execution_id: ExecutionId,
    ended: tokio::sync::oneshot::Receiver<Event>,
}

impl<'a> Waiting<'a> {
    fn new(hub: &'a Hub, workspace_id: tidemill_common::ids::WorkspaceId, execution_id: ExecutionId) -> Self {
        Self { hub, execution_id, ended: hub.wait_for_end(workspace_id, execution_id) }
    }

    /// The execution's last event, or nothing when it takes longer than a sender is made to wait.
    async fn event(mut self) -> Option<Event> {
        let patience = Duration::from_secs(limits::RESPOND_SECONDS);
        tokio::time::timeout(patience, &mut self.ended).await.ok()?.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.hub.stop_waiting(self.execution_id);
    }
}

/// What expressions see as `trigger`.
fn trigger_input(webhook: &WebhookTrigger, request: &Request<'_>) -> Result<Value, BodyError> {
    let mut headers = Map::new();
    let mut content_type = None;
    for (name, value) in request.headers {
        let Ok(value) = std::str::from_utf8(value) else { continue };
        if *name == "content-type" {
            content_type = Some(value);
        }
        if !PROOFS.contains(name) && webhook.auth.header() != Some(*name) {
            headers.insert((*name).to_owned(), Value::from(value));
        }
    }
    let query: Map<String, Value> = url::form_urlencoded::parse(request.query.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::from(value)))
        .collect();
    let body = body::parse(content_type, request.body)?;
    Ok(json!({"method": request.method, "path": request.path, "query": query, "headers": headers, "body": body}))
}

/// The sender's own name for the delivery, if it gave one.
fn delivery(route: &Route, webhook: &WebhookTrigger, request: &Request<'_>) -> Option<Delivery> {
    let header = |name: &str| {
        let (_, value) = request.headers.iter().find(|(header, _)| *header == name)?;
        std::str::from_utf8(value).ok().filter(|id| !id.is_empty() && id.len() <= 255).map(str::to_owned)
    };
    let own = || route.proof.as_ref().and_then(|(scheme, _)| signature::delivery_id(scheme, Headers(request.headers)));
    let key = match &webhook.dedupe_header {
        Some(name) => header(name),
        None => own().or_else(|| header("idempotency-key")),
    }?;
    Some(Delivery { source: format!("webhook:{}:{}", route.workflow_uid, route.trigger_id()), key })
}
