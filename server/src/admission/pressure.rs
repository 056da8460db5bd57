//! How many arrivals may wait for their commit: as many as there is room for while commits are quick, fewer while work queues up.
//!
//! A short crowd waits a little. Where even the quickest commit of a window took too long, there is a standing queue: waiting only
//! makes everybody late. What may wait is lessened until commits are quick again, and grows back step by step; whoever finds no
//! room is told at once to come back. The rule is that of `CoDel` (RFC 8289) with the increase and decrease of TCP (RFC 5681).
//!
//! Being told takes the processors' time as well. Where so much comes that hundreds of requests wait to be read at all, the same is
//! done further down, until refusing keeps up with what comes, and until it has done so for a second.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// Whether there is a standing queue is seen once in this time.
const WINDOW: Duration = Duration::from_millis(50);
/// The quickest commit of a window without a standing queue takes no longer.
const QUICK: Duration = Duration::from_millis(30);
/// So many may wait however long commits take: enough for full batches.
const FEWEST: usize = 256;
/// So many tasks that are always ready and not yet looked at mean that what has arrived waits to be read.
const CROWD: usize = 512;
/// So many show, after a crowd, that it is still there.
const REST_OF_CROWD: usize = 16;
/// So many windows without one end a crowd.
const CALM: u32 = 20;
/// So many may wait then.
const FEWEST_CROWDED: usize = 8;
/// So many more may wait after each window with quick commits.
const STEP: usize = 8;
/// When nobody waits, and no commit ended for so long, what was learnt of an earlier rush is forgotten.
const SILENCE: Duration = Duration::from_secs(1);

/// How many arrivals may wait for their commit.
#[derive(Debug)]
pub(super) struct Pressure {
    waiting: AtomicUsize,
    most: AtomicUsize,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    begin: Instant,
    /// The quickest commit.
    quickest: Duration,
    /// The fewest tasks that were ready at the end of a commit. Many are for a moment, when the answers of one batch wake them all.
    fewest_ready: usize,
    /// How many windows before it had no crowd.
    calm: u32,
}

impl Window {
    fn new(begin: Instant, calm: u32) -> Self {
        Self { begin, quickest: Duration::MAX, fewest_ready: usize::MAX, calm }
    }

    fn is_crowded(&self) -> bool {
        self.fewest_ready > if self.calm < CALM { REST_OF_CROWD } else { CROWD }
    }
}

/// An arrival that waits, until this is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pressure: &'a Pressure,
    begin: Instant,
}

impl Pressure {
    pub(super) fn new(now: Instant) -> Self {
        let window = Mutex::new(Window::new(now, CALM));
        Self { waiting: AtomicUsize::new(0), most: AtomicUsize::new(usize::MAX), window }
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < self.most.load(Ordering::Relaxed)
    }

