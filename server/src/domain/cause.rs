//! Why executions fail, without what differs from one to the next: the same cause has the same fingerprint.

use sha2::{Digest, Sha256};
use tidemill_common::event::StepError;

/// Longest cause, in characters.
const LONGEST: usize = 300;
/// Words with a digit that are at least this long are ids.
const ID: usize = 16;

/// The cause of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The error without numbers, ids and quoted text, in one line.
    pub text: String,
    /// 16 hexadecimal digits that stand for class and text.
    pub fingerprint: String,
}

/// The cause of `error`.
#[must_use]
pub fn cause(error: &StepError) -> Cause {
    let text = normalise(&error.message);
    let hash = Sha256::digest(format!("{}\n{text}", error.class.as_str()));
    Cause { text, fingerprint: hex::encode(&hash[..8]) }
}

/// `message` in one line, with `…` for quoted text and `#` for numbers and ids.
fn normalise(message: &str) -> String {
    let mut text = String::new();
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let (taken, piece) = match first {
            '"' | '\'' | '`' => quoted(rest, first, text.chars().next_back()),
            _ if is_word(first) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (length, word(&rest[..length]))
            }
            _ if first.is_whitespace() => {
                let length = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                (length, " ".to_owned())
            }
            _ if first.is_control() => (first.len_utf8(), String::new()),
            _ => (first.len_utf8(), first.to_string()),
        };
        text.push_str(&piece);
        rest = &rest[taken..];
    }
    text.trim().chars().take(LONGEST).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// The quotation that `rest` begins with: its length and what stands for it. An apostrophe begins none.
fn quoted(rest: &str, quote: char, before: Option<char>) -> (usize, String) {
    let apostrophe = quote == '\'' && before.is_some_and(char::is_alphanumeric);
    match rest[1..].find(quote) {
        Some(end) if !apostrophe => (end + 2, format!("{quote}…{quote}")),
        _ => (1, quote.to_string()),
    }
}

/// A word as it is, or with `#` for each number in it, or `#` when it is an id.
fn word(word: &str) -> String {
    if !word.contains(|c: char| c.is_ascii_digit()) {
        return word.to_owned();
    }
    let hexadecimal = word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if hexadecimal || word.len() >= ID {
        return "#".to_owned();
    }
    let mut text = String::new();
    for c in word.chars() {
        match c {
            '0'..='9' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidemill_common::status::FailureClass;

    use super::*;

    #[test]
    fn numbers_ids_and_quoted_text_are_removed() {
        for (message, text) in [
            ("GET http://10.0.0.7:8080/a answered 503", "GET http://#.#.#.#:#/a answered #"),
            ("no order `A-17` for \"Ada \n L.\"", "no order `…` for \"…\""),
            ("can't reach it, it's away", "can't reach it, it's away"),
            ("charge ch_3NqkLw2eZvKYlo2C of 01890a5d-ac96-774b-bcce-b302099a8057 refused", "charge # of # refused"),
            ("timed out  after\n30s", "timed out after #s"),
            ("an \"open quote", "an \"open quote"),
            ("a\0b\u{1b}[2J", "ab[#J"),
            ("HTTP2 stream 5 of deadbeef1", "HTTP# stream # of #"),
        ] {
            assert_eq!(normalise(message), text);
        }
    }

    #[test]
    fn the_same_cause_has_the_same_fingerprint() {
        let of = |class, message: &str| cause(&StepError::new(class, message)).fingerprint;
        let first = of(FailureClass::Infrastructure, "answered 503 after 12 ms");
        assert_eq!(first.len(), 16);
        assert_eq!(first, of(FailureClass::Infrastructure, "answered 502 after 9 ms"));
        assert_ne!(first, of(FailureClass::Timeout, "answered 502 after 9 ms"));
        assert_ne!(first, of(FailureClass::Infrastructure, "refused"));
    }

    proptest! {
        #[test]
        fn any_message_has_a_short_cause_in_one_line(message in "\\PC*") {
            let text = normalise(&message);
            prop_assert!(text.chars().count() <= LONGEST && !text.contains('\n'));
            prop_assert!(!text.contains(|c: char| c.is_ascii_digit()) || message.contains(['"', '\'', '`']));
        }
    }
}
