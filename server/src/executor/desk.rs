//! A place for somebody who is known only later: admission stands behind the executor, and the executor asks it all the same.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Whoever answers, once it is known.
pub struct Desk<T: ?Sized>(Arc<OnceLock<Arc<T>>>);

impl<T: ?Sized> Desk<T> {
    /// Says who answers. Only the first call counts.
    pub fn open(&self, who: Arc<T>) {
        drop(self.0.set(who));
    }

    /// Who answers; `None` while nobody does.
    #[must_use]
    pub fn who(&self) -> Option<&T> {
        self.0.get().map(|who| &**who)
    }
}

impl<T: ?Sized> Clone for Desk<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Default for Desk<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: ?Sized> fmt::Debug for Desk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}
