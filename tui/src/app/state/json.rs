//! JSON as a tree of lines, made only as far as they are visible: a megabyte costs no more to draw than a screenful. What is
//! inside a value can be hidden; its path is the expression that reads it.

use std::collections::BTreeSet;

use serde_json::Value;

/// The paths of values whose inside is hidden.
pub type Folded = BTreeSet<String>;

/// A line of pretty-printed JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How deep it is nested.
    pub depth: usize,
    /// The key, in an object.
    pub key: Option<String>,
    /// The value, or a bracket.
    pub text: String,
    /// What the value is.
    pub kind: Kind,
    /// Whether another value follows.
    pub comma: bool,
    /// Where the value is: `.body.items[0]`; that of the whole is empty.
    pub path: String,
}

/// What a line's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `"text"`
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Word,
    /// A bracket.
    Bracket,
}

/// The longest text of one line, in characters: more never fits on a screen.
const LONGEST: usize = 2_000;

/// How many lines `value` has.
pub fn count(value: &Value, folded: &Folded) -> usize {
    if folded.is_empty() {
        return count_all(value);
    }
    let mut writer = Writer { folded, path: String::new(), skip: usize::MAX, take: 1, lines: Vec::new() };
    writer.value(0, None, value, false);
    usize::MAX - writer.skip
}

fn count_all(value: &Value) -> usize {
    match value {
        Value::Array(items) if !items.is_empty() => 2 + items.iter().map(count_all).sum::<usize>(),
        Value::Object(fields) if !fields.is_empty() => 2 + fields.values().map(count_all).sum::<usize>(),
        _ => 1,
    }
}

/// The `take` lines of `value` behind the first `skip`.
pub fn lines(value: &Value, folded: &Folded, skip: usize, take: usize) -> Vec<Line> {
    let mut writer = Writer { folded, path: String::new(), skip, take, lines: Vec::new() };
    writer.value(0, None, value, false);
    writer.lines
}

/// The value at `path`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (format!("[{index}]"), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (step(key), value)).collect(),
        _ => Vec::new(),
    };
    let inside = |(name, child): (String, &'a Value)| path.strip_prefix(name.as_str()).and_then(|rest| at(child, rest));
    children.into_iter().find_map(inside)
}

/// One step of a path, as expressions write it.
fn step(key: &str) -> String {
    let plain = key.chars().enumerate().all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()));
    if plain && !key.is_empty() { format!(".{key}") } else { format!("[{}]", Value::from(key)) }
}

struct Writer<'a> {
    folded: &'a Folded,
    path: String,
    skip: usize,
    take: usize,
    lines: Vec<Line>,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, key: Option<&str>, text: impl FnOnce() -> String, of: (Kind, bool)) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.lines.len() < self.take {
            let (kind, comma) = of;
            let (key, path) = (key.map(str::to_owned), self.path.clone());
            self.lines.push(Line { depth, key, text: text(), kind, comma, path });
        }
    }

    fn value(&mut self, depth: usize, key: Option<&str>, value: &Value, comma: bool) {
        if self.lines.len() >= self.take {
            return;
        }
        let length = match value {
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        };
        if length == 0 {
            return self.line(depth, key, || leaf(value), (kind(value), comma));
        }
        if !self.folded.is_empty() && self.folded.contains(&self.path) {
            return self.line(depth, key, || hidden(value, length), (Kind::Bracket, comma));
        }
        let (open, close) = if value.is_array() { ("[", "]") } else { ("{", "}") };
        self.line(depth, key, || open.to_owned(), (Kind::Bracket, false));
        let end = self.path.len();
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(&format!("[{index}]"), depth, None, item, index + 1 != length);
                    self.path.truncate(end);
                }
            }
            Value::Object(fields) => {
                for (index, (name, field)) in fields.iter().enumerate() {
                    self.inside(&step(name), depth, Some(name), field, index + 1 != length);
                    self.path.truncate(end);
                }
            }
            _ => {}
        }
        self.line(depth, None, || close.to_owned(), (Kind::Bracket, comma));
    }

    fn inside(&mut self, step: &str, depth: usize, key: Option<&str>, value: &Value, comma: bool) {
        self.path.push_str(step);
        self.value(depth + 1, key, value, comma);
    }
}

/// What stands for a value whose inside is hidden.
fn hidden(value: &Value, length: usize) -> String {
    match (value.is_array(), length) {
        (true, 1) => "[…] 1 item".to_owned(),
        (true, length) => format!("[…] {length} items"),
        (false, 1) => "{…} 1 field".to_owned(),
        (false, length) => format!("{{…}} {length} fields"),
    }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::String(_) => Kind::Text,
        Value::Number(_) => Kind::Number,
        Value::Bool(_) | Value::Null => Kind::Word,
        Value::Array(_) | Value::Object(_) => Kind::Bracket,
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let cut: String = text.chars().take(LONGEST).collect();
            let more = if cut.len() < text.len() { "…" } else { "" };
            format!("{}{more}", Value::String(cut))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(line: &Line) -> String {
        let key = line.key.as_ref().map_or_else(String::new, |key| format!("{}: ", Value::from(key.as_str())));
        format!("{}{key}{}{}", "  ".repeat(line.depth), line.text, if line.comma { "," } else { "" })
    }

    #[test]
    fn lines_are_those_of_the_pretty_printer() {
        let value = json!({"a": [1, 2.5, {"b": "x\n\u{1b}"}], "c": {}, "d": [], "e": null, "f": true});
        let none = Folded::new();
        let whole = serde_json::to_string_pretty(&value).unwrap();
        let ours: Vec<String> = lines(&value, &none, 0, 100).iter().map(text).collect();
        assert_eq!(ours.join("\n"), whole);
        assert_eq!(count(&value, &none), ours.len());
        for skip in 0..ours.len() {
            let part: Vec<String> = lines(&value, &none, skip, 3).iter().map(text).collect();
            assert_eq!(part, ours[skip..ours.len().min(skip + 3)]);
        }
    }

    #[test]
    fn what_is_inside_can_be_hidden_and_has_a_path() {
        let value = json!({"a": [1, {"b-c": "x"}], "d": {"e": 2}});
        let folded = Folded::from([".a".to_owned()]);
        let texts: Vec<String> = lines(&value, &folded, 0, 100).iter().map(text).collect();
        assert_eq!(texts, ["{", "  \"a\": […] 2 items,", "  \"d\": {", "    \"e\": 2", "  }", "}"]);
        assert_eq!(count(&value, &folded), 6);
        let paths: Vec<String> = lines(&value, &Folded::new(), 0, 100).into_iter().map(|line| line.path).collect();
        assert_eq!(paths[..5], ["", ".a", ".a[0]", ".a[1]", ".a[1][\"b-c\"]"]);
        assert_eq!(at(&value, ".a[1][\"b-c\"]"), Some(&json!("x")));
        assert_eq!((at(&value, ".d.e"), at(&value, ".d.f")), (Some(&json!(2)), None));
    }
}
