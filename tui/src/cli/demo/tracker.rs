//! The other side of the workflow's HTTP request: a small issue tracker on a loopback socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Most bytes of a request's body.
const BODY_BYTES: u64 = 1024 * 1024;
/// Most bytes of a line of a request's head.
const LINE_BYTES: u64 = 16 * 1024;

/// Answers until it is dropped.
#[derive(Debug)]
pub struct Tracker {
    address: SocketAddr,
    filed: Arc<AtomicU32>,
    accepting: JoinHandle<()>,
}

impl Tracker {
    /// Listens on a free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let filed = Arc::new(AtomicU32::new(0));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&filed)));
        Ok(Self { address, filed, accepting })
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it has answered.
    #[must_use]
    pub fn filed(&self) -> u32 {
        self.filed.load(Ordering::SeqCst)
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, filed: Arc<AtomicU32>) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let filed = Arc::clone(&filed);
                tokio::spawn(async move {
                    if let Err(error) = answer(socket, &filed).await {
                        tracing::debug!(%error, "the demonstration's tracker lost a caller");
                    }
                });
            }
            Err(error) => {
                tracing::debug!(%error, "the demonstration's tracker stopped");
                return;
            }
        }
    }
}

/// Reads one request and answers it.
async fn answer(mut socket: TcpStream, filed: &AtomicU32) -> io::Result<()> {
    let (reader, mut writer) = socket.split();
    let request = read_request(&mut BufReader::new(reader)).await?;
    let (status, body) = match request {
        Some((path, issue)) if path == "/issues" || path == "/notes" => {
            let number = filed.fetch_add(1, Ordering::SeqCst) + 1;
            ("201 Created", json!({ "number": number, "kind": &path[1..], "title": issue["title"] }))
        }
        Some((path, _)) => ("404 Not Found", json!({ "error": format!("no {path} here") })),
        None => ("400 Bad Request", json!({ "error": "POST a JSON object" })),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    writer.write_all(head.as_bytes()).await?;
    writer.write_all(body.as_bytes()).await?;
    writer.shutdown().await
}

/// Path and body of a POST with JSON and a `Content-Length`; `None` for anything else.
async fn read_request(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<(String, Value)>> {
    let first = read_line(reader).await?;
    let mut length = 0;
    loop {
        let line = read_line(reader).await?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length =
                value.trim().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {value}")))?;
        }
    }
    let mut body = vec![0; usize::try_from(length.min(BODY_BYTES)).unwrap_or_default()];
    reader.read_exact(&mut body).await?;
    let path = first.strip_prefix("POST ").and_then(|rest| rest.split(' ').next());
    let value = serde_json::from_slice(&body).ok();
    Ok(path.map(str::to_owned).zip(value))
}

async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = String::new();
    let read = reader.take(LINE_BYTES).read_line(&mut line).await?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_numbers_what_it_is_sent() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tracker = Tracker::start().await.unwrap();
        let http = reqwest::Client::new();
        for number in 1..=2 {
            let answer = http.post(format!("{}/issues", tracker.url())).json(&json!({"title": "x"})).send().await.unwrap();
            assert_eq!(answer.status(), 201);
            assert_eq!(answer.json::<Value>().await.unwrap(), json!({"number": number, "kind": "issues", "title": "x"}));
        }
        assert_eq!(http.post(format!("{}/else", tracker.url())).json(&json!({})).send().await.unwrap().status(), 404);
        assert_eq!(http.get(tracker.url()).send().await.unwrap().status(), 400);
        assert_eq!(tracker.filed(), 2);
    }
}
