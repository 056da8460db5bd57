//! The executions list: a filter, a cursor, and new rows that wait while the user reads.

use chrono::{DateTime, Utc};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;

use super::filter::Filter;
use super::list::List;
use super::store::{Moves, Store};
use super::views::{Look, Order};

/// The screen's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Executions {
    /// What is shown.
    pub filter: Filter,
    /// The rows that are shown.
    pub list: List<ExecutionId>,
    /// How many newer rows wait above.
    pub held: usize,
    /// What the server was asked for because of the filter.
    pub server: Server,
    /// Which columns there are, and in which order the rows stand.
    pub look: Look,
    /// The newest row when the user began to read; newer ones wait. `None` follows.
    boundary: Option<ExecutionId>,
    /// What had become of the store's order when the rows were taken over, while they are all rows in that order.
    seen: Option<Moves>,
}

/// How far the rows that pass the filter are loaded from the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Whether a page is being read.
    pub loading: bool,
    /// Where the list continues downwards.
    pub older: Option<String>,
}

impl Executions {
    /// Takes over what the store has.
    pub fn refresh(&mut self, store: &Store, now: DateTime<Utc>) {
        if self.follow_moves(store) {
            return;
        }
        self.refresh_whole(store, now);
        let plain = self.filter.is_empty() && self.look.order == Order::Newest;
        self.seen = plain.then_some(store.moves);
    }

    /// With all rows in the store's own order only what came and went has to be taken over: a hundred thousand rows would be looked
    /// through for each event otherwise. Whether that was so.
    fn follow_moves(&mut self, store: &Store) -> bool {
        let plain = self.filter.is_empty() && self.look.order == Order::Newest;
        let Some(seen) = self.seen.filter(|seen| plain && seen.others == store.moves.others) else { return false };
        let moved = |now: usize, then: usize| now.checked_sub(then);
        let came = moved(store.moves.newest, seen.newest).zip(moved(store.moves.dropped, seen.dropped));
        let Some((came, went)) = came else { return false };
        let kept = self.list.keys().len().saturating_sub(went);
        if kept == 0 {
            return false;
        }
        self.seen = Some(store.moves);
        let shown = if self.boundary.is_some() { 0 } else { came };
        self.held += came - shown;
        if shown > 0 || went > 0 {
            let newest = store.newest_first().take(shown).map(|row| row.id);
            self.list.set_keys(newest.chain(self.list.keys().iter().take(kept).copied()).collect());
        }
        true
    }

    fn refresh_whole(&mut self, store: &Store, now: DateTime<Utc>) {
        let mut all: Vec<&ExecutionView> = store.newest_first().filter(|row| self.filter.matches(row, now)).collect();
        let newer = |boundary| all.iter().take_while(|row| row.id > boundary).count();
        self.held = self.boundary.map_or(0, newer);
        if self.held == all.len() {
            // What was being read is gone: there is nothing to hold rows back from.
            (self.boundary, self.held) = (None, 0);
        }
        all.drain(..self.held);
        if self.look.order != Order::Newest {
            all.sort_by(|a, b| self.look.order.compare(a, b));
        }
        self.list.set_keys(all.into_iter().map(|row| row.id).collect());
    }

    /// Whether new rows appear as they come.
    pub fn follows(&self) -> bool {
        self.boundary.is_none()
    }

    /// Holds new rows from now on.
    pub fn hold(&mut self) {
        if self.boundary.is_none() {
            self.boundary = self.list.keys().iter().max().copied();
        }
    }

    /// Shows the rows that were held, and new ones as they come.
    pub fn follow(&mut self, store: &Store, now: DateTime<Utc>) {
        (self.boundary, self.seen) = (None, None);
        self.list.follow_top();
        self.refresh(store, now);
    }

    /// Moves the cursor. Away from the top new rows are held; back at the top, when none wait, they come again.
    pub fn move_by(&mut self, rows: isize) {
        self.list.move_by(rows);
        if self.list.index() > 0 {
            self.hold();
        } else if self.held == 0 {
            self.boundary = None;
            self.list.follow_top();
        }
    }

    /// Shows other rows.
    pub fn set_filter(&mut self, filter: Filter, store: &Store, now: DateTime<Utc>) {
        self.filter = filter;
        self.server = Server::default();
        (self.boundary, self.seen) = (None, None);
        self.refresh(store, now);
        if self.list.index() > 0 {
            self.hold();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::state::testing;

    proptest! {
        /// However rows come and whatever the user does, the rows are those that a look through all of them gives.
        #[test]
        fn what_came_and_went_is_all_there_is(steps in prop::collection::vec((0_u8..6, 0_i64..60), 1..80)) {
            let mut store = Store::default();
            let mut screen = Executions::default();
            for (step, n) in steps {
                match step {
                    0 | 1 => {
                        store.put(testing::running(n));
                    }
                    2 => screen.move_by(isize::try_from(n).unwrap() - 30),
                    3 => screen.hold(),
                    4 => screen.follow(&store, testing::now()),
                    _ => screen.look.order = if n < 30 { Order::Newest } else { Order::Longest },
                }
                screen.refresh(&store, testing::now());
                let mut other = screen.clone();
                other.seen = None;
                other.refresh(&store, testing::now());
                prop_assert_eq!(other.list.keys(), screen.list.keys());
                prop_assert_eq!((other.held, other.list.selected()), (screen.held, screen.list.selected()));
                // Away from the top and with nothing above, the boundary is let go in the same moment.
                prop_assert_eq!(other.boundary, screen.boundary);
            }
        }
    }

    fn screen(store: &Store) -> Executions {
        let mut screen = Executions::default();
        screen.refresh(store, testing::now());
        screen
    }

    #[test]
    fn new_rows_wait_while_the_user_reads() {
        let mut store = testing::store(10);
        let mut screen = screen(&store);
        screen.move_by(3);
        let reading = screen.list.selected().copied();
        store.put(testing::running(100));
        store.put(testing::running(101));
        screen.refresh(&store, testing::now());
        assert_eq!((screen.held, screen.list.selected().copied()), (2, reading));
        screen.follow(&store, testing::now());
        assert_eq!((screen.held, screen.list.keys().len()), (0, 12));
        assert_eq!(screen.list.selected().copied(), Some(testing::id(101)));
    }

    #[test]
    fn rows_are_not_held_back_from_nothing() {
        let mut screen = screen(&testing::store(10));
        screen.move_by(3);
        let mut other = Store::default();
        other.put(testing::running(100));
        screen.refresh(&other, testing::now());
        assert_eq!((screen.held, screen.list.keys().len()), (0, 1));
    }

    #[test]
    fn at_the_top_new_rows_come_at_once() {
        let mut store = testing::store(10);
        let mut screen = screen(&store);
        screen.move_by(3);
        screen.move_by(-3);
        store.put(testing::running(100));
        screen.refresh(&store, testing::now());
        assert_eq!((screen.held, screen.list.selected().copied()), (0, Some(testing::id(100))));
    }
}
