//! Many WebSockets that follow the same execution: how late an event is, and whether one is missing.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tidemill_common::clock::{Clock, SystemClock};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::bench::api::execution_of;
use crate::bench::histogram::Histogram;
use crate::bench::load::{apart, joined};
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

const ID: &str = "tidemill-bench-followers";

/// Steps after the first one; each is a wait, hence three events.
const STEPS: u32 = 20;

/// How long each follower may take to connect while the others do.
const CONNECT: Duration = Duration::from_millis(4);

/// How long no frame may come.
const PATIENCE: Duration = Duration::from_secs(60);

fn workflow() -> Value {
    let first = json!({"id": "begin", "uses": "wait", "with": {"until": "{{ trigger.body.begin }}"}});
    let step = |number| json!({"id": format!("s{number}"), "uses": "wait", "with": {"duration": "100ms"}});
    let steps: Vec<Value> = std::iter::once(first).chain((0..STEPS).map(step)).collect();
    json!({
        "id": ID,
        "name": "Bench: followers",
        "triggers": [{"id": "in", "type": "webhook", "path": ID, "respond": "immediately"}],
        "steps": steps,
    })
}

/// What one follower saw.
#[derive(Default)]
struct Followed {
    latencies: Histogram,
    frames: u64,
    last: i32,
    missing: u64,
}

#[derive(Deserialize)]
struct Frame {
    frame: String,
    event: Option<Stamp>,
}

#[derive(Deserialize)]
struct Stamp {
    seq: i32,
    at: DateTime<Utc>,
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let followers = stage.options.followers;
    let api = stage.api();
    let installed = api.install(ID, &workflow()).await?;
    let begin = SystemClock.now() + TimeDelta::seconds(2) + TimeDelta::from_std(CONNECT * followers).unwrap_or_default();
    let body = json!({"begin": begin.to_rfc3339_opts(SecondsFormat::Millis, true)});
    let answer = api.deliver(&api.delivery(&installed, &body)).await?;
    let execution = execution_of(&answer)?;
    stage.say(&format!("{followers} connections"));
    let (address, token) = (stage.target.address.clone(), stage.target.token.clone());
    let path = format!("/api/executions/{execution}/stream");
    let seen = apart(follow(address, token, path, followers)).await?;
    let newest = api.events(execution).await?.len();
    api.remove(&installed).await?;

    let (mut latencies, mut frames, mut lost) = (Histogram::default(), 0, 0);
    for followed in &seen {
        latencies.add(&followed.latencies);
        frames += followed.frames;
        lost +=
            followed.missing + u64::try_from(newest).unwrap_or_default().saturating_sub(followed.last.unsigned_abs().into());
    }
    let case = Case::new(format!("{followers} followers"))
        .count("events", frames)
        .count("live", latencies.count())
        .number("p50_ms", latencies.percentile(50))
        .number("p99_ms", latencies.percentile(99))
        .number("max_ms", latencies.max())
        .count("lost", lost);
    Ok(stage.section(None, vec![case]))
}

async fn follow(address: String, token: String, path: String, followers: u32) -> Result<Vec<Followed>, Error> {
    let mut tasks = JoinSet::new();
    for _ in 0..followers {
        let socket = connect(&address, &token, &path).await?;
        tasks.spawn(listen(socket));
    }
    joined(tasks).await
}

async fn connect(address: &str, token: &str, path: &str) -> Result<WebSocketStream<TcpStream>, Error> {
    let uri: Uri = format!("ws://{address}{path}").parse().map_err(|_| Error::Url(address.to_owned()))?;
    let request = ClientRequestBuilder::new(uri).with_header("authorization", format!("Bearer {token}"));
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|source| Error::Connection { address: address.to_owned(), source })?;
    let (socket, _) = client_async(request, stream).await.map_err(broken)?;
    Ok(socket)
}

/// Listens until the server says that this was all. Events from before the first live one are not timed.
async fn listen(mut socket: WebSocketStream<TcpStream>) -> Result<Followed, Error> {
    let (mut followed, mut live) = (Followed::default(), false);
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.map_err(|_| Error::Unfinished(PATIENCE))?;
        let Some(message) = message.transpose().map_err(broken)? else { return Ok(followed) };
        let Ok(text) = message.to_text() else { continue };
        let Ok(frame) = serde_json::from_str::<Frame>(text) else { continue };
        match (frame.frame.as_str(), frame.event) {
            ("event", Some(event)) => {
                followed.frames += 1;
                followed.missing += u64::from((event.seq - followed.last - 1).unsigned_abs());
                followed.last = event.seq;
                if live {
                    followed.latencies.record((SystemClock.now() - event.at).to_std().unwrap_or_default());
                }
            }
            ("live", _) => live = true,
            ("end", _) => {
                // The server closes as well; who is first does not matter.
                drop(socket.close(None).await);
                return Ok(followed);
            }
            _ => {}
        }
    }
}

fn broken(error: SocketError) -> Error {
    Error::Follower(Box::new(error))
}
