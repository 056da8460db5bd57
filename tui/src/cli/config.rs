//! The configuration file: contexts, that is servers we know with the token for each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// `config.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The context that is used when nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub current: Option<String>,
    /// The context before that, for `ctx use -`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<String>,
    /// The output format when stdout is a terminal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<String>,
    /// `auto`, `always` or `never`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub color: Option<String>,
    /// The contexts by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub contexts: BTreeMap<String, Context>,
    /// What this version doesn't know; kept when the file is written.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, toml::Value>,
}

/// One server, and who we are there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The server's base URL.
    pub server: String,
    /// The API token; absent after `logout`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// The workspace to act on, when it isn't the token's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workspace: Option<String>,
    /// File with a certificate authority (PEM) that is trusted for this server besides the machine's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ca: Option<PathBuf>,
    /// Whether everything that can't be taken back asks for the context's name.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub protected: bool,
    /// Whether the TUI shows only, and changes nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub readonly: bool,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("server", &self.server).field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

impl Config {
    /// The file in the configuration directory `dir`.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("config.toml")
    }

    /// Reads the file in `dir`; a file that isn't there is an empty configuration.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let path = Self::path(dir);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(Error::File { path, source }),
        };
        toml::from_str(&text).map_err(|error| Error::Content { path, reason: error.to_string() })
    }

    /// Writes the file in `dir`, readable by its owner only, whole or not at all.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        let path = Self::path(dir);
        let text = toml::to_string(self).map_err(|error| Error::Content { path: path.clone(), reason: error.to_string() })?;
        write_private(dir, &path, &text).map_err(|source| Error::File { path, source })
    }

    /// Makes `name` the current context.
    pub fn switch_to(&mut self, name: &str) -> Result<(), Error> {
        self.context(name)?;
        if self.current.as_deref() != Some(name) {
            self.previous = self.current.replace(name.to_owned());
        }
        Ok(())
    }

    /// The context called `name`.
    pub fn context(&self, name: &str) -> Result<&Context, Error> {
        self.contexts.get(name).ok_or_else(|| {
            let known: Vec<_> = self.contexts.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "there is none yet".to_owned() } else { format!("known: {}", known.join(", ")) };
            Error::NotFound(format!("no context `{name}`; {known}"))
        })
    }

    /// Removes the context called `name`.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.context(name)?;
        self.contexts.remove(name);
        self.current = self.current.take().filter(|current| current != name);
        self.previous = self.previous.take().filter(|previous| previous != name);
        Ok(())
    }
}

fn write_private(dir: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    // Made with mode 0600 and renamed over the old file, so that no moment shows the token or half a file.
    let mut file = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o600)).tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_contexts(names: &[&str]) -> Config {
        let context = Context { server: "http://x".into(), token: Some("tm_secret".into()), ..Context::default() };
        Config { contexts: names.iter().map(|name| ((*name).to_owned(), context.clone())).collect(), ..Config::default() }
    }

    #[test]
    fn the_file_is_for_its_owner_only_also_after_a_rewrite() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("deep/er");
        let mut config = with_contexts(&["a"]);
        config.save(&dir).unwrap();
        fs::set_permissions(Config::path(&dir), fs::Permissions::from_mode(0o644)).unwrap();
        config.switch_to("a").unwrap();
        config.save(&dir).unwrap();
        assert_eq!(fs::metadata(Config::path(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Config::load(&dir).unwrap(), config);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn no_file_is_an_empty_configuration() {
        assert_eq!(Config::load(Path::new("/nonexistent")).unwrap(), Config::default());
    }

    #[test]
    fn what_a_newer_version_wrote_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(Config::path(dir.path()), "future = 7\n").unwrap();
        let config = Config::load(dir.path()).unwrap();
        config.save(dir.path()).unwrap();
        assert!(fs::read_to_string(Config::path(dir.path())).unwrap().contains("future = 7"));
    }

    #[test]
    fn a_broken_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(Config::path(dir.path()), "contexts = 1").unwrap();
        assert!(Config::load(dir.path()).unwrap_err().to_string().contains("config.toml"));
    }

    #[test]
    fn switching_remembers_where_we_were() {
        let mut config = with_contexts(&["a", "b"]);
        config.switch_to("a").unwrap();
        config.switch_to("b").unwrap();
        config.switch_to("b").unwrap();
        assert_eq!((config.current.as_deref(), config.previous.as_deref()), (Some("b"), Some("a")));
        let error = config.switch_to("c").unwrap_err();
        assert_eq!(error.to_string(), "no context `c`; known: a, b");
        config.remove("b").unwrap();
        assert_eq!(config.current, None);
    }

    #[test]
    fn the_token_is_not_in_debug_output() {
        assert!(!format!("{:?}", with_contexts(&["a"])).contains("tm_secret"));
    }
}
