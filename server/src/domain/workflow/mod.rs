//! From a workflow file to a plan: parse, check, compile, expressions.
//!
//! [`plan::Plan`] is what the engine executes; [`scope::Scope`] is what expressions see.

pub mod plan;
pub mod scope;
