//! The front end's link through a connection that is cut again and again, in the middle of frames, and through one that falls silent:
//! nothing is lost, and what comes twice can be told by its `seq`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::EventBody;
use tidemill_common::ids::ExecutionId;
use tidemill_harness::{Client as Http, TestServer, eventually_async};
use tidemill_tui::client::link::{LinkEvent, Target, keep};
use tidemill_tui::client::{Client, ClientConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};

use crate::scene::{ended, install, server, start};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many executions are started.
const EXECUTIONS: usize = 30;

const QUICK: &str =
    "id: quick\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n  - {id: b, uses: transform, with: {y: 2}}\n";

/// A way to `server` on which the n-th connection is cut when so many bytes have come back; after `cuts` of them it holds.
async fn flaky(server: String, cuts: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for connection in 0.. {
            let (client, _) = listener.accept().await.unwrap();
            // Odd numbers: the cut falls into headers, frames and payloads alike.
            let room = if connection < cuts { 4_001 + connection * 997 } else { usize::MAX };
            tokio::spawn(pass(client, TcpStream::connect(server.clone()).await.unwrap(), room));
        }
    });
    address
}

/// Carries bytes both ways until `room` of them have come from the server, then cuts both connections.
async fn pass(client: TcpStream, server: TcpStream, mut room: usize) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = [0; 256];
    while room > 0 {
        let wanted = buffer.len().min(room);
        match from_server.read(&mut buffer[..wanted]).await {
            Ok(read) if read > 0 && to_client.write_all(&buffer[..read]).await.is_ok() => room -= read,
            _ => break,
        }
    }
    up.abort();
}

/// Where `server` listens.
fn place(server: &TestServer) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

async fn next(events: &mut mpsc::Receiver<LinkEvent>) -> LinkEvent {
    tokio::time::timeout(PATIENCE, events.recv()).await.expect("the link says something").expect("the link goes on")
}

/// What has come over the link.
#[derive(Default)]
struct Heard {
    seqs: BTreeMap<ExecutionId, Vec<i32>>,
    /// How many executions have come to their end.
    complete: usize,
    /// Whether the history is over.
    live: bool,
    /// Whether the newest frame says that nothing is under way any more.
    quiet: bool,
}

impl Heard {
    fn take(&mut self, frames: Vec<StreamFrame>) {
        for frame in frames {
            self.quiet = matches!(frame, StreamFrame::Bookmark { .. });
            match frame {
                StreamFrame::Event { event, .. } => {
                    let seqs = self.seqs.entry(event.execution_id).or_default();
                    // What was written together comes again after a cut within it; its `seq` is known.
                    if seqs.last() < Some(&event.seq) {
                        self.complete += usize::from(matches!(event.body, EventBody::ExecutionCompleted { .. }));
                        seqs.push(event.seq);
                    }
                }
                StreamFrame::Live { .. } => self.live = true,
                _ => {}
            }
        }
    }

    /// Every event of the executions in `started` has come, each once.
    async fn assert_whole(mut self, api: &Http, started: &[String]) {
        for id in started {
            let last = i32::try_from(ended(api, id).await["last_seq"].as_i64().unwrap()).unwrap();
            let seqs = self.seqs.remove(&id.parse().unwrap()).unwrap_or_default();
            assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "execution {id}");
        }
    }
}

