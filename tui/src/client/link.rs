//! A stream that is kept alive: connects again for ever, resumes behind the last cursor, says how it goes.
//!
//! Frames are delivered in batches, so that a burst costs one wake-up. The channel is bounded; a reader that does not
//! keep up makes the server say `lagged`, and the link resumes from there.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::ids::ExecutionId;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Backoff, Client, Error, FrameStream, knock};

/// First and longest ceiling of the pause between tries; the pause is a random share of it.
const RETRY_BASE: Duration = Duration::from_millis(500);
const RETRY_CAP: Duration = Duration::from_secs(15);
/// Another try begins beside those of which nothing was heard for so long: a part of the second in which a link is to be back.
const BESIDE: Duration = Duration::from_millis(400);
/// Most frames of one batch.
const BATCH: usize = 256;
/// How long a batch waits for more frames after its first one.
const GATHER: Duration = Duration::from_millis(15);

/// Which stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The feed of the workspace, from now on or behind a cursor.
    Feed {
        /// The cursor of the last frame.
        after: Option<String>,
    },
    /// One execution.
    Execution {
        /// The execution.
        id: ExecutionId,
        /// The `seq` of the last event.
        after: i32,
    },
}

/// What a link has to say.
#[derive(Debug)]
pub enum LinkEvent {
    /// Connected.
    Open,
    /// Frames, in order.
    Frames(Vec<StreamFrame>),
    /// Not connected, and when the next try is.
    Down {
        /// Why, for people.
        reason: String,
        /// How long until the next try.
        retry_in: Duration,
    },
    /// Events were missed: read everything anew. The link goes on with what is new.
    Resync,
    /// The stream is complete; the link has stopped.
    Ended,
}

/// Why a connection ended.
enum Outcome {
    /// It is to be made again.
    Lost(String),
    /// There was none; somebody may take connections before the next try is due.
    Shut(String),
    /// It is to be made again at once: the server said where to go on.
    Moved,
    /// All was said.
    Ended,
    /// Nobody listens any more.
    Unheard,
}

/// Keeps a stream alive until it is complete or nobody listens. `retry` cuts a pause short.
pub async fn keep(client: Client, mut target: Target, retry: Arc<Notify>, events: mpsc::Sender<LinkEvent>) {
    let mut backoff = Backoff::new(RETRY_BASE, RETRY_CAP);
    loop {
        let outcome = match connect(&client, &target).await {
            Ok(stream) => follow((&client, stream), &mut target, &mut backoff, &events).await,
            Err(error) if is_cursor_refused(&error, &target) => begin_anew(&mut target, &events).await,
            Err(error @ Error::Unreachable { .. }) => Outcome::Shut(reason(&error)),
            Err(error) => Outcome::Lost(reason(&error)),
        };
        let shut = matches!(outcome, Outcome::Shut(_));
        let lost = match outcome {
            Outcome::Moved => continue,
            Outcome::Lost(lost) | Outcome::Shut(lost) => lost,
            Outcome::Unheard => return,
            Outcome::Ended => {
                // Nobody listening is as good as told.
                let _ = events.send(LinkEvent::Ended).await;
                return;
            }
        };
        let retry_in = pause(&mut backoff);
        if events.send(LinkEvent::Down { reason: lost, retry_in }).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(retry_in) => {}
            () = knock::answered(&client), if shut => {}
            () = retry.notified() => backoff.reset(),
            () = events.closed() => return,
        }
    }
}

/// The first try after a loss is made at once, the others after a random share of a growing ceiling.
fn pause(backoff: &mut Backoff) -> Duration {
    let first = backoff.failures() == 0;
    let delay = backoff.next_delay();
    if first { Duration::ZERO } else { delay }
}

/// Connects. A try that was swallowed on its way is silent for long after the way is open again: others begin beside it, until one
/// of them stands or fails.
async fn connect(client: &Client, target: &Target) -> Result<FrameStream, Error> {
    let mut tries = FuturesUnordered::new();
    loop {
        tries.push(open(client, target));
        tokio::select! {
            Some(ended) = tries.next() => return ended,
            () = sleep(BESIDE) => {}
        }
    }
}

async fn open(client: &Client, target: &Target) -> Result<FrameStream, Error> {
    match target {
        Target::Feed { after } => client.workspace_stream(after.as_deref()).await,
        Target::Execution { id, after } => client.execution_stream(*id, *after).await,
    }
}

/// Whether the server does not know the cursor: another database answers, or the cursor is of another version.
fn is_cursor_refused(error: &Error, target: &Target) -> bool {
    error.status() == Some(400) && !matches!(target, Target::Feed { after: None } | Target::Execution { after: 0, .. })
}

