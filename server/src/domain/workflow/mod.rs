//! From a workflow file to a plan: parse, check, compile, expressions.
//!
//! [`compile()`] makes a [`plan::Plan`], which is what the engine executes; [`scope::Scope`] is what expressions see.

mod check;
mod code_problem;
mod compile;
pub mod concurrency;
mod document;
pub mod duration;
mod execution_meta;
pub mod expression;
pub mod http;
mod inputs;
mod outside;
pub mod plan;
pub mod rate_limit;
mod repeat;
mod retry;
mod schema;
pub mod scope;
#[cfg(test)]
mod tests;
mod trigger;

pub use code_problem::{code_asks_too_much, code_problem, code_unchecked};
pub use compile::compile;
pub use inputs::InputSchema;
pub use schema::json_schema;
