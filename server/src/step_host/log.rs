//! The log of a step: what it prints, sent while it runs, cut at a limit.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidemill_common::step_protocol::{FrameKind, write_frame};

/// Bytes that are kept back at most.
const BUFFER: usize = 4096;
/// How long a line is kept back at most, when another one follows.
const PATIENCE: Duration = Duration::from_millis(50);
/// Stands where a log was cut.
const CUT: &str = "\n[the log is cut here; it is longer than it may be]\n";

/// Collects what a step prints.
pub(super) struct Log {
    stream: Arc<File>,
    waiting: String,
    left: usize,
    sent_at: Instant,
}

impl Log {
    /// A log of at most `limit` bytes, written to `stream`.
    pub(super) fn new(stream: Arc<File>, limit: u64) -> Self {
        let left = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { stream, waiting: String::new(), left, sent_at: Instant::now() }
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
        if self.waiting.len() >= BUFFER || (text.ends_with('\n') && self.sent_at.elapsed() >= PATIENCE) {
            self.flush();
        }
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
