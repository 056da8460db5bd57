//! Colours by meaning, and the glyphs beside them. A state always has a word too: colour is never alone.

use ratatui::style::{Color, Modifier, Style};
use tidemill_common::status::{ExecutionStatus, StepStatus};

pub use crate::app::state::look::{Colors, Token};

/// Colours and glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// How many colours there are.
    pub colors: Colors,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// Whether the terminal opens links.
    pub links: bool,
}

/// The style of the row under the cursor: reverse, which needs no colour.
pub const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

impl Theme {
    /// The style of `token`.
    pub fn style(self, token: Token) -> Style {
        let style = match token {
            Token::Head => Style::new().add_modifier(Modifier::BOLD),
            Token::Muted if self.colors == Colors::Mono => Style::new().add_modifier(Modifier::DIM),
            Token::Err | Token::Accent if self.colors == Colors::Mono => Style::new().add_modifier(Modifier::BOLD),
            _ => Style::new(),
        };
        match self.color(token) {
            Some(color) => style.fg(color),
            None => style,
        }
    }

    fn color(self, token: Token) -> Option<Color> {
        let (rgb, indexed, named) = match token {
            Token::Ok => (Color::Rgb(126, 211, 137), 114, Color::Green),
            Token::Warn => (Color::Rgb(240, 198, 116), 222, Color::Yellow),
            Token::Err => (Color::Rgb(243, 119, 122), 210, Color::Red),
            Token::Run => (Color::Rgb(110, 180, 255), 75, Color::Blue),
            Token::Wait => (Color::Rgb(198, 160, 246), 183, Color::Magenta),
            Token::Muted => (Color::Rgb(133, 140, 155), 245, Color::DarkGray),
            Token::Accent => (Color::Rgb(94, 214, 203), 80, Color::Cyan),
            Token::Head => return None,
        };
        match self.colors {
            Colors::True => Some(rgb),
            Colors::Ansi256 => Some(Color::Indexed(indexed)),
            Colors::Ansi16 => Some(named),
            Colors::Mono => None,
        }
    }

    /// `unicode`, or `plain` where only ASCII is drawn.
    pub fn pick<T>(self, unicode: T, plain: T) -> T {
        if self.ascii { plain } else { unicode }
    }

    /// Glyph and meaning of an execution's state.
    pub fn execution(self, status: ExecutionStatus) -> (&'static str, Token) {
        match status {
            ExecutionStatus::Queued => (self.pick("○", "."), Token::Muted),
            ExecutionStatus::Running => (self.pick("●", "*"), Token::Run),
            ExecutionStatus::Waiting => (self.pick("◌", "~"), Token::Wait),
            ExecutionStatus::Paused => (self.pick("‖", "|"), Token::Wait),
            ExecutionStatus::Succeeded => (self.pick("✓", "+"), Token::Ok),
            ExecutionStatus::Failed => (self.pick("✗", "x"), Token::Err),
            ExecutionStatus::Cancelled => (self.pick("⊘", "-"), Token::Muted),
            ExecutionStatus::DeadLetter => (self.pick("‼", "!"), Token::Err),
        }
    }

    /// Glyph and meaning of a step's state.
    pub fn step(self, status: StepStatus) -> (&'static str, Token) {
        match status {
            StepStatus::Pending => (self.pick("·", "."), Token::Muted),
            StepStatus::Running => (self.pick("●", "*"), Token::Run),
            StepStatus::Waiting => (self.pick("◌", "~"), Token::Wait),
            StepStatus::Retrying => (self.pick("↻", "@"), Token::Warn),
            StepStatus::Succeeded => (self.pick("✓", "+"), Token::Ok),
            StepStatus::Failed => (self.pick("✗", "x"), Token::Err),
            StepStatus::Skipped | StepStatus::Cancelled => (self.pick("⊘", "-"), Token::Muted),
        }
    }
}
