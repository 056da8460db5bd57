//! A ratatui backend that writes nothing when nothing changed, and whole frames otherwise.

use std::io::{self, Write};

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Brackets every frame in a synchronized update (`?2026`), and keeps the cursor hidden without saying so each time.
#[derive(Debug)]
pub struct QuietBackend<W: Write> {
    inner: CrosstermBackend<W>,
    open: bool,
    hidden: bool,
}

impl<W: Write> QuietBackend<W> {
    /// A backend that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { inner: CrosstermBackend::new(writer), open: false, hidden: false }
    }

    /// Forgets what was said about the cursor: someone else had the terminal.
    pub fn forget(&mut self) {
        self.hidden = false;
    }
}

impl<W: Write> Write for QuietBackend<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for QuietBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        queue!(self.inner, BeginSynchronizedUpdate)?;
        self.open = true;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.hidden, true) { Ok(()) } else { self.inner.hide_cursor() }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.hidden = false;
        self.inner.show_cursor()
    }

    /// The cursor is hidden: where it is does not matter. The terminal is not asked, because whoever reads the keys would take its
    /// answer, and painting anew would wait for it in vain.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.open, false) {
            queue!(self.inner, EndSynchronizedUpdate)?;
        }
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ratatui::layout::Rect;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Rc<RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn painting_anew_asks_the_terminal_for_nothing() {
        let written = Written::default();
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)) };
        let mut terminal = Terminal::with_options(QuietBackend::new(written.clone()), options).unwrap();
        terminal.clear().unwrap();
        let sent = String::from_utf8(written.0.borrow().clone()).unwrap();
        assert!(!sent.contains("\x1b[6n"), "{sent:?}");
    }

    #[test]
    fn drawing_the_same_again_writes_nothing() {
        let written = Written::default();
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)) };
        let mut terminal = Terminal::with_options(QuietBackend::new(written.clone()), options).unwrap();
        let mut draw = |text: &'static str| {
            written.0.borrow_mut().clear();
            terminal.draw(|frame| frame.render_widget(text, frame.area())).unwrap();
            String::from_utf8(written.0.borrow().clone()).unwrap()
        };
        let first = draw("hello");
        assert!(first.starts_with("\x1b[?2026h") && first.contains("hello"), "{first:?}");
        assert_eq!(draw("hello"), "");
        let third = draw("help!");
        assert!(third.contains("p!") && !third.contains("hel") && third.ends_with("\x1b[?2026l"), "{third:?}");
    }
}
