//! The nodes of the tree.

use serde_json::Value;

/// A place in the file, both numbers from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::domain::workflow) struct Place {
    pub line: u32,
    pub column: u32,
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(in crate::domain::workflow) struct Node {
    pub place: Place,
    pub content: Content,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(in crate::domain::workflow) enum Content {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One string, and the stretch of the file it was written in.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::workflow) struct Text {
    pub value: String,
    pub start: Place,
    pub end: Place,
}

/// One key and its value.
#[derive(Debug, Clone)]
pub(in crate::domain::workflow) struct Entry {
    pub key: String,
    pub key_place: Place,
    pub value: Node,
}

impl Node {
    /// The kind of the node, in words for people.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "an object",
        }
    }

    /// The same as plain JSON.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.value.clone()),
            Content::List(items) => items.iter().map(Node::to_json).collect(),
            Content::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
        }
    }
}
