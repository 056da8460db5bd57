//! Reads `tidemill.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::loaded::table;
use super::{Error, Key, Origin, Settings, keys};

/// Name of the configuration file, within the data directory or `/etc/tidemill`.
pub const CONFIG_FILE: &str = "tidemill.toml";

/// What a configuration file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) settings: Settings,
    /// The line of each setting.
    pub(super) lines: BTreeMap<String, usize>,
    /// What is wrong with the others.
    pub(super) mistakes: Vec<Error>,
}

impl File {
    /// The settings in the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// The settings in the file at `path`, or none when there is no such file.
    pub(super) fn read_if_present(path: &Path) -> Result<Option<Self>, Error> {
        match Self::read(path) {
            Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Where the setting `key` is set.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        self.lines.get(key).map(|line| Origin::File { path: self.path.clone(), line: *line })
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let table = DeTable::parse(text).map_err(|error| {
            // Only the message and the place: the line itself may contain a password.
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            Error::Parse { path: path.to_owned(), line, message: error.message().to_owned() }
        })?;
        let (known, mut lines, mut mistakes) = (keys(), BTreeMap::new(), Vec::new());
        let mut good = toml::Table::new();
        for (key, value) in table.get_ref() {
            let (name, line) = (key.get_ref().to_string(), line_at(text, key.span().start));
            let Some(setting) = known.iter().find(|known| known.name == name) else {
                let hint = hint(&name, &known);
                mistakes.push(Error::UnknownKey { path: path.to_owned(), line, key: name, hint });
                continue;
            };
            // Each by itself, so that all that is wrong can be said at once.
            match setting_of(text, key.span().start..value.span().end) {
                Ok(one) => {
                    good.extend(one);
                    lines.insert(name, line);
                }
                Err(message) => mistakes.push(wrong_value((path, line), setting, &message)),
            }
        }
        let settings = good.try_into().expect("what was read once can be read again");
        Ok(Self { path: path.to_owned(), settings, lines, mistakes })
    }
}

/// The one setting that stands at `place`, checked; else what is wrong with its value.
fn setting_of(text: &str, place: Range<usize>) -> Result<toml::Table, String> {
    let line = text.get(place).unwrap_or_default();
    // A table is no value of any setting, and its head is no assignment.
    let settings: Settings = toml::from_str(line).map_err(|error| error.message().to_owned())?;
    Ok(table(&settings))
}

fn wrong_value((path, line): (&Path, usize), key: &Key, message: &str) -> Error {
    // The message may repeat the value.
    let message = if key.secret { "this is no value for it" } else { message };
    let (path, message) = (path.to_owned(), message.to_owned());
    Error::WrongValue { path, line, message, about: described(key), key: key.name.clone() }
}

fn described(key: &Key) -> String {
    format!("{} (default: {})", key.about, key.default)
}

fn hint(name: &str, known: &[Key]) -> String {
    let name = name.replace('-', "_").to_ascii_lowercase();
    let nearest = known.iter().map(|key| (strsim::damerau_levenshtein(&key.name, &name), &key.name)).min();
    match nearest {
        Some((distance, key)) if distance <= 3 => format!("did you mean `{key}`?"),
        _ => format!("there are {}", known.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ")),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
