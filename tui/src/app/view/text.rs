//! Text in columns: cut, padded and cleaned; durations and times for people.

use chrono::{DateTime, TimeDelta, Utc};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in exactly `width` columns: padded on the right, or cut with `…`.
pub fn fit(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    let pad = width.saturating_sub(cut.width());
    format!("{cut}{}", " ".repeat(pad))
}

/// `text` in exactly `width` columns, to the right.
pub fn right(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    let pad = width.saturating_sub(cut.width());
    format!("{}{cut}", " ".repeat(pad))
}

/// `text` in at most `width` columns, cut with `…`. What could steer the terminal or reorder text becomes `·`.
pub fn cut(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|c| if is_unruly(c) { '·' } else { c }).collect();
    if clean.width() <= width {
        return clean;
    }
    let mut used = 0;
    let room = width.saturating_sub(1);
    let kept: String = clean
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    if width == 0 { kept } else { format!("{kept}…") }
}

fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A duration in at most seven columns: `0.3s`, `12s`, `4m12s`, `3h05m`, `2d04h`.
pub fn duration(delta: TimeDelta) -> String {
    let millis = delta.num_milliseconds().max(0);
    let (seconds, minutes, hours, days) = (millis / 1000, millis / 60_000, millis / 3_600_000, millis / 86_400_000);
    match () {
        () if millis < 1000 => format!("{millis}ms"),
        () if seconds < 10 => format!("{seconds}.{}s", millis % 1000 / 100),
        () if seconds < 60 => format!("{seconds}s"),
        () if minutes < 60 => format!("{minutes}m{:02}s", seconds % 60),
        () if hours < 24 => format!("{hours}h{:02}m", minutes % 60),
        () => format!("{days}d{:02}h", hours % 24),
    }
}

/// A duration that still grows, in whole seconds: it changes once a second, not more often.
pub fn growing(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    if seconds < 60 { format!("{seconds}s") } else { duration(TimeDelta::seconds(seconds)) }
}

/// How long ago, to the minute: `now`, `5m`, `3h`, `2d`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        ..1 => "now".into(),
        1..60 => format!("{minutes}m"),
        60..1440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

/// The time of day, or the date when that was not today.
pub fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at.date_naive() == now.date_naive() { at.format("%H:%M:%S").to_string() } else { at.format("%d %b").to_string() }
}

/// A size in bytes, short: `40 KiB`, `3.9 MiB`.
pub fn size(bytes: u64) -> String {
    let kib = bytes.div_ceil(1024);
    if kib < 1024 { format!("{kib} KiB") } else { format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024) }
}

/// A share as a bar of `width` columns, drawn with the glyphs for what is used and what is left.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a few columns")]
pub fn bar(share: f64, width: usize, [used, left]: [&str; 2]) -> String {
    let full = ((share.clamp(0.0, 1.0) * width as f64).round() as usize).min(width);
    // Something is never nothing, and not quite all is never all.
    let full = if share > 0.0 { full.max(1) } else { full };
    let full = if share < 1.0 { full.min(width.saturating_sub(1)) } else { full };
    format!("{}{}", used.repeat(full), left.repeat(width - full))
}

/// A number with thin groups: `10,214`.
pub fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `text` broken into lines of at most `width` columns, at spaces where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = cut(word, usize::MAX);
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() <= width {
                line.push_str(&" ".repeat(gap));
                line.push_str(&word);
                break;
            }
            if line.is_empty() {
                let (head, tail) = split_at_width(&word, width);
                line.push_str(&head);
                word = tail;
                if word.is_empty() {
                    break;
                }
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The same for a line that begins with blanks: each part begins with them.
pub fn wrap_indented(text: &str, width: usize) -> Vec<String> {
    let indent = text.chars().take_while(|c| *c == ' ').count().min(width / 2);
    let blanks = " ".repeat(indent);
    wrap(text, width - indent).into_iter().map(|part| format!("{blanks}{part}")).collect()
}

fn split_at_width(word: &str, width: usize) -> (String, String) {
    let mut used = 0;
    let at = word.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > width
    });
    // At least one character goes, or a wide one in a narrow column would never.
    let at = at.map_or(word.len(), |(at, _)| at.max(word.chars().next().map_or(0, char::len_utf8)));
    (word[..at].to_owned(), word[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fills_its_columns_exactly() {
        for text in ["", "short", "exactly ten", "日本語テキスト", "e\u{301}clair and more", "\u{1b}[31mred\u{202e}"] {
            for width in 0..14 {
                assert_eq!(fit(text, width).width(), width, "{text:?} in {width}");
                assert_eq!(right(text, width).width(), width, "{text:?} in {width}");
            }
        }
        assert_eq!(fit("workflow", 5), "work…");
        assert!(!fit("\u{1b}[31m\u{202e}", 10).contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn durations_are_short() {
        let of = |millis| duration(TimeDelta::milliseconds(millis));
        assert_eq!([of(300), of(1_290), of(27_900), of(252_000)], ["300ms", "1.2s", "27s", "4m12s"]);
        assert_eq!([of(11_100_000), of(187_200_000), of(-5)], ["3h05m", "2d04h", "0ms"]);
        assert_eq!(growing(TimeDelta::milliseconds(2_900)), "2s");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([size(40_000), size(1 << 20), size(4_100_000)], ["40 KiB", "1.0 MiB", "3.9 MiB"]);
    }

    #[test]
    fn bars_fill_their_columns() {
        let of = |share| bar(share, 10, ["#", "."]);
        assert_eq!([of(0.0), of(0.001), of(0.5)], ["..........", "#.........", "#####....."]);
        assert_eq!([of(0.999), of(1.0), of(7.0)], ["#########.", "##########", "##########"]);
    }

    #[test]
    fn long_words_are_broken_and_nothing_is_lost() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
        assert_eq!(wrap_indented("  one two", 5), ["  one", "  two"]);
        assert_eq!(number(1_234_567), "1,234,567");
    }
}
