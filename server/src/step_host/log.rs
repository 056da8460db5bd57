//! The log of a step: what it prints, sent while it runs, cut at a limit.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidemill_common::step_protocol::{FrameKind, write_frame};

/// Bytes that are kept back at most.
const BUFFER: usize = 4096;
/// Lines that are sent at once, so that nothing is missing when the step is ended early; what prints more than these
/// and [`EVERY`] is kept back.
const AT_ONCE: u32 = 256;
/// How soon another line may be sent at once.
const EVERY: Duration = Duration::from_millis(10);
/// Stands where a log was cut.
const CUT: &str = "\n[the log is cut here; it is longer than it may be]\n";

/// Collects what a step prints.
pub(super) struct Log {
    stream: Arc<File>,
    waiting: String,
    left: usize,
    at_once: u32,
    sent_at: Instant,
}

impl Log {
    /// A log of at most `limit` bytes, written to `stream`.
    pub(super) fn new(stream: Arc<File>, limit: u64) -> Self {
        let left = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { stream, waiting: String::new(), left, at_once: AT_ONCE, sent_at: Instant::now() }
    }

    /// Adds `text`.
    pub(super) fn push(&mut self, text: &str) {
        if self.left == 0 {
            return;
        }
        if text.len() > self.left {
            let mut end = self.left;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            self.waiting.push_str(&text[..end]);
            self.waiting.push_str(CUT);
            self.left = 0;
            return self.flush();
        }
        self.waiting.push_str(text);
        self.left -= text.len();
        if self.waiting.len() >= BUFFER || (text.ends_with('\n') && self.may_send()) {
            self.flush();
        }
    }

    /// Whether a line is sent now: time gives back what lines take.
    fn may_send(&mut self) -> bool {
        let earned = self.sent_at.elapsed().as_millis() / EVERY.as_millis();
        self.at_once = self.at_once.saturating_add(u32::try_from(earned).unwrap_or(AT_ONCE)).min(AT_ONCE);
        let may = self.at_once > 0;
        self.at_once -= u32::from(may);
        may
    }

    /// Sends what is kept back. When nobody listens any more the step is about to be ended anyhow.
    pub(super) fn flush(&mut self) {
        if !self.waiting.is_empty() && write_frame(&mut &*self.stream, FrameKind::Log, self.waiting.as_bytes()).is_err() {
            self.left = 0;
        }
        self.waiting.clear();
        self.sent_at = Instant::now();
    }
}
