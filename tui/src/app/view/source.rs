//! A workflow's file: with what is wrong with it in place, and how versions differ.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use similar::{ChangeTag, TextDiff};
use tidemill_common::api::workflow::Diagnostic;

use super::pane::{plain, put, put_right, say, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::workflow::Workflow;

/// Draws the file from the line on that is scrolled to; an error stands below its line, with a caret at its column.
pub fn file(buf: &mut Buffer, area: Rect, open: &Workflow, theme: Theme) {
    let Some(text) = open.source() else { return };
    let errors: &[Diagnostic] = open.draft.as_ref().map_or(&[], |draft| &draft.errors);
    let (mut at, count) = (0, text.lines().count());
    for (number, line) in (1_u32..).zip(text.lines()).skip(open.scroll) {
        if at >= area.height {
            break;
        }
        let here: Vec<&Diagnostic> = errors.iter().filter(|error| error.line == number).collect();
        let token = if here.is_empty() { Token::Muted } else { Token::Err };
        let mut spans = vec![span(theme, token, format!("{number:>4} "))];
        spans.extend(yaml(line, usize::from(area.width).saturating_sub(6), theme));
        put(buf, area, at, spans);
        at += 1;
        for error in here {
            let column = usize::try_from(error.column).unwrap_or(1).clamp(1, 60);
            let meant = error.suggestion.as_ref().map_or_else(String::new, |meant| format!(" ({meant})"));
            let words = format!("{}^ {}{meant}", " ".repeat(4 + column), error.message);
            put(buf, area, at, vec![span(theme, Token::Err, text::cut(&words, usize::from(area.width)))]);
            at += 1;
        }
    }
    // What has no line of its own.
    for error in errors.iter().filter(|error| usize::try_from(error.line).is_ok_and(|line| line == 0 || line > count)) {
        put(buf, area, at, vec![span(theme, Token::Err, format!("     {}", error.message))]);
        at += 1;
    }
    let below = count.saturating_sub(open.scroll + usize::from(area.height));
    if below > 0 {
        let mark = format!(" {} {} more ", theme.pick("▼", "v"), text::number(below));
        put_right(buf, area, area.height.saturating_sub(1), vec![span(theme, Token::Accent, mark)]);
    }
}

/// A line of YAML: comments recede, keys stand out.
fn yaml(line: &str, room: usize, theme: Theme) -> Vec<Span<'static>> {
    let line = text::cut(&line.replace('\t', "    "), room);
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with('#') {
        return vec![span(theme, Token::Muted, line)];
    }
    let key = line[start..].find(':').map(|end| start + end);
    match key.filter(|end| line[*end..].starts_with(": ") || line.len() == end + 1) {
        Some(end) if !line[start..end].contains(['"', '\'', '{', '[']) => {
            vec![span(theme, Token::Accent, line[..end].to_owned()), plain(line[end..].to_owned())]
        }
        _ => vec![plain(line)],
    }
}

/// Draws how the selected version differs from the one before.
pub fn difference(buf: &mut Buffer, area: Rect, open: &Workflow, theme: Theme) {
    let Some(version) = open.version() else { return };
    let Some(new) = open.sources.get(&version) else {
        return say(buf, area, theme, &[(Token::Muted, format!("version {version} is being read"))]);
    };
    let old = match open.sources.get(&(version - 1)) {
        Some(old) => old.as_str(),
        None if version == 1 => "",
        None => return say(buf, area, theme, &[(Token::Muted, format!("version {} is being read", version - 1))]),
    };
    let diff = TextDiff::from_lines(old, new);
    let counts = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (added, gone) = (counts(ChangeTag::Insert), counts(ChangeTag::Delete));
    let title = if version == 1 { "the first version".to_owned() } else { format!("v{} → v{version}", version - 1) };
    let title = if theme.ascii { title.replace('→', "->") } else { title };
    put(buf, area, 0, vec![span(theme, Token::Head, title), span(theme, Token::Muted, format!("   +{added} -{gone}"))]);
    let mut at = 1;
    for group in diff.grouped_ops(2) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, token) = match change.tag() {
                ChangeTag::Insert => ("+ ", Token::Ok),
                ChangeTag::Delete => ("- ", Token::Err),
                ChangeTag::Equal => ("  ", Token::Muted),
            };
            let line = text::cut(change.value().trim_end(), usize::from(area.width).saturating_sub(3));
            put(buf, area, at, vec![span(theme, token, format!("{mark}{line}"))]);
            at += 1;
        }
        put(buf, area, at, vec![span(theme, Token::Muted, theme.pick("⋯", "~"))]);
        at += 1;
    }
    if added + gone == 0 {
        put(buf, area, 1, vec![span(theme, Token::Muted, "the same file: it was activated or deactivated in between")]);
    }
}
