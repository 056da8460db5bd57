//! A webhook delivery: from the raw request to an answer for its sender.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidemill_common::clock::Clock;
use tidemill_common::event::{Event, EventBody, StepError};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::FailureClass;

use super::body::BodyError;
use super::rate::Rates;
use super::reply::Reply;
use super::request::{Request, trigger_input};
use super::routes::{Route, Routes};
use super::surroundings::Surroundings;
use crate::admission::{Admission, Arrival, Outcome, Refusal};
use crate::budget::{HANDLED, Share};
use crate::domain::payload;
use crate::domain::signature::{self, Handshake, Headers, Presented, SignatureError};
use crate::domain::workflow::plan::{Respond, WebhookTrigger};
use crate::executor::VersionError;
use crate::hub::{Hub, Waiting};
use crate::journal::Delivery;
use crate::live::Live;

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
    /// A `respond` step of the execution says what is answered.
    Replied(ExecutionId, Reply),
    /// A `respond` step has run, and what it says is no answer.
    Unanswerable(ExecutionId, StepError),
    /// It was only asked whether anybody is there. Nothing was started.
    Handshake(Handshake),
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
    /// The sender's address is not on the trigger's list.
    #[error("deliveries from this address are not taken here")]
    Address,
    /// More deliveries than the trigger takes.
    #[error("this webhook takes no more deliveries at the moment; send it again")]
    TooMany {
        /// How long until there is room for one.
        wait: Duration,
    },
    /// The body is larger than the trigger takes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
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
    /// The bodies of other deliveries, and what executions hold, take the memory for it.
    #[error("the server holds as many large payloads as it has memory for; nothing was started, send it again")]
    Crowded,
    /// No room, or no database.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The body of a delivery, and the memory for a large one.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The memory.
    pub share: Option<Share>,
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
    surroundings: Live<Surroundings>,
    rates: Rates,
}

impl Webhooks {
    /// Deliveries to the addresses of `routes`.
    #[must_use]
    pub fn new(
        routes: Routes,
        admission: Admission,
        hub: Hub,
        clock: Arc<dyn Clock>,
        surroundings: Live<Surroundings>,
    ) -> Self {
        Self { routes, admission, hub, clock, surroundings, rates: Rates::default() }
    }

    /// The trigger behind an address.
    pub async fn find(&self, workspace: &str, segments: &[String]) -> Result<Arc<Route>, DeliveryError> {
        self.routes.find(workspace, segments).await?.ok_or(DeliveryError::Unknown)
    }

    /// The trigger behind a test address.
    pub async fn find_test(&self, token: &str, segments: &[String]) -> Result<Arc<Route>, DeliveryError> {
        self.routes.find_test(token, segments, self.clock.now()).await?.ok_or(DeliveryError::Unknown)
    }

    /// Whether the trigger takes such a request at all: before its body is read.
    pub fn allows(&self, route: &Route, request: &Request<'_>) -> Result<(), DeliveryError> {
        let webhook = route.webhook().ok_or(DeliveryError::Unknown)?;
        if !webhook.allow_ips.is_empty() {
            let sender = self.surroundings.get().sender(request);
            let listed = sender.is_some_and(|sender| webhook.allow_ips.iter().any(|network| network.contains(&sender)));
            listed.then_some(()).ok_or(DeliveryError::Address)?;
        }
        if !webhook.methods.contains(&request.method) {
            return Err(DeliveryError::Method(webhook.methods.clone()));
        }
        let Some(limit) = webhook.rate_limit else { return Ok(()) };
        let key = (route.workflow_uid, Arc::clone(route.trigger_id()));
        self.rates.take(key, limit, Instant::now()).map_err(|wait| DeliveryError::TooMany { wait })
    }

