//! A JSON tree with expressions in its strings.

use serde_json::Value;
use tidemill_common::event::Json;

use super::{Expression, ExpressionError};
use crate::domain::workflow::scope::Scope;

/// A compiled JSON tree.
#[derive(Debug)]
pub struct Template(Node);

#[derive(Debug)]
enum Node {
    Literal(Json),
    Typed(Expression),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Template {
    /// The tree, when nothing in it has to be evaluated.
    pub fn as_literal(&self) -> Option<&Json> {
        if let Node::Literal(json) = &self.0 { Some(json) } else { None }
    }

    /// The tree with every expression replaced by what it gives.
    pub fn render(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        render(&self.0, scope)
    }
}

fn render(node: &Node, scope: &Scope) -> Result<Value, ExpressionError> {
    match node {
        Node::Literal(json) => Ok(Value::clone(json)),
        Node::Typed(expression) => expression.evaluate(scope),
        Node::List(items) => items.iter().map(|item| render(item, scope)).collect(),
        Node::Map(fields) => fields.iter().map(|(key, value)| Ok((key.clone(), render(value, scope)?))).collect(),
    }
}
