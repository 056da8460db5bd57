//! Why an expression gave nothing.

use minijinja::ErrorKind;
use thiserror::Error;

/// Why an expression could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionError {
    /// Something that it reads is not there.
    #[error("{0}")]
    Undefined(String),
    /// A type that doesn't fit, a division by zero …
    #[error("{0}")]
    Failed(String),
    /// It takes more work, reads more or gives more than an expression may.
    #[error("{0}")]
    Limit(String),
}

/// What the evaluator says of a `range` that it won't begin.
const LONG_RANGE: &str = "range has too many elements";

impl ExpressionError {
    /// The stable word for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Undefined(_) | Self::Failed(_) => "expression_failed",
            Self::Limit(_) => "expression_limit",
        }
    }

    /// What the evaluator said about `source`.
    pub(super) fn from_evaluator(error: &minijinja::Error, source: &str) -> Self {
        let source = crate::domain::workflow::document::shorten(source.trim());
        match error.kind() {
            ErrorKind::OutOfFuel => Self::Limit(format!("`{source}` takes more work than an expression may")),
            ErrorKind::InvalidOperation if error.detail() == Some(LONG_RANGE) => {
                Self::Limit(format!("`{source}` counts further than an expression may"))
            }
            ErrorKind::UndefinedError => Self::Undefined(format!(
                "`{source}` reads something that is not defined; use `| default(…)` where it may be missing"
            )),
            kind => {
                let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
                Self::Failed(format!("`{source}` failed: {kind}{detail}"))
            }
        }
    }
}
