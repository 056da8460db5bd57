//! Pages of lists: how many items, and where the page before ended.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidemill_common::limits::PAGE_ITEMS;

use super::Error;

/// Items of a page when nobody asks for a number.
const DEFAULT: usize = 50;

/// Which page is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Most items; [`DEFAULT`] when absent.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The number of items, checked.
    pub fn size(&self) -> Result<usize, Error> {
        match self.limit.unwrap_or(DEFAULT) {
            size @ 1..=PAGE_ITEMS => Ok(size),
            other => Err(Error::Invalid(format!("`limit` must be 1 to {PAGE_ITEMS}, not {other}"))),
        }
    }

    /// The key of the last item of the page before.
    pub fn after(&self) -> Result<Option<String>, Error> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|key| !key.contains('\0'))
            .map(Some)
            .ok_or_else(|| {
                Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
            })
    }
}

/// Cuts `rows`, which were read with one more than `size`, and gives the cursor of the next page if there is one.
pub(super) fn cut<T>(rows: &mut Vec<T>, size: usize, key: impl Fn(&T) -> String) -> Option<String> {
    if rows.len() <= size {
        return None;
    }
    rows.truncate(size);
    rows.last().map(|last| URL_SAFE_NO_PAD.encode(key(last)))
}

/// How many rows to read for a page of `size`: one more says whether another page follows.
pub(super) fn rows(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_the_key() {
        let mut rows = vec!["a", "b", "c"];
        let cursor = cut(&mut rows, 2, |row| (*row).to_owned());
        assert_eq!(rows, ["a", "b"]);
        assert_eq!(PageRequest { limit: None, cursor }.after().unwrap().as_deref(), Some("b"));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert_eq!(cut(&mut vec![1, 2], 2, ToString::to_string), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for cursor in ["%", "AA", "é"] {
            assert!(PageRequest { limit: None, cursor: Some(cursor.to_owned()) }.after().is_err(), "{cursor}");
        }
        for limit in [0, PAGE_ITEMS + 1] {
            assert!(PageRequest { limit: Some(limit), cursor: None }.size().is_err());
        }
    }
}
