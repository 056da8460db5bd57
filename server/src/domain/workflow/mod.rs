//! From a workflow file to a plan: parse, check, compile, expressions.
//!
//! [`compile()`] makes a [`plan::Plan`], which is what the engine executes; [`scope::Scope`] is what expressions see.

mod check;
mod code_problem;
mod compile;
pub mod concurrency;
mod document;
pub mod duration;
pub mod expression;
pub mod http;
mod inputs;
pub mod plan;
mod repeat;
mod retry;
mod schema;
pub mod scope;
#[cfg(test)]
mod tests;
mod trigger;

pub use code_problem::code_problem;
pub use compile::compile;
pub use inputs::InputSchema;
pub use schema::json_schema;
