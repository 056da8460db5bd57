//! Prints data to stdout and notices to stderr, in the format that was asked for.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use clap::ValueEnum as _;
use serde::Serialize;
use serde_json::Value;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::{ColorChoice, Format, Layout, Paint, Row, Shape, Tone, plain_text, render, to_yaml};
use crate::cli::Error;
use crate::cli::config::Config;
use crate::cli::environment::Environment;
use crate::cli::globals::Globals;

/// Prints what commands have to say.
#[derive(Debug, Clone)]
pub struct Printer {
    /// The format of data.
    pub format: Format,
    /// Colour on stdout.
    pub paint: Paint,
    /// Colour on stderr.
    pub error_paint: Paint,
    headers: bool,
    quiet: bool,
    shape: Option<Shape>,
    failure: Arc<OnceLock<String>>,
}

impl Printer {
    /// Decides format and colours. A pipe gets `tsv` and no colour unless asked otherwise.
    pub fn new(globals: &Globals, environment: &Environment, config: &Config) -> Result<Self, Error> {
        let terminal = io::stdout().is_terminal();
        let named = |word: &String| {
            Format::from_str(word, true).map_err(|_| Error::Usage(format!("`{word}` is not an output format; see --help")))
        };
        let stored = config.output.as_ref().filter(|_| terminal);
        let format = match (globals.output, environment.output.as_ref().or(stored)) {
            (Some(format), _) => format,
            (None, Some(word)) => named(word)?,
            (None, None) if terminal => Format::Table,
            (None, None) => Format::Tsv,
        };
        let choice = color_choice(globals, environment, config)?;
        Ok(Self {
            format,
            paint: Paint(wants_color(choice, environment, terminal)),
            error_paint: Paint(wants_color(choice, environment, io::stderr().is_terminal())),
            headers: !globals.no_headers,
            quiet: globals.quiet,
            shape: globals.shape(),
            failure: Arc::default(),
        })
    }

    /// Prints a list. An empty one says so, on stderr, when people read it.
    pub fn list<T: Row>(&self, items: &[T]) -> Result<(), Error> {
        if let Some(shape) = &self.shape {
            return write(&self.shaped(shape, &json(&items)));
        }
        write(&self.list_text(items, SystemClock.now()))?;
        if items.is_empty() && matches!(self.format, Format::Table | Format::Wide) {
            self.note(&format!("no {}", plural(T::KIND)));
        }
        Ok(())
    }

    pub(super) fn list_text<T: Row>(&self, items: &[T], now: DateTime<Utc>) -> String {
        if self.quiet && !self.format.is_json() {
            return lines(items, |item| plain_text(&item.id()).into_owned());
        }
        match self.format {
            Format::Json => pretty(&json(&items)),
            Format::Jsonl => lines(items, |item| json(item).to_string()),
            Format::Yaml => to_yaml(&json(&items)),
            Format::Name => lines(items, |item| format!("{}/{}", T::KIND, plain_text(&item.id()))),
            Format::Table | Format::Wide if items.is_empty() => String::new(),
            Format::Table | Format::Wide | Format::Tsv => render(items, self.layout(now)),
        }
    }

    /// Prints one thing: as JSON or YAML `whole`, else its row.
    pub fn item<T: Row>(&self, row: &T, whole: &impl Serialize) -> Result<(), Error> {
        match self.document(whole) {
            Some(text) => write(&text),
            None => self.list(std::slice::from_ref(row)),
        }
    }

    /// Prints what a command changed: `text` for people, `KIND/ID` with `name`, the id with `--quiet`, else `whole`.
    pub fn change(&self, kind: &str, id: &str, verbed: &str, whole: &impl Serialize) -> Result<(), Error> {
        let text = match (self.document(whole), self.format) {
            (Some(document), _) => document,
            (None, _) if self.quiet => format!("{id}\n"),
            (None, Format::Name) => format!("{kind}/{id}\n"),
            (None, _) => format!("{kind}/{id} {verbed}\n"),
        };
        write(&text)
    }

