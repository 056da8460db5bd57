//! Shows executions live: reads the workspace's feed until enough executions have ended.

use std::collections::BTreeMap;
use std::time::Duration;

use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::{Event, EventBody, Origin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use tokio::time::{Instant, sleep};

use super::stage::Stage;
use crate::cli::Error;
use crate::cli::event_line::{shortened, tone};
use crate::cli::output::Tone;
use crate::client::{Backoff, Client, FrameStream};

/// What the feed has shown.
#[derive(Debug, Default)]
pub struct Seen {
    /// Newest `seq` of each execution.
    last_seq: BTreeMap<ExecutionId, i32>,
    /// How each execution ended that has.
    pub ended: BTreeMap<ExecutionId, ExecutionStatus>,
    /// When the first one ended.
    pub first_end: Option<Instant>,
}

/// The feed, read over any number of connections.
#[derive(Debug)]
pub struct Feed {
    client: Client,
    stream: Option<FrameStream>,
    cursor: Option<String>,
    seen: Seen,
}

impl Feed {
    /// Connects, and is certain to see everything that happens from now on.
    pub async fn open(client: &Client) -> Result<Self, Error> {
        let mut stream = client.workspace_stream(None).await?;
        loop {
            match stream.next().await? {
                Some(StreamFrame::Live { cursor }) => {
                    return Ok(Self {
                        client: client.clone(),
                        stream: Some(stream),
                        cursor: Some(cursor),
                        seen: Seen::default(),
                    });
                }
                Some(_) => {}
                None => return Err(Error::Demo("the server closed the feed at once".to_owned())),
            }
        }
    }

    /// Shows events until `count` executions have ended.
    pub async fn show(mut self, count: usize, stage: &Stage<'_>) -> Result<Seen, Error> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        while self.seen.ended.len() < count {
            let Some(stream) = &mut self.stream else {
                sleep(backoff.next_delay()).await;
                match self.client.workspace_stream(self.cursor.as_deref()).await {
                    Ok(stream) => self.stream = Some(stream),
                    Err(error) if error.is_transient() => {}
                    Err(error) => return Err(error.into()),
                }
                continue;
            };
            match stream.next().await {
                Ok(Some(frame)) => {
                    backoff.reset();
                    self.take(frame, stage)?;
                }
                Ok(None) => self.stream = None,
                Err(error) if error.is_transient() => self.stream = None,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.seen)
    }

    fn take(&mut self, frame: StreamFrame, stage: &Stage<'_>) -> Result<(), Error> {
        match frame {
            StreamFrame::Event { cursor, event, .. } => {
                self.cursor = Some(cursor);
                self.event(&event, stage)?;
            }
            StreamFrame::Live { cursor } | StreamFrame::Bookmark { cursor, .. } => self.cursor = Some(cursor),
            StreamFrame::Lagged { after } => {
                self.cursor = after.or(self.cursor.take());
                self.stream = None;
            }
            StreamFrame::End => self.stream = None,
            StreamFrame::Error { problem } => return Err(crate::client::Error::Problem(Box::new(problem)).into()),
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, stage: &Stage<'_>) -> Result<(), Error> {
        let last = self.seen.last_seq.entry(event.execution_id).or_default();
        if event.seq <= *last {
            return Ok(());
        }
        *last = event.seq;
        if let EventBody::ExecutionCompleted { status, .. } = &event.body {
            self.seen.ended.insert(event.execution_id, *status);
            self.seen.first_end.get_or_insert_with(Instant::now);
        }
        stage.say(&line(event, stage))
    }
}

/// `3f2a9c01  step_completed    triage       {"code_files":2}`.
fn line(event: &Event, stage: &Stage<'_>) -> String {
    let paint = stage.paint();
    let id = paint.paint(Tone::Dim, &event.execution_id.short());
    let kind = paint.paint(tone(&event.body), &format!("{:<19}", event.body.type_name()));
    format!("  {id}  {kind}  {:<12}  {}", event.body.step().unwrap_or_default(), brief(&event.body)).trim_end().to_owned()
}

fn brief(body: &EventBody) -> String {
    let text = match body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => subject(origin),
        EventBody::StepFailed { error, .. } => error.message.clone(),
        EventBody::ExecutionCompleted { status, output, error } => match (output, error) {
            (_, Some(error)) => format!("{status}: {}", error.message),
            (Some(output), None) => format!("{status}: lane {}, number {}", output["lane"], output["number"]),
            (None, None) => status.to_string(),
        },
        _ => return String::new(),
    };
    shortened(&text)
}

/// The first line of the pushed commit's message.
fn subject(origin: &Origin) -> String {
    let message = origin.input.pointer("/body/head_commit/message").and_then(|message| message.as_str());
    message.and_then(|message| message.lines().next()).unwrap_or_default().to_owned()
}
