//! Code that is tried out: the code, its input, what it gave.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tidemill_common::api::code::{CodeExecuted, CodeStatus};

use super::json::{self, Place};
use super::pane::{plain, put, say, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::State;
use crate::app::state::code::Code;
use crate::app::state::json::Folded;
use crate::app::state::load::Load;

/// Draws code and input above, the result below.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, code: &Code, theme: Theme) {
    let upper = body.height * 9 / 20;
    let input = body.width * 2 / 5;
    let left = Rect { height: upper, width: body.width - input, ..body };
    let right = Rect { x: body.x + left.width, width: input, height: upper, ..body };
    let lower = Rect { y: body.y + upper, height: body.height - upper, ..body };
    let title = format!(" {} (e edits, l next language)", code.language.as_str());
    put(buf, left, 0, vec![span(theme, Token::Head, title)]);
    let rows = below(left);
    for (row, (number, line)) in (0..rows.height).zip((1..).zip(code.text.lines()).skip(code.scroll)) {
        let line = text::cut(&line.replace('\t', "    "), usize::from(rows.width).saturating_sub(6));
        put(buf, rows, row, vec![span(theme, Token::Muted, format!("{number:>4} ")), plain(line)]);
    }
    put(buf, right, 0, vec![span(theme, Token::Head, " input (i edits)")]);
    let folded = Folded::new();
    json::draw(buf, below(right), &code.input, &Place { scroll: 0, folded: &folded, cursor: None }, theme);
    result(buf, lower, state, code, theme);
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

fn result(buf: &mut Buffer, area: Rect, state: &State, code: &Code, theme: Theme) {
    match (&code.load, &code.result) {
        (Load::Loading(since), _) => {
            let line = format!("executing… {}", text::growing(state.now - *since));
            say(buf, area, theme, &[(Token::Run, line)]);
        }
        (_, Some(given)) => ended(buf, area, given, theme),
        _ => {
            let lines = [
                (
                    Token::Muted,
                    "r runs it on the server, locked up like a code step: no network, no files, 30 s, 512 MiB.".into(),
                ),
                (Token::Muted, "What it gives is shown here; nothing is kept.".to_owned()),
            ];
            say(buf, area, theme, &lines);
        }
    }
}

fn ended(buf: &mut Buffer, area: Rect, given: &CodeExecuted, theme: Theme) {
    let (token, word) = match given.status {
        CodeStatus::Succeeded => (Token::Ok, theme.pick("✓ succeeded", "+ succeeded")),
        CodeStatus::Failed => (Token::Err, theme.pick("✗ failed", "x failed")),
    };
    let memory = given.peak_memory_bytes.map_or_else(String::new, |bytes| format!(", {} MiB", bytes / 1_048_576));
    let facts = format!("  in {:.1} ms{memory}", given.duration_ms);
    put(buf, area, 0, vec![plain(" "), span(theme, token, word), span(theme, Token::Muted, facts)]);
    let log: Vec<&str> = given.log.lines().collect();
    let rows = below(area);
    let for_log = u16::try_from(log.len()).unwrap_or(u16::MAX).min(rows.height / 3);
    let content = Rect { height: rows.height - for_log, ..rows };
    match (&given.output, &given.error) {
        (Some(output), _) => {
            let folded = Folded::new();
            json::draw(buf, content, output, &Place { scroll: 0, folded: &folded, cursor: None }, theme);
        }
        (None, Some(error)) => {
            let lines = [(Token::Err, error.message.clone()), (Token::Muted, format!("class {}", error.class.as_str()))];
            say(buf, content, theme, &lines);
        }
        (None, None) => {}
    }
    let shown = log.len().saturating_sub(usize::from(for_log));
    let printed = Rect { y: content.bottom(), height: for_log, ..rows };
    for (row, line) in (0..).zip(&log[shown..]) {
        let line = text::cut(line, usize::from(printed.width).saturating_sub(10));
        put(buf, printed, row, vec![span(theme, Token::Muted, " printed  "), plain(line)]);
    }
}
