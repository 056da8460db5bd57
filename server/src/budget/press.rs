//! The thread on which large payloads are read, evaluated and packed.
//!
//! It is one thread, for two reasons. Megabytes are no work for a thread on which others wait. And what many threads allocate and
//! let go of stays with each of them for a while, by the way in which allocators work: one thread uses the same memory again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::thread;

use tokio::sync::{mpsc, oneshot};

/// How much may wait for the thread; more waits to be allowed to wait.
const WAITING: usize = 64;

type Work = Box<dyn FnOnce() + Send>;

/// The thread; it begins with the first work and ends with this value.
#[derive(Debug, Default)]
pub(super) struct Press(OnceLock<Option<mpsc::Sender<Work>>>);

impl Press {
    /// Does `work` there. A panic is passed on.
    pub(super) async fn handle<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move || {
            // Whoever has gone away needs no answer.
            drop(reply.send(catch_unwind(AssertUnwindSafe(work))));
        });
        match self.0.get_or_init(start) {
            Some(thread) => {
                if let Err(mpsc::error::SendError(work)) = thread.send(work).await {
                    work();
                }
            }
            None => work(),
        }
        match answer.await.expect("work answers, even when it panics") {
            Ok(done) => done,
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Nothing when the machine gives no thread: then everybody does his own work.
fn start() -> Option<mpsc::Sender<Work>> {
    let (sender, mut waiting) = mpsc::channel::<Work>(WAITING);
    let run = move || {
        while let Some(work) = waiting.blocking_recv() {
            work();
        }
    };
    let started = thread::Builder::new().name("payloads".to_owned()).spawn(run);
    started.inspect_err(|error| tracing::warn!(%error, "no thread for large payloads")).ok().map(|_| sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_one_thread_and_a_panic_comes_back() {
        let press = Press::default();
        let name = || thread::current().name().map(str::to_owned);
        assert_eq!(press.handle(name).await.as_deref(), Some("payloads"));
        let press = std::sync::Arc::new(press);
        let panics = std::sync::Arc::clone(&press);
        let task = tokio::spawn(async move { panics.handle(|| panic!("no")).await });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(press.handle(name).await.as_deref(), Some("payloads"), "it goes on");
    }
}
