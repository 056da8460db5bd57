//! How many arrivals may wait for their commit: as many as there is room for while commits are quick, fewer while work queues up.
//!
//! A short crowd waits a little. Where even the quickest commit of a window took too long, there is a standing queue: waiting only
//! makes everybody late. What may wait is lessened until commits are quick again, and grows back step by step; whoever finds no
//! room is told at once to come back. The rule is that of `CoDel` (RFC 8289) with the increase and decrease of TCP (RFC 5681).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether there is a standing queue is seen once in this time.
const WINDOW: Duration = Duration::from_millis(100);
/// The quickest commit of a window without a standing queue takes no longer.
const QUICK: Duration = Duration::from_millis(30);
/// So many may wait however long it takes: enough for full batches.
const FEWEST: usize = 256;
/// So many more may wait after each window with quick commits.
const STEP: usize = 16;

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
    quickest: Duration,
}

/// An arrival that waits, until this is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pressure: &'a Pressure,
    begin: Instant,
}

impl Pressure {
    pub(super) fn new(now: Instant) -> Self {
        let window = Mutex::new(Window { begin: now, quickest: Duration::MAX });
        Self { waiting: AtomicUsize::new(0), most: AtomicUsize::new(usize::MAX), window }
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < self.most.load(Ordering::Relaxed)
    }

    /// One more waits from `now` on. It may, even where there is no room: who asks first decides.
    pub(super) fn enter(&self, now: Instant) -> Place<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Place { pressure: self, begin: now }
    }

    /// A commit took `took` and is answered `now`.
    fn committed(&self, took: Duration, now: Instant) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.quickest = window.quickest.min(took);
        if now.duration_since(window.begin) < WINDOW {
            return;
        }
        let most = self.most.load(Ordering::Relaxed);
        let next = if window.quickest > QUICK {
            (most.min(self.waiting.load(Ordering::Relaxed)) / 4 * 3).max(FEWEST)
        } else {
            most.saturating_add(STEP)
        };
        self.most.store(next, Ordering::Relaxed);
        *window = Window { begin: now, quickest: Duration::MAX };
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.pressure.committed(now.duration_since(self.begin), now);
        self.pressure.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(pressure: &Pressure, from: Instant, count: u32, took: Duration) -> Instant {
        (1..=count).fold(from, |at, _| {
            pressure.committed(took * 3, at + WINDOW / 2);
            pressure.committed(took, at + WINDOW);
            at + WINDOW
        })
    }

    #[test]
    fn a_crowd_waits_and_a_standing_queue_is_lessened_until_commits_are_quick() {
        let begin = Instant::now();
        let pressure = Pressure::new(begin);
        let crowd: Vec<Place<'_>> = (0..1000).map(|_| pressure.enter(begin)).collect();
        assert!(pressure.has_room(), "a crowd has room as long as commits are quick");
        let at = windows(&pressure, begin, 1, Duration::from_millis(5));
        assert!(pressure.has_room(), "slow ones among quick ones are no queue");
        let at = windows(&pressure, at, 1, Duration::from_millis(80));
        assert_eq!(pressure.most.load(Ordering::Relaxed), 750);
        assert!(!pressure.has_room());
        let at = windows(&pressure, at, 20, Duration::from_millis(80));
        assert_eq!(pressure.most.load(Ordering::Relaxed), FEWEST);
        let _ = windows(&pressure, at, 3, Duration::from_millis(5));
        assert_eq!(pressure.most.load(Ordering::Relaxed), FEWEST + 3 * STEP);
        assert!(!pressure.has_room());
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
