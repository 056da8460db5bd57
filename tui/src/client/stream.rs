//! The WebSockets: one connection, frame by frame. Connecting again after a loss is the caller's, who knows its cursor.

use std::time::Duration;

use futures_util::StreamExt as _;

use reqwest::{Method, StatusCode};
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::ids::ExecutionId;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::http::{Call, read_problem};
use super::{Client, Error};

/// Longest wait for the connection to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The server says something at least every ten seconds; after this much silence the connection is dead.
const SILENCE: Duration = Duration::from_secs(25);

/// A connection that delivers frames. Dropping it closes the connection.
#[derive(Debug)]
pub struct FrameStream {
    client: Client,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard_at: Instant,
}

impl Client {
    /// Opens the stream of one execution: events with a `seq` greater than `after`, then live ones.
    pub async fn execution_stream(&self, id: ExecutionId, after: i32) -> Result<FrameStream, Error> {
        let call = self.call(Method::GET, &["api", "executions", &id.to_string(), "stream"]);
        self.open_stream(call.query("after", Some(after))).await
    }

    /// Opens the workspace's feed behind the cursor `after`, or from now on.
    pub async fn workspace_stream(&self, after: Option<&str>) -> Result<FrameStream, Error> {
        self.open_stream(self.call(Method::GET, &["api", "stream"]).query("after", after)).await
    }

    async fn open_stream(&self, call: Call) -> Result<FrameStream, Error> {
        // http → ws, https → wss.
        let url = call.into_url().as_str().replacen("http", "ws", 1);
        let mut request = url.into_client_request().map_err(|error| self.refused(error))?;
        request.headers_mut().extend(self.headers().clone());
        match timeout(CONNECT_TIMEOUT, connect_async(request)).await {
            Ok(Ok((socket, _))) => Ok(FrameStream { client: self.clone(), socket, heard_at: Instant::now() }),
            Ok(Err(error)) => Err(self.refused(error)),
            Err(elapsed) => Err(self.unreachable(elapsed)),
        }
    }

    fn refused(&self, error: tungstenite::Error) -> Error {
        match error {
            tungstenite::Error::Http(answer) => {
                let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
                let body = answer.body().as_deref().unwrap_or_default();
                Error::Problem(Box::new(read_problem(status, answer.headers(), body)))
            }
            error => self.unreachable(error),
        }
    }
}

impl FrameStream {
    /// The next frame; `None` when the server closed the stream. Safe to cancel.
    ///
    /// A connection that was silent for too long counts as unreachable.
    pub async fn next(&mut self) -> Result<Option<StreamFrame>, Error> {
        loop {
            let message = match timeout_at(self.heard_at + SILENCE, self.socket.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(None | Some(Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed))) => {
                    return Ok(None);
                }
                Ok(Some(Err(error))) => return Err(self.client.unreachable(error)),
                Err(elapsed) => return Err(self.client.unreachable(elapsed)),
            };
            self.heard_at = Instant::now();
            match message {
                Message::Text(text) => {
                    return serde_json::from_str(&text).map(Some).map_err(|error| self.client.not_understood(error));
                }
                Message::Close(_) => return Ok(None),
                // Pings are answered by the library while we read; binary frames are not ours.
                _ => {}
            }
        }
    }

    /// Says goodbye; errors don't matter any more.
    pub async fn close(mut self) {
        if let Err(error) = self.socket.close(None).await {
            tracing::debug!(%error, "the stream was closed already");
        }
    }
}
