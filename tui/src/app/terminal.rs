//! The terminal: taken over at the start, and given back whole however we end.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use rustix::process::{Signal, getpid, kill_process};

use super::backend::QuietBackend;
use super::options::TuiError;
use super::state::State;
use super::tape::Tee;
use super::view::{self, Theme};

/// Clicks and the wheel, with places beyond column 223. Not each movement: that would keep a slow line busy for nothing.
const MOUSE_ON: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");
const MOUSE_OFF: Print<&str> = Print("\x1b[?1006l\x1b[?1000l");

/// Whether the terminal is ours at the moment, for the panic hook.
static OURS: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while it is ours.
pub struct Screen {
    terminal: Terminal<QuietBackend<Tee>>,
    tee: Tee,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    ///
    /// When input or output is not a terminal, or it can't be set up.
    pub fn enter() -> Result<Self, TuiError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TuiError::NotATerminal);
        }
        restore_on_panic();
        take(true)?;
        let tee = Tee::new();
        let backend = QuietBackend::new(tee.clone());
        match Terminal::new(backend) {
            Ok(terminal) => Ok(Self { terminal, tee, mouse: true }),
            Err(error) => {
                give_back();
                Err(error.into())
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Records what is drawn from now on in `path`, which must not be there yet.
    pub fn record(&mut self, path: &Path) -> io::Result<()> {
        let size = self.size()?;
        self.tee.record(path, size)
    }

    /// Notes on the tape that the terminal has another size.
    pub fn resized(&self, size: (u16, u16)) {
        self.tee.resize(size);
    }

    /// Why the recording ended before the session did, said once.
    pub fn tape_failed(&self) -> Option<String> {
        self.tee.failed()
    }

    /// Draws the state; writes nothing when nothing changed. A secret that is shown is not for the tape; what comes after it
    /// is drawn whole, because the tape does not know what was there.
    pub fn draw(&mut self, state: &State, theme: Theme) -> io::Result<()> {
        if self.tee.hush(state.shows_secret()) {
            self.terminal.clear()?;
        }
        self.terminal.draw(|frame| view::draw(frame, state, theme)).map(|_| ())
    }

    /// Paints everything anew with the next frame.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Takes the mouse, or gives it back to the terminal's own selection.
    pub fn capture_mouse(&mut self, capture: bool) -> io::Result<()> {
        self.mouse = capture;
        let backend = self.terminal.backend_mut();
        execute!(backend, if capture { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Writes bytes that are not part of the picture.
    pub fn write(&mut self, bytes: &str) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        let told = self.tee.hush(true);
        backend.write_all(bytes.as_bytes())?;
        io::Write::flush(backend)?;
        if told {
            self.tee.hush(false);
        }
        Ok(())
    }

    /// Gives the terminal to the shell, stops, and takes it again when the shell resumes us. Nothing may read the
    /// terminal meanwhile.
    pub fn suspend(&mut self) -> io::Result<()> {
        Self::leave();
        kill_process(getpid(), Signal::TSTP)?;
        self.take_back()
    }

    /// Gives the terminal to another program. Nothing of ours may read it until [`Self::take_back`].
    pub fn leave() {
        give_back();
    }

    /// Takes the terminal again, and paints everything with the next frame.
    pub fn take_back(&mut self) -> io::Result<()> {
        take(self.mouse)?;
        self.terminal.backend_mut().forget();
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if mouse { execute!(io::stdout(), MOUSE_ON) } else { Ok(()) }
}

/// Gives the terminal back, once. A terminal that is gone can't be restored, and need not be.
fn give_back() {
    if OURS.swap(false, Ordering::SeqCst) {
        let written = execute!(io::stdout(), MOUSE_OFF, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let cooked = disable_raw_mode();
        if let Err(error) = written.and(cooked) {
            tracing::debug!(%error, "the terminal is gone");
        }
    }
}

/// A panic message on the alternate screen would vanish with it.
fn restore_on_panic() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
    });
}
