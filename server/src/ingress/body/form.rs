//! Forms and queries: names and texts.

use serde_json::{Map, Value};

/// A form (URL Standard §5).
pub(super) fn read(body: &[u8]) -> Value {
    pairs(url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))))
}

/// An object of names and values. A name that comes twice becomes a list.
pub(in crate::ingress) fn pairs(pairs: impl Iterator<Item = (String, Value)>) -> Value {
    let mut fields = Map::new();
    for (name, value) in pairs {
        add(&mut fields, name, value);
    }
    Value::Object(fields)
}

pub(super) fn add(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => drop(fields.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