    /// One more waits from `now` on. It may, even where there is no room: who asks first decides.
    pub(super) fn enter(&self, now: Instant) -> Place<'_> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            self.forget_before(now);
        }
        Place { pressure: self, begin: now }
    }

    /// Windows end with commits: after a silence the last one says nothing of who comes now.
    fn forget_before(&self, now: Instant) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.begin) >= SILENCE {
            self.most.store(usize::MAX, Ordering::Relaxed);
            *window = Window::new(now, CALM);
        }
    }

    /// A commit took `took` and is answered `now`, while so many tasks are `ready`.
    fn committed(&self, took: Duration, now: Instant, ready: usize) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.quickest = window.quickest.min(took);
        window.fewest_ready = window.fewest_ready.min(ready);
        if now.duration_since(window.begin) < WINDOW {
            return;
        }
        let most = self.most.load(Ordering::Relaxed);
        let waiting = most.min(self.waiting.load(Ordering::Relaxed));
        let crowded = window.is_crowded();
        let next = match (crowded, window.quickest > QUICK) {
            (true, _) => (waiting / 2).max(FEWEST_CROWDED),
            (false, true) if most > FEWEST => (waiting / 4 * 3).max(FEWEST),
            (false, _) => most.saturating_add(STEP),
        };
        self.most.store(next, Ordering::Relaxed);
        *window = Window::new(now, if crowded { 0 } else { window.calm.saturating_add(1) });
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let ready = Handle::try_current().map_or(0, |runtime| runtime.metrics().global_queue_depth());
        self.pressure.committed(now.duration_since(self.begin), now, ready);
        self.pressure.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(pressure: &Pressure, from: Instant, count: u32, (took, ready): (Duration, usize)) -> Instant {
        (1..=count).fold(from, |at, _| {
            // Now and then a commit is slow, or has woken many.
            pressure.committed(took * 3, at + WINDOW / 2, ready + 1_000);
            pressure.committed(took, at + WINDOW, ready);
            at + WINDOW
        })
    }

    #[test]
    fn a_crowd_waits_and_a_standing_queue_is_lessened_until_commits_are_quick() {
        let begin = Instant::now();
        let pressure = Pressure::new(begin);
        let crowd: Vec<Place<'_>> = (0..1000).map(|_| pressure.enter(begin)).collect();
        assert!(pressure.has_room(), "a crowd has room as long as commits are quick");
        let at = windows(&pressure, begin, 1, (Duration::from_millis(5), 0));
        assert!(pressure.has_room(), "slow ones among quick ones are no queue");
        let at = windows(&pressure, at, 1, (Duration::from_millis(80), 0));
        assert_eq!(pressure.most.load(Ordering::Relaxed), 750);
        assert!(!pressure.has_room());
        let at = windows(&pressure, at, 20, (Duration::from_millis(80), 0));
        assert!((FEWEST..=FEWEST + STEP).contains(&pressure.most.load(Ordering::Relaxed)));
        let at = windows(&pressure, at, 30, (Duration::from_millis(5), 10_000));
        assert_eq!(pressure.most.load(Ordering::Relaxed), FEWEST_CROWDED, "what comes is not even read in time");
        let at = windows(&pressure, at, 1, (Duration::from_millis(5), REST_OF_CROWD + 1));
        assert_eq!(pressure.most.load(Ordering::Relaxed), FEWEST_CROWDED, "what is left of a crowd is one");
        let _ = windows(&pressure, at, 3, (Duration::from_millis(80), 0));
        assert_eq!(pressure.most.load(Ordering::Relaxed), FEWEST_CROWDED + 3 * STEP);
        assert!(!pressure.has_room());
        crowd.into_iter().for_each(std::mem::forget);
    }

    #[test]
    fn hundreds_at_once_are_no_crowd() {
        let begin = Instant::now();
        let pressure = Pressure::new(begin);
        let crowd: Vec<Place<'_>> = (0..500).map(|_| pressure.enter(begin)).collect();
        let at = windows(&pressure, begin, 40, (Duration::from_millis(5), CROWD));
        assert!(pressure.has_room());
        let at = windows(&pressure, at, 1, (Duration::from_millis(5), CROWD + 1));
        assert!(!pressure.has_room());
        let _ = windows(&pressure, at, 80, (Duration::from_millis(5), 0));
        assert!(pressure.has_room());
        crowd.into_iter().for_each(std::mem::forget);
    }

    #[test]
    fn after_a_silence_a_crowd_is_welcome() {
        let begin = Instant::now();
        let pressure = Pressure::new(begin);
        let rush: Vec<Place<'_>> = (0..1000).map(|_| pressure.enter(begin)).collect();
        let at = windows(&pressure, begin, 40, (Duration::from_millis(80), 10_000));
        drop(rush);
        let most = pressure.most.load(Ordering::Relaxed);
        pressure.window.lock().unwrap().begin = at;
        drop(pressure.enter(at + SILENCE / 2));
        assert!(pressure.most.load(Ordering::Relaxed) <= most + STEP, "a moment is no silence");
        pressure.window.lock().unwrap().begin = at;
        let crowd: Vec<Place<'_>> = (0..1000).map(|_| pressure.enter(at + SILENCE)).collect();
        assert!(pressure.has_room());
        crowd.into_iter().for_each(std::mem::forget);
    }

    #[test]
    fn who_leaves_makes_room() {
        let begin = Instant::now();
        let pressure = Pressure::new(begin);
        pressure.most.store(1, Ordering::Relaxed);
        let place = pressure.enter(begin);
        assert!(!pressure.has_room());
        drop(place);
        assert!(pressure.has_room());
    }
}
