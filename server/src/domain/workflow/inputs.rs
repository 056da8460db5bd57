//! The JSON Schema of a workflow's input.

use std::fmt;

use jsonschema::Validator;
use serde_json::Value;

/// The `inputs` of a file: the schema as written, and its compiled form.
pub struct InputSchema {
    schema: Value,
    validator: Validator,
}

/// At most this many violations are told at once.
const VIOLATIONS: usize = 20;

impl InputSchema {
    /// Compiles `schema` (JSON Schema 2020-12 unless it names another draft). Nothing remote is resolved.
    ///
    /// # Errors
    /// What is wrong with the schema, in words.
    pub fn new(schema: Value) -> Result<Self, String> {
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, validator })
    }

    /// The schema as the file has it.
    pub fn schema(&self) -> &Value {
        &self.schema
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
