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

use super::authenticate::{Authenticated, Standing};
use super::problem::ProblemError;
use crate::app::{self, Executions};
use crate::hub::{self, ExecutionSubscription, FeedCursor, Hub, WorkspaceSubscription};
use crate::telemetry::Metrics;

/// A bookmark is sent after this long without an event.
const QUIET: Duration = Duration::from_secs(10);
/// A client that takes nothing for this long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// How a socket is closed whose caller may not follow any more: the WebSocket's 401.
const NOT_ALLOWED: u16 = 4401;

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
    standing: Standing,
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
    let (streams, executions) = (streams.clone(), executions.clone());
    let lost = async move {
        standing
            .lost(|caller| {
                let executions = executions.clone();
                async move { !is_refusal(executions.follow(&caller, id).await) }
            })
            .await;
    };
    let follow = move |socket| async move { follow_execution(socket, subscription, &streams, lost).await };
    Ok(socket.on_upgrade(follow).into_response())
}

/// Follows a workspace.
#[handler]
pub async fn workspace_stream(
    Data(streams): Data<&Streams>,
    Data(executions): Data<&Executions>,
    Authenticated(caller): Authenticated,
    standing: Standing,
    Query(After { after }): Query<After>,
    socket: WebSocket,
) -> Result<Response, ProblemError> {
    let after = after.map(|text| text.parse::<FeedCursor>()).transpose();
    let after = after.map_err(|error| ProblemError::new(Code::BadRequest, error.to_string()))?;
    executions.follow_workspace(&caller)?;
    let subscription = streams.hub.subscribe_workspace(caller.workspace, after).await;
    let (streams, executions) = (streams.clone(), executions.clone());
    let lost = async move {
        standing.lost(|caller| std::future::ready(!is_refusal(executions.follow_workspace(&caller)))).await;
    };
    let follow = move |socket| async move { follow_workspace(socket, subscription, &streams, lost).await };
    Ok(socket.on_upgrade(follow).into_response())
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

/// Whether this is a no, and not only a database that is away.
fn is_refusal(answer: Result<(), app::Error>) -> bool {
    matches!(answer, Err(error) if !matches!(error, app::Error::Store(_)))
}

async fn follow_execution(
    socket: WebSocketStream,
    mut subscription: ExecutionSubscription,
    streams: &Streams,
    lost: impl Future<Output = ()>,
) {
    let _counted = streams.metrics.stream_subscribed();
    let mut outlet = Outlet::new(socket);
    let ended = tokio::select! {
        ended = execution_frames(&mut outlet, &mut subscription, streams) => ended,
        () = lost => Err(Ended::Lost),
    };
    match ended {
        Ok(()) => outlet.close(CloseCode::Normal).await,
        Err(ended) => give_up(outlet, ended).await,
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

async fn follow_workspace(
    socket: WebSocketStream,
    subscription: Result<WorkspaceSubscription, hub::Error>,
    streams: &Streams,
    lost: impl Future<Output = ()>,
) {
    let _counted = streams.metrics.stream_subscribed();
    let mut outlet = Outlet::new(socket);
    let ended = match subscription {
        Ok(mut subscription) => tokio::select! {
            ended = workspace_frames(&mut outlet, &mut subscription, streams) => ended,
            () = lost => Err(Ended::Lost),
        },
        Err(error) => Err(Ended::Failed(error)),
    };
    if let Err(ended) = ended {
        give_up(outlet, ended).await;
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
    /// The caller may not follow any more.
    Lost,
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
async fn give_up(mut outlet: Outlet, ended: Ended) {
    let error = match ended {
        Ended::Gone => return,
        Ended::Lost => {
            let problem = Problem::new(Code::Unauthenticated, "you may not follow this any more: sign in again");
            if outlet.frame(&StreamFrame::Error { problem }).await.is_ok() {
                outlet.close(CloseCode::from(NOT_ALLOWED)).await;
            }
            return;
        }
        Ended::Failed(error) => error,
    };
    let (frame, code) = match &error {
        hub::Error::CursorTooOld => (StreamFrame::Lagged { after: None }, CloseCode::Again),
        hub::Error::Store(_) => {
            let problem = Problem::new(Code::DatabaseUnavailable, "connect again with the last cursor").retry_after(2);
            (StreamFrame::Error { problem }, CloseCode::Again)
        }
        hub::Error::Decode { .. } => {
            tracing::error!(error = &error as &dyn std::error::Error, "a stream can't go on");
            let problem = Problem::new(Code::Internal, "an event can't be read; the server's log says which");
            (StreamFrame::Error { problem }, CloseCode::Error)
        }
    };
    if outlet.frame(&frame).await.is_ok() {
        outlet.close(code).await;
    }
}