/// Follows the feed by way of `address`.
fn follow(server: &TestServer, address: SocketAddr) -> (mpsc::Receiver<LinkEvent>, Arc<Notify>) {
    let config = ClientConfig { server: format!("http://{address}"), token: server.token(), workspace: None, ca: None };
    let (sender, events) = mpsc::channel(64);
    let retry = Arc::new(Notify::new());
    tokio::spawn(keep(Client::new(&config).unwrap(), Target::Feed { after: None }, Arc::clone(&retry), sender));
    (events, retry)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_cuts_nothing_is_lost_and_what_comes_twice_is_known() {
    let server = server().await;
    let api = server.client();
    install(&api, QUICK).await;
    let address = flaky(place(&server), 12).await;
    let (mut events, retry) = follow(&server, address);
    let (mut heard, mut cuts, mut started) = (Heard::default(), 0, Vec::new());
    // When all are started and nothing is under way any more, what has not come will not.
    while heard.complete < EXECUTIONS && !(heard.quiet && started.len() == EXECUTIONS) {
        match next(&mut events).await {
            LinkEvent::Frames(frames) => heard.take(frames),
            LinkEvent::Down { .. } => {
                cuts += 1;
                retry.notify_waiters();
            }
            LinkEvent::Open => {}
            other => unreachable!("a cut is no reason to begin anew: {other:?}"),
        }
        // The feed begins where it became live: what is started from then on has to come whole.
        if heard.live && started.len() < EXECUTIONS {
            started.push(start(&api, "quick", json!({})).await);
            heard.quiet = false;
        }
    }
    heard.assert_whole(&api, &started).await;
    assert!(cuts >= 5, "the way was cut {cuts} times");
}

/// A way to `server` that can swallow what goes over it, without a word to either side: what was open then stays open and dumb for
/// ever, as behind a router that has forgotten it.
async fn hole(server: String) -> (SocketAddr, watch::Sender<bool>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (swallows, state) = watch::channel(false);
    let swallowed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&swallowed);
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = TcpStream::connect(server.clone()).await.unwrap().into_split();
            tokio::spawn(carry(from_client, to_server, state.clone(), Arc::clone(&count)));
            tokio::spawn(carry(from_server, to_client, state.clone(), Arc::default()));
        }
    });
    (address, swallows, swallowed)
}

/// Carries bytes; `swallowed` counts those who spoke in vain.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallows: watch::Receiver<bool>, swallowed: Arc<AtomicUsize>) {
    let (mut buffer, mut lost) = ([0; 4096], false);
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !lost && *swallows.borrow() {
            lost = true;
            swallowed.fetch_add(1, Ordering::Relaxed);
        }
        if !lost && to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    if lost || *swallows.borrow() {
        // Nobody hears that one side has gone.
        std::future::pending::<()>().await;
    }
}

/// Until when a way swallows everything.
#[derive(Clone, Copy, PartialEq)]
enum Until {
    /// The front end doubts the connection, and has tried to make another one.
    Doubted,
    /// It holds the connection for lost, and has tried again since.
    Lost,
}

/// Follows three executions. The way swallows everything from the second one on; the third is started when the way is open again.
/// Returns how often the connection was held for lost.
async fn through_silence(until: Until) -> usize {
    let server = server().await;
    let api = server.client();
    install(&api, QUICK).await;
    let (address, swallows, swallowed) = hole(place(&server)).await;
    let (mut events, _retry) = follow(&server, address);
    let (mut heard, mut started, mut lost) = (Heard::default(), Vec::new(), 0);
    // It was silent, and so is the next try to connect, for ever; one beside it goes through.
    let open_again = async || {
        let before = swallowed.load(Ordering::Relaxed);
        eventually_async("a try is swallowed", || async { (swallowed.load(Ordering::Relaxed) > before).then_some(()) }).await;
        swallows.send_replace(false);
    };
    while heard.complete < 3 {
        match next(&mut events).await {
            LinkEvent::Frames(frames) => heard.take(frames),
            LinkEvent::Down { .. } => lost += 1,
            LinkEvent::Open => {}
            other => unreachable!("silence is no reason to begin anew: {other:?}"),
        }
        match (heard.live, started.len(), lost) {
            (true, 0, _) => started.push(start(&api, "quick", json!({})).await),
            (_, 1, 0) if heard.complete == 1 => {
                swallows.send_replace(true);
                started.push(start(&api, "quick", json!({})).await);
                if until == Until::Doubted {
                    open_again().await;
                    started.push(start(&api, "quick", json!({})).await);
                }
            }
            (_, 2, 1) => {
                open_again().await;
                started.push(start(&api, "quick", json!({})).await);
            }
            _ => {}
        }
    }
    heard.assert_whole(&api, &started).await;
    lost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_that_swallows_everything_is_noticed_and_nothing_is_lost() {
    assert_eq!(through_silence(Until::Lost).await, 1, "nobody waited for the end of what was swallowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_silent_connection_another_is_made_before_it_is_held_for_lost() {
    assert_eq!(through_silence(Until::Doubted).await, 0);
}
