//! What is wrong with a file, collected.

use std::collections::HashMap;

use tidemill_common::api::workflow::Diagnostic;

use super::position;
use super::tree::{Content, Entry, Node, Place, Text};

/// One thing that is wrong, still without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::workflow) struct Found {
    pub code: &'static str,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Found {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), suggestion: None }
    }

    /// With what to do about it.
    pub fn hint(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// With what was probably meant, if anything is near.
    pub fn meant(mut self, nearest: Option<&str>) -> Self {
        self.suggestion = nearest.map(|word| format!("did you mean `{word}`?")).or(self.suggestion);
        self
    }
}

/// More than this many would help nobody.
const MOST: usize = 100;

/// Collects what is wrong with one file.
pub(in crate::domain::workflow) struct Problems<'a> {
    source: &'a str,
    list: Vec<Diagnostic>,
}

impl<'a> Problems<'a> {
    pub fn new(source: &'a str) -> Self {
        Self { source, list: Vec::new() }
    }

    pub fn add(&mut self, place: Place, path: &str, found: Found) {
        if self.list.len() < MOST {
            let Found { code, message, suggestion } = found;
            let Place { line, column } = place;
            self.list.push(Diagnostic { line, column, path: path.to_owned(), code: code.to_owned(), message, suggestion });
        }
    }

    /// Adds something about the byte `offset` inside a string.
    pub fn add_inside(&mut self, text: &Text, offset: usize, path: &str, found: Found) {
        if self.list.len() < MOST {
            let place = position::inside(self.source, text, offset);
            self.add(place, path, found);
        }
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Everything, in the order of the file.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        self.list
    }

    /// Finds keys that stand twice in an object, and NUL characters, anywhere in the tree.
    pub(super) fn check_tree(&mut self, root: &Node) {
        let mut waiting = vec![(root, String::new())];
        while let Some((node, path)) = waiting.pop() {
            match &node.content {
                Content::Text(text) if text.value.contains('\0') => self.add(node.place, &path, nul()),
                Content::List(items) => {
                    waiting.extend(items.iter().enumerate().map(|(index, item)| (item, format!("{path}[{index}]"))));
                }
                Content::Map(entries) => {
                    self.check_keys(entries, &path);
                    waiting.extend(entries.iter().map(|entry| (&entry.value, join(&path, &entry.key))));
                }
                _ => {}
            }
        }
    }

    fn check_keys(&mut self, entries: &[Entry], path: &str) {
        let mut seen: HashMap<&str, Place> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let path = join(path, &entry.key);
            if entry.key.contains('\0') {
                self.add(entry.key_place, &path, nul());
            }
            if let Some(first) = seen.insert(&entry.key, entry.key_place) {
                let message = format!(
                    "`{}` stands here a second time; the first is in line {}, column {}",
                    entry.key, first.line, first.column
                );
                self.add(entry.key_place, &path, Found::new("duplicate_key", message).hint("keep one of them"));
            }
        }
    }
}

fn nul() -> Found {
    Found::new("invalid_character", "the NUL character can't stand in a text").hint("remove it")
}

/// The path of the field `key` of the object at `path`.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
    match (path.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{}]", serde_json::Value::from(key)),
    }
}

/// The candidate that `word` is probably a slip of.
pub(in crate::domain::workflow) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let most = (word.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(from != to);
            let mut best = replaced.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let words = ["steps", "triggers", "transform", "http.request", "wait"];
        for (slip, meant) in [
            ("step", "steps"),
            ("tirggers", "triggers"),
            ("transfrom", "transform"),
            ("http_request", "http.request"),
            ("Wait", "wait"),
        ] {
            assert_eq!(nearest(slip, words), Some(meant), "{slip}");
        }
        for other in ["x", "banana", "", "webhook"] {
            assert_eq!(nearest(other, words), None, "{other}");
        }
    }

    #[test]
    fn paths_quote_what_is_not_a_word() {
        assert_eq!(join("", "id"), "id");
        assert_eq!(join("steps[0].with", "X-Id"), "steps[0].with.X-Id");
        assert_eq!(join("with", "a b"), "with[\"a b\"]");
    }
}
