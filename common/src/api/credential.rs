//! Credentials of a workspace: secrets with a type, bound to hosts. The secret goes in and never comes out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a credential proves, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum CredentialType {
    /// User name and password in `Authorization: Basic`.
    Basic,
    /// A token in `Authorization: Bearer`.
    Bearer,
    /// A key in a header or a query parameter.
    ApiKey,
    /// The user of a mail server.
    Smtp,
    /// The key that signs outgoing webhooks.
    Signing,
    /// An access token that is got with a secret of the client (OAuth 2.0, client credentials).
    #[serde(rename = "oauth2")]
    #[cfg_attr(feature = "openapi", oai(rename = "oauth2"))]
    Oauth2,
}

impl CredentialType {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::ApiKey => "api_key",
            Self::Smtp => "smtp",
            Self::Signing => "signing",
            Self::Oauth2 => "oauth2",
        }
    }

    /// The type with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Basic, Self::Bearer, Self::ApiKey, Self::Smtp, Self::Signing, Self::Oauth2]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// How often a credential may be used by one node: requests beyond that wait for their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RateLimit {
    /// Requests.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "100000"))))]
    pub requests: u32,
    /// In so many seconds.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "86400"))))]
    pub seconds: u32,
}

/// A credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CredentialView {
    /// Its name; steps name it as `credential`.
    pub name: String,
    /// What it proves, and how.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: CredentialType,
    /// Where it may be sent: scheme, host and port, letter by letter.
    pub hosts: Vec<String>,
    /// The user name of `basic` and `smtp`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub username: Option<String>,
    /// The header of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub header: Option<String>,
    /// The query parameter of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub query: Option<String>,
    /// The token endpoint of `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub token_url: Option<String>,
    /// The client of `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub client_id: Option<String>,
    /// What the tokens of `oauth2` are for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub scope: Option<String>,
    /// How often one node may use it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub rate_limit: Option<RateLimit>,
    /// When it was last put.
    pub updated_at: DateTime<Utc>,
}

/// The workspace's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CredentialList {
    /// The credentials, by name.
    pub items: Vec<CredentialView>,
}

/// A credential with its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CredentialPut {
    /// What it proves, and how.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: CredentialType,
    /// Where it may be sent: `api.example.com`, `api.example.com:8443`, `http://intranet`; for `smtp` one server,
    /// `smtps://mail.example.com` or `smtp://mail.example.com` (STARTTLS). There are no patterns.
    #[cfg_attr(feature = "openapi", oai(validator(min_items = 1, max_items = 20)))]
    pub hosts: Vec<String>,
    /// The secret itself: password, token or key. It is encrypted and never shown again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 65_536)))]
    pub secret: Option<String>,
    /// The user name of `basic` and `smtp`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 1000)))]
    pub username: Option<String>,
    /// The header of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub header: Option<String>,
    /// The query parameter of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub query: Option<String>,
    /// The token endpoint of `oauth2`: the secret goes there and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 2000)))]
    pub token_url: Option<String>,
    /// The client of `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 1000)))]
    pub client_id: Option<String>,
    /// What the tokens of `oauth2` are for: words with spaces between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 1000)))]
    pub scope: Option<String>,
    /// How often one node may use it; without it as often as it likes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate_limit: Option<RateLimit>,
}

impl std::fmt::Debug for CredentialPut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialPut").field("kind", &self.kind).field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
