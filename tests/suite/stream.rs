//! WebSockets: one execution's events and the workspace's feed, history first and then live.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tidemill_common::api::stream::StreamFrame;
use tidemill_harness::TestServer;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::scene::{ended, events, install, reaches, run, server, start, text};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a test waits for a frame that must come.
const PATIENCE: Duration = Duration::from_secs(30);

const QUICK: &str =
    "id: quick\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n  - {id: b, uses: transform, with: {y: 2}}\n";
const WAITS: &str = "id: waits\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n  - {id: pause, uses: wait, with: {duration: 2s}}\n  - {id: b, uses: transform, with: {y: 2}}\n";

async fn dial(server: &TestServer, path: &str, token: Option<&str>) -> Result<Socket, Error> {
    let mut request = format!("{}{path}", server.url().replace("http://", "ws://")).into_client_request()?;
    if let Some(token) = token {
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn open(server: &TestServer, path: &str) -> Socket {
    dial(server, path, Some(&server.token())).await.unwrap()
}

/// The next frame; `None` when the server has closed the stream.
async fn frame(socket: &mut Socket) -> Option<StreamFrame> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame in time")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Everything that an execution's stream says until it ends, as it comes.
pub async fn words(server: &TestServer, execution: &str) -> String {
    let mut socket = open(server, &format!("/api/executions/{execution}/stream")).await;
    let mut words = String::new();
    while let Some(Ok(message)) = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame in time") {
        match message {
            Message::Text(text) => words.push_str(&text),
            Message::Close(_) => break,
            _ => {}
        }
    }
    words
}

/// The `seq`s of an execution's stream to its end.
async fn seqs_to_the_end(socket: &mut Socket) -> Vec<i32> {
    let mut seqs = Vec::new();
    loop {
        match frame(socket).await.expect("an end before the close") {
            StreamFrame::Event { event, .. } => seqs.push(event.seq),
            StreamFrame::End => return seqs,
            StreamFrame::Live { .. } | StreamFrame::Bookmark { .. } => {}
            other => panic_on(&other),
        }
    }
}

fn panic_on(frame: &StreamFrame) {
    assert_eq!(format!("{frame:?}"), "an event");
}

/// Reads the feed until `executions` have ended; returns execution, seq and cursor of each event.
async fn feed(socket: &mut Socket, executions: usize) -> Vec<(String, i32, String)> {
    let (mut seen, mut ends) = (Vec::new(), 0);
    while ends < executions {
        match frame(socket).await.expect("the feed goes on") {
            StreamFrame::Event { cursor, event, .. } => {
                ends += usize::from(event.body.type_name() == "execution_completed");
                seen.push((event.execution_id.to_string(), event.seq, cursor));
            }
            StreamFrame::Live { .. } | StreamFrame::Bookmark { .. } => {}
            other => panic_on(&other),
        }
    }
    seen
}

#[tokio::test]
async fn history_comes_first_then_what_happens_and_then_the_end() {
    let server = server().await;
    let client = server.client();
    install(&client, WAITS).await;
    let id = start(&client, "waits", json!({})).await;
    reaches(&client, &id, &["waiting"]).await;
    let mut socket = open(&server, &format!("/api/executions/{id}/stream")).await;
    let (mut seqs, mut live_after) = (Vec::new(), None);
    while let Some(frame) = frame(&mut socket).await {
        match frame {
            StreamFrame::Event { event, cursor, .. } => {
                assert_eq!(cursor, event.seq.to_string());
                seqs.push(event.seq);
            }
            StreamFrame::Live { cursor } => live_after = Some((seqs.len(), cursor)),
            StreamFrame::Bookmark { .. } => {}
            StreamFrame::End => break,
            other => panic_on(&other),
        }
    }
    let all = events(&client, &id).await;
    assert_eq!(seqs, (1..).take(all.len()).collect::<Vec<_>>());
    assert_eq!(live_after, Some((5, "5".to_owned())), "live after what was there already");
    assert!(frame(&mut socket).await.is_none(), "closed after the end");
    for after in [0, 1, 5, all.len() - 1] {
        let mut again = open(&server, &format!("/api/executions/{id}/stream?after={after}")).await;
        assert_eq!(seqs_to_the_end(&mut again).await, seqs[after..], "after {after}");
    }
}

#[tokio::test]
async fn what_is_behind_the_end_is_nothing() {
    let server = server().await;
    let client = server.client();
    install(&client, QUICK).await;
    let whole = run(&client, "quick", json!({})).await;
    let (id, last) = (text(&whole["id"]), whole["last_seq"].as_i64().unwrap());
    // A reader that has seen the last event learns that there is no more.
    for after in [last, last + 1000] {
        let mut socket = open(&server, &format!("/api/executions/{id}/stream?after={after}")).await;
        assert_eq!(seqs_to_the_end(&mut socket).await, Vec::<i32>::new(), "after {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_followers_see_the_same_and_one_that_does_not_read_holds_up_nobody() {
    let server = server().await;
    let client = server.client();
    install(&client, WAITS).await;
    let id = start(&client, "waits", json!({})).await;
    let path = format!("/api/executions/{id}/stream");
    let stalled = open(&server, &path).await;
    let lazy = open(&server, "/api/stream").await;
    let mut sockets = join_all((0..50).map(|_| open(&server, &path))).await;
    let mut feeds = join_all((0..10).map(|_| open(&server, "/api/stream"))).await;
    for socket in &mut feeds {
        assert!(matches!(frame(socket).await, Some(StreamFrame::Live { .. })));
    }
    install(&client, QUICK).await;
    let more = join_all((0..100).map(|_| run(&client, "quick", json!({})))).await;
    assert!(more.iter().all(|whole| whole["status"] == "succeeded"));
    let last = ended(&client, &id).await["last_seq"].as_i64().unwrap();
    let seen = join_all(sockets.iter_mut().map(seqs_to_the_end)).await;
    assert!(
        seen.iter().all(|seqs| seqs.len() == usize::try_from(last).unwrap() && seqs.iter().zip(1..).all(|(seq, n)| *seq == n))
    );
    let seen = join_all(feeds.iter_mut().map(|socket| feed(socket, 101))).await;
    for one in &seen {
        assert_eq!(one, &seen[0], "the feed is the same for everybody");
    }
    drop((stalled, lazy));
}

/// Transaction and position that a cursor stands for.
fn place(cursor: &str) -> (i64, i64) {
    let (transaction, position) = cursor.split_once('-').unwrap();
    (i64::from_str_radix(transaction, 16).unwrap(), i64::from_str_radix(position, 16).unwrap())
}

/// Where what was written together with the event at `cursor` ends: a resume within it brings all of it again.
fn written(all: &[(String, i32, String)], cursor: &str) -> (i64, i64) {
    let (transaction, _) = place(cursor);
    all.iter().map(|(.., at)| place(at)).filter(|at| at.0 == transaction).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_resumed_anywhere_without_a_gap() {
    let server = server().await;
    let client = server.client();
    install(&client, QUICK).await;
    let mut socket = open(&server, "/api/stream").await;
    assert!(matches!(frame(&mut socket).await, Some(StreamFrame::Live { .. })));
    let ids = join_all((0..30).map(|_| start(&client, "quick", json!({})))).await;
    let all = feed(&mut socket, ids.len()).await;
    for id in &ids {
        let seqs: Vec<_> = all.iter().filter(|(execution, ..)| execution == id).map(|(_, seq, _)| *seq).collect();
        assert_eq!(seqs, (1..).take(seqs.len()).collect::<Vec<_>>());
        assert_eq!(i64::try_from(seqs.len()).unwrap(), ended(&client, id).await["last_seq"].as_i64().unwrap());
    }
    let mut cursors: Vec<_> = all.iter().map(|(.., cursor)| cursor.clone()).collect();
    cursors.dedup();
    for cursor in cursors.iter().step_by(cursors.len().div_ceil(5)) {
        let rest: Vec<_> = all.iter().filter(|(.., at)| written(&all, at) > place(cursor)).cloned().collect();
        let ends = ids.iter().filter(|id| rest.iter().rev().any(|(execution, ..)| execution == *id)).count();
        let mut again = open(&server, &format!("/api/stream?after={cursor}")).await;
        if ends > 0 {
            assert_eq!(feed(&mut again, ends).await, rest, "after {cursor}");
        }
    }
    // Behind the last one there is nothing but what comes now.
    let mut tail = open(&server, &format!("/api/stream?after={}", cursors.last().unwrap())).await;
    assert!(matches!(frame(&mut tail).await, Some(StreamFrame::Live { .. })));
    let one = start(&client, "quick", json!({})).await;
    assert!(feed(&mut tail, 1).await.iter().all(|(execution, ..)| *execution == one));
}

#[tokio::test]
async fn a_cursor_survives_a_restart_and_a_forgotten_one_is_told_so() {
    let mut server = server().await;
    install(&server.client(), QUICK).await;
    let mut socket = open(&server, "/api/stream").await;
    assert!(matches!(frame(&mut socket).await, Some(StreamFrame::Live { .. })));
    start(&server.client(), "quick", json!({})).await;
    let (.., cursor) = feed(&mut socket, 1).await.pop().unwrap();
    server.kill();
    server.restart().await;
    let second = start(&server.client(), "quick", json!({})).await;
    ended(&server.client(), &second).await;
    let mut socket = open(&server, &format!("/api/stream?after={cursor}")).await;
    assert!(feed(&mut socket, 1).await.iter().all(|(execution, ..)| *execution == second));
    // A day later it is forgotten: by housekeeping, which is part of a start.
    server.database().unwrap().execute("UPDATE tidemill.event_feed SET at = at - interval '25 hours'");
    server.kill();
    server.restart().await;
    run(&server.client(), "quick", json!({})).await;
    let mut socket = open(&server, &format!("/api/stream?after={cursor}")).await;
    assert!(matches!(frame(&mut socket).await, Some(StreamFrame::Lagged { after: None })));
    assert!(frame(&mut socket).await.is_none());
}

#[tokio::test]
async fn nobody_follows_what_is_not_his() {
    let server = server().await;
    let client = server.client();
    install(&client, QUICK).await;
    let id = text(&run(&client, "quick", json!({})).await["id"]);
    let token = server.token();
    let refused = async |path: &str, token: Option<&str>| match dial(&server, path, token).await {
        Err(Error::Http(response)) => {
            let said: Value = serde_json::from_slice(response.body().as_deref().unwrap_or_default()).unwrap();
            (response.status().as_u16(), text(&said["code"]))
        }
        other => (0, format!("{other:?}")),
    };
    let path = format!("/api/executions/{id}/stream");
    for (path, token, status, code) in [
        (path.as_str(), None, 401, "unauthenticated"),
        ("/api/stream", None, 401, "unauthenticated"),
        ("/api/stream", Some("tm_garbage"), 401, "unauthenticated"),
        ("/api/executions/01890a5d-ac96-774b-bcce-b302099a8057/stream", Some(token.as_str()), 404, "not_found"),
        ("/api/executions/nonsense/stream", Some(&token), 404, "not_found"),
        (&format!("{path}?after=-1"), Some(&token), 400, "bad_request"),
        (&format!("{path}?after=x"), Some(&token), 400, "bad_request"),
        (&format!("{path}?after=99999999999"), Some(&token), 400, "bad_request"),
        ("/api/stream?after=nonsense", Some(&token), 400, "bad_request"),
        ("/api/stream?after=", Some(&token), 400, "bad_request"),
        ("/api/stream?after=-1-2", Some(&token), 400, "bad_request"),
        ("/api/stream?after=%00", Some(&token), 400, "bad_request"),
    ] {
        assert_eq!(refused(path, token).await, (status, code.to_owned()), "{path}");
    }
    // A plain request is told to upgrade, not answered with a fault.
    let plain = client.get("/api/stream").await;
    assert!((400..500).contains(&plain.status), "{} {}", plain.status, plain.text);
    // What a client says is dropped, and a stream is not kept open for one that has left.
    let mut socket = open(&server, "/api/stream").await;
    socket.send(Message::text("x".repeat(100_000))).await.unwrap();
    socket.close(None).await.unwrap();
    assert_eq!(client.get("/healthz").await.status, 200);
}
