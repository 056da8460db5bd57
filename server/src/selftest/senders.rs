//! Senders of webhooks that never give up: the same delivery again and again until it is acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Error;
use super::random::Random;
use super::wire::Wire;
use super::workflows::Workflow;

/// Longest pause of a sender between two deliveries, in milliseconds.
const PAUSE_MS: u64 = 60;

/// The pause before a delivery that was refused, or not answered, is sent again.
const AGAIN: Duration = Duration::from_millis(50);

/// Concurrency keys in use.
const KEYS: u64 = 40;

/// What senders know.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many deliveries were sent, repetitions not counted.
    deliveries: AtomicU64,
    /// How often a delivery was sent again.
    repeated: AtomicU64,
    /// What the server acknowledged: the executions that it named, by the delivery's name. More than one is a broken promise.
    acknowledged: Mutex<BTreeMap<String, Vec<String>>>,
    /// Answers that no server of ours should give: neither 2xx nor "not now".
    odd: Mutex<Vec<String>>,
}

impl Sent {
    /// How many deliveries were sent, and how often one of them again.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.deliveries.load(Ordering::Relaxed), self.repeated.load(Ordering::Relaxed))
    }

    /// The acknowledged deliveries.
    pub(super) fn acknowledged(&self) -> BTreeMap<String, Vec<String>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers that should not have come.
    pub(super) fn odd(&self) -> Vec<String> {
        self.odd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, delivery: &str, id: String) {
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = acknowledged.entry(delivery.to_owned()).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}

/// The senders, until they are told to stop.
pub(super) struct Senders {
    pub(super) sent: Arc<Sent>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Senders {
    /// Starts `count` senders. They send to the server that `address` names, and wait while it names none.
    pub(super) fn start(count: u32, seed: u64, wire: &Wire, address: &watch::Receiver<Option<String>>) -> Self {
        let (sent, stop) = (Arc::<Sent>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for number in 0..u64::from(count) {
            let random = Random::new(seed.wrapping_add(number + 1));
            let (sent, stop) = (Arc::clone(&sent), Arc::clone(&stop));
            let sender = Sender { number, random, wire: wire.clone(), address: address.clone(), sent, stop };
            tasks.spawn(sender.run());
        }
        Self { sent, stop, tasks }
    }

    /// Every sender finishes its present delivery. The server must be ready.
    pub(super) async fn finish(mut self) -> Result<Arc<Sent>, Error> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(self.sent)
    }
}

struct Sender {
    number: u64,
    random: Random,
    wire: Wire,
    address: watch::Receiver<Option<String>>,
    sent: Arc<Sent>,
    stop: Arc<AtomicBool>,
}

impl Sender {
    async fn run(mut self) {
        for count in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let workflow = Workflow::ALL[usize::from(self.random.below(3) == 0)];
            let name = format!("{}-{count}", self.number);
            self.sent.deliveries.fetch_add(1, Ordering::Relaxed);
            self.deliver(workflow, &name, count).await;
            // Some senders repeat what was acknowledged long ago: they did not hear it, or hold it for lost.
            if self.random.below(10) == 0 {
                self.sent.repeated.fetch_add(1, Ordering::Relaxed);
                self.deliver(workflow, &name, count).await;
            }
            tokio::time::sleep(self.random.millis(PAUSE_MS)).await;
        }
    }

    /// Delivers until it is acknowledged.
    async fn deliver(&mut self, workflow: Workflow, name: &str, count: u64) {
        let body = json!({"n": count, "delivery": name, "key": format!("k{}", (count + self.number) % KEYS)});
        let mut tries = 0_u64;
        loop {
            let address = self.address.borrow().clone();
            if let Some(address) = address {
                self.sent.repeated.fetch_add(u64::from(tries > 0), Ordering::Relaxed);
                tries += 1;
                match self.wire.deliver(&format!("{address}{}", workflow.path()), name, &body).await {
                    Ok((200..300, Some(id))) => return self.sent.note(name, id),
                    // Not now, or no answer: it may or may not have been committed.
                    Ok((429 | 503, _)) | Err(_) => {}
                    Ok((status, _)) => {
                        let mut odd = self.sent.odd.lock().unwrap_or_else(PoisonError::into_inner);
                        odd.push(format!("delivery {name} was answered with {status}"));
                        return;
                    }
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
