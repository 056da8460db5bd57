//! Real sockets: a listener that answers what it is told to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers each connection with the next of `answers` and keeps what was asked.
async fn server(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 8192];
            let read = socket.read(&mut head).await.unwrap();
            seen.lock().unwrap().push(String::from_utf8_lossy(&head[..read]).into_owned());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (format!("http://{address}"), asked)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn client(server: &str) -> Client {
    let config =
        ClientConfig { server: server.to_owned(), token: "tm_x".to_owned(), workspace: Some("acme".to_owned()), ca: None };
    Client::new(&config).unwrap()
}

const HEALTH: &str = r#"{"status":"ok","version":"1"}"#;

#[tokio::test]
async fn reads_are_repeated_after_transient_answers() {
    let answers = vec![answer("503 Service Unavailable", "retry-after: 0\r\n", ""), answer("200 OK", "", HEALTH)];
    let (url, asked) = server(answers).await;
    assert_eq!(client(&url).health().await.unwrap().status, "ok");
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].contains("authorization: Bearer tm_x") && asked[0].contains("tidemill-workspace: acme"));
    assert!(!asked[0].contains("idempotency-key"));
}

#[tokio::test]
async fn writes_are_repeated_with_the_same_key() {
    let answers = vec![answer("502 Bad Gateway", "", "<html>"), answer("204 No Content", "", "")];
    let (url, asked) = server(answers).await;
    client(&url).secret_delete("a/b").await.unwrap();
    let keys: Vec<_> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|head| head.lines().find(|line| line.starts_with("idempotency-key")).unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert!(asked.lock().unwrap()[0].starts_with("DELETE /api/secrets/a%2Fb HTTP/1.1"), "ids are encoded");
}

#[tokio::test]
async fn a_problem_is_not_repeated() {
    let problem = serde_json::to_string(&Problem::new(tidemill_common::problem::Code::NotFound, "no such thing")).unwrap();
    let (url, asked) = server(vec![answer("404 Not Found", "", &problem)]).await;
    let error = client(&url).workflow("x").await.unwrap_err();
    assert_eq!((error.status(), error.to_string().as_str()), (Some(404), "no such thing"));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn too_long_a_retry_after_is_given_to_the_caller() {
    let (url, _) = server(vec![answer("429 Too Many Requests", "retry-after: 3600\r\n", "")]).await;
    let error = client(&url).user().await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (Some(429), Some(3600)));
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).with_tries(2).user().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_transient());
}

#[tokio::test]
async fn an_answer_of_another_kind_says_so() {
    let (url, _) = server(vec![answer("200 OK", "", "<html>")]).await;
    assert!(matches!(client(&url).user().await, Err(Error::InvalidAnswer { .. })));
}

#[test]
fn addresses_that_cannot_work_are_refused() {
    for server in ["", "127.0.0.1:7700", "ftp://x", "http://", "http://x/?a"] {
        assert!(matches!(parse_server(server), Err(Error::InvalidServer { .. })), "{server}");
    }
    assert_eq!(
        client("https://x.example/tidemill/").call(Method::GET, &["api", "user"]).into_url().path(),
        "/tidemill/api/user"
    );
}

#[test]
fn the_token_is_not_in_debug_output() {
    assert!(!format!("{:?}", client("http://x")).contains("tm_x"));
}
