//! The WebSockets: one connection, frame by frame. Connecting again after a loss is the caller's, who knows its cursor.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::ids::ExecutionId;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::http::{Call, read_problem};
use super::{Client, Error};

/// Longest wait for the connection to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The server says something at least every ten seconds; after this much silence the connection is dead.
const SILENCE: Duration = Duration::from_secs(25);
/// After this much silence it is in doubt.
const DOUBT: Duration = Duration::from_secs(12);

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
        let connector = Connector::Rustls(self.tls());
        match timeout(CONNECT_TIMEOUT, connect_async_tls_with_config(request, None, false, Some(connector))).await {
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

/// What is known of a frame, or of an event, of a kind that this version doesn't know.
#[derive(Deserialize)]
struct Foreign {
    frame: String,
    cursor: Option<String>,
    event: Option<Dated>,
}

#[derive(Deserialize)]
struct Dated {
    at: DateTime<Utc>,
}

/// A newer server may say what we don't understand. That must not end the stream: an event of an unknown kind becomes a
/// bookmark behind it (its reader sees that something happened and reads the whole anew), another frame is passed over.
fn read(text: &str) -> Result<Option<StreamFrame>, serde_json::Error> {
    let error = match serde_json::from_str(text) {
        Ok(frame) => return Ok(Some(frame)),
        Err(error) => error,
    };
    match serde_json::from_str::<Foreign>(text) {
        Ok(Foreign { cursor: Some(cursor), event: Some(Dated { at }), .. }) => Ok(Some(StreamFrame::Bookmark { cursor, at })),
        Ok(Foreign { frame, .. }) if !KNOWN.contains(&frame.as_str()) => {
            tracing::debug!(frame, "a frame of an unknown kind was passed over");
            Ok(None)
        }
        _ => Err(error),
    }
}

/// Frames of these kinds have to be understood.
const KNOWN: [&str; 6] = ["event", "live", "bookmark", "lagged", "end", "error"];

impl FrameStream {
    /// From when on the connection is in doubt, unless the server is heard before.
    pub(super) fn doubtful_at(&self) -> Instant {
        self.heard_at + DOUBT
    }

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
                Message::Text(text) => match read(&text) {
                    Ok(Some(frame)) => return Ok(Some(frame)),
                    Ok(None) => {}
                    Err(error) => return Err(self.client.not_understood(error)),
                },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_server_says_does_not_end_the_stream() {
        let event = r#"{"frame":"event","cursor":"7","event":{"execution_id":"00000000-0000-0000-0000-000000000000","seq":7,"at":"2026-01-01T00:00:00Z","type":"step_dreamt","data":{"of":"sheep"}}}"#;
        assert!(matches!(read(event), Ok(Some(StreamFrame::Bookmark { cursor, .. })) if cursor == "7"));
        assert!(matches!(read(r#"{"frame":"weather","sun":true}"#), Ok(None)));
        assert!(read(r#"{"frame":"live"}"#).is_err(), "a frame that we have to understand");
        assert!(read("nonsense").is_err());
    }
}
