//! What a credential proves, and with what.

use std::fmt;

use super::ClientGrant;
use crate::domain::signature::signing_key;

/// What a credential proves, and with what. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// User name and password (RFC 7617).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token in `Authorization: Bearer` (RFC 6750).
    Bearer {
        /// The token.
        token: String,
    },
    /// A key in a header.
    HeaderKey {
        /// The header's name.
        header: String,
        /// The key.
        value: String,
    },
    /// A key in a query parameter.
    QueryKey {
        /// The parameter's name.
        parameter: String,
        /// The key.
        value: String,
    },
    /// A mail server's user, if it wants one: name and password.
    Smtp(Option<(String, String)>),
    /// The key that signs outgoing webhooks.
    Signing {
        /// The key: `whsec_…`, or any text.
        secret: String,
    },
    /// An access token, which is got with a secret when it is needed.
    OAuth2(Box<ClientGrant>),
}

/// What a credential is made of, as people give it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts<'a> {
    /// `basic`, `bearer`, `api_key`, `smtp`, `signing` or `oauth2`.
    pub kind: &'a str,
    /// The user name of `basic` and `smtp`.
    pub username: Option<&'a str>,
    /// The header of an `api_key`.
    pub header: Option<&'a str>,
    /// The query parameter of an `api_key`.
    pub query: Option<&'a str>,
    /// The token endpoint of `oauth2`.
    pub token_url: Option<&'a str>,
    /// The client of `oauth2`.
    pub client_id: Option<&'a str>,
    /// What the tokens of `oauth2` are for.
    pub scope: Option<&'a str>,
}

impl Kind {
    /// Puts the parts and the secret together.
    ///
    /// # Errors
    /// One sentence that says what is missing, too much, or of a form that can't be sent.
    pub fn new(parts: Parts<'_>, secret: Option<&str>) -> Result<Self, String> {
        let Parts { kind, username, header, query, token_url, client_id, scope } = parts;
        let (wants_username, wants_place) = (matches!(kind, "basic" | "smtp"), kind == "api_key");
        let wants_grant = kind == "oauth2";
        for (name, given, wanted) in [
            ("username", username, wants_username),
            ("header", header, wants_place),
            ("query", query, wants_place),
            ("token_url", token_url, wants_grant),
            ("client_id", client_id, wants_grant),
            ("scope", scope, wants_grant),
        ] {
            if given.is_some() && !wanted {
                return Err(format!("`{name}` means nothing for a credential of the type {kind}; leave it out"));
            }
        }
        if secret.is_some_and(|secret| secret.is_empty() || secret.chars().any(char::is_control)) {
            return Err("`secret` must not be empty or hold line breaks or other control characters".to_owned());
        }
        let needed =
            || secret.map(str::to_owned).ok_or_else(|| format!("`secret` is missing: a credential of the type {kind} has one"));
        match kind {
            "basic" => {
                let username = username.ok_or("`username` is missing: a credential of the type basic has one")?;
                if username.contains(':') {
                    return Err("`username` must not hold a colon (RFC 7617)".to_owned());
                }
                Ok(Self::Basic { username: username.to_owned(), password: needed()? })
            }
            "bearer" => Ok(Self::Bearer { token: needed()? }),
            "api_key" => Self::key(header, query, needed()?),
            "smtp" => match (username, secret) {
                (None, None) => Ok(Self::Smtp(None)),
                (Some(username), Some(password)) => Ok(Self::Smtp(Some((username.to_owned(), password.to_owned())))),
                _ => Err("`username` and `secret` come together, or neither, for a server that wants no sign-in".to_owned()),
            },
            "signing" => {
                let secret = needed()?;
                signing_key(&secret)?;
                Ok(Self::Signing { secret })
            }
            "oauth2" => Ok(Self::OAuth2(Box::new(ClientGrant::new((token_url, client_id), needed()?, scope)?))),
            other => Err(format!("there is no type `{other}`; there are basic, bearer, api_key, smtp, signing, oauth2")),
        }
    }

