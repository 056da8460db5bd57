//! JSON (RFC 8259) to a tree: YAML's scanner knows neither surrogate pairs nor long keys.

use tidemill_common::limits::JSON_DEPTH;

use super::position;
use super::problems::Found;
use super::tree::{Content, Entry, Node, Place, Text};
use super::yaml::{Failure, MOST_NODES, too_deep, too_many};

/// Reads a JSON document; nothing if the text is no JSON, so that YAML may try.
pub(super) fn scan(source: &str) -> Option<Result<Node, Failure>> {
    if !source.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return None;
    }
    let mut scanner = Scanner { rest: source.trim_start_matches('\u{feff}'), line: 0, column: 0, nodes: 0 };
    match scanner.document() {
        Ok(node) => Some(Ok(node)),
        Err(Stop::NotJson) => None,
        Err(Stop::Failed(failure)) => Some(Err(failure)),
    }
}

enum Stop {
    NotJson,
    Failed(Failure),
}

type Scanned<T> = Result<T, Stop>;

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
    nodes: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Scanned<Node> {
        let node = self.value(0)?;
        self.space();
        if self.rest.is_empty() { Ok(node) } else { Err(Stop::NotJson) }
    }

    fn here(&self) -> Place {
        position::place(self.line, self.column)
    }

    /// Goes on by `bytes`.
    fn skip(&mut self, bytes: usize) {
        for character in self.rest[..bytes].chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
        self.rest = &self.rest[bytes..];
    }

    fn space(&mut self) {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.skip(self.rest.len() - trimmed.len());
    }

    /// Takes `word` if it is next.
    fn eat(&mut self, word: &str) -> bool {
        self.space();
        let found = self.rest.starts_with(word);
        if found {
            self.skip(word.len());
        }
        found
    }

    fn expect(&mut self, word: &str) -> Scanned<()> {
        if self.eat(word) { Ok(()) } else { Err(Stop::NotJson) }
    }

    fn value(&mut self, depth: usize) -> Scanned<Node> {
        self.space();
        let place = self.here();
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Stop::Failed((place, too_many())));
        }
        let content = match self.rest.as_bytes().first() {
            Some(b'{' | b'[') if depth >= JSON_DEPTH => return Err(Stop::Failed((place, too_deep()))),
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Content::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.eat("true") => Content::Bool(true),
            _ if self.eat("false") => Content::Bool(false),
            _ if self.eat("null") => Content::Null,
            _ => return Err(Stop::NotJson),
        };
        Ok(Node { place, content })
    }

    fn map(&mut self, depth: usize) -> Scanned<Content> {
        self.expect("{")?;
        let mut entries = Vec::new();
        while !self.eat("}") {
            if !entries.is_empty() {
                self.expect(",")?;
            }
            self.space();
            let key_place = self.here();
            let key = self.text()?.value;
            self.expect(":")?;
            entries.push(Entry { key, key_place, value: self.value(depth + 1)? });
        }
        Ok(Content::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Scanned<Content> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.value(depth + 1)?);
        }
        Ok(Content::List(items))
    }

    fn text(&mut self) -> Scanned<Text> {
        let start = self.here();
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let closes = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        });
        let literal = end.and_then(|(end, _)| self.rest.get(..=end)).ok_or(Stop::NotJson)?;
        let value: String = serde_json::from_str(literal).map_err(|_| Stop::NotJson)?;
        self.skip(literal.len());
        Ok(Text { value, start, end: self.here() })
    }

    fn number(&mut self) -> Scanned<Content> {
        let place = self.here();
        let length = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c)).len();
        let literal = &self.rest[..length];
        let number: serde_json::Number = serde_json::from_str(literal).map_err(|error| {
            let out_of_range = error.to_string().contains("out of range");
            if out_of_range { Stop::Failed((place, range())) } else { Stop::NotJson }
        })?;
        if number.is_f64() && !literal.contains(['.', 'e', 'E']) {
            return Err(Stop::Failed((place, range())));
        }
        self.skip(length);
        Ok(Content::Number(number))
    }
}

fn range() -> Found {
    Found::new("number_range", "this number can't be kept exactly").hint("write it in quotes to keep it as a text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(source: &str) -> Option<String> {
        scan(source).and_then(Result::ok).map(|node| node.to_json().to_string())
    }

    #[test]
    fn everything_of_rfc_8259() {
        let source =
            "{\"a\\/b\": [1, -2.5e1, true, false, null, \"\\ud83d\\ude00\\n\\\"\", {}, []],\n\t\"c\": 18446744073709551615}";
        assert_eq!(json(source).unwrap(), "{\"a/b\":[1,-25.0,true,false,null,\"😀\\n\\\"\",{},[]],\"c\":18446744073709551615}");
    }

    #[test]
    fn what_is_not_json_is_left_to_yaml() {
        for source in [
            "",
            "id: x",
            "{id: x}",
            "{\"a\": 1,}",
            "{\"a\": 01}",
            "{\"a\": \"\\ud83d\"}",
            "{\"a\"",
            "{\"a\": 1} x",
            "{\"a\":\"\\",
            "{\"é",
        ] {
            assert!(scan(source).is_none(), "{source}");
        }
    }

    #[test]
    fn depth_and_range_are_final() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(matches!(scan(&deep), Some(Err((_, found))) if found.code == "too_deep"));
        assert!(matches!(scan("{\"a\": 1e400}"), Some(Err((_, found))) if found.code == "number_range"));
        assert!(matches!(scan("{\"a\": 99999999999999999999}"), Some(Err((_, found))) if found.code == "number_range"));
    }

    #[test]
    fn places_count_lines_and_characters() {
        let Some(Ok(node)) = scan("{\n \"é\": \"x\", \"b\": 2}") else { unreachable!() };
        let Content::Map(entries) = node.content else { unreachable!() };
        assert_eq!(entries[1].key_place, Place { line: 2, column: 12 });
        assert_eq!(entries[1].value.place, Place { line: 2, column: 17 });
    }
}
