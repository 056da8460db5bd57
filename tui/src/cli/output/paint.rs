//! Colour, and text that can do no harm to a terminal.

use std::borrow::Cow;

/// What a word means; colour only ever repeats what the word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Ended well.
    Good,
    /// Went wrong.
    Bad,
    /// Deserves attention.
    Warn,
    /// Under way.
    Live,
    /// Beside the point.
    Dim,
    /// A heading.
    Strong,
}

/// Colours text, or leaves it as it is. Only the sixteen colours that every terminal's theme sets.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

impl Paint {
    /// `text` in the colour of `tone`.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Warn => "33",
            Tone::Live => "36",
            Tone::Dim => "2",
            Tone::Strong => "1",
        };
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `text` in one line and without control characters, which a workflow's output could use to take over a terminal.
#[must_use]
pub fn plain_text(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}
