//! From the evaluator's values back to JSON and text, never more than the published limit.

use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Output, Value};
use serde_json::Value as JsonValue;
use tidemill_common::limits::{EXPRESSION_RESULT_BYTES, JSON_DEPTH};

use super::object::JsonNode;

/// What may still be given.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(EXPRESSION_RESULT_BYTES)
    }

    /// Takes `bytes` of the room.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            self.0 = 0;
            Error::from(ErrorKind::OutOfFuel)
        })?;
        Ok(())
    }
}

/// `value` as JSON.
pub(super) fn to_json(value: &Value, room: &mut Room) -> Result<JsonValue, Error> {
    nested(value, room, 0)
}

fn nested(value: &Value, room: &mut Room, depth: usize) -> Result<JsonValue, Error> {
    if depth > JSON_DEPTH {
        return Err(Error::new(ErrorKind::BadSerialization, format!("the result is nested more than {JSON_DEPTH} deep")));
    }
    if let Some(node) = value.downcast_object_ref::<JsonNode>() {
        return copy(node.json(), room);
    }
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => room.take(4).map(|()| JsonValue::Null),
        ValueKind::Bool => room.take(5).map(|()| JsonValue::Bool(value.is_true())),
        ValueKind::Number => room.take(8).and_then(|()| number(value)),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            room.take(text.len() + 2)?;
            Ok(JsonValue::from(text))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            room.take(2)?;
            value.try_iter()?.checked().map(|item| nested(&item?, room, depth + 1)).collect()
        }
        ValueKind::Map => map(value, room, depth),
        kind => Err(Error::new(ErrorKind::BadSerialization, format!("the result is {kind}, which is not JSON"))),
    }
}

fn map(value: &Value, room: &mut Room, depth: usize) -> Result<JsonValue, Error> {
    let mut fields = serde_json::Map::new();
    for key in value.try_iter()?.checked() {
        let key = key?;
        let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        room.take(name.len() + 4)?;
        fields.insert(name, nested(&value.get_item(&key)?, room, depth + 1)?);
    }
    Ok(JsonValue::Object(fields))
}

fn number(value: &Value) -> Result<JsonValue, Error> {
    let exact = || Error::new(ErrorKind::BadSerialization, "the result is a number that JSON can't hold");
    if let Some(integer) = value.as_i64().filter(|_| value.is_integer()) {
        return Ok(JsonValue::from(integer));
    }
    if value.is_integer() {
        return u64::try_from(value.clone()).map(JsonValue::from).map_err(|_| exact());
    }
    let float = f64::try_from(value.clone())?;
    serde_json::Number::from_f64(float).map(JsonValue::Number).ok_or_else(exact)
}

/// Takes the room that a copy of `json` needs. Its depth is bounded where it was read.
fn measure(json: &JsonValue, room: &mut Room) -> Result<(), Error> {
    match json {
        JsonValue::String(text) => room.take(text.len() + 2),
        JsonValue::Array(items) => {
            room.take(2)?;
            items.iter().try_for_each(|item| measure(item, room))
        }
        JsonValue::Object(fields) => {
            room.take(2)?;
            fields.iter().try_for_each(|(key, value)| {
                room.take(key.len() + 4)?;
                measure(value, room)
            })
        }
        _ => room.take(8),
    }
}

/// A copy of `json`.
pub(super) fn copy(json: &JsonValue, room: &mut Room) -> Result<JsonValue, Error> {
    measure(json, room)?;
    Ok(json.clone())
}

/// `json` inside a text: strings as they are, everything else as JSON.
pub(super) fn append_json(json: &JsonValue, room: &mut Room, text: &mut String) -> Result<(), Error> {
    measure(json, room)?;
    if let JsonValue::String(piece) = json {
        text.push_str(piece);
        return Ok(());
    }
    write!(text, "{json}").map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// `value` inside a text: strings as they are, everything else as JSON.
pub(super) fn append_text(value: &Value, room: &mut Room, text: &mut String) -> Result<(), Error> {
    if let Some(piece) = value.as_str() {
        room.take(piece.len())?;
        text.push_str(piece);
        return Ok(());
    }
    let json = to_json(value, room)?;
    write!(text, "{json}").map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// [`append_text`] for the evaluator's own output.
pub(super) fn write_text(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let mut text = String::new();
    append_text(value, &mut Room::new(), &mut text)?;
    out.write_str(&text).map_err(|_| Error::from(ErrorKind::WriteFailure))
}
