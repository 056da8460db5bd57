//! Follows one execution to its end, over any number of lost connections.

use std::time::Duration;

use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use tokio::time::{Instant, sleep, sleep_until};

use super::Error;
use super::output::Printer;
use crate::client::{self, Backoff, Client, FrameStream};

/// First and longest pause before connecting again.
const RECONNECT_BASE: Duration = Duration::from_millis(500);
const RECONNECT_CAP: Duration = Duration::from_secs(15);
/// Far enough away to be never.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The execution ended so.
    Ended(ExecutionStatus),
    /// The time was over first.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

/// What is followed, and from where.
#[derive(Debug)]
pub struct Follower<'a> {
    client: &'a Client,
    printer: &'a Printer,
    id: ExecutionId,
    last_seq: i32,
    status: Option<ExecutionStatus>,
}

impl<'a> Follower<'a> {
    /// Follows the execution `id` behind the event `after`; 0 means from its beginning.
    #[must_use]
    pub fn new(client: &'a Client, printer: &'a Printer, id: ExecutionId, after: i32) -> Self {
        Self { client, printer, id, last_seq: after, status: None }
    }

    /// Gives each new event to `on_event`, in order and once, until the execution ends or `limit` is over.
    pub async fn run(
        mut self,
        limit: Option<Duration>,
        mut on_event: impl FnMut(&Event) -> Result<(), Error>,
    ) -> Result<Followed, Error> {
        let deadline = Instant::now() + limit.unwrap_or(FOREVER);
        tokio::select! {
            ended = self.follow(&mut on_event) => ended.map(Followed::Ended),
            () = sleep_until(deadline) => Ok(Followed::TimedOut),
            interrupt = tokio::signal::ctrl_c() => interrupt.map(|()| Followed::Interrupted).map_err(Error::from),
        }
    }

    async fn follow(&mut self, on_event: &mut impl FnMut(&Event) -> Result<(), Error>) -> Result<ExecutionStatus, Error> {
        let mut backoff = Backoff::new(RECONNECT_BASE, RECONNECT_CAP);
        let mut lost_at: Option<Instant> = None;
        loop {
            match self.client.execution_stream(self.id, self.last_seq).await {
                Ok(stream) => {
                    self.say_reconnected(lost_at.take());
                    let before = self.last_seq;
                    if let Some(status) = self.read(stream, on_event).await? {
                        return Ok(status);
                    }
                    // A connection that brought something was a good one.
                    if self.last_seq > before {
                        backoff.reset();
                    }
                    lost_at = Some(Instant::now());
                }
                Err(error) if error.is_transient() => {
                    if lost_at.is_none() {
                        self.printer.note(&format!("{}; trying again", Error::from(error).message()));
                    }
                    lost_at.get_or_insert_with(Instant::now);
                }
                Err(error) => return Err(error.into()),
            }
            sleep(backoff.next_delay()).await;
        }
    }

    fn say_reconnected(&self, lost_at: Option<Instant>) {
        if let Some(at) = lost_at {
            let seconds = at.elapsed().as_secs_f32();
            self.printer
                .note(&format!("reconnected after {seconds:.1}s, going on behind event {}, 0 events missed", self.last_seq));
        }
    }

    /// Reads until the execution ended (its state) or the connection is of no more use (`None`).
    async fn read(
        &mut self,
        mut stream: FrameStream,
        on_event: &mut impl FnMut(&Event) -> Result<(), Error>,
    ) -> Result<Option<ExecutionStatus>, Error> {
        loop {
            let frame = match stream.next().await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(None),
                Err(error) if error.is_transient() => {
                    self.printer.note(&format!("connection lost: {}", Error::from(error).message()));
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            match frame {
                StreamFrame::Event { event, .. } => {
                    if !self.take(&event, on_event)? {
                        return Ok(None);
                    }
                    if let Some(status) = self.status {
                        return Ok(Some(status));
                    }
                }
                // Everything was read before we came, or our last event was the last one.
                StreamFrame::End => return Ok(Some(self.client.execution(self.id).await?.execution.status)),
                StreamFrame::Lagged { .. } => return Ok(None),
                StreamFrame::Error { problem } => {
                    let error = client::Error::Problem(Box::new(problem));
                    return if error.is_transient() { Ok(None) } else { Err(error.into()) };
                }
                StreamFrame::Live { .. } | StreamFrame::Bookmark { .. } => {}
            }
        }
    }

    /// Hands `event` on if it is the next one. False when events between are missing: then we ask for them again.
    fn take(&mut self, event: &Event, on_event: &mut impl FnMut(&Event) -> Result<(), Error>) -> Result<bool, Error> {
        if event.seq <= self.last_seq {
            return Ok(true);
        }
        if event.seq > self.last_seq + 1 {
            return Ok(false);
        }
        self.last_seq = event.seq;
        if let EventBody::ExecutionCompleted { status, .. } = &event.body {
            self.status = Some(*status);
        }
        on_event(event)?;
        Ok(true)
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
