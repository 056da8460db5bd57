//! Code that is tried out on the server, locked up like a code step.

use serde_json::Value;
use tidemill_common::api::code::CodeExecuted;
use tidemill_common::step_protocol::Language;

use super::load::Load;

/// The screen's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// What the code is written in.
    pub language: Language,
    /// The code.
    pub text: String,
    /// What it gets as its input.
    pub input: Value,
    /// Whether it is being executed.
    pub load: Load,
    /// What it gave.
    pub result: Option<CodeExecuted>,
    /// The first line that is visible.
    pub scroll: usize,
}

impl Default for Code {
    fn default() -> Self {
        let (language, input) = (Language::Python, serde_json::json!({"name": "world"}));
        Self { language, text: example(language).into(), input, load: Load::default(), result: None, scroll: 0 }
    }
}

impl Code {
    /// Takes the next language; code that is still the example becomes the other example.
    pub fn turn(&mut self) {
        let untouched = self.text == example(self.language);
        let at = Language::ALL.iter().position(|language| *language == self.language).unwrap_or(0);
        self.language = Language::ALL[(at + 1) % Language::ALL.len()];
        if untouched {
            self.text = example(self.language).into();
        }
        self.result = None;
    }

    /// The end of a file in this language, so that editors know it.
    pub fn suffix(&self) -> &'static str {
        match self.language {
            Language::Python => ".py",
            Language::Javascript => ".js",
            Language::Sql => ".sql",
        }
    }
}

fn example(language: Language) -> &'static str {
    match language {
        Language::Python => "def main(input):\n    return {\"greeting\": \"hello \" + input[\"name\"]}\n",
        Language::Javascript => "function main(input) {\n  return { greeting: `hello ${input.name}` };\n}\n",
        Language::Sql => "select 'hello ' || :name as greeting\n",
    }
}
