//! The effect server: it stands for the world that workflows change, and notes every call as it comes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Error;
use super::random::Random;

/// Longest pause before an answer, in milliseconds: a crash shall meet calls under way.
const PAUSE_MS: u64 = 25;

/// Longest body that is read, in bytes. Ours have none.
const BODY_BYTES: usize = 64 * 1024;

/// What an effect is the effect of: `<execution>/<step>/<iteration>`.
pub(super) type Place = String;

/// The calls for one place.
#[derive(Debug, Default, Clone)]
pub(super) struct Calls {
    /// When each came.
    pub(super) at: Vec<Instant>,
    /// The idempotency keys that came, each once.
    pub(super) keys: Vec<String>,
}

/// A listening effect server; it is gone when this value is.
#[derive(Debug)]
pub(super) struct Effects {
    url: String,
    calls: Arc<Mutex<HashMap<Place, Calls>>>,
    accepting: JoinHandle<()>,
}

impl Effects {
    /// Listens on a port of this machine.
    pub(super) async fn start(seed: u64) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::io("listen on", "127.0.0.1"))?;
        let url = format!("http://{}", listener.local_addr().map_err(Error::io("listen on", "127.0.0.1"))?);
        let calls = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&calls), Random::new(seed)));
        Ok(Self { url, calls, accepting })
    }

    /// Its base URL.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What has come so far.
    pub(super) fn calls(&self) -> HashMap<Place, Calls> {
        lock(&self.calls).clone()
    }
}

impl Drop for Effects {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A push or an insert is whole or did not happen.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, calls: Arc<Mutex<HashMap<Place, Calls>>>, mut random: Random) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(BufReader::new(stream), Arc::clone(&calls), Random::new(random.next())));
            }
            Err(error) => tracing::warn!(%error, "the effect server can't take a connection"),
        }
    }
}

/// Answers one request after the other until the other side goes away.
async fn converse(mut stream: BufReader<TcpStream>, calls: Arc<Mutex<HashMap<Place, Calls>>>, mut random: Random) {
    while let Ok(Some((place, key))) = read(&mut stream).await {
        {
            let mut calls = lock(&calls);
            let calls = calls.entry(place).or_default();
            calls.at.push(Instant::now());
            if !calls.keys.contains(&key) {
                calls.keys.push(key);
            }
        }
        tokio::time::sleep(random.millis(PAUSE_MS)).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        if stream.get_mut().write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Place and idempotency key of the next request; `None` when there is none or it is not whole.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(Place, String)>> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let Some(place) = line.split(' ').nth(1).map(|path| path.trim_start_matches('/').to_owned()) else { return Ok(None) };
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => value.trim().clone_into(&mut key),
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            _ => {}
        }
    }
    let mut body = vec![0; length.min(BODY_BYTES)];
    stream.read_exact(&mut body).await?;
    Ok(Some((place, key)))
}
