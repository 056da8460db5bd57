//! Expressions and templates: compiled once, evaluated often, bounded in work and bytes.

mod environment;
mod error;
mod object;
mod single;
mod template;

pub use error::ExpressionError;
pub use single::Expression;
pub use template::Template;

pub(super) use object::json_value;
