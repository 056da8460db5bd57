//! JSON as the evaluator sees it: shared, and looked up only where an expression looks.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use serde_json::Value as JsonValue;
use tidemill_common::event::Json;
use yoke::Yoke;

use super::reading::{CONTAINER, charge};

/// A list or an object inside a shared JSON document.
#[derive(Clone)]
pub(super) struct JsonNode(Yoke<&'static JsonValue, Json>);

/// `document` for the evaluator; containers are not copied.
pub(in crate::domain::workflow) fn json_value(document: &Json) -> Value {
    scalar(document).unwrap_or_else(|| Value::from_object(JsonNode(Yoke::attach_to_cart(document.clone(), |json| json))))
}

/// A value that is not a container. What can't be paid for becomes an invalid value, which ends the evaluation.
fn scalar(json: &JsonValue) -> Option<Value> {
    match json {
        JsonValue::Null => Some(Value::from(())),
        JsonValue::Bool(value) => Some(Value::from(*value)),
        JsonValue::Number(number) => Some(number_value(number)),
        JsonValue::String(text) => Some(charge(text.len()).map_or_else(Value::from, |()| Value::from(text.as_str()))),
        JsonValue::Array(_) | JsonValue::Object(_) => None,
    }
}

fn number_value(number: &serde_json::Number) -> Value {
    if let Some(integer) = number.as_i64() {
        Value::from(integer)
    } else if let Some(integer) = number.as_u64() {
        Value::from(integer)
    } else {
        Value::from(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// One step down from a container.
#[derive(Clone, Copy)]
enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl Key<'_> {
    fn pick(self, json: &JsonValue) -> Option<&JsonValue> {
        match self {
            Self::Name(name) => json.get(name),
            Self::Index(index) => json.get(index),
        }
    }
}

impl JsonNode {
    pub(super) fn json(&self) -> &JsonValue {
        self.0.get()
    }

    fn child(&self, key: Key<'_>) -> Option<Value> {
        let child = key.pick(self.json())?;
        if let Err(error) = charge(CONTAINER) {
            return Some(Value::from(error));
        }
        if let Some(value) = scalar(child) {
            return Some(value);
        }
        let node = self.0.try_map_project_cloned(|json, _| key.pick(json).ok_or(())).ok()?;
        Some(Value::from_object(JsonNode(node)))
    }
}

impl Object for JsonNode {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.json().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (self.json(), key.as_str()) {
            (JsonValue::Object(_), Some(name)) => self.child(Key::Name(name)),
            (JsonValue::Array(_), None) => self.child(Key::Index(key.as_usize()?)),
            _ => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.child(Key::Name(key))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            JsonValue::Array(items) => Enumerator::Seq(items.len()),
            JsonValue::Object(fields) => Enumerator::Iter(Box::new(Keys {
                object: self.clone(),
                given: 0,
                total: fields.len(),
                ready: Vec::new().into_iter(),
            })),
            _ => Enumerator::Empty,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match self.json() {
            JsonValue::Array(items) => Some(items.len()),
            JsonValue::Object(fields) => Some(fields.len()),
            _ => None,
        }
    }
}

/// Inputs don't belong into logs.
impl fmt::Debug for JsonNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonNode")
    }
}

/// The keys of an object. They are fetched in portions that double, so that the first key of a large object is cheap.
struct Keys {
    object: Arc<JsonNode>,
    given: usize,
    total: usize,
    ready: std::vec::IntoIter<Value>,
}

impl Keys {
    fn fetch(&mut self) {
        let JsonValue::Object(fields) = self.object.json() else { return };
        let portion = self.given.max(16);
        let keys = fields.keys().skip(self.given).take(portion);
        let values = keys.map(|key| charge(key.len() + CONTAINER).map_or_else(Value::from, |()| Value::from(key.as_str())));
        self.ready = values.collect::<Vec<_>>().into_iter();
    }
}

impl Iterator for Keys {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.ready.len() == 0 && self.given < self.total {
            self.fetch();
        }
        let key = self.ready.next()?;
        self.given += 1;
        Some(key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.total - self.given, Some(self.total - self.given))
    }
}
