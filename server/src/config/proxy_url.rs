//! The address of a proxy, which may have a password in it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// An http or https URL, unchecked until the configuration is complete: the command line's own errors repeat what they
/// refuse. Prints itself without the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProxyUrl(String);

impl ProxyUrl {
    /// The URL, when it is one of a proxy.
    pub(super) fn url(&self) -> Option<Url> {
        Url::parse(&self.0).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    }
}

impl From<String> for ProxyUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        write!(f, "ProxyUrl({})", url.as_ref().and_then(Url::host_str).unwrap_or("***"))
    }
}
