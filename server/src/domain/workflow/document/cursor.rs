//! Reading the tree by type, with a clear error where the type is another.

use super::problems::{Found, Problems, join, nearest};
use super::tree::{Content, Entry, Node, Place, Text};

/// A node and its path.
#[derive(Clone)]
pub(in crate::domain::workflow) struct Cursor<'a> {
    pub node: &'a Node,
    pub path: String,
}

impl<'a> Cursor<'a> {
    /// The whole document.
    pub fn root(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    pub fn place(&self) -> Place {
        self.node.place
    }

    /// Reports something about this node.
    pub fn report(&self, problems: &mut Problems<'_>, found: Found) {
        problems.add(self.place(), &self.path, found);
    }

    fn mismatch(&self, problems: &mut Problems<'_>, expected: &str) {
        let subject = if self.path.is_empty() { "the file" } else { self.path.as_str() };
        let mut found = Found::new("wrong_type", format!("{subject} must be {expected}; this is {}", self.node.kind()));
        if matches!(&self.node.content, Content::Map(entries) if is_unquoted_expression(entries)) {
            found = found.hint("put quotes around an expression: \"{{ … }}\"");
        }
        self.report(problems, found);
    }

    /// The text, or an error that says that `expected` belongs here.
    pub fn text_as(&self, problems: &mut Problems<'_>, expected: &str) -> Option<&'a Text> {
        if let Content::Text(text) = &self.node.content {
            return Some(text);
        }
        self.mismatch(problems, expected);
        None
    }

    pub fn text(&self, problems: &mut Problems<'_>) -> Option<&'a Text> {
        self.text_as(problems, "a text")
    }

    pub fn boolean(&self, problems: &mut Problems<'_>) -> Option<bool> {
        if let Content::Bool(value) = self.node.content {
            return Some(value);
        }
        self.mismatch(problems, "true or false");
        None
    }

    /// A number from `least` to `most`.
    pub fn number(&self, problems: &mut Problems<'_>, least: f64, most: f64) -> Option<f64> {
        let expected = format!("a number from {least} to {most}");
        if let Content::Number(number) = &self.node.content {
            let value = number.as_f64().filter(|value| (least..=most).contains(value));
            if value.is_none() {
                self.report(problems, Found::new("out_of_range", format!("{} must be {expected}", self.path)));
            }
            return value;
        }
        self.mismatch(problems, &expected);
        None
    }

    /// A whole number from `least` to `most`.
    pub fn integer(&self, problems: &mut Problems<'_>, least: u32, most: u32) -> Option<u32> {
        let expected = format!("a whole number from {least} to {most}");
        if let Content::Number(number) = &self.node.content {
            let value =
                number.as_u64().and_then(|value| u32::try_from(value).ok()).filter(|value| (least..=most).contains(value));
            if value.is_none() {
                self.report(problems, Found::new("out_of_range", format!("{} must be {expected}", self.path)));
            }
            return value;
        }
        self.mismatch(problems, &expected);
        None
    }

    /// One of `words`.
    pub fn word(&self, problems: &mut Problems<'_>, words: &[&'static str]) -> Option<&'static str> {
        let expected = format!("one of {}", words.join(", "));
        let text = self.text_as(problems, &expected)?;
        let known = words.iter().find(|word| **word == text.value).copied();
        if known.is_none() {
            let found = Found::new("unknown_value", format!("`{}` is not {expected}", shorten(&text.value)));
            self.report(problems, found.meant(nearest(&text.value, words.iter().copied())));
        }
        known
    }

    pub fn list(&self, problems: &mut Problems<'_>) -> Option<Vec<Cursor<'a>>> {
        if let Content::List(items) = &self.node.content {
            let item = |(index, node)| Cursor { node, path: format!("{}[{index}]", self.path) };
            return Some(items.iter().enumerate().map(item).collect());
        }
        self.mismatch(problems, "a list");
        None
    }

    pub fn fields(&self, problems: &mut Problems<'_>) -> Option<Fields<'a>> {
        if let Content::Map(entries) = &self.node.content {
            return Some(Fields { entries, owner: self.clone() });
        }
        self.mismatch(problems, "an object");
        None
    }
}

/// `{{ x }}` without quotes is an object whose key is an object; scanners give `{` with a null inside.
fn is_unquoted_expression(entries: &[Entry]) -> bool {
    matches!(entries, [entry] if matches!(entry.value.content, Content::Null))
}

/// At most 60 characters of a text that comes from the file.
pub(in crate::domain::workflow) fn shorten(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// The fields of an object.
pub(in crate::domain::workflow) struct Fields<'a> {
    entries: &'a [Entry],
    owner: Cursor<'a>,
}

impl<'a> Fields<'a> {
    /// Reports every field that is neither in `known` nor in `later`, and says of the latter that this version hasn't got them yet.
    pub fn expect(&self, problems: &mut Problems<'_>, known: &[&str], later: &[&str]) {
        for entry in self.entries {
            let key = entry.key.as_str();
            if known.contains(&key) {
                continue;
            }
            let found = if later.contains(&key) {
                Found::new("not_available", format!("`{key}` is not available in this version"))
            } else {
                let fields = format!("the fields here are {}", known.join(", "));
                Found::new("unknown_field", format!("there is no field `{}`", shorten(key)))
                    .hint(fields)
                    .meant(nearest(key, known.iter().copied()))
            };
            problems.add(entry.key_place, &join(&self.owner.path, key), found);
        }
    }

    /// The field `key`. A field whose value is null counts as absent.
    pub fn get(&self, key: &str) -> Option<Cursor<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let is_null = matches!(entry.value.content, Content::Null);
        (!is_null).then(|| Cursor { node: &entry.value, path: join(&self.owner.path, key) })
    }

    /// The field `key`, or an error that says that it is missing.
    pub fn required(&self, problems: &mut Problems<'_>, key: &str) -> Option<Cursor<'a>> {
        let field = self.get(key);
        if field.is_none() {
            let subject = if self.owner.path.is_empty() { "the workflow" } else { self.owner.path.as_str() };
            self.owner.report(problems, Found::new("missing_field", format!("{subject} needs the field `{key}`")));
        }
        field
    }

    /// Every field, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> + '_ {
        self.entries
            .iter()
            .map(|entry| (entry.key.as_str(), Cursor { node: &entry.value, path: join(&self.owner.path, &entry.key) }))
    }
}