    /// Whether things are printed whole, for programs.
    pub fn prints_documents(&self) -> bool {
        self.shape.is_some() || self.format.is_document()
    }

    /// `value` as a document, if the format is one, or what `--jq` or `--template` make of it.
    pub fn document(&self, value: &impl Serialize) -> Option<String> {
        if let Some(shape) = &self.shape {
            return Some(self.shaped(shape, &json(value)));
        }
        match self.format {
            Format::Json => Some(pretty(&json(value))),
            Format::Jsonl => Some(format!("{}\n", json(value))),
            Format::Yaml => Some(to_yaml(&json(value))),
            Format::Table | Format::Wide | Format::Name | Format::Tsv => None,
        }
    }

    /// What a filter or a template makes of `value`; nothing when it is wrong, which [`Self::failure`] says at the end.
    fn shaped(&self, shape: &Shape, value: &Value) -> String {
        shape.text(value).unwrap_or_else(|why| {
            // Of several mistakes the first one is told.
            let _ = self.failure.set(why);
            String::new()
        })
    }

    /// What was wrong with `--jq` or `--template`, if something was.
    pub fn failure(&self) -> Option<Error> {
        self.failure.get().map(|why| Error::Usage(why.clone()))
    }

    /// How rows become text at `now`.
    #[must_use]
    pub fn layout(&self, now: DateTime<Utc>) -> Layout {
        let (wide, tabs) = (self.format == Format::Wide, self.format == Format::Tsv);
        Layout { wide, tabs, headers: self.headers, paint: self.paint, now }
    }

    /// Writes a notice to stderr, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            complain(&self.error_paint.paint(Tone::Dim, &format!("# {}", plain_text(text))));
        }
    }

    /// Writes an error to stderr, for people or as JSON.
    pub fn error(&self, error: &Error) {
        if error.is_broken_pipe() {
            return;
        }
        if self.format.is_json() {
            return complain(&error.to_json().to_string());
        }
        complain(&format!("{} {}", self.error_paint.paint(Tone::Bad, "error:"), error.message()));
        if let Some(hint) = error.hint() {
            complain(&format!("{} {hint}", self.error_paint.paint(Tone::Live, "hint:")));
        }
    }
}

/// Writes `text` to stdout as it is.
pub fn write(text: &str) -> Result<(), Error> {
    write_bytes(text.as_bytes())
}

/// Writes a line to stdout.
pub fn write_line(text: &str) -> Result<(), Error> {
    write(&format!("{text}\n"))
}

/// Writes bytes to stdout as they are.
pub fn write_bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Writes a line to stderr. When nobody reads it, nobody can be told.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
impl Printer {
    /// A printer of `format` without colour, for golden tests.
    pub(in crate::cli) fn plain(format: Format, quiet: bool) -> Self {
        Self {
            format,
            paint: Paint(false),
            error_paint: Paint(false),
            headers: true,
            quiet,
            shape: None,
            failure: Arc::default(),
        }
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("wire types have string keys and no failing serializers")
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> String {
    let lines: Vec<_> = items.iter().map(|item| line(item) + "\n").collect();
    lines.concat()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn color_choice(globals: &Globals, environment: &Environment, config: &Config) -> Result<ColorChoice, Error> {
    match (globals.color, environment.color.as_ref().or(config.color.as_ref())) {
        (Some(choice), _) => Ok(choice),
        (None, None) => Ok(ColorChoice::Auto),
        (None, Some(word)) => ColorChoice::from_str(word, true)
            .map_err(|_| Error::Usage(format!("`{word}` is not one of auto, always and never (colour)"))),
    }
}

pub(super) fn wants_color(choice: ColorChoice, environment: &Environment, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if environment.no_color => false,
        ColorChoice::Auto => environment.force_color || (terminal && !environment.dumb),
    }
}

/// The word for several of a kind.
fn plural(kind: &str) -> String {
    match (kind, kind.strip_suffix('y')) {
        ("usage" | "quota", _) => kind.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ => format!("{kind}s"),
    }
}
