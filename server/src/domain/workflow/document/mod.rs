//! The text of a workflow file as a tree in which every node knows its place. YAML 1.2 and JSON give the same tree.
//!
//! [`read`] is the way in; [`tree`] has the nodes, [`problems`] collects what is wrong.

mod cursor;
mod json;
mod position;
pub(super) mod problems;
mod scalar;
pub(super) mod tree;
mod yaml;

pub(super) use cursor::{Cursor, Fields, shorten};
pub(super) use position::inside;
pub(super) use problems::{Found, Problems, nearest};
pub(super) use tree::{Content, Node, Place, Text};

use tidemill_common::limits::WORKFLOW_BYTES;

/// Reads `source`; what is wrong goes to `problems`. Without a tree there is at least one problem.
pub(super) fn read(source: &str, problems: &mut Problems<'_>) -> Option<Node> {
    let start = Place { line: 1, column: 1 };
    if source.len() > WORKFLOW_BYTES {
        let message = format!("the file has {} bytes; a workflow may have {WORKFLOW_BYTES}", source.len());
        problems.add(start, "", Found::new("too_large", message).hint("split the workflow, or move data out of the file"));
        return None;
    }
    if let Some((index, character)) = source.char_indices().find(|(_, character)| is_forbidden(*character)) {
        let message = format!("the control character U+{:04X} can't stand in a workflow file", u32::from(character));
        problems.add(position::of_byte(source, index), "", Found::new("invalid_character", message).hint("remove it"));
        return None;
    }
    let outcome = json::scan(source).unwrap_or_else(|| yaml::scan(source));
    match outcome {
        Ok(node) => {
            problems.check_tree(&node);
            Some(node)
        }
        Err((place, found)) => {
            problems.add(place, "", found);
            None
        }
    }
}

/// Control characters other than line breaks and tabs.
fn is_forbidden(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t' | '\u{85}')
}
