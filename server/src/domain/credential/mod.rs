//! Credentials: secrets with a type that are bound to the places where they may go.
//!
//! A secret can be written into any field of a request; a credential can't. It is used by its name, and whoever sends it asks
//! [`Credential::permits`] first, at every hop.

mod grant;
mod host;
mod kind;
mod reference;
mod settings;

use url::Url;

pub use grant::ClientGrant;
pub use host::AllowedHost;
pub use kind::{Kind, Parts};
pub use reference::Reference;
pub use settings::Settings;

/// A credential in clear: never stored, never logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// Names it among all workspaces: the workspace's id and its name.
    pub key: String,
    /// Its name in the workspace.
    pub name: String,
    /// What it proves, and with what.
    pub kind: Kind,
    /// Where it may go.
    pub hosts: Vec<AllowedHost>,
    /// How often it may be used.
    pub rate: Option<Rate>,
}

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: u32,
    /// Seconds.
    pub seconds: u32,
}

impl Credential {
    /// Whether it may be sent to `url`: scheme, host and port are those of one of its hosts, letter by letter.
    #[must_use]
    pub fn permits(&self, url: &Url) -> bool {
        self.hosts.iter().any(|host| host.is(url))
    }

    /// Where it may go, for people.
    #[must_use]
    pub fn bound_to(&self) -> String {
        self.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}
