//! WebSockets: one execution (`/api/executions/{id}/stream`), or a workspace's feed (`/api/stream`).
//!
//! Each socket pulls from its subscription, and only as fast as its client reads: nothing is buffered here but one frame.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use poem::web::websocket::{CloseCode, Message, WebSocket, WebSocketStream};
use poem::web::{Data, Path, Query};
use poem::{IntoResponse, Response, handler};
use serde::Deserialize;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::clock::Clock;
use tidemill_common::ids::ExecutionId;
use tidemill_common::problem::{Code, Problem};

use super::authenticate::Authenticated;
use super::problem::ProblemError;
use crate::app::Executions;
use crate::hub::{self, ExecutionSubscription, FeedCursor, Hub, WorkspaceSubscription};
use crate::telemetry::Metrics;

/// A bookmark is sent after this long without an event.
const QUIET: Duration = Duration::from_secs(10);
/// A client that takes nothing for this long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// What streams need.
#[derive(Debug, Clone)]
pub struct Streams {
    /// Where events come from.
    pub hub: Hub,
    /// Tells the time in bookmarks.
    pub clock: std::sync::Arc<dyn Clock>,
    /// Counts.
    pub metrics: std::sync::Arc<Metrics>,
}

/// Where to go on.
#[derive(Debug, Deserialize)]
pub struct After {
    after: Option<String>,
}

/// Follows one execution.
#[handler]
pub async fn execution_stream(
    Data(streams): Data<&Streams>,
    Data(executions): Data<&Executions>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(After { after }): Query<After>,
    socket: WebSocket,
) -> Result<Response, ProblemError> {
    let id: ExecutionId = id.parse().map_err(|_| ProblemError::new(Code::NotFound, "there is no such execution"))?;
    let after = after.map_or(Ok(0), |text| text.parse::<i32>()).ok().filter(|after| *after >= 0).ok_or_else(|| {
        ProblemError::new(Code::BadRequest, "`after` is the `seq` of an event: a whole number, 0 for everything")
    })?;
    executions.follow(&caller, id).await?;
    let subscription = streams.hub.subscribe_execution(caller.workspace, id, after);
    let streams = streams.clone();
    Ok(socket.on_upgrade(move |socket| async move { follow_execution(socket, subscription, &streams).await }).into_response())
}

/// Follows a workspace.
#[handler]
pub async fn workspace_stream(
    Data(streams): Data<&Streams>,
    Authenticated(caller): Authenticated,
    Query(After { after }): Query<After>,
    socket: WebSocket,
) -> Result<Response, ProblemError> {
    let after = after.map(|text| text.parse::<FeedCursor>()).transpose();
    let after = after.map_err(|error| ProblemError::new(Code::BadRequest, error.to_string()))?;
    let subscription = streams.hub.subscribe_workspace(caller.workspace, after).await;
    let streams = streams.clone();
    Ok(socket.on_upgrade(move |socket| async move { follow_workspace(socket, subscription, &streams).await }).into_response())
}

/// A socket that can only be written to; what the client sends is read and dropped, so that pings are answered.
struct Outlet {
    sink: futures_util::stream::SplitSink<WebSocketStream, Message>,
    source: futures_util::stream::SplitStream<WebSocketStream>,
}

/// The client is gone, or takes nothing.
struct Gone;

impl Outlet {
    fn new(socket: WebSocketStream) -> Self {
        let (sink, source) = socket.split();
        Self { sink, source }
    }

