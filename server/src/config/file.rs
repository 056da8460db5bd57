//! Reads `tidemill.toml`.

use std::fs;
use std::io;
use std::path::Path;

use clap::Args as _;
use toml::de::DeTable;

use super::{Error, Settings};

/// Name of the configuration file within the data directory.
pub const CONFIG_FILE: &str = "tidemill.toml";

/// The settings in the file at `path`.
pub(super) fn read(path: &Path) -> Result<Settings, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    parse(path, &text)
}

/// The settings in the file at `path`, or none when there is no such file.
pub(super) fn read_if_present(path: &Path) -> Result<Option<Settings>, Error> {
    match read(path) {
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

fn parse(path: &Path, text: &str) -> Result<Settings, Error> {
    // Only the message and the place: the line itself may contain a password.
    let wrong = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        Error::Parse { path: path.to_owned(), message: format!("line {line}: {}", error.message()) }
    };
    let table = DeTable::parse(text).map_err(wrong)?;
    let known = keys();
    for key in table.get_ref().keys() {
        let name = key.get_ref().as_ref();
        if !known.iter().any(|known| known == name) {
            let (path, key_name, hint) = (path.to_owned(), name.to_owned(), hint(name, &known));
            return Err(Error::UnknownKey { path, line: line_at(text, key.span().start), key: key_name, hint });
        }
    }
    toml::from_str(text).map_err(wrong)
}

/// The keys that there are: the names of the flags, with underscores.
fn keys() -> Vec<String> {
    Settings::augment_args(clap::Command::new("")).get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

fn hint(name: &str, known: &[String]) -> String {
    let name = name.replace('-', "_").to_ascii_lowercase();
    let nearest = known.iter().map(|key| (strsim::damerau_levenshtein(key, &name), key)).min();
    match nearest {
        Some((distance, key)) if distance <= 3 => format!("did you mean `{key}`?"),
        _ => format!("there are {}", known.join(", ")),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
