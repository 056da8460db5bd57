//! Why an expression gave nothing.

use thiserror::Error;

/// Why an expression could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionError {
    /// Something undefined, a type that doesn't fit, a division by zero …
    #[error("{0}")]
    Failed(String),
    /// It takes more work, reads more or gives more than an expression may.
    #[error("{0}")]
    Limit(String),
}

impl ExpressionError {
    /// The stable word for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "expression_failed",
            Self::Limit(_) => "expression_limit",
        }
    }
}
