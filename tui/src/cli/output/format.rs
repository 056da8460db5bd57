//! Formats of the output, and when to use colour.

use clap::ValueEnum;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people; what a terminal gets
    Table,
    /// The same with more columns
    Wide,
    /// One JSON document; a list is one array
    Json,
    /// One JSON document per line
    Jsonl,
    /// YAML
    Yaml,
    /// Kind and id, for other commands
    Name,
    /// Columns separated by tabs; what a pipe gets
    Tsv,
}

impl Format {
    /// Whether things are printed whole, not as rows.
    #[must_use]
    pub fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl | Self::Yaml)
    }

    /// Whether programs parse this as JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that shows it
    Auto,
    /// Also in a pipe
    Always,
    /// Not at all
    Never,
}
