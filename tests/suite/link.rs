//! The front end's link through a connection that is cut again and again, in the middle of frames: nothing is lost, and what comes
//! twice can be told by its `seq`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::EventBody;
use tidemill_common::ids::ExecutionId;
use tidemill_tui::client::link::{LinkEvent, Target, keep};
use tidemill_tui::client::{Client, ClientConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

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

async fn next(events: &mut mpsc::Receiver<LinkEvent>) -> LinkEvent {
    tokio::time::timeout(PATIENCE, events.recv()).await.expect("the link says something").expect("the link goes on")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_cuts_nothing_is_lost_and_what_comes_twice_is_known() {
    let server = server().await;
    let api = server.client();
    install(&api, QUICK).await;
    let address = flaky(server.url().trim_start_matches("http://").to_owned(), 12).await;
    let config = ClientConfig { server: format!("http://{address}"), token: server.token(), workspace: None, ca: None };
    let client = Client::new(&config).unwrap();
    let (sender, mut events) = mpsc::channel(64);
    let retry = Arc::new(Notify::new());
    tokio::spawn(keep(client, Target::Feed { after: None }, Arc::clone(&retry), sender));
    let mut seen: BTreeMap<ExecutionId, Vec<i32>> = BTreeMap::new();
    let (mut live, mut cuts, mut started, mut complete) = (false, 0, Vec::new(), 0);
    let mut quiet = false;
    while complete < EXECUTIONS && !quiet {
        match next(&mut events).await {
            LinkEvent::Frames(frames) => {
                for frame in frames {
                    match frame {
                        StreamFrame::Event { event, .. } => {
                            let seqs = seen.entry(event.execution_id).or_default();
                            // What was written together comes again after a cut within it; its `seq` is known.
                            if seqs.last() < Some(&event.seq) {
                                complete += usize::from(matches!(event.body, EventBody::ExecutionCompleted { .. }));
                                seqs.push(event.seq);
                            }
                        }
                        StreamFrame::Live { .. } => live = true,
                        // Nothing is under way any more: what has not come will not.
                        StreamFrame::Bookmark { .. } => quiet = started.len() == EXECUTIONS,
                        _ => {}
                    }
                }
            }
            LinkEvent::Down { .. } => {
                cuts += 1;
                retry.notify_waiters();
            }
            LinkEvent::Open => {}
            other => unreachable!("a cut is no reason to begin anew: {other:?}"),
        }
        // The feed begins where it became live: what is started from then on has to come whole.
        if live && started.len() < EXECUTIONS {
            started.push(start(&api, "quick", json!({})).await);
        }
    }
    for id in &started {
        let last = i32::try_from(ended(&api, id).await["last_seq"].as_i64().unwrap()).unwrap();
        let seqs = seen.remove(&id.parse().unwrap()).unwrap_or_default();
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "execution {id}");
    }
    assert!(cuts >= 5, "the way was cut {cuts} times");
}
