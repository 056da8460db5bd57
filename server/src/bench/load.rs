//! The load: so many clients, each sending its next request when the answer to the last one is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Error;
use super::connection::{Connection, Request};
use super::histogram::Histogram;

/// Not measured: connections are made, caches are filled.
const WARM_UP: Duration = Duration::from_secs(1);

/// What is sent, by how many, for how long.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// The requests; each client takes them in turns, from a place of its own.
    pub(super) requests: Arc<[Request]>,
    /// `host:port` of each server; clients are dealt out to them in turns.
    pub(super) addresses: Vec<String>,
    /// Clients at the same time.
    pub(super) clients: u32,
    /// When it ends.
    pub(super) until: Until,
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// After this time; what is answered before the warm-up ended, or later, does not count.
    Elapsed(Duration),
    /// No request is sent after this time; all answers count, and the time until the last one.
    Answered(Duration),
    /// After so many requests; all count.
    Sent(u64),
}

/// What the clients saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Latencies of the answers with status 2xx.
    pub(super) latencies: Histogram,
    /// Latencies of other answers.
    pub(super) refused: Histogram,
    /// Those of them that don't say when to come back.
    pub(super) without_when: u64,
    /// How long was measured.
    pub(super) elapsed: Duration,
}

impl Seen {
    /// Counts an answer.
    pub(super) fn record(&mut self, status: u16, says_when: bool, latency: Duration) {
        if (200..300).contains(&status) {
            self.latencies.record(latency);
        } else {
            self.refused.record(latency);
            self.without_when += u64::from(!says_when);
        }
    }

    /// Counts what another client saw.
    pub(super) fn add(&mut self, other: &Self) {
        self.latencies.add(&other.latencies);
        self.refused.add(&other.refused);
        self.without_when += other.without_when;
    }

    /// Answers with status 2xx a second.
    #[expect(clippy::cast_precision_loss, reason = "a bench counts far below 2^53")]
    pub(super) fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Carries out `work` on a thread and a runtime of its own, so that the load costs nothing but itself.
pub(super) async fn apart<T, F>(work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::io("start", "the load's thread"))?.block_on(work)
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))
}

/// The results of all tasks.
pub(super) async fn joined<T: 'static>(mut tasks: JoinSet<Result<T, Error>>) -> Result<Vec<T>, Error> {
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(result) = tasks.join_next().await {
        results.push(result.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?);
    }
    Ok(results)
}

impl Load {
    /// One request, again and again, to one server.
    pub(super) fn new(address: &str, request: Request, clients: u32, until: Until) -> Self {
        Self { requests: [request].into(), addresses: vec![address.to_owned()], clients, until }
    }

    /// Drives the servers.
    pub(super) async fn drive(self) -> Result<Seen, Error> {
        apart(self.drive_here()).await
    }

    async fn drive_here(self) -> Result<Seen, Error> {
        let mut connections = Vec::new();
        for address in self.addresses.iter().cycle().take(self.clients as usize) {
            connections.push(Connection::open(address).await?);
        }
        let begin = Instant::now();
        let sent = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for (number, connection) in connections.into_iter().enumerate() {
            let place = number * self.requests.len() / self.clients as usize;
            let client = Client { connection, requests: Arc::clone(&self.requests), place, sent: Arc::clone(&sent) };
            tasks.spawn(client.run(begin, self.until));
        }
        let mut all = Seen::default();
        joined(tasks).await?.iter().for_each(|seen| all.add(seen));
        all.elapsed = match self.until {
            Until::Elapsed(duration) => duration,
            Until::Answered(_) | Until::Sent(_) => begin.elapsed(),
        };
        Ok(all)
    }
}

struct Client {
    connection: Connection,
    requests: Arc<[Request]>,
    place: usize,
    sent: Arc<AtomicU64>,
}

impl Client {
    async fn run(mut self, begin: Instant, until: Until) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        loop {
            let over = match until {
                Until::Elapsed(_) => false,
                Until::Answered(duration) => begin.elapsed() >= duration,
                Until::Sent(most) => self.sent.fetch_add(1, Ordering::Relaxed) >= most,
            };
            if over {
                return Ok(seen);
            }
            let sent = Instant::now();
            let answer = self.connection.send(&self.requests[self.place]).await?;
            let answered = Instant::now();
            self.place = (self.place + 1) % self.requests.len();
            if let Until::Elapsed(duration) = until {
                if answered >= begin + WARM_UP + duration {
                    return Ok(seen);
                }
                if answered < begin + WARM_UP {
                    continue;
                }
            }
            seen.record(answer.status, answer.says_when, answered - sent);
        }
    }
}
