//! How much one evaluation may read out of JSON. The evaluator's fuel doesn't see what objects hand out.

use std::cell::Cell;

use minijinja::{Error, ErrorKind};

/// Bytes that one evaluation may copy out of JSON; a container counts as [`CONTAINER`].
const MOST: usize = 4 * 1024 * 1024;
/// What handing out a list, an object or a key costs.
pub(super) const CONTAINER: usize = 32;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(MOST) };
}

/// A new evaluation begins on this thread.
pub(super) fn begin() {
    LEFT.set(MOST);
}

/// Pays for `bytes`; an error when nothing is left.
pub(super) fn charge(bytes: usize) -> Result<(), Error> {
    let left = LEFT.get().checked_sub(bytes.saturating_add(1));
    LEFT.set(left.unwrap_or(0));
    left.map(|_| ()).ok_or_else(|| Error::from(ErrorKind::OutOfFuel))
}
