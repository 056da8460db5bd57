//! A session on tape: what the terminal was sent, and when. The format is asciicast version 2 (asciinema), so that other
//! programs play it too. What the server shows one time only, and what goes to the clipboard, is not on it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::json;

/// Large enough for a whole repaint of a large screen: a frame is one write.
const BUFFER: usize = 64 * 1024;

/// A tape that is being written.
struct Tape {
    file: BufWriter<File>,
    begun: Instant,
}

impl Tape {
    fn create(path: &Path, (columns, rows): (u16, u16)) -> io::Result<Self> {
        // Only its owner may read it: it shows what the screen showed.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut file = BufWriter::new(file);
        let head = json!({ "version": 2, "width": columns, "height": rows, "title": "tidemill tui" });
        writeln!(file, "{head}")?;
        Ok(Self { file, begun: Instant::now() })
    }

    fn write(&mut self, kind: &str, text: &str) -> io::Result<()> {
        let event = json!([self.begun.elapsed().as_secs_f64(), kind, text]);
        writeln!(self.file, "{event}")?;
        self.file.flush()
    }
}

/// The terminal, and the tape beside it, if there is one. Clones are the same: one draws, one steers.
#[derive(Clone)]
pub struct Tee(Arc<Mutex<Both>>);

struct Both {
    terminal: BufWriter<Stdout>,
    tape: Option<Tape>,
    frame: Vec<u8>,
    hushed: bool,
    failed: Option<String>,
}

impl Tee {
    /// The terminal alone.
    pub fn new() -> Self {
        let terminal = BufWriter::with_capacity(BUFFER, io::stdout());
        Self(Arc::new(Mutex::new(Both { terminal, tape: None, frame: Vec::new(), hushed: false, failed: None })))
    }

    fn both(&self) -> MutexGuard<'_, Both> {
        // Nothing in here is half done when a thread panics: at worst a frame is missing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records from now on, in a file that must not be there yet.
    ///
    /// # Errors
    ///
    /// When the file can't be made.
    pub fn record(&self, path: &Path, size: (u16, u16)) -> io::Result<()> {
        self.both().tape = Some(Tape::create(path, size)?);
        Ok(())
    }

    /// What is written from now on is not for the tape; or is again. Whether there is a tape, and that is a change.
    pub fn hush(&self, hushed: bool) -> bool {
        let mut both = self.both();
        let before = std::mem::replace(&mut both.hushed, hushed);
        both.tape.is_some() && before != hushed
    }

    /// Notes the terminal's size.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.both().tell("r", &format!("{columns}x{rows}"));
    }

    /// Why the recording ended before the session did, said once.
    pub fn failed(&self) -> Option<String> {
        self.both().failed.take()
    }
}

impl Both {
    fn tell(&mut self, kind: &str, text: &str) {
        let Some(tape) = &mut self.tape else { return };
        if let Err(error) = tape.write(kind, text) {
            self.tape = None;
            self.failed = Some(format!("nothing more is recorded: {error}"));
        }
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut both = self.both();
        let written = both.terminal.write(bytes)?;
        if both.tape.is_some() && !both.hushed {
            both.frame.extend_from_slice(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut both = self.both();
        let flushed = both.terminal.flush();
        if !both.frame.is_empty() {
            // A flush is the end of a frame: no character is split.
            let frame = std::mem::take(&mut both.frame);
            both.tell("o", &String::from_utf8_lossy(&frame));
        }
        flushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::replay::read;

    #[test]
    fn a_tape_is_read_back_and_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("session.cast");
        let mut tape = Tape::create(&path, (80, 24)).unwrap();
        tape.write("o", "\u{1b}[1mhello ●").unwrap();
        tape.write("r", "100x30").unwrap();
        drop(tape);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let recording = read(&path).unwrap();
        assert_eq!((recording.size, recording.frames.len()), ((100, 30), 1), "the greatest size counts");
        assert_eq!(recording.frames[0].text, "\u{1b}[1mhello ●");
        assert!(Tape::create(&path, (80, 24)).is_err(), "a recording is never overwritten");
    }
}
