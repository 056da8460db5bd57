//! Executes the effects that talk to the server. Requests run beside the screen, a few at a time; their answers come back as
//! events.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::api::approval::ApprovalDecision;
use tidemill_common::api::control::{ExecutionCancel, ExecutionPause, ExecutionResume, ExecutionRetry};
use tidemill_common::api::execution::ExecutionCreate;
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::effect::Effect;
use super::event::{Answer, Channel, Event, Failure};
use crate::client::link::{self, LinkEvent, Target};
use crate::client::{Client, Error, ExecutionQuery};

/// Most requests at a time.
const REQUESTS: usize = 4;
/// Batches and answers that may wait for the screen.
const WAITING: usize = 16;

/// The server's side of the screen.
pub struct Server {
    client: Client,
    retry: Arc<Notify>,
    permits: Arc<Semaphore>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
    feed: mpsc::Receiver<LinkEvent>,
    followed: Option<(ExecutionId, mpsc::Receiver<LinkEvent>)>,
}

impl Server {
    /// Begins to follow the workspace's feed.
    pub fn connect(client: Client) -> Self {
        let (answers, answered) = mpsc::channel(WAITING);
        let retry = Arc::new(Notify::new());
        let feed = follow(&client, &retry, Target::Feed { after: None });
        Self { client, retry, permits: Arc::new(Semaphore::new(REQUESTS)), answers, answered, feed, followed: None }
    }

    /// What happens next.
    pub async fn next(&mut self) -> Event {
        let followed = async {
            match &mut self.followed {
                Some((id, events)) => (*id, events.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(answer) = self.answered.recv() => Event::Answer(answer),
            (id, event) = followed => {
                // The link has said all that there is to say; from here on there is nothing to wait for.
                let event = event.unwrap_or(LinkEvent::Ended);
                if matches!(event, LinkEvent::Ended) {
                    self.followed = None;
                }
                Event::Link(Channel::Execution(id), event)
            }
            Some(event) = self.feed.recv() => Event::Link(Channel::Feed, event),
        }
    }

    /// Executes `effect`; one that is about the terminal comes back.
    pub fn execute(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Follow { id, after } => {
                self.followed = Some((id, follow(&self.client, &self.retry, Target::Execution { id, after })));
            }
            Effect::Unfollow => self.followed = None,
            Effect::Reconnect => self.retry.notify_waiters(),
            Effect::Copy { .. } | Effect::CaptureMouse(_) | Effect::Redraw | Effect::Suspend | Effect::Quit => {
                return Some(effect);
            }
            request => self.request(request),
        }
        None
    }

    fn request(&self, effect: Effect) {
        let (client, permits, answers) = (self.client.clone(), Arc::clone(&self.permits), self.answers.clone());
        tokio::spawn(async move {
            // Both fail only when the screen is gone.
            let Ok(_permit) = permits.acquire().await else { return };
            if let Some(answer) = ask(&client, effect).await {
                let _ = answers.send(answer).await;
            }
        });
    }
}

fn follow(client: &Client, retry: &Arc<Notify>, target: Target) -> mpsc::Receiver<LinkEvent> {
    let (sender, events) = mpsc::channel(WAITING);
    tokio::spawn(link::keep(client.clone(), target, Arc::clone(retry), sender));
    events
}

async fn ask(client: &Client, effect: Effect) -> Option<Answer> {
    Some(match effect {
        Effect::LoadExecutions { generation, cursor } => {
            let older = cursor.is_some();
            let query = ExecutionQuery { limit: Some(PAGE_ITEMS), cursor, ..ExecutionQuery::default() };
            Answer::Executions { generation, older, result: client.executions(&query).await.map_err(|error| failure(&error)) }
        }
        Effect::LoadExecution(id) => {
            Answer::Execution(id, client.execution(id).await.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::LoadWorkflows { generation } => {
            let result = client.workflows(Some(PAGE_ITEMS), None).await;
            Answer::Workflows { generation, result: result.map_err(|error| failure(&error)) }
        }
        Effect::LoadWorkspace => {
            let account = client.user().await.map_err(|error| failure(&error));
            Answer::Workspace(account.map(|account| account.workspace.slug))
        }
        Effect::Start { workflow, input } => Answer::Started(start(client, &workflow, input).await),
        Effect::Cancel(id) => {
            let result = client.execution_cancel(id, &ExecutionCancel::default()).await;
            Answer::Cancelled(id, result.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::Pause { id, on } => {
            let result = if on {
                client.execution_pause(id, &ExecutionPause::default()).await
            } else {
                client.execution_resume(id, &ExecutionResume::default()).await
            };
            Answer::Told(id, result.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::Decide { id, step, approve } => {
            let decision = ApprovalDecision { step: Some(step), ..ApprovalDecision::default() };
            let result = if approve {
                client.execution_approve(id, &decision).await
            } else {
                client.execution_reject(id, &decision).await
            };
            Answer::Told(id, result.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::Retry(id) => {
            let result = client.execution_retry(id, &ExecutionRetry::default()).await;
            Answer::Started(result.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::Why(id) => Answer::Why(id, client.execution_why(id).await.map_err(|error| failure(&error))),
        Effect::Switch { workflow, activate } => {
            let result = match activate {
                Some(version) => client.workflow_activate(&workflow, Some(version)).await,
                None => client.workflow_deactivate(&workflow).await,
            };
            Answer::Switched(workflow, result.map(Box::new).map_err(|error| failure(&error)))
        }
        _ => return None,
    })
}

async fn start(
    client: &Client,
    workflow: &str,
    input: Value,
) -> Result<Box<tidemill_common::api::execution::ExecutionView>, Failure> {
    let create = ExecutionCreate { input, version: None };
    client.execution_create(workflow, &create).await.map(Box::new).map_err(|error| failure(&error))
}

fn failure(error: &Error) -> Failure {
    match error.problem() {
        Some(problem) => {
            Failure { code: problem.code.clone(), message: problem.detail.clone(), request_id: problem.request_id.clone() }
        }
        None => Failure {
            code: "unreachable".into(),
            message: format!("{error}. Is `tidemill serve` running there?"),
            request_id: None,
        },
    }
}
