//! How much at once: places for deliveries under way, fewer while the server is behind.
//!
//! Where more arrives than can be done, what is refused must be refused at once, and what is taken must stay quick. A fixed
//! number of places can't do both: it is too high for deliveries that only evaluate and too low for those that wait for slow
//! services. So beyond a basic number a place is given only while tasks run soon after they could: how late they run is
//! measured by a task that does nothing else. The idea is that of controlled delay (RFC 8289), with the runtime as the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// So many are always taken.
const BASIC: usize = 128;
/// Beyond them none is taken while tasks run later than this.
const LATE: Duration = Duration::from_millis(20);
/// How often it is looked how late tasks run.
const LOOK: Duration = Duration::from_millis(5);

/// Places for deliveries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    most: usize,
    places: Arc<Semaphore>,
    clock: Arc<Lateness>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Room {
    /// Room for `most` deliveries at once. Must be made in the runtime whose lateness counts.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let clock = Arc::new(Lateness { origin: Instant::now(), looked: AtomicU64::new(0), late: AtomicU64::new(0) });
        let watched = Arc::downgrade(&clock);
        tokio::spawn(async move {
            loop {
                let due = Instant::now() + LOOK;
                tokio::time::sleep_until(due).await;
                match watched.upgrade() {
                    Some(clock) => clock.look(due, Instant::now()),
                    None => return,
                }
            }
        });
        Self { most, places: Arc::new(Semaphore::new(most)), clock }
    }

    /// A place, if there is one for somebody who comes now.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place_at(Instant::now())
    }

    fn place_at(&self, now: Instant) -> Option<Place> {
        let taken = self.most - self.places.available_permits();
        if taken >= BASIC && self.clock.late(now) > LATE {
            return None;
        }
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }
}

/// How late tasks run.
#[derive(Debug)]
struct Lateness {
    origin: Instant,
    /// When it was looked last, and how late that was, in microseconds.
    looked: AtomicU64,
    late: AtomicU64,
}

impl Lateness {
    fn look(&self, due: Instant, now: Instant) {
        self.late.store(micros(now - due), Ordering::Relaxed);
        self.looked.store(micros(now - self.origin), Ordering::Relaxed);
    }

    /// As late as the last look was, or as the next one is already.
    fn late(&self, now: Instant) -> Duration {
        let since = micros(now - self.origin).saturating_sub(self.looked.load(Ordering::Relaxed));
        let overdue = since.saturating_sub(micros(LOOK));
        Duration::from_micros(overdue.max(self.late.load(Ordering::Relaxed)))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_basic_number_places_are_given_only_while_tasks_run_in_time() {
        let room = Room::new(BASIC + 2);
        let begin = room.clock.origin;
        let mut places: Vec<_> = (0..=BASIC).map(|_| room.place_at(begin).unwrap()).collect();
        // The task that looks has not run for a while: whoever comes now is one too many.
        let late = begin + LOOK + LATE + Duration::from_millis(1);
        assert!(room.place_at(late).is_none());
        places.truncate(BASIC - 1);
        assert!(room.place_at(late).is_some(), "so many are always taken");
    }

    #[tokio::test]
    async fn there_are_no_more_places_than_there_are() {
        let room = Room::new(2);
        let places = (room.place().unwrap(), room.place().unwrap());
        assert!(room.place().is_none());
        drop(places);
        assert!(room.place().is_some());
    }

    #[test]
    fn a_look_that_is_over_counts_until_the_next_one() {
        let origin = Instant::now();
        let clock = Lateness { origin, looked: AtomicU64::new(0), late: AtomicU64::new(0) };
        let at = |millis| origin + Duration::from_millis(millis);
        clock.look(at(5), at(35));
        assert_eq!(clock.late(at(36)), Duration::from_millis(30));
        clock.look(at(40), at(40));
        assert_eq!(clock.late(at(41)), Duration::ZERO);
        assert_eq!(clock.late(at(75)), Duration::from_millis(30));
    }
}
