//! A workflow file as a value: as far as a form needs it. The server is the judge of files.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// Deeper files are not read.
const DEEPEST: usize = 64;

/// The first document of `text`; `None` when it can't be read. What an alias stands for is not looked up.
pub fn read(text: &str) -> Option<Value> {
    let mut events = Vec::new();
    for item in Parser::new_from_str(text) {
        events.push(item.ok()?.0);
    }
    let mut events = events.into_iter().filter(|event| !matches!(event, Event::StreamStart | Event::DocumentStart(_)));
    value(&mut events, DEEPEST)
}

fn value<'a>(events: &mut impl Iterator<Item = Event<'a>>, depth: usize) -> Option<Value> {
    let event = events.next()?;
    node(event, events, depth)
}

fn node<'a>(event: Event<'a>, events: &mut impl Iterator<Item = Event<'a>>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) => Some(plain(&text)),
        Event::Scalar(text, ..) => Some(Value::String(text.into_owned())),
        Event::Alias(_) => Some(Value::Null),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    Event::SequenceEnd => return Some(Value::Array(items)),
                    event => items.push(dyn_node(event, events, depth)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut fields = Map::new();
            loop {
                let key = match events.next()? {
                    Event::MappingEnd => return Some(Value::Object(fields)),
                    Event::Scalar(key, ..) => key.into_owned(),
                    _ => return None,
                };
                let event = events.next()?;
                fields.insert(key, dyn_node(event, events, depth)?);
            }
        }
        _ => None,
    }
}

/// Through a trait object: the compiler would otherwise nest the iterator's type without end.
fn dyn_node<'a>(event: Event<'a>, mut events: &mut dyn Iterator<Item = Event<'a>>, depth: usize) -> Option<Value> {
    node(event, &mut events, depth)
}

/// A scalar without quotes, by YAML's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return Value::from(number);
    }
    let number = text.parse::<f64>().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    number.and_then(Number::from_f64).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_have_types_and_quoted_ones_are_text() {
        let value = read("a: 1\nb: '1'\nc: [true, ~, 2.5, x]\nd: {e: {}}\n");
        assert_eq!(value, Some(json!({"a": 1, "b": "1", "c": [true, null, 2.5, "x"], "d": {"e": {}}})));
        assert_eq!(read("a: [1"), None);
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert_eq!(read(&deep), None);
    }
}