/// Forgets the cursor: what was missed has to be read.
async fn begin_anew(target: &mut Target, events: &mpsc::Sender<LinkEvent>) -> Outcome {
    match target {
        Target::Feed { after } => *after = None,
        Target::Execution { after, .. } => *after = 0,
    }
    if events.send(LinkEvent::Resync).await.is_ok() { Outcome::Moved } else { Outcome::Unheard }
}

/// Delivers frames until the connection ends; `target` moves on with them.
async fn follow(
    (client, mut stream): (&Client, FrameStream),
    target: &mut Target,
    backoff: &mut Backoff,
    events: &mpsc::Sender<LinkEvent>,
) -> Outcome {
    if events.send(LinkEvent::Open).await.is_err() {
        return Outcome::Unheard;
    }
    loop {
        let gathered = tokio::select! {
            gathered = gather((client, &mut stream), target) => gathered,
            () = events.closed() => return Outcome::Unheard,
        };
        let (mut frames, end) = gathered;
        if !frames.is_empty() {
            backoff.reset();
        }
        let verdict = frames.iter().position(|frame| read(frame, target).is_some());
        let verdict = verdict.and_then(|at| frames.drain(at..).next()).and_then(|frame| read(&frame, target));
        if !frames.is_empty() && events.send(LinkEvent::Frames(frames)).await.is_err() {
            return Outcome::Unheard;
        }
        match verdict.or(end) {
            None => {}
            Some(Verdict::Resync) => return begin_anew(target, events).await,
            Some(Verdict::End(outcome)) => return outcome,
        }
    }
}

/// What ends a connection.
enum Verdict {
    End(Outcome),
    Resync,
}

/// Moves `target` behind `frame`; says whether the connection ends with it.
fn read(frame: &StreamFrame, target: &mut Target) -> Option<Verdict> {
    match frame {
        StreamFrame::Event { cursor, .. } | StreamFrame::Live { cursor } | StreamFrame::Bookmark { cursor, .. } => {
            go_behind(target, cursor);
            None
        }
        StreamFrame::Lagged { after: Some(after) } => {
            go_behind(target, after);
            Some(Verdict::End(Outcome::Moved))
        }
        StreamFrame::Lagged { after: None } => Some(Verdict::Resync),
        StreamFrame::End => Some(Verdict::End(Outcome::Ended)),
        StreamFrame::Error { problem } => Some(Verdict::End(Outcome::Lost(problem.detail.clone()))),
    }
}

fn go_behind(target: &mut Target, cursor: &str) {
    match target {
        Target::Feed { after } => *after = Some(cursor.to_owned()),
        // A cursor of an execution is its `seq`; one that isn't leaves us where we are, and events that come twice are dropped.
        Target::Execution { after, .. } => *after = cursor.parse().unwrap_or(*after),
    }
}

/// The next frame. Beside a connection that is silent for longer than the server ever is, another is made: when the way was closed for
/// a while, a new one goes through it long before what was sent on the old one is sent again.
async fn next(client: &Client, stream: &mut FrameStream, target: &Target) -> Result<Option<StreamFrame>, Error> {
    loop {
        let doubtful = stream.doubtful_at();
        if doubtful > Instant::now() {
            // What is heard meanwhile need not be a frame.
            tokio::select! {
                frame = stream.next() => return frame,
                () = sleep_until(doubtful) => continue,
            }
        }
        tokio::select! {
            frame = stream.next() => return frame,
            fresh = connect(client, target) => *stream = fresh?,
        }
    }
}

/// Waits for a frame and takes those that follow closely.
async fn gather((client, stream): (&Client, &mut FrameStream), target: &Target) -> (Vec<StreamFrame>, Option<Verdict>) {
    let mut frames = Vec::new();
    let mut next = next(client, stream, target).await;
    loop {
        match next {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, Some(Verdict::End(Outcome::Lost("the server closed the stream".into())))),
            Err(error) => return (frames, Some(Verdict::End(Outcome::Lost(reason(&error))))),
        }
        if frames.len() >= BATCH {
            return (frames, None);
        }
        match timeout(GATHER, stream.next()).await {
            Ok(more) => next = more,
            Err(_) => return (frames, None),
        }
    }
}

