//! One expression.

use std::fmt;

use minijinja::Value as Evaluated;
use minijinja::machinery::parse_expr;
use serde_json::Value;

use super::ExpressionError;
use super::environment::ENVIRONMENT;
use super::result::{Room, append_json, append_text, copy, to_json};
use super::{names, reading};
use crate::domain::workflow::scope::Scope;

/// A compiled expression.
pub struct Expression {
    source: Box<str>,
    /// The names that it looks up when it does nothing else: most expressions do, and then the evaluator isn't needed.
    path: Option<Vec<String>>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl Expression {
    /// Compiles an expression that [`super::Parsed`] found to be in order.
    pub(in crate::domain::workflow) fn compile(source: &str) -> Result<Self, minijinja::Error> {
        let path = names::path(&parse_expr(source)?);
        Ok(Self { source: source.into(), path, compiled: ENVIRONMENT.compile_expression_owned(source.to_owned())? })
    }

    /// The expression as the file has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the expression gives.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        self.evaluate_into(scope, &mut Room::new())
    }

    /// Whether the expression gives something true: not `false`, `null`, `0`, or an empty text, list or object.
    pub fn evaluate_bool(&self, scope: &Scope) -> Result<bool, ExpressionError> {
        let value = self.run(scope)?;
        if value.is_undefined() {
            return Err(self.failed(&minijinja::Error::from(minijinja::ErrorKind::UndefinedError)));
        }
        Ok(value.is_true())
    }

    pub(super) fn evaluate_into(&self, scope: &Scope, room: &mut Room) -> Result<Value, ExpressionError> {
        let given = match self.found(scope) {
            Some(json) => copy(json, room),
            None => to_json(&self.run(scope)?, room),
        };
        given.map_err(|error| self.failed(&error))
    }

    pub(super) fn append_to(&self, scope: &Scope, room: &mut Room, text: &mut String) -> Result<(), ExpressionError> {
        let given = match self.found(scope) {
            Some(json) => append_json(json, room, text),
            None => append_text(&self.run(scope)?, room, text),
        };
        given.map_err(|error| self.failed(&error))
    }

    /// What the path leads to, if there is something.
    fn found<'s>(&self, scope: &'s Scope) -> Option<&'s Value> {
        self.path.as_ref().and_then(|path| scope.json_at(path))
    }

    fn run(&self, scope: &Scope) -> Result<Evaluated, ExpressionError> {
        reading::begin();
        self.compiled.eval(scope.root()).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &minijinja::Error) -> ExpressionError {
        ExpressionError::from_evaluator(error, &self.source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}
