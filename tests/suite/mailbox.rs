//! An SMTP server that takes every message (RFC 5321, as much of it as a sender without TLS needs).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A listening mail server, at every address of this machine; it is gone when this value is.
#[derive(Debug)]
pub struct Mailbox {
    port: u16,
    received: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Mailbox {
    /// Listens.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::<AtomicUsize>::default();
        let all = Arc::clone(&received);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&all)));
            }
        });
        Self { port, received, accepting }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many messages have come.
    pub fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One session. The client may go away at any time.
async fn converse(stream: TcpStream, received: Arc<AtomicUsize>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 mailbox\r\n").await.ok()?;
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let answer = match (in_message, line.trim_end()) {
            (true, ".") => {
                in_message = false;
                received.fetch_add(1, Ordering::SeqCst);
                "250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_message = true;
                "354 go on\r\n"
            }
            (false, "QUIT") => "221 bye\r\n",
            (false, _) => "250 ok\r\n",
        };
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}