/// Why, in one line for people, with what to do where we know it.
fn reason(error: &Error) -> String {
    match error.status() {
        Some(401) => "the token was refused: run `tidemill login`".into(),
        Some(403 | 404) => "this token may not read here: check the workspace".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use futures_util::SinkExt as _;
    use tokio::net::TcpListener;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

    use super::*;
    use crate::client::ClientConfig;

    /// A server that answers the n-th connection with the n-th script, and notes what was asked. An empty script
    /// keeps the connection open.
    async fn server(scripts: Vec<Vec<StreamFrame>>) -> (SocketAddr, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, requests) = mpsc::channel(16);
        tokio::spawn(async move {
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                let mut path = String::new();
                #[expect(clippy::result_large_err, reason = "the library's type")]
                let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
                    path = format!("{} {:?}", request.uri(), request.headers().get("authorization").unwrap());
                    Ok(response)
                };
                let mut socket = tokio_tungstenite::accept_hdr_async(socket, note).await.unwrap();
                asked.send(path).await.unwrap();
                for frame in &script {
                    socket.send(Message::text(serde_json::to_string(frame).unwrap())).await.unwrap();
                }
                if script.is_empty() {
                    socket.next().await;
                }
            }
        });
        (address, requests)
    }

    fn link(address: SocketAddr, target: Target) -> mpsc::Receiver<LinkEvent> {
        let config = ClientConfig {
            server: format!("http://{address}"),
            token: "tm_secret".into(),
            workspace: Some("ops".into()),
            ca: None,
        };
        let (sender, events) = mpsc::channel(4);
        tokio::spawn(keep(Client::new(&config).unwrap(), target, Arc::new(Notify::new()), sender));
        events
    }

    fn live(cursor: &str) -> StreamFrame {
        StreamFrame::Live { cursor: cursor.into() }
    }

    #[tokio::test]
    async fn it_resumes_behind_the_last_cursor() {
        let (address, mut asked) = server(vec![vec![live("c7")], vec![]]).await;
        let mut events = link(address, Target::Feed { after: None });
        assert!(matches!(events.recv().await, Some(LinkEvent::Open)));
        assert!(matches!(events.recv().await, Some(LinkEvent::Frames(frames)) if frames == [live("c7")]));
        let Some(LinkEvent::Down { retry_in, .. }) = events.recv().await else { unreachable!("a loss is reported") };
        assert_eq!(retry_in, Duration::ZERO, "the first try is made at once");
        assert!(matches!(events.recv().await, Some(LinkEvent::Open)));
        let first = asked.recv().await.unwrap();
        assert!(first.starts_with("/api/stream ") && first.contains("Bearer tm_secret"), "{first}");
        assert!(asked.recv().await.unwrap().starts_with("/api/stream?after=c7 "));
    }

    #[tokio::test]
    async fn lagged_goes_on_where_the_server_says_and_without_a_place_it_resyncs() {
        let lagged = |after: Option<&str>| StreamFrame::Lagged { after: after.map(str::to_owned) };
        let (address, mut asked) = server(vec![vec![live("a"), lagged(Some("b"))], vec![lagged(None)], vec![]]).await;
        let mut events = link(address, Target::Feed { after: None });
        let mut seen = Vec::new();
        while !matches!(seen.last(), Some(LinkEvent::Resync)) {
            seen.push(events.recv().await.unwrap());
        }
        assert!(!seen.iter().any(|event| matches!(event, LinkEvent::Down { .. })), "{seen:?}");
        asked.recv().await.unwrap();
        assert!(asked.recv().await.unwrap().starts_with("/api/stream?after=b "));
        assert!(asked.recv().await.unwrap().starts_with("/api/stream "));
    }

    #[tokio::test]
    async fn a_complete_stream_stops_the_link() {
        let (address, mut asked) = server(vec![vec![live("4"), StreamFrame::End]]).await;
        let id = ExecutionId(uuid::Uuid::nil());
        let mut events = link(address, Target::Execution { id, after: 3 });
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(LinkEvent::Ended)));
        assert!(asked.recv().await.unwrap().starts_with(&format!("/api/executions/{id}/stream?after=3 ")));
    }

    #[test]
    fn pauses_begin_at_once_and_stay_under_the_cap() {
        let mut backoff = Backoff::new(RETRY_BASE, RETRY_CAP);
        let pauses: Vec<Duration> = (0..200).map(|_| pause(&mut backoff)).collect();
        assert_eq!(pauses[0], Duration::ZERO);
        assert!(pauses[1] <= Duration::from_secs(1));
        assert!(pauses.iter().all(|pause| *pause <= RETRY_CAP));
        assert!(pauses.iter().any(|pause| *pause > Duration::from_secs(5)), "the ceiling grows");
    }
}
