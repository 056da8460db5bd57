//! The JSON Schema of a workflow's input.

use std::fmt;

use jsonschema::Validator;
use serde_json::Value;

/// The `inputs` of a file: the schema as written, and its compiled form.
pub struct InputSchema {
    schema: Value,
    validator: Validator,
    has_defaults: bool,
}

/// At most this many violations are told at once.
const VIOLATIONS: usize = 20;

impl InputSchema {
    /// Compiles `schema` (JSON Schema 2020-12 unless it names another draft). Nothing remote is resolved.
    ///
    /// # Errors
    /// What is wrong with the schema, in words.
    pub fn new(schema: Value) -> Result<Self, String> {
        if Weight::of(&schema) > HEAVIEST {
            return Err("references in it multiply to more work than a check may take".to_owned());
        }
        let options = jsonschema::options().with_pattern_options(jsonschema::PatternOptions::regex());
        let validator = options.build(&schema).map_err(|error| error.to_string())?;
        let has_defaults = has_defaults(&schema);
        Ok(Self { schema, validator, has_defaults })
    }

    /// The schema as the file has it.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The fields of an input, when the schema lists them and allows no others.
    pub fn only_fields(&self) -> Option<Vec<&str>> {
        let closed = self.schema.get("additionalProperties") == Some(&Value::Bool(false))
            && self.schema.get("patternProperties").is_none();
        let fields = self.schema.get("properties")?.as_object()?;
        closed.then(|| fields.keys().map(String::as_str).collect())
    }

    /// `input` with the `default` of each of `properties` that is missing in it, at every depth; `None` when none is. What only a
    /// reference or a choice (`$ref`, `anyOf` …) describes has no defaults here.
    pub fn with_defaults(&self, input: &Value) -> Option<Value> {
        if !self.has_defaults || !lacks(&self.schema, input) {
            return None;
        }
        let mut whole = input.clone();
        fill(&self.schema, &mut whole);
        Some(whole)
    }

    /// Whether `input` fits.
    ///
    /// # Errors
    /// One sentence per violation, each with the place in the input; at most 20.
    pub fn check(&self, input: &Value) -> Result<(), Vec<String>> {
        let violations: Vec<String> =
            self.validator.iter_errors(input).take(VIOLATIONS).map(|error| describe(&error)).collect();
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn has_defaults(schema: &Value) -> bool {
    properties(schema).any(|(_, property)| property.get("default").is_some() || has_defaults(property))
}

fn lacks(schema: &Value, input: &Value) -> bool {
    let Value::Object(fields) = input else { return false };
    properties(schema).any(|(name, property)| match fields.get(name) {
        Some(field) => lacks(property, field),
        None => property.get("default").is_some(),
    })
}

fn fill(schema: &Value, input: &mut Value) {
    let Value::Object(fields) = input else { return };
    for (name, property) in properties(schema) {
        if let Some(default) = property.get("default").filter(|_| !fields.contains_key(name)) {
            fields.insert(name.clone(), default.clone());
        }
        if let Some(field) = fields.get_mut(name) {
            fill(property, field);
        }
    }
}

/// The most places that checking one value may visit, were every reference written out.
const HEAVIEST: usize = 20_000;

/// Counts the places of a schema with its references written out, so that references that double can't make a check last for ever.
/// A reference to something that is being written out counts once: how often it comes round depends on the input.
struct Weight<'s> {
    schema: &'s Value,
    open: Vec<&'s str>,
    count: usize,
}

impl<'s> Weight<'s> {
    fn of(schema: &'s Value) -> usize {
        let mut weight = Self { schema, open: Vec::new(), count: 0 };
        weight.add(schema);
        weight.count
    }

    fn add(&mut self, place: &'s Value) {
        self.count += 1;
        if self.count > HEAVIEST {
            return;
        }
        match place {
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(fields) => {
                for (key, field) in fields.iter().filter(|(key, _)| *key != "$defs" && *key != "definitions") {
                    self.add(field);
                    if key == "$ref" {
                        self.follow(field);
                    }
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, reference: &'s Value) {
        let Some(pointer) = reference.as_str().and_then(|reference| reference.strip_prefix('#')) else { return };
        if self.open.contains(&pointer) {
            return;
        }
        if let Some(target) = self.schema.pointer(pointer) {
            self.open.push(pointer);
            self.add(target);
            self.open.pop();
        }
    }
}

fn describe(error: &jsonschema::ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let message = error.masked();
    if place.is_empty() { message.to_string() } else { format!("{place}: {message}") }
}

impl fmt::Debug for InputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputSchema").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_remote_is_resolved() {
        for reference in ["https://x.example/schema.json", "http://127.0.0.1/x", "file:///etc/passwd"] {
            assert!(InputSchema::new(json!({"$ref": reference})).is_err(), "{reference}");
        }
    }

    #[test]
    fn references_that_go_round_or_double_end_fast() {
        let begin = std::time::Instant::now();
        for schema in [
            json!({"$ref": "#"}),
            json!({"allOf": [{"$ref": "#"}]}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}),
            json!({"if": {"$dynamicRef": "#x"}, "$dynamicAnchor": "x"}),
        ] {
            assert_eq!(InputSchema::new(schema).unwrap().check(&json!({"a": 1})), Ok(()));
        }
        let mut defs = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
            defs.insert(format!("d{level}"), json!({"allOf": [next, next]}));
        }
        defs.insert("d40".to_owned(), json!({"type": "object"}));
        assert!(InputSchema::new(json!({"$defs": defs, "$ref": "#/$defs/d0"})).is_err());
        assert!(begin.elapsed() < std::time::Duration::from_secs(2));
    }

    #[test]
    fn patterns_can_not_take_for_ever() {
        let begin = std::time::Instant::now();
        let schema = InputSchema::new(json!({"type": "string", "pattern": "^(a+)+$"})).unwrap();
        assert!(schema.check(&json!("a".repeat(50_000) + "!")).is_err());
        assert!(begin.elapsed() < std::time::Duration::from_secs(2));
        assert!(InputSchema::new(json!({"pattern": "(?=(a+)+$)a"})).is_err(), "look-around needs a backtracking engine");
    }

    #[test]
    fn what_is_missing_has_its_default_and_what_is_there_stays() {
        let schema = InputSchema::new(json!({"type": "object", "required": ["limit"], "properties": {
            "limit": {"type": "integer", "default": 10},
            "mail": {"type": "object", "properties": {"to": {"default": "ops"}, "cc": {"type": "string"}}},
        }}))
        .unwrap();
        assert_eq!(schema.with_defaults(&json!({})), Some(json!({"limit": 10})));
        assert_eq!(
            schema.with_defaults(&json!({"limit": null, "mail": {}})),
            Some(json!({"limit": null, "mail": {"to": "ops"}}))
        );
        assert_eq!(schema.with_defaults(&json!({"limit": 1, "mail": {"to": "me"}})), None);
        assert_eq!(schema.with_defaults(&json!([1])), None);
        let within = json!({"default": {"a": 1}, "properties": {"b": {"default": 2}}});
        let schema = InputSchema::new(json!({"properties": {"x": within}})).unwrap();
        assert_eq!(schema.with_defaults(&json!({})), Some(json!({"x": {"a": 1, "b": 2}})));
    }

    #[test]
    fn trees_may_refer_to_themselves() {
        let schema = InputSchema::new(json!({"type": "object", "properties": {"next": {"$ref": "#"}}})).unwrap();
        assert!(schema.check(&json!({"next": {"next": {}}})).is_ok());
        assert_eq!(schema.check(&json!({"next": {"next": 1}})).unwrap_err().len(), 1);
    }
}
