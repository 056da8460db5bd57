//! YAML events to a tree. Iterative, so that nesting can't exhaust the stack.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use tidemill_common::limits::JSON_DEPTH;

use super::position;
use super::problems::Found;
use super::scalar;
use super::tree::{Content, Entry, Node, Place, Text};

/// Why there is no tree.
pub(super) type Failure = (Place, Found);

/// Reads one YAML document.
pub(super) fn scan(source: &str) -> Result<Node, Failure> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, &span)?;
    }
    builder.root.ok_or_else(|| (Place { line: 1, column: 1 }, empty()))
}

fn empty() -> Found {
    Found::new("empty", "the file is empty").hint("a workflow needs at least `id` and `steps`")
}

fn syntax(error: &ScanError) -> Failure {
    let place = position::place(error.marker().line().saturating_sub(1), error.marker().col());
    let found = match error.info() {
        info if info.contains("recursion limit") => too_deep(),
        info if info.contains("unknown anchor") => anchors(),
        info => Found::new("syntax", format!("the file can't be read: {info}")),
    };
    (place, found)
}

/// A list or an object that is still open.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<Entry>, Option<(String, Place)>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Failure> {
        let place = position::place(span.start.line().saturating_sub(1), span.start.col());
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err((place, too_many()));
        }
        match event {
            Event::DocumentStart(_) => self.document(place),
            Event::Alias(_) => Err((place, anchors())),
            Event::Scalar(value, style, anchor, tag) => {
                plain_only(place, anchor, tag.is_some())?;
                let end = position::place(span.end.line().saturating_sub(1), span.end.col());
                self.scalar(Text { value: value.into_owned(), start: place, end }, style)
            }
            Event::SequenceStart(anchor, tag) => {
                plain_only(place, anchor, tag.is_some())?;
                self.push(Open::List(place, Vec::new()), place)
            }
            Event::MappingStart(anchor, tag) => {
                plain_only(place, anchor, tag.is_some())?;
                self.push(Open::Map(place, Vec::new(), None), place)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, place: Place) -> Result<(), Failure> {
        self.documents += 1;
        if self.documents > 1 {
            let found = Found::new("multiple_documents", "a file has one workflow; a second document starts here");
            return Err((place, found.hint("put each workflow into a file of its own")));
        }
        Ok(())
    }

    fn push(&mut self, open: Open, place: Place) -> Result<(), Failure> {
        if let Some(Open::Map(_, _, None)) = self.open.last() {
            return Err((place, text_keys()));
        }
        if self.open.len() >= JSON_DEPTH {
            return Err((place, too_deep()));
        }
        self.open.push(open);
        Ok(())
    }

    fn scalar(&mut self, text: Text, style: ScalarStyle) -> Result<(), Failure> {
        let place = text.start;
        if let Some(Open::Map(_, _, key @ None)) = self.open.last_mut() {
            *key = Some((text.value, place));
            return Ok(());
        }
        let content = if style == ScalarStyle::Plain {
            scalar::resolve(text).map_err(|message| {
                (place, Found::new("number_range", message).hint("write it in quotes to keep it as a text"))
            })?
        } else {
            Content::Text(text)
        };
        self.place(Node { place, content });
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List(place, items)) => self.place(Node { place, content: Content::List(items) }),
            Some(Open::Map(place, entries, _)) => self.place(Node { place, content: Content::Map(entries) }),
            None => {}
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => {
                if let Some((key, key_place)) = key.take() {
                    entries.push(Entry { key, key_place, value: node });
                }
            }
            None => self.root = Some(node),
        }
    }
}

fn plain_only(place: Place, anchor: usize, tagged: bool) -> Result<(), Failure> {
    if anchor != 0 {
        return Err((place, anchors()));
    }
    if tagged {
        return Err((place, Found::new("tag", "YAML tags are not read here").hint("remove the `!…`")));
    }
    Ok(())
}

fn anchors() -> Found {
    Found::new("anchor", "YAML anchors and aliases are not read here").hint("write the value out where it is needed")
}

fn text_keys() -> Found {
    Found::new("key_type", "a key must be a text")
        .hint("write the key in quotes; a value that starts with `{{` needs quotes too")
}

/// More values, keys and brackets than this are no workflow.
pub(super) const MOST_NODES: usize = 100_000;

/// The file has more than [`MOST_NODES`].
pub(super) fn too_many() -> Found {
    Found::new("too_large", format!("the file has more than {MOST_NODES} values")).hint("move data out of the file")
}

/// The nesting is deeper than the published limit.
pub(super) fn too_deep() -> Found {
    Found::new("too_deep", format!("lists and objects are nested more than {JSON_DEPTH} deep"))
}
