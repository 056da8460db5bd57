//! JSON as lines, made only as far as they are visible: a megabyte costs no more to draw than a screenful.

use serde_json::Value;

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
pub fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) if !items.is_empty() => 2 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) if !fields.is_empty() => 2 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The `take` lines of `value` behind the first `skip`.
pub fn lines(value: &Value, skip: usize, take: usize) -> Vec<Line> {
    let mut writer = Writer { skip, take, lines: Vec::new() };
    writer.value(0, None, value, false);
    writer.lines
}

struct Writer {
    skip: usize,
    take: usize,
    lines: Vec<Line>,
}

impl Writer {
    fn line(&mut self, line: impl FnOnce() -> Line) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.lines.len() < self.take {
            self.lines.push(line());
        }
    }

    fn value(&mut self, depth: usize, key: Option<&str>, value: &Value, comma: bool) {
        if self.lines.len() >= self.take {
            return;
        }
        let brackets = if value.is_array() { ("[", "]") } else { ("{", "}") };
        let children: Vec<(Option<&str>, &Value)> = match value {
            Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (Some(key.as_str()), value)).collect(),
            _ => Vec::new(),
        };
        let make =
            |key: Option<&str>, text: String, kind, comma| Line { depth, key: key.map(str::to_owned), text, kind, comma };
        if children.is_empty() {
            self.line(|| make(key, leaf(value), kind(value), comma));
            return;
        }
        self.line(|| make(key, brackets.0.to_owned(), Kind::Bracket, false));
        let last = children.len() - 1;
        for (at, (key, child)) in children.into_iter().enumerate() {
            self.value(depth + 1, key, child, at != last);
        }
        self.line(|| make(None, brackets.1.to_owned(), Kind::Bracket, comma));
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
        let whole = serde_json::to_string_pretty(&value).unwrap();
        let ours: Vec<String> = lines(&value, 0, 100).iter().map(text).collect();
        assert_eq!(ours.join("\n"), whole);
        assert_eq!(count(&value), ours.len());
        for skip in 0..ours.len() {
            let part: Vec<String> = lines(&value, skip, 3).iter().map(text).collect();
            assert_eq!(part, ours[skip..ours.len().min(skip + 3)]);
        }
    }
}
