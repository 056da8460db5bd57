//! Reads `tidemill.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

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
        let (known, mut lines) = (keys(), BTreeMap::new());
        for key in table.get_ref().keys() {
            let (name, line) = (key.get_ref().to_string(), line_at(text, key.span().start));
            if !known.iter().any(|known| known.name == name) {
                let hint = hint(&name, &known);
                return Err(Error::UnknownKey { path: path.to_owned(), line, key: name, hint });
            }
            lines.insert(name, line);
        }
        let settings = toml::from_str(text).map_err(|error| wrong_value(path, text, table.get_ref(), &error))?;
        Ok(Self { path: path.to_owned(), settings, lines })
    }
}

/// Says of which setting `error` speaks, and what its value should be.
fn wrong_value(path: &Path, text: &str, table: &DeTable<'_>, error: &toml::de::Error) -> Error {
    let at = error.span().map_or(0, |span| span.start);
    let found = table.iter().find(|(key, value)| (key.span().start..value.span().end.max(1)).contains(&at));
    let name = found.map(|(key, _)| key.get_ref().as_ref()).unwrap_or_default();
    let (path, line) = (path.to_owned(), line_at(text, at));
    match keys().into_iter().find(|key| key.name == name) {
        None => Error::Parse { path, line, message: error.message().to_owned() },
        Some(key) => {
            let message = if key.secret { "this is no value for it" } else { error.message() };
            Error::WrongValue { path, line, message: message.to_owned(), about: described(&key), key: key.name }
        }
    }
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
