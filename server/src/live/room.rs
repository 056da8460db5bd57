//! So many places; how many can be changed.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many places; whoever has one gives it back by dropping it. Clones share the places.
#[derive(Debug, Clone)]
pub struct Room {
    places: Arc<Semaphore>,
    most: Arc<Mutex<usize>>,
}

impl Room {
    /// Room for `most` at once.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), most: Arc::new(Mutex::new(most)) }
    }

    /// A place, if there is one.
    #[must_use]
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// How many more there is room for.
    #[must_use]
    pub fn free(&self) -> usize {
        self.places.available_permits()
    }

    /// Room for `most` from now on. When more are in, nobody enters until fewer are.
    ///
    /// To be called within a runtime.
    pub fn resize(&self, most: usize) {
        let mut before = self.most.lock().unwrap_or_else(PoisonError::into_inner);
        let (fewer, more) = (before.saturating_sub(most), most.saturating_sub(*before));
        *before = most;
        self.places.add_permits(more);
        let places = Arc::clone(&self.places);
        let fewer = u32::try_from(fewer).unwrap_or(u32::MAX);
        if fewer > 0 {
            // Whoever waits for places is served before all who come later: what is given back is taken away here.
            tokio::spawn(async move {
                if let Ok(places) = places.acquire_many_owned(fewer).await {
                    places.forget();
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_room_grows_at_once_and_shrinks_as_places_are_given_back() {
        let room = Room::new(2);
        let taken = (room.enter(), room.enter());
        assert!(room.enter().is_none());
        room.resize(3);
        let third = room.enter();
        assert!(third.is_some() && room.enter().is_none());
        room.resize(1);
        tokio::task::yield_now().await;
        drop(third);
        assert!(room.enter().is_none(), "the place that was given back is gone");
        drop(taken);
        while room.free() != 1 {
            tokio::task::yield_now().await;
        }
        let only = room.enter();
        assert!(only.is_some() && room.enter().is_none());
    }
}
