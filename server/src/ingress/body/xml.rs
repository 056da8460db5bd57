//! XML 1.0 without document types: there is nothing to expand, and nothing to fetch.
//!
//! An element becomes an object: its attributes as `@name`, its children by name (a list when several have the same), its text as
//! `#text`. An element with nothing but text is that text.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};
use tidemill_common::limits::JSON_DEPTH;

use super::BodyError;
use super::form::add;

/// Most elements of one body.
const MOST_ELEMENTS: usize = 100_000;

/// An element that is not closed yet.
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

pub(super) fn read(body: &[u8]) -> Result<Value, BodyError> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(format!("not UTF-8 ({error})")))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut tree = Tree { open: Vec::new(), root: None, elements: 0 };
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => tree.begin(&start)?,
            Event::Empty(start) => {
                tree.begin(&start)?;
                tree.end()?;
            }
            Event::End(_) => tree.end()?,
            Event::Text(text) => tree.text(&text.unescape().map_err(malformed)?)?,
            Event::CData(data) => tree.text(std::str::from_utf8(&data).map_err(malformed)?)?,
            Event::DocType(_) => return Err(malformed("a document type (DTD) is not read here")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

struct Tree {
    open: Vec<Open>,
    root: Option<Value>,
    elements: usize,
}

impl Tree {
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), BodyError> {
        self.elements += 1;
        // The object around the root counts as a level.
        if self.open.len() + 1 >= JSON_DEPTH {
            return Err(malformed(format!("nested deeper than {JSON_DEPTH} levels")));
        }
        if self.elements > MOST_ELEMENTS {
            return Err(malformed(format!("more than {MOST_ELEMENTS} elements")));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed("more than one root element"));
        }
        let mut fields = Map::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            let name = std::str::from_utf8(attribute.key.as_ref()).map_err(malformed)?;
            let value = std::str::from_utf8(&attribute.value).map_err(malformed)?;
            let value = unescape(value).map_err(malformed)?;
            fields.insert(format!("@{name}"), Value::from(&*value));
        }
        let name = std::str::from_utf8(start.name().as_ref()).map_err(malformed)?.to_owned();
        self.open.push(Open { name, fields, text: String::new() });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), BodyError> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(malformed("text outside of the root element")),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), BodyError> {
        let Open { name, mut fields, text } = self.open.pop().ok_or_else(|| malformed("an element ends that has not begun"))?;
        let value = if fields.is_empty() {
            Value::from(text.trim())
        } else {
            if !text.trim().is_empty() {
                add(&mut fields, "#text".to_owned(), Value::from(text.trim()));
            }
            Value::Object(fields)
        };
        match self.open.last_mut() {
            Some(parent) => add(&mut parent.fields, name, value),
            None => self.root = Some(Value::Object(Map::from_iter([(name, value)]))),
        }
        Ok(())
    }

    fn finish(self) -> Result<Value, BodyError> {
        match (self.open.last(), self.root) {
            (Some(open), _) => {
                Err(malformed(format!("the element `{}` does not end", open.name.chars().take(60).collect::<String>())))
            }
            (None, Some(root)) => Ok(root),
            (None, None) => Err(malformed("there is no element in it")),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it stands in map_err by its name")]
fn malformed(why: impl ToString) -> BodyError {
    BodyError::Malformed(why.to_string())
}
