//! The address of a database, which usually has a password in it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// A `postgres://` URL, unchecked until the configuration is complete: the command line's own errors repeat what they
/// refuse. Prints itself without the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with its password, for libpq and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The URL without what may be secret; `None` when it can't be told apart.
    pub(super) fn masked(&self) -> Option<String> {
        // Parameters can carry secrets too, and libpq reads more forms than this parser (lists of hosts).
        let mut url = Url::parse(&self.0).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        if url.password().is_some() {
            url.set_password(Some("***")).ok()?;
        }
        Some(url.into())
    }

    /// Whether it is the URL of a Postgres.
    pub(super) fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres://") || self.0.starts_with("postgresql://")
    }
}

impl From<String> for DatabaseUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.masked().as_deref().unwrap_or("postgres://***"))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_printed() {
        for (text, shown) in [
            ("postgres://ada:canary@db:5432/tidemill?sslmode=require", "postgres://ada:***@db:5432/tidemill"),
            ("postgresql://db/tidemill?user=ada&password=canary", "postgresql://db/tidemill"),
            ("postgres://ada:canary@one:1,two:2/tidemill", "postgres://***"),
            ("postgresql:///tidemill?host=/run/postgresql", "postgresql:///tidemill"),
        ] {
            let url = DatabaseUrl::from(text.to_owned());
            assert!(url.is_postgres());
            assert_eq!(format!("{url:?} {url}"), format!("{shown} {shown}"));
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn another_database_is_known_and_not_printed() {
        for text in ["mysql://ada:canary@db", "host=db password=canary", "canary", ""] {
            let url = DatabaseUrl::from(text.to_owned());
            assert!(!url.is_postgres());
            assert!(!url.to_string().contains("canary"), "{url}");
        }
    }
}