    async fn send(&mut self, text: String) -> Result<(), Gone> {
        match tokio::time::timeout(STALLED, self.sink.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    async fn frame(&mut self, frame: &StreamFrame) -> Result<(), Gone> {
        self.send(hub::frame_text(frame)).await
    }

    /// Returns when the client has closed the stream.
    async fn closed(&mut self) -> Gone {
        while let Some(Ok(message)) = self.source.next().await {
            if matches!(message, Message::Close(_)) {
                break;
            }
        }
        Gone
    }

    async fn close(mut self, code: CloseCode) {
        // The client may be gone already; then there is nobody to say good-bye to.
        drop(self.sink.send(Message::Close(Some((code, String::new())))).await);
        drop(tokio::time::timeout(Duration::from_secs(1), self.closed()).await);
    }
}

async fn follow_execution(socket: WebSocketStream, mut subscription: ExecutionSubscription, streams: &Streams) {
    let _counted = streams.metrics.stream_subscribed();
    let mut outlet = Outlet::new(socket);
    match execution_frames(&mut outlet, &mut subscription, streams).await {
        Ok(()) => outlet.close(CloseCode::Normal).await,
        Err(Ended::Gone) => {}
        Err(Ended::Failed(error)) => give_up(outlet, &error).await,
    }
}

async fn execution_frames(
    outlet: &mut Outlet,
    subscription: &mut ExecutionSubscription,
    streams: &Streams,
) -> Result<(), Ended> {
    let mut live = false;
    loop {
        let events = if live {
            tokio::select! {
                events = tokio::time::timeout(QUIET, subscription.next()) => events.unwrap_or(Ok(Vec::new()))?,
                _ = outlet.closed() => return Err(Ended::Gone),
            }
        } else {
            subscription.history().await?
        };
        let quiet = events.is_empty();
        for event in events {
            let cursor = event.seq.to_string();
            outlet.frame(&StreamFrame::Event { cursor, event, execution: None }).await?;
        }
        if subscription.ended() {
            return Ok(outlet.frame(&StreamFrame::End).await?);
        }
        let cursor = subscription.cursor().to_string();
        match (quiet, live) {
            (true, false) => {
                live = true;
                outlet.frame(&StreamFrame::Live { cursor }).await?;
            }
            (true, true) => outlet.frame(&StreamFrame::Bookmark { cursor, at: streams.clock.now() }).await?,
            (false, _) => {}
        }
    }
}

async fn follow_workspace(socket: WebSocketStream, subscription: Result<WorkspaceSubscription, hub::Error>, streams: &Streams) {
    let _counted = streams.metrics.stream_subscribed();
    let mut outlet = Outlet::new(socket);
    let ended = match subscription {
        Ok(mut subscription) => workspace_frames(&mut outlet, &mut subscription, streams).await,
        Err(error) => Err(Ended::Failed(error)),
    };
    if let Err(Ended::Failed(error)) = ended {
        give_up(outlet, &error).await;
    }
}

async fn workspace_frames(
    outlet: &mut Outlet,
    subscription: &mut WorkspaceSubscription,
    streams: &Streams,
) -> Result<(), Ended> {
    let mut live = false;
    loop {
        let frames = if live {
            tokio::select! {
                frames = tokio::time::timeout(QUIET, subscription.next()) => frames.unwrap_or(Ok(Vec::new()))?,
                _ = outlet.closed() => return Err(Ended::Gone),
            }
        } else {
            subscription.history().await?
        };
        let quiet = frames.is_empty();
        for frame in frames {
            outlet.send(frame).await?;
        }
        let cursor = subscription.cursor().to_string();
        match (quiet, live) {
            (true, false) => {
                live = true;
                outlet.frame(&StreamFrame::Live { cursor }).await?;
            }
            (true, true) => outlet.frame(&StreamFrame::Bookmark { cursor, at: streams.clock.now() }).await?,
            (false, _) => {}
        }
    }
}

/// Why a stream ended before its time.
enum Ended {
    Gone,
    Failed(hub::Error),
}

impl From<Gone> for Ended {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl From<hub::Error> for Ended {
    fn from(error: hub::Error) -> Self {
        Self::Failed(error)
    }
}

/// Tells the client why the stream ends and what to do; then closes it.
async fn give_up(mut outlet: Outlet, error: &hub::Error) {
    let (frame, code) = match error {
        hub::Error::CursorTooOld => (StreamFrame::Lagged { after: None }, CloseCode::Again),
        hub::Error::Store(_) => {
            let problem = Problem::new(Code::DatabaseUnavailable, "connect again with the last cursor").retry_after(2);
            (StreamFrame::Error { problem }, CloseCode::Again)
        }
        hub::Error::Decode { .. } => {
            tracing::error!(error = error as &dyn std::error::Error, "a stream can't go on");
            let problem = Problem::new(Code::Internal, "an event can't be read; the server's log says which");
            (StreamFrame::Error { problem }, CloseCode::Error)
        }
    };
    if outlet.frame(&frame).await.is_ok() {
        outlet.close(code).await;
    }
}
