//! One expression.

use std::fmt;

use minijinja::Value as Evaluated;
use serde_json::Value;

use super::ExpressionError;
use super::environment::ENVIRONMENT;
use super::reading;
use super::result::{Room, append_text, to_json};
use crate::domain::workflow::scope::Scope;

/// A compiled expression.
pub struct Expression {
    source: Box<str>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl Expression {
    /// Compiles an expression that [`super::Parsed`] found to be in order.
    pub(in crate::domain::workflow) fn compile(source: &str) -> Result<Self, minijinja::Error> {
        Ok(Self { source: source.into(), compiled: ENVIRONMENT.compile_expression_owned(source.to_owned())? })
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
        to_json(&self.run(scope)?, room).map_err(|error| self.failed(&error))
    }

    pub(super) fn append_to(&self, scope: &Scope, room: &mut Room, text: &mut String) -> Result<(), ExpressionError> {
        append_text(&self.run(scope)?, room, text).map_err(|error| self.failed(&error))
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
