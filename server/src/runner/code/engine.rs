//! What runs a piece of code.

use tidemill_common::step_protocol::{Language, Runtime};

/// What runs a piece of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One that the step host has inside.
    Inside(Language),
    /// The machine's Node.js, for JavaScript.
    Node,
}

impl Engine {
    /// What runs `language`; `runtime` says it for JavaScript.
    #[must_use]
    pub fn of(language: Language, runtime: Runtime) -> Self {
        match (language, runtime) {
            (Language::Javascript, Runtime::Node) => Self::Node,
            _ => Self::Inside(language),
        }
    }

    /// The language that it runs.
    pub(super) fn language(self) -> Language {
        match self {
            Self::Inside(language) => language,
            Self::Node => Language::Javascript,
        }
    }

    /// Its name in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Inside(language) => language.as_str(),
            Self::Node => Runtime::Node.as_str(),
        }
    }
}

impl From<Language> for Engine {
    fn from(language: Language) -> Self {
        Self::Inside(language)
    }
}
