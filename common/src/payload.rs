//! References to payloads: inputs and outputs that are too large to stand in their events.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The only field of a reference. No input or output that stands in its event has this form: one that had would be kept apart,
/// so that nobody can pass a text of his own off as a reference.
const FIELD: &str = "$payload";

/// Stands in an event instead of a large input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadRef {
    /// SHA-256 of the payload's JSON text, in hexadecimal digits: its name within the execution.
    pub sha256: String,
    /// The length of that text.
    pub bytes: u64,
    /// How that text begins.
    pub preview: String,
}

impl PayloadRef {
    /// The reference that `value` is, if it is one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        is_reference(value).then(|| value.get(FIELD).and_then(|fields| Self::deserialize(fields).ok())).flatten()
    }

    /// The reference as JSON: `{"$payload": {"sha256": …, "bytes": …, "preview": …}}`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({ FIELD: self })
    }
}

/// Whether `value` has the form of a reference: an object with the field `$payload` and no other.
#[must_use]
pub fn is_reference(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key(FIELD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_by_its_only_field() {
        let reference = PayloadRef { sha256: "ab".to_owned(), bytes: 7, preview: "[1".to_owned() };
        assert_eq!(PayloadRef::of(&reference.to_value()), Some(reference));
        for other in [json!({}), json!({"$payload": 1, "a": 2}), json!([{"$payload": {}}]), json!({"$payload": {}})] {
            assert_eq!(PayloadRef::of(&other), None, "{other}");
        }
        assert!(is_reference(&json!({"$payload": 1})), "its form is kept for references");
    }
}
