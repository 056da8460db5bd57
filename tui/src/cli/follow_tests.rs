//! A WebSocket server that breaks off, repeats and skips: what is shown is still each event once, in order.

use std::collections::VecDeque;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::*;
use crate::cli::output::Format;
use crate::client::ClientConfig;

const ID: &str = "01990000-0000-7000-8000-000000000001";

fn event(seq: i32) -> Value {
    let (kind, data) = if seq == 5 {
        ("execution_completed", json!({"status": "failed"}))
    } else {
        ("step_started", json!({"step": "a", "attempt": seq}))
    };
    let event = json!({"execution_id": ID, "seq": seq, "at": "2026-01-01T00:00:00Z", "type": kind, "data": data});
    json!({"frame": "event", "cursor": seq.to_string(), "event": event})
}

/// Serves one connection per entry and tells which `after` each asked for.
async fn server(mut connections: VecDeque<Vec<Value>>) -> (Client, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut asked = Vec::new();
        while let Some(frames) = connections.pop_front() {
            let (socket, _) = listener.accept().await.unwrap();
            let mut after = String::new();
            #[expect(clippy::result_large_err, reason = "the signature is the library's")]
            let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
                request.uri().query().unwrap().clone_into(&mut after);
                Ok(response)
            };
            let mut socket = accept_hdr_async(socket, note).await.unwrap();
            asked.push(after);
            for frame in frames {
                socket.send(Message::text(frame.to_string())).await.unwrap();
            }
        }
        asked
    });
    (Client::new(&ClientConfig { server, token: "tm_x".into(), workspace: None, ca: None }).unwrap(), serving)
}

#[tokio::test]
async fn each_event_is_shown_once_and_in_order() {
    let connections = [
        vec![event(1), event(2), json!({"frame": "live", "cursor": "2"})],
        vec![event(1), event(2), event(3), json!({"frame": "lagged", "after": "3"})],
        vec![event(5)],
        vec![json!({"frame": "bookmark", "cursor": "3", "at": "2026-01-01T00:00:00Z"}), event(4), event(5)],
    ];
    let (client, serving) = server(connections.into()).await;
    let printer = Printer::plain(Format::Jsonl, true);
    let mut shown = Vec::new();
    let follower = Follower::new(&client, &printer, ID.parse().unwrap(), 0);
    let end = follower
        .run(Some(Duration::from_secs(30)), |event| {
            shown.push(event.seq);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((shown, end), (vec![1, 2, 3, 4, 5], Followed::Ended(ExecutionStatus::Failed)));
    assert_eq!(serving.await.unwrap(), ["after=0", "after=2", "after=3", "after=3"]);
}

#[tokio::test]
async fn the_limit_ends_it() {
    let (client, _serving) = server([vec![event(1)], vec![]].into()).await;
    let printer = Printer::plain(Format::Jsonl, true);
    let follower = Follower::new(&client, &printer, ID.parse().unwrap(), 0);
    let end = follower.run(Some(Duration::from_millis(50)), |_| Ok(())).await.unwrap();
    assert_eq!(end, Followed::TimedOut);
}
