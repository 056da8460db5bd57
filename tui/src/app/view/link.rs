//! Links that the terminal opens (OSC 8), where it can.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;

use super::theme::Theme;

/// Makes what stands in `area` a link to `address`. Each cell carries the whole of it: a frame may send any of them alone.
pub fn link(buf: &mut Buffer, area: Rect, address: &str, theme: Theme) {
    let tame = address.starts_with("http") && address.chars().all(|c| c.is_ascii_graphic());
    if !theme.links || !tame {
        return;
    }
    for position in area.intersection(buf.area).positions() {
        let Some(cell) = buf.cell_mut(position).filter(|cell| cell.symbol() != " ") else { continue };
        let linked = format!("\u{1b}]8;;{address}\u{1b}\\{}\u{1b}]8;;\u{1b}\\", cell.symbol());
        cell.set_symbol(&linked);
        cell.set_diff_option(CellDiffOption::ForcedWidth(NonZeroU16::MIN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::view::Colors;

    fn linked(address: &str, links: bool) -> String {
        let area = Rect::new(0, 0, 4, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "a b", ratatui::style::Style::new());
        link(&mut buf, area, address, Theme { colors: Colors::Ansi16, ascii: false, links });
        buf.content.iter().map(|cell| cell.symbol().to_owned()).collect()
    }

    #[test]
    fn each_character_is_a_link_and_nothing_wild_is_sent() {
        let one = |c: char| format!("\u{1b}]8;;https://a.example/x\u{1b}\\{c}\u{1b}]8;;\u{1b}\\");
        assert_eq!(linked("https://a.example/x", true), format!("{} {} ", one('a'), one('b')));
        for address in ["https://a.example/\u{1b}]0;x\u{7}", "javascript:1", "https://a b"] {
            assert_eq!(linked(address, true), "a b ", "{address:?}");
        }
        assert_eq!(linked("https://a.example/x", false), "a b ");
    }
}
