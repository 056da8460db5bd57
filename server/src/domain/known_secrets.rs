//! The secrets and credentials that an execution's steps use, in clear, and what keeps them out of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::credential::Credential;
use super::mask::mask;
use super::masker::Masker;

/// Secrets and credentials by name. Never stored, never logged.
#[derive(Debug, Default)]
pub struct KnownSecrets {
    secrets: Secrets,
    credentials: BTreeMap<String, Arc<Credential>>,
    masker: Masker,
}

/// Its `Debug` shows none.
#[derive(Default)]
struct Secrets(Arc<BTreeMap<String, String>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl KnownSecrets {
    /// These secrets and credentials.
    #[must_use]
    pub fn new(secrets: BTreeMap<String, String>, credentials: BTreeMap<String, Arc<Credential>>) -> Self {
        let keys = credentials.values().filter_map(|credential| credential.kind.secret());
        let masker = Masker::new(secrets.values().map(String::as_str).chain(keys));
        Self { secrets: Secrets(Arc::new(secrets)), credentials, masker }
    }

    /// The secrets, as expressions see them.
    #[must_use]
    pub fn secrets(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.secrets.0)
    }

    /// The credential called `name`.
    #[must_use]
    pub fn credential(&self, name: &str) -> Option<Arc<Credential>> {
        self.credentials.get(name).cloned()
    }

    /// A rendered `with` as it may be kept.
    #[must_use]
    pub fn shown(&self, with: &Value) -> Value {
        self.mask(&mask(with))
    }

    /// `value` as it may be kept.
    #[must_use]
    pub fn mask(&self, value: &Value) -> Value {
        self.masker.mask(value)
    }

    /// `text` as it may be kept.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> String {
        self.masker.mask_text(text)
    }
}
