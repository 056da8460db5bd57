//! What something on the screen means, and how many colours there are to say so: the view chooses colours and glyphs by it.

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// 24 bits.
    True,
    /// The 256 of xterm.
    Ansi256,
    /// The user's own 16.
    Ansi16,
    /// None at all: not even a reset of them, which would take bold and reverse with it.
    Mono,
}

impl Colors {
    /// Every tier, the richest first.
    pub const ALL: [Self; 4] = [Self::True, Self::Ansi256, Self::Ansi16, Self::Mono];

    /// The next tier, for `T`.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|colors| *colors == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "all colours",
            Self::Ansi256 => "256 colours",
            Self::Ansi16 => "your terminal's 16 colours",
            Self::Mono => "no colours",
        }
    }
}

/// What something means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// It went well.
    Ok,
    /// Look at it.
    Warn,
    /// It failed.
    Err,
    /// It is under way.
    Run,
    /// It waits.
    Wait,
    /// Of less weight.
    Muted,
    /// Where we are.
    Accent,
    /// A heading.
    Head,
}
