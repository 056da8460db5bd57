//! One expression.

use std::fmt;

use serde_json::Value;

use super::ExpressionError;
use super::environment::ENVIRONMENT;
use crate::domain::workflow::scope::Scope;

/// A compiled expression.
pub struct Expression {
    source: Box<str>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl Expression {
    pub(in crate::domain::workflow) fn compile(source: &str) -> Result<Self, minijinja::Error> {
        Ok(Self { source: source.into(), compiled: ENVIRONMENT.compile_expression_owned(source.to_owned())? })
    }

    /// The expression as the file has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the expression gives.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        let value = self.compiled.eval(scope.root()).map_err(|error| ExpressionError::Failed(error.to_string()))?;
        serde_json::to_value(value).map_err(|error| ExpressionError::Failed(error.to_string()))
    }

    /// Whether the expression gives something true: not `false`, `null`, `0`, or an empty text, list or object.
    pub fn evaluate_bool(&self, scope: &Scope) -> Result<bool, ExpressionError> {
        let value = self.compiled.eval(scope.root()).map_err(|error| ExpressionError::Failed(error.to_string()))?;
        Ok(value.is_true())
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}