    fn key(header: Option<&str>, query: Option<&str>, value: String) -> Result<Self, String> {
        match (header, query) {
            (Some(header), None) => {
                let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
                if header.is_empty() || header.len() > 100 || !header.chars().all(is_token) {
                    return Err("`header` is not the name of a header; an example is X-Api-Key".to_owned());
                }
                if !value.is_ascii() {
                    return Err("`secret` goes into a header, so it must be ASCII".to_owned());
                }
                Ok(Self::HeaderKey { header: header.to_ascii_lowercase(), value })
            }
            (None, Some(parameter)) if !parameter.is_empty() && parameter.len() <= 100 => {
                Ok(Self::QueryKey { parameter: parameter.to_owned(), value })
            }
            (None, Some(_)) => Err("`query` must have 1 to 100 characters".to_owned()),
            _ => Err("an api_key goes into a `header` or into a parameter of the `query`: name one of them".to_owned()),
        }
    }

    /// What must appear nowhere.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Basic { password, .. } => Some(password),
            Self::Bearer { token } => Some(token),
            Self::HeaderKey { value, .. } | Self::QueryKey { value, .. } => Some(value),
            Self::Smtp(user) => user.as_ref().map(|(_, password)| password.as_str()),
            Self::Signing { secret } => Some(secret),
            Self::OAuth2(grant) => Some(&grant.client_secret),
        }
    }

    /// The word behind `type`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "basic",
            Self::Bearer { .. } => "bearer",
            Self::HeaderKey { .. } | Self::QueryKey { .. } => "api_key",
            Self::Smtp(_) => "smtp",
            Self::Signing { .. } => "signing",
            Self::OAuth2(_) => "oauth2",
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(kind: &'a str, username: Option<&'a str>, header: Option<&'a str>, query: Option<&'a str>) -> Parts<'a> {
        Parts { kind, username, header, query, ..Parts::default() }
    }

    #[test]
    fn every_type_has_its_parts() {
        for (given, secret) in [
            (parts("basic", Some("ada"), None, None), Some("canary")),
            (parts("bearer", None, None, None), Some("canary")),
            (parts("api_key", None, Some("X-Key"), None), Some("canary")),
            (parts("api_key", None, None, Some("key")), Some("canary")),
            (parts("smtp", Some("ada"), None, None), Some("canary")),
            (parts("smtp", None, None, None), None),
            (parts("signing", None, None, None), Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
            (
                Parts { token_url: Some("https://a/t"), client_id: Some("c"), ..parts("oauth2", None, None, None) },
                Some("canary"),
            ),
        ] {
            let kind = Kind::new(given, secret).unwrap();
            assert_eq!((kind.as_str(), kind.secret()), (given.kind, secret));
            assert!(!format!("{kind:?}").contains("canary"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for (given, secret) in [
            (parts("basic", None, None, None), Some("canary")),
            (parts("basic", Some("a:b"), None, None), Some("canary")),
            (parts("basic", Some("a"), None, None), None),
            (parts("bearer", Some("a"), None, None), Some("canary")),
            (parts("bearer", None, None, None), Some("canary\r\nX-Evil: 1")),
            (parts("bearer", None, None, None), Some("")),
            (parts("api_key", None, None, None), Some("canary")),
            (parts("api_key", None, Some("a"), Some("b")), Some("canary")),
            (parts("api_key", None, Some("a b"), None), Some("canary")),
            (parts("api_key", None, Some("a"), None), Some("canaryü")),
            (parts("smtp", Some("ada"), None, None), None),
            (parts("signing", None, None, None), Some("canary")),
            (parts("oauth", None, None, None), Some("canary")),
            (parts("oauth2", None, None, None), Some("canary")),
            (Parts { token_url: Some("ftp://a"), client_id: Some("c"), ..parts("oauth2", None, None, None) }, Some("canary")),
            (Parts { token_url: Some("https://a"), ..parts("oauth2", None, None, None) }, Some("canary")),
            (Parts { token_url: Some("https://a"), ..parts("bearer", None, None, None) }, Some("canary")),
        ] {
            let error = Kind::new(given, secret).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
