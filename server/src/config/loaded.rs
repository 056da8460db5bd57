//! From arguments, environment and file to one configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::File;
use super::serve::{ServeConfig, Surroundings};
use super::{CONFIG_FILE, Error, Key, Origin, RELOADED, ServeArgs, Settings, keys};

/// A complete configuration, and where each setting came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: ServeConfig,
    /// The file that was read.
    pub file: Option<PathBuf>,
    settings: Settings,
    origins: BTreeMap<String, Origin>,
}

/// One setting as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The setting.
    pub key: Key,
    /// Its value, masked when it is a secret; in words when it is a default.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

impl Loaded {
    /// The configuration that `args` (which carry the environment already), the file and the defaults give together.
    ///
    /// # Errors
    /// Every [`Error`]; each says where and what to do.
    pub fn load(args: ServeArgs) -> Result<Self, Error> {
        Self::resolve(args, &Surroundings::of_this_process())
    }

    pub(super) fn resolve(args: ServeArgs, surroundings: &Surroundings) -> Result<Self, Error> {
        let ServeArgs { config, settings, mut origins } = args;
        let mut file = find(config.as_deref(), settings.data_dir.as_deref(), surroundings)?;
        let mut mistakes = file.as_mut().map(|file| std::mem::take(&mut file.mistakes)).unwrap_or_default();
        let mut merged = table(&file.as_ref().map(|file| file.settings.clone()).unwrap_or_default());
        merged.extend(table(&settings));
        for key in file.iter().flat_map(|file| file.lines.keys()) {
            origins
                .entry(key.clone())
                .or_insert_with(|| file.as_ref().and_then(|file| file.origin(key)).unwrap_or(Origin::Default));
        }
        let settings: Settings = merged.try_into().expect("what was read once can be read again");
        let data_dir = settings.data_dir.clone().map_or_else(|| surroundings.data_dir(), Ok)?;
        let config = match complete(&settings, &data_dir, surroundings) {
            Ok(config) if mistakes.is_empty() => config,
            outcome => {
                mistakes.extend(outcome.err().into_iter().flat_map(|error| error.placed(&origins).each()));
                return Err(Error::all(mistakes).expect("there is at least one"));
            }
        };
        Ok(Self { config, file: file.map(|file| file.path), settings, origins })
    }

    /// Every setting with its value and where that came from, in the order of the help.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        let set = table(&self.settings);
        keys().into_iter().map(|key| self.show(key, &set)).collect()
    }

    /// The names of the settings that `other` gives other values.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<Key> {
        let (before, after) = (table(&self.settings), table(&other.settings));
        keys().into_iter().filter(|key| before.get(&key.name) != after.get(&key.name)).collect()
    }

    /// Counts those settings of `fresh` as in force that a running server takes over.
    pub fn took_over(&mut self, fresh: &Self) {
        let (mut mine, mut theirs) = (table(&self.settings), table(&fresh.settings));
        for name in RELOADED {
            mine.remove(name);
            mine.extend(theirs.remove_entry(name));
        }
        self.settings = mine.try_into().expect("what was read once can be read again");
    }

    fn show(&self, key: Key, set: &toml::Table) -> Shown {
        let origin = self.origins.get(&key.name).cloned().unwrap_or(Origin::Default);
        let value = match set.get(&key.name) {
            Some(value) if key.secret => masked(&key, value),
            Some(toml::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None if key.name == "data_dir" => self.config.data_dir.display().to_string(),
            None => key.default.clone(),
        };
        Shown { key, value, origin }
    }
}

/// Settings that make sense only together.
const FAMILIES: [&[&str]; 3] = [
    &["tls_certificate", "tls_key"],
    &["acme_domains", "acme_email", "acme_directory"],
    &["stripe_key", "stripe_webhook_secret"],
];

/// The configuration, or everything that is wrong with the settings: what is wrong is left out, and the rest looked at again.
fn complete(settings: &Settings, data_dir: &Path, surroundings: &Surroundings) -> Result<ServeConfig, Error> {
    let (mut left, mut mistakes) = (settings.clone(), Vec::new());
    loop {
        match ServeConfig::complete(left.clone(), data_dir.to_owned(), surroundings.clone()) {
            Ok(config) => return Error::all(mistakes).map_or(Ok(config), Err),
            Err(error) => {
                let wrong = if let Error::OutOfRange { key, .. } = &error { *key } else { "" };
                mistakes.push(error);
                let mut values = table(&left);
                if values.remove(wrong).is_none() {
                    return Err(Error::all(mistakes).expect("there is at least one"));
                }
                // The others would only seem to stand alone.
                let family = FAMILIES.iter().find(|family| family.contains(&wrong));
                family.into_iter().copied().flatten().for_each(|key| drop(values.remove(*key)));
                left = values.try_into().expect("what was read once can be read again");
            }
        }
    }
}

pub(super) fn table(settings: &Settings) -> toml::Table {
    toml::Table::try_from(settings).expect("settings are names and values")
}

/// Of an address what is no secret, of anything else nothing.
fn masked(key: &Key, value: &toml::Value) -> String {
    let hidden = || "***".to_owned();
    match value.as_str() {
        Some(url) if key.value == "URL" => super::DatabaseUrl::from(url.to_owned()).masked().unwrap_or_else(hidden),
        _ => hidden(),
    }
}

/// The one file that counts: the named one, that of the data directory, that of the machine.
fn find(named: Option<&Path>, data_dir: Option<&Path>, surroundings: &Surroundings) -> Result<Option<File>, Error> {
    if let Some(path) = named {
        return File::read(path).map(Some);
    }
    let Some(dir) = data_dir.map(Path::to_owned).or_else(|| surroundings.data_dir().ok()) else {
        return File::read_if_present(&surroundings.machine_file);
    };
    let path = dir.join(CONFIG_FILE);
    if let Some(found) = File::read_if_present(&path)? {
        return match &found.settings.data_dir {
            Some(other) if *other != dir => Err(Error::DataDirInside { path }),
            _ => Ok(Some(found)),
        };
    }
    let found = File::read_if_present(&surroundings.machine_file)?;
    let named = found.as_ref().and_then(|file| file.settings.data_dir.as_ref()).filter(|_| data_dir.is_none());
    match named.map(|dir| dir.join(CONFIG_FILE)).filter(|path| path.exists()) {
        Some(second) => Err(Error::TwoFiles { first: surroundings.machine_file.clone(), second }),
        None => Ok(found),
    }
}

impl Shown {
    /// Whether somebody set it.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.origin != Origin::Default
    }
}
