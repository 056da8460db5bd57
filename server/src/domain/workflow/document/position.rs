//! From bytes to places, and from a place inside a string to its place in the file.

use super::tree::{Place, Text};

/// The place of the byte `index` of `source`.
pub(super) fn of_byte(source: &str, index: usize) -> Place {
    let before = source.get(..index).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count();
    place(line, before[line_start..].chars().count())
}

/// A place from numbers that count from 0.
pub(super) fn place(line: usize, column: usize) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
    Place { line: number(line), column: number(column) }
}

/// The byte of `source` at `place`.
fn byte_at(source: &str, place: Place) -> usize {
    let mut start = 0;
    for _ in 1..place.line {
        match source[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return source.len(),
        }
    }
    let skipped = source[start..].chars().take(place.column as usize - 1).map(char::len_utf8).sum::<usize>();
    start + skipped
}

/// Where the byte `offset` of the value of `text` stands in the file. Escapes and folded lines can hide it; then the start of the text.
pub(in crate::domain::workflow) fn inside(source: &str, text: &Text, offset: usize) -> Place {
    let (start, end) = (byte_at(source, text.start), byte_at(source, text.end));
    let Some(raw) = source.get(start..end) else { return text.start };
    if let Some(verbatim) = raw.find(&text.value) {
        return of_byte(source, start + verbatim + offset);
    }
    let mut searched = 0;
    let mut line_start = 0;
    for line in text.value.split_inclusive('\n') {
        let wanted = line.trim_end();
        let Some(found) = raw[searched..].find(wanted) else { return text.start };
        if offset < line_start + line.len() {
            return of_byte(source, start + searched + found + (offset - line_start).min(wanted.len()));
        }
        searched += found + wanted.len();
        line_start += line.len();
    }
    text.start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(of_byte("é: ü\nä: x", "é: ü\nä: ".len()), Place { line: 2, column: 4 });
        assert_eq!(byte_at("é: ü\nä: x", Place { line: 2, column: 4 }), "é: ü\nä: ".len());
        assert_eq!(byte_at("a", Place { line: 9, column: 4 }), 1);
    }

    #[test]
    fn a_literal_block_is_followed_line_by_line() {
        let source = "a: |\n  one\n  two {{ x }}\nb: 1\n";
        let text =
            Text { value: "one\ntwo {{ x }}\n".into(), start: Place { line: 1, column: 4 }, end: Place { line: 4, column: 1 } };
        assert_eq!(inside(source, &text, "one\ntwo {{ ".len()), Place { line: 3, column: 10 });
    }
}
