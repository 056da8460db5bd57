//! A real terminal: a tmux server of its own with a shell in it.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use tidemill_harness::eventually;

/// A tmux server of its own with one shell.
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// One of 80 columns and 24 rows.
    pub fn open() -> Self {
        Self::of_size("80", "24")
    }

    /// One of so many columns and rows.
    pub fn of_size(columns: &str, rows: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let terminal = Self { socket: format!("tidemill-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)) };
        let output =
            terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, "env", "PS1=shell> ", "sh"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        terminal.shows("shell>");
        terminal
    }

    /// Runs a command of tmux.
    pub fn tmux(&self, args: &[&str]) -> Output {
        Command::new("tmux").args(["-L", &self.socket]).args(args).output().expect("tmux is installed")
    }

    /// Types a line.
    pub fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.key("Enter");
    }

    /// Types text, as it is.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key, by the name that tmux has for it.
    pub fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        eventually(&format!("the screen shows {text}"), || {
            let screen = self.screen();
            screen.contains(text).then_some(screen)
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- screen ---\n{}", self.screen());
        }
        self.tmux(&["kill-server"]);
    }
}
