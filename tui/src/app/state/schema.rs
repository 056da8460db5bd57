//! The `inputs` of a workflow file as fields, and what was filled in as JSON.

use serde_json::{Map, Value};

use super::form::{Entry, Field};
use super::yaml;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Anything else, as JSON.
    Json,
}

impl Kind {
    fn of(schema: &Value) -> Self {
        match schema["type"].as_str() {
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            _ => Self::Json,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Json => "JSON",
        }
    }

    /// `text` as a value of this type.
    ///
    /// # Errors
    ///
    /// Says what would be right.
    pub fn read(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("“{text}” is not {}", self.word());
        match self {
            Self::Text => Ok(Value::from(text)),
            Self::Integer => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
            Self::Number => text.parse::<f64>().map(Value::from).map_err(|_| wrong()),
            Self::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| wrong()),
            Self::Json => serde_json::from_str(text).map_err(|error| format!("not JSON: {error}")),
        }
    }
}

/// The fields of the `inputs` of a workflow file; `None` when it names none that a form could ask for.
pub fn fields(source: &str) -> Option<Vec<Field>> {
    let file = yaml::read(source)?;
    of_schema(&file["inputs"])
}

/// The fields of a JSON Schema of an object; `None` when it names none that a form could ask for.
pub fn of_schema(inputs: &Value) -> Option<Vec<Field>> {
    let properties = inputs["properties"].as_object().filter(|properties| !properties.is_empty())?;
    let needed = |name: &str| inputs["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
    Some(properties.iter().map(|(name, schema)| field(name, schema, needed(name))).collect())
}

fn field(name: &str, schema: &Value, required: bool) -> Field {
    let kind = Kind::of(schema);
    let default = match &schema["default"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut help = if required { format!("{}, needed", kind.word()) } else { kind.word().to_owned() };
    if let Some(about) = schema["description"].as_str() {
        help = format!("{help}: {about}");
    }
    match schema["enum"].as_array() {
        Some(words) if kind == Kind::Text => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            Field::choice(name, &words, &help)
        }
        _ => Field::new(name, default, Entry::Input { kind, required }, help),
    }
}

/// What was filled in, as the input of an execution. Fields that are empty and not needed are left out.
///
/// # Errors
///
/// The field, and what is wrong with it.
pub fn value(fields: &[Field]) -> Result<Value, (String, String)> {
    let mut object = Map::new();
    for field in fields {
        let text = field.line.text();
        let value = match &field.entry {
            Entry::Choice(_) => Value::from(text),
            Entry::Input { required, .. } if text.is_empty() && !required => continue,
            Entry::Input { kind, .. } => kind.read(text).map_err(|why| (field.label.clone(), why))?,
            _ => continue,
        };
        object.insert(field.label.clone(), value);
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::app::state::line::Line;

    const FILE: &str = "id: a\ninputs:\n  type: object\n  required: [qty]\n  properties:\n    qty: {type: integer}\n    note: {type: string, \
                        default: none}\n    size: {type: string, enum: [s, m]}\n    more: {type: object}\n";

    #[test]
    fn a_schema_becomes_fields_and_fields_become_json() {
        let mut fields = fields(FILE).unwrap();
        assert_eq!(fields.iter().map(|field| field.label.as_str()).collect::<Vec<_>>(), ["qty", "note", "size", "more"]);
        assert_eq!(value(&fields).unwrap_err().0, "qty");
        fields[0].line = Line::new("3");
        fields[2].turn(1);
        assert_eq!(value(&fields).unwrap(), json!({"qty": 3, "note": "none", "size": "m"}));
        fields[3].line = Line::new("{");
        assert_eq!(value(&fields).unwrap_err().0, "more");
    }

    #[test]
    fn a_file_without_inputs_asks_for_nothing() {
        assert!(fields("id: a\nsteps: []\n").is_none());
        assert!(fields(": : :").is_none());
    }
}
