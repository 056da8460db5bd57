//! Expressions and templates: compiled once, evaluated often, bounded in work and bytes.
//!
//! [`Expression`] is one bare expression (`if`, `retry_if`), [`Template`] a JSON tree with expressions in its strings.
//! There is one evaluator, in `environment`, with an allow-list of filters, tests and functions.

mod block;
mod environment;
mod error;
mod filters;
mod names;
mod object;
mod reading;
mod result;
mod single;
mod template;
#[cfg(test)]
mod tests;
mod text;

pub use error::ExpressionError;
pub use single::Expression;
pub use template::Template;

pub(super) use names::{Mention, Mistake, Reading};
pub(super) use object::json_value;
pub(super) use template::TemplateBuilder;
pub(super) use text::Parsed;

/// Every filter and test that expressions may use.
#[cfg(test)]
pub(super) fn allowed() -> impl Iterator<Item = &'static str> {
    environment::FILTERS.into_iter().chain(environment::TESTS)
}
