//! Executes the effects that talk to the server. Requests run beside the screen, a few at a time; their answers come back as
//! events.

mod home;
mod read;
mod save;
mod send;

use std::sync::Arc;

use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;
use tokio::sync::{Notify, Semaphore, mpsc};

use self::home::Home;
use super::effect::{Effect, Wanted};
use super::event::{Answer, Channel, Event, Failure};
use super::order::Order;
use crate::client::link::{self, LinkEvent, Target};
use crate::client::{Client, Error, ExecutionQuery};

/// Most requests at a time.
const REQUESTS: usize = 4;
/// Batches and answers that may wait for the screen.
const WAITING: usize = 16;

/// The server's side of the screen.
pub struct Server {
    home: Arc<Home>,
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
        let home = Arc::new(Home::new(client));
        Self { home, retry, permits: Arc::new(Semaphore::new(REQUESTS)), answers, answered, feed, followed: None }
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
                self.followed = Some((id, follow(&self.home.client, &self.retry, Target::Execution { id, after })));
            }
            Effect::Unfollow => self.followed = None,
            Effect::Reconnect => self.retry.notify_waiters(),
            Effect::Send(orders) => self.send(orders),
            Effect::Copy { .. }
            | Effect::CaptureMouse(_)
            | Effect::Colors(_)
            | Effect::Edit { .. }
            | Effect::Workspace(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => return Some(effect),
            request => self.request(request),
        }
        None
    }

    fn request(&self, effect: Effect) {
        let (home, permits, answers) = (Arc::clone(&self.home), Arc::clone(&self.permits), self.answers.clone());
        tokio::spawn(async move {
            // Both fail only when the screen is gone.
            let Ok(_permit) = permits.acquire().await else { return };
            if let Some(answer) = ask(&home, effect).await {
                let _ = answers.send(answer).await;
            }
        });
    }
}

impl Server {
    /// Sends orders one after the other: each answer is told, so that the screen can count.
    fn send(&self, orders: Vec<Order>) {
        let (home, permits, answers) = (Arc::clone(&self.home), Arc::clone(&self.permits), self.answers.clone());
        tokio::spawn(async move {
            // Both fail only when the screen is gone.
            let Ok(_permit) = permits.acquire().await else { return };
            let mut left = orders.len();
            for order in orders {
                left -= 1;
                let result = send::send(&home, &order).await.map_err(|error| failure(&error));
                if answers.send(Answer::Sent { order: Box::new(order), result, left }).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn follow(client: &Client, retry: &Arc<Notify>, target: Target) -> mpsc::Receiver<LinkEvent> {
    let (sender, events) = mpsc::channel(WAITING);
    tokio::spawn(link::keep(client.clone(), target, Arc::clone(retry), sender));
    events
}

async fn ask(home: &Home, effect: Effect) -> Option<Answer> {
    let client = &home.client;
    Some(match effect {
        Effect::LoadExecutions { generation, cursor } => {
            let older = cursor.is_some();
            let query = ExecutionQuery { limit: Some(PAGE_ITEMS), cursor, ..ExecutionQuery::default() };
            Answer::Executions { generation, older, result: client.executions(&query).await.map_err(|error| failure(&error)) }
        }
        Effect::LoadFiltered { filter, wanted, cursor } => {
            let older = cursor.is_some();
            let Wanted { workflow, status } = wanted;
            let query = ExecutionQuery { workflow, status, limit: Some(PAGE_ITEMS), cursor, ..ExecutionQuery::default() };
            Answer::Filtered { filter, older, result: client.executions(&query).await.map_err(|error| failure(&error)) }
        }
        Effect::LoadExecution(id) => {
            Answer::Execution(id, client.execution(id).await.map(Box::new).map_err(|error| failure(&error)))
        }
        Effect::LoadWorkflows { generation } => {
            let result = client.workflows(Some(PAGE_ITEMS), None).await;
            Answer::Workflows { generation, result: result.map_err(|error| failure(&error)) }
        }
        Effect::Read(query) => {
            let result = read::read(home, &query).await.map_err(|error| failure(&error));
            Answer::Data(query, result)
        }
        Effect::LoadPayload { id, sha256 } => {
            let result = client.execution_payload(id, &sha256).await.map_err(|error| failure(&error));
            Answer::Payload { id, sha256, result }
        }
        Effect::Save(given, path) => {
            let result = save::save(home, &given, &path).await;
            Answer::Saved(given, result)
        }
        Effect::Why(id) => Answer::Why(id, client.execution_why(id).await.map_err(|error| failure(&error))),
        _ => return None,
    })
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
