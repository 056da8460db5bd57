//! A place in the feed, as clients see it: opaque text.

use std::fmt;
use std::str::FromStr;

use crate::store::queries::feed::Place;

/// A place in the workspace feed. Ordered as the feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedCursor(pub(super) Place);

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.0.0, self.0.1)
    }
}

/// The text is not a cursor that this server gave.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor of this feed; leave `after` out to begin with what happens from now on")]
pub struct CursorError;

impl FromStr for FeedCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let number = |text| i64::from_str_radix(text, 16).ok().filter(|number| *number >= 0).ok_or(CursorError);
        let (txid, position) = text.split_once('-').ok_or(CursorError)?;
        Ok(Self((number(txid)?, number(position)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let cursor = FeedCursor((918_402, 77));
        assert_eq!(cursor.to_string().parse::<FeedCursor>().unwrap(), cursor);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "-", "1", "-1-2", "g-1", "1-", "ffffffffffffffffff-1", "1-2-3"] {
            assert!(text.parse::<FeedCursor>().is_err(), "{text}");
        }
    }
}
