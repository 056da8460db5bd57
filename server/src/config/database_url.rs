//! The address of a database, which usually has a password in it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use url::Url;

/// A `postgres://` URL. Prints itself without the password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with its password, for libpq and nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Ok(Self(text.to_owned()))
        } else {
            // The text is not repeated: it may contain a password.
            Err("a database URL looks like postgres://user:password@host:5432/database".to_owned())
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters can carry secrets too, and libpq reads more forms than this parser (lists of hosts).
        let Ok(mut url) = Url::parse(&self.0) else { return f.write_str("postgres://***") };
        url.set_query(None);
        url.set_fragment(None);
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return f.write_str("postgres://***");
        }
        f.write_str(url.as_str())
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
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(format!("{url:?} {url}"), format!("{shown} {shown}"));
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn another_database_is_refused_without_repeating_it() {
        for text in ["mysql://ada:canary@db", "host=db password=canary", ""] {
            assert!(!text.parse::<DatabaseUrl>().unwrap_err().contains("canary"));
        }
    }
}
