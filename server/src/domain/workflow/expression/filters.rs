//! The filters that the evaluator doesn't bring along. None of them reads a clock, a file or the network.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::{Environment, Error, ErrorKind, Value};
use sha2::{Digest, Sha256};
use tidemill_common::limits::JSON_DEPTH;

use super::object::json_value;
use super::result::{Room, append_text, to_json};
use crate::domain::workflow::duration;

/// Adds them.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("tojson", tojson);
    environment.add_filter("fromjson", fromjson);
    environment.add_filter("string", string);
    environment.add_filter("keys", keys);
    environment.add_filter("values", values);
    environment.add_filter("b64encode", |text: &str| STANDARD.encode(text));
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("sha256", |text: &str| hex::encode(Sha256::digest(text)));
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("timestamp", timestamp);
    environment.add_filter("date", date);
    environment.add_filter("date_add", date_add);
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn tojson(value: &Value) -> Result<String, Error> {
    to_json(value, &mut Room::new()).map(|json| json.to_string())
}

fn string(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    append_text(value, &mut Room::new(), &mut text)?;
    Ok(text)
}

fn fromjson(text: &str) -> Result<Value, Error> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| wrong(format!("this is not JSON: {error}")))?;
    if depth(&json) > JSON_DEPTH {
        return Err(wrong(format!("the JSON is nested more than {JSON_DEPTH} deep")));
    }
    Ok(json_value(&Arc::new(json)))
}

/// The reader of JSON refuses more than 128 levels, so that this recursion is shallow.
fn depth(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn fields(value: &Value) -> Result<Vec<Value>, Error> {
    if value.kind() != minijinja::value::ValueKind::Map {
        return Err(wrong(format!("an object is needed, this is {}", value.kind())));
    }
    value.try_iter()?.checked().collect()
}

fn keys(value: &Value) -> Result<Vec<Value>, Error> {
    fields(value)
}

fn values(value: &Value) -> Result<Vec<Value>, Error> {
    fields(value)?.iter().map(|key| value.get_item(key)).collect()
}

fn b64decode(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let bytes = engines.iter().find_map(|engine| engine.decode(text).ok()).ok_or_else(|| wrong("this is not base 64"))?;
    String::from_utf8(bytes).map_err(|_| wrong("the decoded bytes are not UTF-8 text"))
}

/// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
fn urlencode(value: &Value) -> Result<String, Error> {
    let text = string(value)?;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").map_err(|_| Error::from(ErrorKind::WriteFailure))?;
        }
    }
    Ok(encoded)
}

/// An instant: a text in RFC 3339, or a number of seconds since 1970.
fn instant(value: &Value) -> Result<DateTime<Utc>, Error> {
    let read = if let Some(text) = value.as_str() {
        DateTime::parse_from_rfc3339(text.trim()).ok().map(|instant| instant.with_timezone(&Utc))
    } else if let Some(seconds) = value.as_i64() {
        DateTime::from_timestamp(seconds, 0)
    } else {
        None
    };
    read.ok_or_else(|| wrong("this is not a time; give RFC 3339, as in 2026-01-31T12:00:00Z, or whole seconds since 1970"))
}

fn timestamp(value: &Value) -> Result<i64, Error> {
    instant(value).map(|instant| instant.timestamp())
}

/// Writes an instant in the format of `strftime`, in an IANA time zone.
fn date(value: &Value, format: &str, timezone: Option<&str>) -> Result<String, Error> {
    let name = timezone.unwrap_or("UTC");
    let timezone: chrono_tz::Tz = name.parse().map_err(|_| wrong(format!("there is no time zone `{name}`")))?;
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    if items.iter().any(|item| matches!(item, Item::Error)) {
        return Err(wrong(format!("`{format}` is not a date format; an example is %Y-%m-%d")));
    }
    let mut text = String::new();
    write!(text, "{}", instant(value)?.with_timezone(&timezone).format_with_items(items.iter()))
        .map_err(|_| wrong(format!("`{format}` can't be applied")))?;
    Ok(text)
}

fn date_add(value: &Value, text: &str) -> Result<String, Error> {
    let (sign, amount) = text.strip_prefix('-').map_or((1, text), |amount| (-1, amount));
    let amount = chrono::TimeDelta::from_std(duration::parse(amount).map_err(wrong)?).ok();
    let moved = amount.and_then(|amount| instant(value).map(|instant| instant.checked_add_signed(amount * sign)).transpose());
    let moved = moved.ok_or_else(|| wrong("the time is out of range"))??;
    Ok(moved.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
