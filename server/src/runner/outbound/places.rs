//! How many requests may be under way to one host at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Above this many known hosts those that nobody uses are forgotten.
const KNOWN: usize = 1000;

/// The places at every host. Cheap to clone; clones share the places.
#[derive(Debug, Clone)]
pub(super) struct Places {
    each: Arc<AtomicUsize>,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Places {
    /// `each` places at every host.
    pub(super) fn new(each: usize) -> Self {
        Self { each: Arc::new(AtomicUsize::new(each)), hosts: Arc::default() }
    }

    /// `each` places at every host from now on. Whoever has one keeps it, and is not counted among the new ones.
    pub(super) fn resize(&self, each: usize) {
        if self.each.swap(each, Ordering::Relaxed) != each {
            self.hosts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// A place at `host` (with its port), as soon as there is one: first come, first served. Given up when it is dropped.
    pub(super) async fn take(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        // A semaphore that is never closed always gives in.
        self.of(host).acquire_owned().await.ok()
    }

    fn of(&self, host: &str) -> Arc<Semaphore> {
        let each = self.each.load(Ordering::Relaxed);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= KNOWN && !hosts.contains_key(host) {
            hosts.retain(|_, places| Arc::strong_count(places) > 1 || places.available_permits() < each);
        }
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(each))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_has_so_many_places_and_another_host_its_own() {
        let places = Places::new(2);
        let taken = (places.take("a:443").await, places.take("a:443").await);
        assert_eq!(places.of("a:443").available_permits(), 0);
        assert!(places.take("b:443").await.is_some());
        drop(taken);
        assert_eq!(places.of("a:443").available_permits(), 2);
        places.resize(5);
        assert_eq!(places.of("a:443").available_permits(), 5);
    }

    #[tokio::test]
    async fn hosts_that_nobody_uses_are_forgotten() {
        let places = Places::new(1);
        let kept = places.take("kept:1").await;
        for number in 0..2 * KNOWN {
            drop(places.take(&format!("{number}:1")).await);
        }
        assert!(places.hosts.lock().unwrap().len() <= KNOWN);
        assert_eq!(places.of("kept:1").available_permits(), 0);
        drop(kept);
    }
}
