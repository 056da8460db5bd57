//! A line of text that is being edited.

/// Text and the place of the cursor in it, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    at: usize,
}

impl Line {
    /// A line with the cursor at the end of `text`.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let at = text.chars().count();
        Self { text, at }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor, the character under it and the text behind that.
    pub fn parts(&self) -> (&str, &str, &str) {
        let start = self.byte(self.at);
        let end = self.byte(self.at + 1);
        (&self.text[..start], &self.text[start..end], &self.text[end..])
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte)
    }

    /// Puts `text` in at the cursor; line breaks become spaces and other control characters vanish.
    pub fn insert(&mut self, text: &str) {
        let clean: String =
            text.chars().map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).filter(|c| !c.is_control()).collect();
        let byte = self.byte(self.at);
        self.text.insert_str(byte, &clean);
        self.at += clean.chars().count();
    }

    /// Does what the key called `name` means in a line; whether it meant anything.
    pub fn edit(&mut self, name: &str) -> bool {
        let length = self.text.chars().count();
        match name {
            "left" | "^b" => self.at = self.at.saturating_sub(1),
            "right" | "^f" => self.at = (self.at + 1).min(length),
            "home" | "^a" => self.at = 0,
            "end" | "^e" => self.at = length,
            "backspace" | "^h" if self.at > 0 => self.remove(self.at - 1, self.at),
            "delete" => self.remove(self.at, self.at + 1),
            "^u" => self.remove(0, self.at),
            "^k" => self.remove(self.at, length),
            "^w" => self.remove(self.word_start(), self.at),
            "space" => self.insert(" "),
            _ if name.chars().count() == 1 => self.insert(name),
            _ => return false,
        }
        true
    }

    fn word_start(&self) -> usize {
        let before: Vec<char> = self.text.chars().take(self.at).collect();
        let word_end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before[..word_end].iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }

    fn remove(&mut self, from: usize, to: usize) {
        let range = self.byte(from)..self.byte(to);
        self.text.replace_range(range, "");
        self.at = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[&str]) -> Line {
        let mut line = Line::default();
        for key in keys {
            line.edit(key);
        }
        line
    }

    #[test]
    fn it_edits_whole_characters() {
        let line = typed(&["ä", "b", "left", "backspace", "ü", "end", "c"]);
        assert_eq!(line.text(), "übc");
    }

    #[test]
    fn control_u_and_w_remove_what_is_before_the_cursor() {
        let mut line = Line::new("one two  ");
        line.edit("^w");
        assert_eq!(line.text(), "one ");
        line.edit("^u");
        assert_eq!(line.text(), "");
        assert!(!line.edit("enter"));
    }

    #[test]
    fn what_is_pasted_stays_one_line() {
        let mut line = Line::default();
        line.insert("{\n\t\"a\": 1\u{1b}}");
        assert_eq!(line.text(), "{  \"a\": 1}");
        assert_eq!(line.parts(), ("{  \"a\": 1}", "", ""));
    }
}
