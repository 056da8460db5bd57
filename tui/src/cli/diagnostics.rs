//! Errors in a workflow file, shown with the line they are about.

use std::fmt::Write as _;
use std::path::Path;

use tidemill_common::api::workflow::Diagnostic;
use unicode_width::UnicodeWidthStr as _;

use super::output::{Paint, Tone, plain_text};

/// `errors` of the file at `path` with the text `source`, one block each.
#[must_use]
pub fn render(path: &Path, source: &str, errors: &[Diagnostic], paint: Paint) -> String {
    blocks((path, source), errors, ("error", Tone::Bad), paint)
}

/// The same for what is not wrong but should be known.
#[must_use]
pub fn render_warnings(path: &Path, source: &str, warnings: &[Diagnostic], paint: Paint) -> String {
    blocks((path, source), warnings, ("warning", Tone::Warn), paint)
}

fn blocks((path, source): (&Path, &str), found: &[Diagnostic], kind: (&str, Tone), paint: Paint) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let blocks: Vec<_> = found.iter().map(|one| block((path, &lines), one, kind, paint)).collect();
    blocks.join("\n")
}

fn block((path, lines): (&Path, &[&str]), error: &Diagnostic, (word, tone): (&str, Tone), paint: Paint) -> String {
    let head = paint.paint(tone, &format!("{word}[{}]", plain_text(&error.code)));
    let number = error.line.to_string();
    let (margin, bar) = (" ".repeat(number.len()), paint.paint(Tone::Live, "|"));
    let arrow = paint.paint(Tone::Live, "-->");
    let mut text =
        format!("{head}: {}\n{margin}{arrow} {}:{}:{}\n", plain_text(&error.message), path.display(), error.line, error.column);
    let index = usize::try_from(error.line).unwrap_or_default().checked_sub(1);
    if let Some(line) = index.and_then(|index| lines.get(index)) {
        let before: String = line.chars().take(usize::try_from(error.column).unwrap_or_default().saturating_sub(1)).collect();
        let caret = " ".repeat(plain_text(&before).width()) + &paint.paint(tone, "^");
        let _ = write!(text, "{margin} {bar}\n{number} {bar} {}\n{margin} {bar} {caret}\n", plain_text(line));
    }
    if !error.path.is_empty() {
        let _ = writeln!(text, "{margin} = at: {}", plain_text(&error.path));
    }
    if let Some(suggestion) = &error.suggestion {
        let _ = writeln!(text, "{margin} = {}: {}", paint.paint(Tone::Live, "help"), plain_text(suggestion));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(line: u32, column: u32) -> Diagnostic {
        Diagnostic {
            line,
            column,
            path: "steps[0].wtih".into(),
            code: "unknown_field".into(),
            message: "no field `wtih`".into(),
            suggestion: Some("did you mean `with`?".into()),
        }
    }

    #[test]
    fn an_error_shows_its_line_and_a_caret() {
        let source = "id: a\nsteps:\n  - {id: größe, wtih: 1}\n";
        let text = render(Path::new("a.yaml"), source, &[diagnostic(3, 16)], Paint(false));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_line_that_is_not_there_is_left_out() {
        let text = render(Path::new("a.yaml"), "id: a\n", &[diagnostic(0, 0), diagnostic(99, 1)], Paint(false));
        assert!(text.contains("a.yaml:99:1") && !text.contains('^'));
    }

    #[test]
    fn a_hostile_line_cannot_move_the_cursor() {
        let text = render(Path::new("a.yaml"), "\u{1b}[2Jx", &[diagnostic(1, 1)], Paint(false));
        assert!(!text.contains('\u{1b}'));
    }
}
