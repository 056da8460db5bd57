//! The headers of a delivery, as the checks see them.

use super::SignatureError;

/// The headers of a delivery: name and raw value, in the order in which they came.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(pub &'a [(&'a str, &'a [u8])]);

impl<'a> Headers<'a> {
    /// The value of the only header called `name` (ASCII case doesn't matter).
    ///
    /// A header that comes twice is refused: the proxy in front of us may have looked at the other one.
    pub(super) fn only(self, name: &str) -> Result<&'a str, SignatureError> {
        let mut values = self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let value = values.next().ok_or(SignatureError::Missing)?;
        if values.next().is_some() {
            return Err(SignatureError::Duplicate);
        }
        let text = std::str::from_utf8(value).map_err(|_| SignatureError::Malformed)?;
        if text.is_empty() { Err(SignatureError::Malformed) } else { Ok(text) }
    }

    /// Whether there is a header called `name`.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }
}
