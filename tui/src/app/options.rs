//! What the TUI is started with, and what it finds out about its terminal.

use std::path::PathBuf;
use std::sync::Arc;

use tidemill_common::clock::{Clock, SystemClock};
use tidemill_common::ids::ExecutionId;

use super::state::Place;
use super::view::Colors;
use crate::client::{self, Client, ClientConfig};

/// Lets the user edit a text; gives it back as it was left, or says why not.
pub type Editor = fn(&str, &str) -> Result<String, String>;

/// What the TUI is started with.
#[derive(Clone)]
pub struct TuiOptions {
    /// Which server, and who asks.
    pub client: ClientConfig,
    /// Looks a variable of the environment up.
    pub environment: fn(&str) -> Option<String>,
    /// The file that keeps the screens of the last session; none is kept when absent.
    pub session: Option<PathBuf>,
    /// Whether those screens are shown again.
    pub restore: bool,
    /// The execution to open at once.
    pub start: Option<ExecutionId>,
    /// Whether everything that changes the server is off.
    pub readonly: bool,
    /// The name of the context, when everything that changes its server asks for it to be typed.
    pub protected: Option<String>,
    /// The name of the context, if one was chosen.
    pub context: Option<String>,
    /// The file that the session is recorded in, if it is.
    pub record: Option<PathBuf>,
    /// Lets the user edit a text in a program of their own; takes the text and the end of the file's name.
    pub editor: Editor,
    /// How many colours to use; found out from the environment when absent.
    pub colors: Option<Colors>,
    /// Whether to draw ASCII only; found out from the environment when absent.
    pub ascii: Option<bool>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl TuiOptions {
    /// Follows the workspace of `client`; colours and glyphs are found out from `environment`.
    pub fn new(client: ClientConfig, environment: fn(&str) -> Option<String>, editor: Editor) -> Self {
        let clock = Arc::new(SystemClock);
        let (readonly, protected, session) = (false, None, None);
        Self {
            client,
            environment,
            session,
            restore: true,
            start: None,
            readonly,
            protected,
            context: None,
            record: None,
            editor,
            colors: None,
            ascii: None,
            clock,
        }
    }
}

impl TuiOptions {
    /// Where `client` goes.
    pub(super) fn place(&self, client: &Client) -> Place {
        let host = client.server().split_once("://").map_or_else(|| client.server().to_owned(), |(_, host)| host.to_owned());
        Place {
            host,
            url: client.server().to_owned(),
            workspace: self.client.workspace.clone().unwrap_or_default(),
            readonly: self.readonly,
            protected: self.protected.clone(),
            context: self.context.clone(),
            session: self.session.as_ref().map(|path| path.display().to_string()),
        }
    }
}

/// Why the TUI could not run.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Input or output is not a terminal.
    #[error("the TUI needs a terminal; in scripts use the commands, for example `tidemill get executions -o json`")]
    NotATerminal,
    /// The server's address or the token can't be used.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// A file is no recording of a session.
    #[error("{0}: this is no recording; `tidemill tui --record FILE` makes one")]
    Recording(String),
    /// The recording can't be made.
    #[error("{0} can't be recorded in; it must not be there yet")]
    Record(PathBuf, #[source] std::io::Error),
    /// The terminal has too little room for the recording.
    #[error("{0}: make it larger and try again")]
    TooSmall(String),
    /// The terminal can't be read or written.
    #[error("the terminal can't be used")]
    Terminal(#[from] std::io::Error),
}

/// What the environment says about the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the terminal")]
pub struct Surroundings {
    /// How many colours it has.
    pub colors: Colors,
    /// Whether it shows ASCII only.
    pub ascii: bool,
    /// Whether bytes travel over SSH.
    pub ssh: bool,
    /// Whether tmux is in between.
    pub tmux: bool,
    /// Whether it opens links (OSC 8).
    pub links: bool,
}

impl Surroundings {
    /// Reads the environment through `var`.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &'static str| var(name).filter(|value| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        let true_color = get("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
        let colors = match () {
            () if get("NO_COLOR").is_some() || term == "dumb" => Colors::Mono,
            () if true_color => Colors::True,
            () if term.contains("256") => Colors::Ansi256,
            () => Colors::Ansi16,
        };
        let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default().to_lowercase();
        Self {
            colors,
            ascii: term == "linux" || !(locale.contains("utf-8") || locale.contains("utf8")),
            ssh: get("SSH_CONNECTION").or_else(|| get("SSH_TTY")).is_some(),
            tmux: get("TMUX").is_some(),
            links: opens_links(&term, &get),
        }
    }
}

/// Whether the terminal is known to open links. One that does not know them shows the text alone, but some old ones show the
/// address too: where nothing is known, none is sent.
fn opens_links(term: &str, get: &dyn Fn(&'static str) -> Option<String>) -> bool {
    const PROGRAMS: [&str; 7] = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "mintty", "tmux"];
    let program = get("TERM_PROGRAM").is_some_and(|program| PROGRAMS.contains(&program.as_str()));
    // VTE (GNOME Terminal and its like) knows them since 0.50.
    let vte = get("VTE_VERSION").and_then(|version| version.parse::<u32>().ok()).is_some_and(|version| version >= 5000);
    let known = ["kitty", "foot", "alacritty", "ghostty", "wezterm"].iter().any(|name| term.contains(name));
    let others = ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| get(name).is_some());
    program || vte || known || others
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(vars: &[(&str, &str)]) -> Surroundings {
        Surroundings::detect(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn colours_are_those_that_the_terminal_has() {
        assert_eq!(detect(&[("TERM", "xterm")]).colors, Colors::Ansi16);
        assert_eq!(detect(&[("TERM", "xterm-256color")]).colors, Colors::Ansi256);
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).colors, Colors::True);
        assert_eq!(detect(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]).colors, Colors::Mono);
        assert_eq!(detect(&[("TERM", "xterm"), ("NO_COLOR", "")]).colors, Colors::Ansi16);
    }

    #[test]
    fn links_go_to_terminals_that_are_known_to_open_them() {
        for vars in [("TERM", "xterm-kitty"), ("VTE_VERSION", "7600"), ("TERM_PROGRAM", "WezTerm"), ("WT_SESSION", "x")] {
            assert!(detect(&[vars]).links, "{vars:?}");
        }
        for vars in [("TERM", "xterm-256color"), ("VTE_VERSION", "4800"), ("TERM_PROGRAM", "Apple_Terminal"), ("TERM", "linux")]
        {
            assert!(!detect(&[vars]).links, "{vars:?}");
        }
    }

    #[test]
    fn only_a_utf_8_locale_gets_more_than_ascii() {
        assert!(!detect(&[("LANG", "de_DE.UTF-8")]).ascii);
        assert!(detect(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]).ascii);
        assert!(detect(&[("LANG", "C.utf8"), ("TERM", "linux")]).ascii);
        assert!(detect(&[]).ascii);
    }
}
