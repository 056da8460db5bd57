//! A list whose cursor is the thing it stands on, not its place: rows that come or go never move it to another thing.
//! Marks are things too; one that leaves the list loses its mark, so that nothing unseen is ever acted on.

use std::collections::BTreeSet;

/// Keys in the order of the screen, a cursor, marks and a scroll offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<K> {
    keys: Vec<K>,
    cursor: Option<K>,
    index: usize,
    offset: usize,
    marks: BTreeSet<K>,
    last_mark: Option<K>,
    wanted: Option<K>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), cursor: None, index: 0, offset: 0, marks: BTreeSet::new(), last_mark: None, wanted: None }
    }
}

impl<K: Clone + Ord> List<K> {
    /// Takes new keys. The cursor stays on its thing and the thing at its height of the screen; if it is gone,
    /// the cursor stays at its place.
    pub fn set_keys(&mut self, keys: Vec<K>) {
        self.keys = keys;
        if !self.marks.is_empty() {
            self.marks = self.keys.iter().filter(|key| self.marks.contains(*key)).cloned().collect();
        }
        if let Some(found) = self.wanted.as_ref().and_then(|wanted| self.keys.iter().position(|key| key == wanted)) {
            return self.select_index(found);
        }
        let Some(cursor) = &self.cursor else {
            (self.index, self.offset) = (0, 0);
            return;
        };
        if let Some(found) = self.keys.iter().position(|key| key == cursor) {
            self.offset = (self.offset + found).saturating_sub(self.index);
            self.index = found;
        } else {
            self.index = self.index.min(self.keys.len().saturating_sub(1));
            self.cursor = self.keys.get(self.index).cloned();
        }
    }

    /// The keys, in the order of the screen.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The thing under the cursor.
    pub fn selected(&self) -> Option<&K> {
        self.keys.get(self.index)
    }

    /// The place of the cursor, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The first row that is visible.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Lets the cursor follow the top.
    pub fn follow_top(&mut self) {
        self.cursor = None;
        (self.index, self.offset) = (0, 0);
    }

    /// Puts the cursor on the row at `index`, or the last one.
    pub fn select_index(&mut self, index: usize) {
        self.wanted = None;
        self.index = index.min(self.keys.len().saturating_sub(1));
        self.cursor = self.keys.get(self.index).cloned();
    }

    /// Puts the cursor on `key` as soon as it is in the list, unless it is moved before.
    pub fn want(&mut self, key: K) {
        self.wanted = Some(key);
    }

    /// Puts the cursor on `key`, if it is in the list.
    pub fn select(&mut self, key: &K) {
        if let Some(found) = self.keys.iter().position(|other| other == key) {
            self.select_index(found);
        }
    }

    /// Moves the cursor by `rows`, stopping at the ends.
    pub fn move_by(&mut self, rows: isize) {
        self.select_index(self.index.saturating_add_signed(rows));
    }

    /// Marks the thing under the cursor, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        let Some(key) = self.selected().cloned() else { return };
        if !self.marks.remove(&key) {
            self.marks.insert(key.clone());
        }
        self.last_mark = Some(key);
    }

    /// Marks everything from the last mark to the cursor.
    pub fn mark_range(&mut self) {
        let last = self.last_mark.as_ref().and_then(|last| self.keys.iter().position(|key| key == last));
        let (from, to) = (last.unwrap_or(self.index).min(self.index), last.unwrap_or(self.index).max(self.index));
        self.marks.extend(self.keys.iter().skip(from).take(to + 1 - from).cloned());
        self.last_mark = self.selected().cloned();
    }

    /// Marks everything in the list.
    pub fn mark_all(&mut self) {
        self.marks = self.keys.iter().cloned().collect();
    }

    /// Takes all marks away; whether there were any.
    pub fn unmark(&mut self) -> bool {
        self.last_mark = None;
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// How many things are marked.
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Whether `key` is marked.
    pub fn is_marked(&self, key: &K) -> bool {
        self.marks.contains(key)
    }

    /// What an action is about: what is marked, in the order of the screen, else what is under the cursor.
    pub fn targets(&self) -> Vec<K> {
        if self.marks.is_empty() {
            return self.selected().cloned().into_iter().collect();
        }
        self.keys.iter().filter(|key| self.marks.contains(*key)).cloned().collect()
    }

    /// Scrolls so that the cursor is within `height` visible rows.
    pub fn reveal(&mut self, height: usize) {
        let height = height.max(1);
        let lowest = (self.index + 1).saturating_sub(height);
        let full = self.keys.len().saturating_sub(height).max(lowest);
        self.offset = self.offset.clamp(lowest, self.index.max(lowest)).min(full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(keys: &[u32]) -> List<u32> {
        let mut list = List::default();
        list.set_keys(keys.to_vec());
        list
    }

    #[test]
    fn rows_that_come_above_move_neither_the_cursor_nor_its_height() {
        let mut list = list(&[5, 4, 3, 2, 1]);
        list.move_by(3);
        list.reveal(2);
        let height = list.index() - list.offset();
        list.set_keys(vec![7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(list.selected(), Some(&2));
        assert_eq!(list.index() - list.offset(), height);
    }

    #[test]
    fn a_row_that_goes_leaves_the_cursor_at_its_place() {
        let mut list = list(&[3, 2, 1]);
        list.move_by(1);
        list.set_keys(vec![3, 1]);
        assert_eq!(list.selected(), Some(&1));
        list.set_keys(vec![3]);
        assert_eq!(list.selected(), Some(&3));
        list.set_keys(vec![]);
        assert_eq!(list.selected(), None);
    }

    #[test]
    fn what_is_marked_is_acted_on_only_while_it_is_in_the_list() {
        let mut list = list(&[5, 4, 3, 2, 1]);
        assert_eq!(list.targets(), [5]);
        list.toggle_mark();
        list.move_by(3);
        list.mark_range();
        assert_eq!(list.targets(), [5, 4, 3, 2]);
        list.set_keys(vec![6, 5, 3, 1]);
        assert_eq!((list.targets(), list.marked()), (vec![5, 3], 2));
        assert!(list.unmark() && !list.unmark());
        list.mark_all();
        assert_eq!(list.marked(), 4);
    }

    #[test]
    fn a_wanted_thing_gets_the_cursor_once_it_is_there() {
        let mut list = List::default();
        list.want(2);
        list.set_keys(vec![5, 4]);
        assert_eq!(list.selected(), Some(&5));
        list.set_keys(vec![5, 4, 2, 1]);
        assert_eq!(list.selected(), Some(&2));
        list.want(1);
        list.move_by(-1);
        list.set_keys(vec![4, 2, 1]);
        assert_eq!(list.selected(), Some(&4));
    }

    #[test]
    fn without_a_move_the_cursor_follows_the_top() {
        let mut list = list(&[1]);
        list.set_keys(vec![2, 1]);
        assert_eq!(list.selected(), Some(&2));
    }

    #[test]
    fn the_cursor_stays_visible() {
        let mut list = list(&(0..100).collect::<Vec<_>>());
        for rows in [50, -7, 1000, -1000, 3] {
            list.move_by(rows);
            list.reveal(10);
            assert!((list.offset()..list.offset() + 10).contains(&list.index()));
        }
    }
}
