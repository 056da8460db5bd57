//! Files in inputs and outputs: `{file_name, content_type, size, base64}`. What is large of one is kept apart, and stands there as
//! `content`, which refers to it; the step that hands the file on gets it back.
//!
//! A reference names the execution whose payload the content is, so that a file can be given to executions that are called, or that
//! try again. It is found only in the workspace of whoever asks, and only by the hash of what it holds.

use std::collections::BTreeSet;
use std::io;
use std::mem;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAYLOAD_INLINE_BYTES;

use super::payload::{Packed, pack};

/// The field of a file with what is in it, as base64.
pub const BASE64: &str = "base64";
/// The field that stands instead where that is kept apart.
pub const CONTENT: &str = "content";
/// The only field of what stands in there.
const REFERENCE: &str = "$file";

/// Where the content of a file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileRef {
    /// The execution whose payload it is.
    pub execution_id: ExecutionId,
    /// The payload.
    pub sha256: String,
    /// The length of its JSON text.
    pub bytes: u64,
}

impl FileRef {
    fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object().filter(|fields| fields.len() == 1)?;
        Self::deserialize(fields.get(REFERENCE)?).ok()
    }
}

/// A file as later steps see it.
#[must_use]
pub fn file(name: &str, content_type: Option<&str>, (size, base64): (usize, String)) -> Value {
    json!({"file_name": name, "content_type": content_type, "size": size, BASE64: base64})
}

/// `value` with references in place of the large contents of its files, and those contents as payloads of `execution`. Nothing when
/// there is none.
///
/// # Errors
/// None that can be met; see [`pack`].
pub fn set_apart(value: &Value, execution: ExecutionId) -> io::Result<Option<(Value, Vec<Packed>)>> {
    if !has_large(value) {
        return Ok(None);
    }
    let mut packed = Vec::new();
    Ok(Some((copy(value, execution, &mut packed)?, packed)))
}

fn has_large(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_large),
        Value::Object(fields) => large(fields).is_some() || fields.values().any(has_large),
        _ => false,
    }
}

/// The content of a file, if it is one and that is large.
fn large(fields: &Map<String, Value>) -> Option<&Value> {
    let content =
        fields.get(BASE64).filter(|content| content.as_str().is_some_and(|text| text.len() > PAYLOAD_INLINE_BYTES))?;
    (fields.contains_key("file_name") && fields.contains_key("size")).then_some(content)
}

/// A copy without the large contents.
fn copy(value: &Value, execution: ExecutionId, packed: &mut Vec<Packed>) -> io::Result<Value> {
    Ok(match value {
        Value::Array(items) => items.iter().map(|item| copy(item, execution, packed)).collect::<Result<_, _>>()?,
        Value::Object(fields) => {
            let mut copied = Map::new();
            let content = large(fields);
            for (name, field) in fields.iter().filter(|(name, _)| content.is_none() || *name != BASE64) {
                copied.insert(name.clone(), copy(field, execution, packed)?);
            }
            if let Some(content) = content {
                let content = pack(content)?;
                let (sha256, bytes) = (content.reference.sha256.clone(), content.reference.bytes);
                let reference = FileRef { execution_id: execution, sha256, bytes };
                copied.insert(CONTENT.to_owned(), json!({ REFERENCE: reference }));
                packed.push(content);
            }
            Value::Object(copied)
        }
        other => other.clone(),
    })
}

/// The contents to which files in `value` refer, each once.
#[must_use]
pub fn references(value: &Value) -> BTreeSet<FileRef> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

/// Whether `value` has any.
#[must_use]
pub fn is_named_in(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_named_in),
        Value::Object(fields) => fields.get(CONTENT).and_then(FileRef::of).is_some() || fields.values().any(is_named_in),
        _ => false,
    }
}

fn collect(value: &Value, found: &mut BTreeSet<FileRef>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get(CONTENT).and_then(FileRef::of));
            fields.values().for_each(|field| collect(field, found));
        }
        _ => {}
    }
}

/// Puts the contents back, which `find` knows.
///
/// # Errors
/// Those of `find`.
pub fn restore<E>(value: &mut Value, find: &impl Fn(&FileRef) -> Result<Value, E>) -> Result<(), E> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| restore(item, find)),
        Value::Object(fields) => {
            if let Some(reference) = fields.get(CONTENT).and_then(FileRef::of) {
                fields.remove(CONTENT);
                fields.insert(BASE64.to_owned(), find(&reference)?);
            }
            fields.values_mut().try_for_each(|field| restore(field, find))
        }
        _ => Ok(()),
    }
}

/// How many bytes of JSON the contents have to which `value` refers and that are not in `seen` yet.
#[must_use]
pub fn unseen_bytes(value: &Value, seen: &mut BTreeSet<String>) -> u64 {
    let references = references(value).into_iter();
    let unseen = references.filter_map(|mut file| seen.insert(mem::take(&mut file.sha256)).then_some(file.bytes));
    // A sender may have written a reference himself, with any number in it.
    unseen.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::domain::payload::unpack;

    fn large(fill: &str) -> Value {
        file("a.pdf", Some("application/pdf"), (30_000, fill.repeat(40_000)))
    }

    #[test]
    fn what_is_large_of_a_file_is_kept_apart_and_comes_back() {
        let id = ExecutionId::new(Utc::now());
        let small = file("s", None, (2, "aGk=".to_owned()));
        let whole = json!({"body": {"one": large("a"), "many": [large("b"), small], "text": "x".repeat(50_000)}});
        let (apart, packed) = set_apart(&whole, id).unwrap().unwrap();
        assert_eq!(packed.len(), 2);
        assert_eq!((apart["body"]["one"].get(BASE64), &apart["body"]["one"]["size"]), (None, &json!(30_000)));
        assert_eq!(apart["body"]["many"][1], small, "a small one stays as it is");
        let references = references(&apart);
        assert!(is_named_in(&apart) && !is_named_in(&whole));
        assert!(references.len() == 2 && references.iter().all(|file| file.execution_id == id));
        let mut seen = BTreeSet::new();
        assert_eq!(unseen_bytes(&apart, &mut seen), 2 * 40_002);
        assert_eq!(unseen_bytes(&apart, &mut seen), 0, "each counts once");
        let mut again = apart.clone();
        let find = |file: &FileRef| {
            let found = packed.iter().find(|packed| packed.reference.sha256 == file.sha256).ok_or(())?;
            unpack(&found.content, file.bytes).map_err(drop)
        };
        restore(&mut again, &find).unwrap();
        assert_eq!(again, whole);
        assert_eq!(restore(&mut apart.clone(), &|_: &FileRef| Err::<Value, _>("gone")), Err("gone"));
    }

    #[test]
    fn what_only_looks_like_a_file_is_left_alone() {
        let id = ExecutionId::new(Utc::now());
        for value in [
            json!({"base64": "a".repeat(40_000)}),
            json!({"file_name": "a", "size": 1, "base64": 7}),
            json!({"content": {"$file": 1}}),
            json!({"content": {"$file": {}, "more": 1}}),
        ] {
            assert!(set_apart(&value, id).unwrap().is_none() && references(&value).is_empty(), "{value}");
        }
    }
}
