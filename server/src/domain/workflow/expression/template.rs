//! A JSON tree with expressions in its strings.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::event::Json;

use super::block::Block;
use super::result::Room;
use super::text::{Parsed, Piece};
use super::{Expression, ExpressionError};
use crate::domain::workflow::scope::Scope;

/// A compiled JSON tree. Keys are literal; a string that is only `{{ … }}` keeps the type of what it gives.
#[derive(Debug)]
pub struct Template(Node);

#[derive(Debug)]
enum Node {
    Literal(Json),
    Typed(Expression),
    Mixed(Vec<Part>),
    Block(Block),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A part of a mixed text.
#[derive(Debug)]
enum Part {
    Words(String),
    Expression(Expression),
}

impl Template {
    /// The tree, when nothing in it has to be evaluated.
    pub fn as_literal(&self) -> Option<&Json> {
        if let Node::Literal(json) = &self.0 { Some(json) } else { None }
    }

    /// The tree with every expression replaced by what it gives.
    ///
    /// # Errors
    /// The first expression that fails, or that the result is too large.
    pub fn render(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        self.0.render(scope, &mut Room::new())
    }
}

impl Node {
    fn render(&self, scope: &Scope, room: &mut Room) -> Result<Value, ExpressionError> {
        match self {
            Self::Literal(json) => Ok(Value::clone(json)),
            Self::Typed(expression) => expression.evaluate_into(scope, room),
            Self::Mixed(parts) => mixed(parts, scope, room).map(Value::String),
            Self::Block(block) => block.render(scope, room).map(Value::String),
            Self::List(items) => items.iter().map(|item| item.render(scope, room)).collect(),
            Self::Map(fields) => fields.iter().map(|(key, value)| Ok((key.clone(), value.render(scope, room)?))).collect(),
        }
    }
}

fn mixed(parts: &[Part], scope: &Scope, room: &mut Room) -> Result<String, ExpressionError> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Words(words) => text.push_str(words),
            Part::Expression(expression) => expression.append_to(scope, room, &mut text)?,
        }
    }
    Ok(text)
}

/// Builds a [`Template`] bottom up; subtrees without expressions melt into one literal.
pub(in crate::domain::workflow) struct TemplateBuilder(Node);

impl TemplateBuilder {
    /// A value without expressions.
    pub fn literal(json: Value) -> Self {
        Self(Node::Literal(Arc::new(json)))
    }

    /// A string, from its parts. `source` is the string as the file has it.
    pub fn string(source: &str, parsed: Parsed) -> Result<Self, minijinja::Error> {
        let node = match parsed {
            Parsed::Plain(text) => Node::Literal(Arc::new(Value::String(text))),
            Parsed::Statements => Node::Block(Block::compile(source)?),
            Parsed::Pieces(pieces) => match pieces.as_slice() {
                [Piece::Expression(only)] => Node::Typed(Expression::compile(only)?),
                _ => Node::Mixed(pieces.into_iter().map(part).collect::<Result<_, _>>()?),
            },
        };
        Ok(Self(node))
    }

    pub fn list(items: Vec<Self>) -> Self {
        let nodes: Vec<Node> = items.into_iter().map(|item| item.0).collect();
        let literals: Option<Vec<Value>> = nodes.iter().map(literal).collect();
        literals.map_or(Self(Node::List(nodes)), |values| Self::literal(Value::Array(values)))
    }

    pub fn map(fields: Vec<(String, Self)>) -> Self {
        let nodes: Vec<(String, Node)> = fields.into_iter().map(|(key, field)| (key, field.0)).collect();
        let literals: Option<serde_json::Map<String, Value>> =
            nodes.iter().map(|(key, node)| Some((key.clone(), literal(node)?))).collect();
        literals.map_or(Self(Node::Map(nodes)), |fields| Self::literal(Value::Object(fields)))
    }

    pub fn finish(self) -> Template {
        Template(self.0)
    }
}

fn part(piece: Piece) -> Result<Part, minijinja::Error> {
    match piece {
        Piece::Words(words) => Ok(Part::Words(words)),
        Piece::Expression(source) => Expression::compile(&source).map(Part::Expression),
    }
}

fn literal(node: &Node) -> Option<Value> {
    if let Node::Literal(json) = node { Some(Value::clone(json)) } else { None }
}
