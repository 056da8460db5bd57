//! Who holds how much, and who waits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemill_common::limits::NODE_PAYLOAD_MIB;
use tokio::sync::{Notify, oneshot};

use super::press::Press;

/// How much more memory a payload takes than its text while it is handled: the text, what is read of it, what it is packed into,
/// and that on its way to the database.
pub const HANDLED: u64 = 4;

/// The memory for large payloads. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    most: u64,
    account: Mutex<Account>,
    /// Told when somebody begins to wait.
    wanted: Notify,
    press: Press,
}

#[derive(Default)]
struct Account {
    used: u64,
    waiting: VecDeque<(u64, oneshot::Sender<Share>)>,
}

impl Budget {
    /// A budget of `most` bytes.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self(Arc::new(Shared { most, account: Mutex::default(), wanted: Notify::new(), press: Press::default() }))
    }

    /// Waits for its turn. What is larger than the whole budget gets through when nobody else holds anything.
    pub async fn enter(&self, bytes: u64) -> Share {
        let turn = {
            let mut account = self.lock();
            if account.waiting.is_empty() && self.fits(&account, bytes) {
                account.used += bytes;
                return self.share(bytes);
            }
            let (granted, turn) = oneshot::channel();
            account.waiting.push_back((bytes, granted));
            turn
        };
        self.0.wanted.notify_waiters();
        // Nobody drops the sender without sending; a share of its own is right all the same.
        turn.await.unwrap_or_else(|_| self.take(bytes))
    }

    /// A share, if there is room and nobody waits.
    #[must_use]
    pub fn try_enter(&self, bytes: u64) -> Option<Share> {
        let mut account = self.lock();
        let room = account.waiting.is_empty() && self.fits(&account, bytes);
        room.then(|| {
            account.used += bytes;
            self.share(bytes)
        })
    }

    /// A share without waiting, for what is here already.
    #[must_use]
    pub fn take(&self, bytes: u64) -> Share {
        self.lock().used += bytes;
        self.share(bytes)
    }

    /// Whether somebody waits.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Waits until somebody waits.
    pub async fn wanted(&self) {
        loop {
            let told = self.0.wanted.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.is_wanted() {
                return;
            }
            told.await;
        }
    }

    /// Does work with large payloads on the thread for it. A panic is passed on.
    pub async fn handle<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.0.press.handle(work).await
    }

    /// How many bytes are held, and how many may be.
    #[must_use]
    pub fn usage(&self) -> (u64, u64) {
        (self.lock().used, self.0.most)
    }

    fn fits(&self, account: &Account, bytes: u64) -> bool {
        account.used == 0 || account.used.saturating_add(bytes) <= self.0.most
    }

    fn share(&self, bytes: u64) -> Share {
        Share { budget: self.clone(), bytes }
    }

    /// Changes what one share holds, and lets in whom there is room for now.
    fn change(&self, before: u64, after: u64) {
        let mut gone = Vec::new();
        let mut account = self.lock();
        account.used = account.used.saturating_sub(before) + after;
        while account.waiting.front().is_some_and(|(bytes, _)| self.fits(&account, *bytes)) {
            let Some((bytes, granted)) = account.waiting.pop_front() else { break };
            account.used += bytes;
            gone.extend(granted.send(self.share(bytes)).err());
        }
        drop(account);
        // What was granted to somebody who has gone away is given back; not while the account is locked.
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(u64::from(NODE_PAYLOAD_MIB) << 20)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budget").field(&self.usage()).finish()
    }
}

/// A part of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: u64,
}

impl Share {
    /// Holds this much from now on. Never waits.
    pub fn set(&mut self, bytes: u64) {
        self.budget.change(std::mem::replace(&mut self.bytes, bytes), bytes);
    }

    /// Holds this much more from now on. Never waits.
    pub fn grow(&mut self, bytes: u64) {
        self.set(self.bytes.saturating_add(bytes));
    }

    /// Holds what both held.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        // Nothing is let go of in between.
        self.bytes += std::mem::take(&mut other.bytes);
        self
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.change(self.bytes, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn who_holds_nothing_waits_in_order_and_who_holds_something_never() {
        let budget = Budget::new(100);
        let mut first = budget.enter(60).await;
        assert!(budget.wanted().now_or_never().is_none());
        let mut large = Box::pin(budget.enter(90));
        assert!(large.as_mut().now_or_never().is_none() && budget.is_wanted());
        budget.wanted().await;
        assert!(budget.try_enter(10).is_none(), "others come first");
        first.grow(200);
        assert_eq!(budget.usage().0, 260);
        first.set(10);
        let large = large.await;
        assert_eq!(budget.usage().0, 100);
        let both = first.and(large);
        assert_eq!(budget.usage().0, 100);
        drop(both);
        assert_eq!(budget.usage().0, 0);
        assert!(!budget.is_wanted());
    }

    #[tokio::test]
    async fn what_is_larger_than_the_budget_gets_through_alone() {
        let budget = Budget::new(100);
        let small = budget.enter(1).await;
        let mut huge = Box::pin(budget.enter(1000));
        assert!(huge.as_mut().now_or_never().is_none());
        drop(small);
        drop(huge.await);
        assert_eq!(budget.usage().0, 0);
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_takes_nothing() {
        let budget = Budget::new(100);
        let all = budget.enter(100).await;
        let mut gone = Box::pin(budget.enter(100));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(gone);
        let next = budget.enter(50);
        tokio::pin!(next);
        assert!(next.as_mut().now_or_never().is_none());
        drop(all);
        drop(next.await);
        assert_eq!(budget.usage().0, 0);
        // And many at once come to an end.
        join_all((0..50).map(|_| async { drop(budget.enter(70).await) })).await;
        assert_eq!(budget.usage().0, 0);
    }
}