    /// Whether a sender that may come back is to be read at all.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.admission.has_room()
    }

    /// Verifies, reads and admits a delivery; waits for the execution when the trigger says so.
    pub async fn deliver(&self, route: &Route, request: &Request<'_>, body: Body) -> Result<Answer, DeliveryError> {
        let webhook = route.webhook().ok_or(DeliveryError::Unknown)?;
        let Body { bytes, mut share } = body;
        self.verify(route, request, &bytes)?;
        let mut input = trigger_input(route, request, &bytes).await?;
        if let Some(share) = &mut share {
            // What was read of the text may be many times larger; the text is let go of.
            share.set(payload::weight(&input) + (HANDLED - 2) * bytes.len() as u64);
        }
        drop(bytes);
        let question = route.proof.as_ref().and_then(|proof| signature::handshake(&proof.scheme, &input["body"]));
        if let Some(handshake) = question {
            return Ok(Answer::Handshake(handshake));
        }
        if let Some(body) = route.plan.complete_input(&input["body"]).map_err(DeliveryError::Input)? {
            input["body"] = body;
        }
        let delivery = delivery(route, webhook, request, &input["body"]);
        self.admit(route, webhook, (input, share), delivery).await
    }

    fn verify(&self, route: &Route, request: &Request<'_>, body: &[u8]) -> Result<(), SignatureError> {
        let Some(proof) = &route.proof else { return Ok(()) };
        let signs_address = proof.scheme == signature::Scheme::Twilio;
        let origins = if signs_address { self.surroundings.get().origins(request) } else { Vec::new() };
        let presented = Presented {
            headers: Headers(request.headers),
            body,
            origins: &origins,
            target: request.target,
            now: self.clock.now(),
        };
        signature::verify(&proof.scheme, &proof.secrets, proof.tolerance, &presented)
    }

    /// An id for something that is about to be shown or started.
    pub(super) fn next_id(&self) -> ExecutionId {
        self.admission.next_id()
    }

    pub(super) async fn admit(
        &self,
        route: &Route,
        webhook: &WebhookTrigger,
        (input, share): (Value, Option<Share>),
        delivery: Option<Delivery>,
    ) -> Result<Answer, DeliveryError> {
        let execution_id = self.admission.next_id();
        let waiting = match webhook.respond {
            Respond::Immediately => None,
            Respond::WhenFinished => Some(self.hub.wait(route.workspace_id, execution_id, Arc::default())),
            Respond::Step => Some(self.hub.wait(route.workspace_id, execution_id, route.plan.respond_steps())),
        };
        let arrival = Arrival {
            execution_id,
            workspace_id: route.workspace_id,
            workflow_uid: route.workflow_uid,
            version: route.version,
            plan: Arc::clone(&route.plan),
            trigger: route.origin(),
            input: Arc::new(input),
            delivery,
            retry: None,
            parent: None,
            share,
        };
        match (self.admission.admit(arrival).await?, waiting) {
            (Outcome::Duplicate(execution_id), _) => Ok(Answer::Accepted { execution_id, duplicate: true }),
            (Outcome::Admitted, None) => Ok(Answer::Accepted { execution_id, duplicate: false }),
            (Outcome::Admitted, Some(waiting)) => self.answered(route.workspace_id, waiting, webhook.respond_within).await,
        }
    }

    /// What the sender gets when the execution has said it, or when the sender has waited long enough.
    async fn answered(&self, workspace: WorkspaceId, waiting: Waiting, patience: Duration) -> Result<Answer, DeliveryError> {
        let execution_id = waiting.execution_id();
        let Some(mut event) = waiting.event(patience).await else {
            return Ok(Answer::Accepted { execution_id, duplicate: false });
        };
        if let EventBody::StepCompleted { output, .. } | EventBody::ExecutionCompleted { output: Some(output), .. } =
            &mut event.body
        {
            *output = self.hub.whole(workspace, execution_id, Arc::clone(output)).await.map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, %execution_id, "an output for a sender can't be read");
                DeliveryError::Refused(Refusal::Unavailable)
            })?;
        }
        let EventBody::StepCompleted { step, output, .. } = &event.body else { return Ok(Answer::Finished(event)) };
        Ok(match Reply::read(output) {
            Ok(reply) => Answer::Replied(execution_id, reply),
            Err(why) => {
                let error = StepError::new(FailureClass::User, format!("this is no answer for a webhook's sender: {why}"));
                Answer::Unanswerable(execution_id, StepError { step: Some(step.to_string()), ..error })
            }
        })
    }
}

/// The sender's own name for the delivery, if it gave one.
fn delivery(route: &Route, webhook: &WebhookTrigger, request: &Request<'_>, body: &Value) -> Option<Delivery> {
    let header = |name: &str| request.header(name).filter(|id| !id.is_empty() && id.len() <= 255).map(str::to_owned);
    let own = || {
        let scheme = &route.proof.as_ref()?.scheme;
        signature::delivery_id(scheme, Headers(request.headers), body)
    };
    let key = match &webhook.dedupe_header {
        Some(name) => header(name),
        None => own().or_else(|| header("idempotency-key")),
    }?;
    let kind = if route.test { "test" } else { "webhook" };
    Some(Delivery { source: format!("{kind}:{}:{}", route.workflow_uid, route.trigger_id()), key })
}
