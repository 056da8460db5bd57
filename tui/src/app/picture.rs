//! What was drawn, as a file: SVG, which browsers and READMEs show, or plain text.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

/// The size of a cell, and what is left around all of them, in pixels.
const CELL: (f64, f64) = (8.4, 17.0);
const EDGE: f64 = 10.0;
/// Where letters stand in their cell.
const BASELINE: f64 = 13.0;

/// A dark terminal's own colours.
const GROUND: &str = "#14181f";
const INK: &str = "#d6dbe5";

/// The text, a line per row, without blanks at the ends.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width.max(1))) {
        let line: String = cells(row).map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The cells of a row with their columns; what a wide character covers is none.
fn cells(row: &[Cell]) -> impl Iterator<Item = (usize, &Cell)> {
    let mut covered = 0_usize;
    row.iter().enumerate().filter(move |(_, cell)| {
        if covered > 0 {
            covered -= 1;
            return false;
        }
        covered = cell.symbol().width().saturating_sub(1);
        true
    })
}

/// How a run of cells looks.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (ink, ground) = (color(cell.fg), color(cell.bg));
        let modifier = cell.modifier;
        let (ink, ground) = if modifier.contains(Modifier::REVERSED) {
            (ground.unwrap_or_else(|| GROUND.into()), Some(ink.unwrap_or_else(|| INK.into())))
        } else {
            (ink.unwrap_or_else(|| INK.into()), ground)
        };
        Self { ink, ground, bold: modifier.contains(Modifier::BOLD), dim: modifier.contains(Modifier::DIM) }
    }
}

/// A colour as SVG names it; the terminal's own is none.
fn color(color: Color) -> Option<String> {
    let named = match color {
        Color::Rgb(red, green, blue) => return Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Black => "#14181f",
        Color::Red | Color::LightRed => "#f3777a",
        Color::Green | Color::LightGreen => "#7ed389",
        Color::Yellow | Color::LightYellow => "#f0c674",
        Color::Blue | Color::LightBlue => "#6eb4ff",
        Color::Magenta | Color::LightMagenta => "#c6a0f6",
        Color::Cyan | Color::LightCyan => "#5ed6cb",
        Color::Gray | Color::White => INK,
        Color::DarkGray => "#858c9b",
        Color::Reset | Color::Indexed(_) => return None,
    };
    Some(named.to_owned())
}

/// The picture as SVG: one text per run of cells that look alike, set to the width that its cells have.
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2.0 * EDGE, rows * CELL.1 + 2.0 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n<g font-family=\"ui-monospace, \
         'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n",
        escaped(title)
    );
    for (row, line) in buffer.content.chunks(usize::from(buffer.area.width.max(1))).enumerate() {
        for run in runs(line) {
            svg.push_str(&run.drawn(row));
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Cells side by side that look alike.
struct Run {
    column: usize,
    width: usize,
    text: String,
    look: Look,
}

fn runs(line: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in cells(line) {
        let (look, width) = (Look::of(cell), cell.symbol().width().max(1));
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.text.push_str(cell.symbol());
                run.width += width;
            }
            _ => runs.push(Run { column, width, text: cell.symbol().to_owned(), look }),
        }
    }
    runs
}

#[expect(clippy::cast_precision_loss, reason = "columns and rows of a terminal")]
impl Run {
    fn drawn(&self, row: usize) -> String {
        let (x, y) = (EDGE + self.column as f64 * CELL.0, EDGE + row as f64 * CELL.1);
        let ground = self.look.ground.as_ref().map_or_else(String::new, |ground| {
            let (width, height) = (self.width as f64 * CELL.0, CELL.1);
            format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{ground}\"/>\n")
        });
        // Blanks at either end take no ink.
        let leading = self.text.len() - self.text.trim_start().len();
        let shown = self.text.trim();
        if shown.is_empty() {
            return ground;
        }
        let (x, y) = (x + leading as f64 * CELL.0, y + BASELINE);
        let width = shown.width() as f64 * CELL.0;
        let bold = if self.look.bold { " font-weight=\"700\"" } else { "" };
        let dim = if self.look.dim { " opacity=\"0.6\"" } else { "" };
        // Viewers make one of several blanks, unless they are of the kind that holds words together.
        let (ink, shown) = (&self.look.ink, escaped(shown).replace(' ', "\u{a0}"));
        format!(
            "{ground}<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{bold}{dim}>{shown}</text>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_picture_has_the_text_at_its_place_and_in_its_colours() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(0, 0, "a <b> &", Style::new().fg(Color::Rgb(1, 2, 255)));
        buffer.set_string(2, 1, "日本 ok", Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD));
        assert_eq!(text(&buffer), "a <b> &\n  日本 ok\n");
        let svg = svg(&buffer, "x & y");
        assert!(svg.contains("<title>x &amp; y</title>"), "{svg}");
        assert!(svg.contains("fill=\"#0102ff\">a\u{a0}&lt;b&gt;\u{a0}&amp;</text>"), "{svg}");
        // Two blanks before, seven columns wide: the wide characters take two each.
        assert!(svg.contains("<rect x=\"26.8\" y=\"27.0\" width=\"58.8\" height=\"17.0\" fill=\"#d6dbe5\"/>"), "{svg}");
        assert!(svg.contains("textLength=\"58.8\"") && svg.contains("font-weight=\"700\">日本\u{a0}ok</text>"), "{svg}");
    }
}
