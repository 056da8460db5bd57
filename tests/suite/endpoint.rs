//! An HTTP server that workflows call: it notes what comes and answers as the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method and target.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
}

/// What the endpoint does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, more headers (`name: value`), a JSON body.
    Answer(u16, &'static str, &'static str),
    /// Nothing, for as long as the client waits.
    Silence,
}

/// A listening endpoint; it is gone when this value is.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    accepting: JoinHandle<()>,
}

type Script = Arc<dyn Fn(usize, &Received) -> Reply + Send + Sync>;

impl Endpoint {
    /// Listens; `script` gets each request and how many came before it.
    pub async fn start(script: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (received, script): (Arc<Mutex<Vec<Received>>>, Script) = (Arc::default(), Arc::new(script));
        let all = Arc::clone(&received);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&all), Arc::clone(&script)));
            }
        });
        Self { url, received, accepting }
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What has come so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request and its answer. The client may go away at any time.
async fn converse(stream: TcpStream, all: Arc<Mutex<Vec<Received>>>, script: Script) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream).await?;
    let before = {
        let mut all = all.lock().unwrap();
        all.push(request.clone());
        all.len() - 1
    };
    match script(before, &request) {
        Reply::Answer(status, headers, body) => {
            let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
            let length = body.len();
            let head = "content-type: application/json\r\nconnection: close";
            let answer = format!("HTTP/1.1 {status} x\r\n{headers}{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.get_mut().write_all(answer.as_bytes()).await.ok()
        }
        Reply::Silence => {
            // Ends when the client closes the connection.
            stream.read_u8().await.ok();
            None
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: HashMap<_, _> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { line, headers, body: String::from_utf8(body).unwrap() })
}
