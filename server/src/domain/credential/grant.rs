//! How a program gets access tokens with a secret of its own: the client credentials grant (RFC 6749 §4.4).

use std::fmt;

use url::Url;

/// Where tokens come from, and who asks for them. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientGrant {
    /// The token endpoint.
    pub token_url: Url,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// What the tokens are for: words with spaces between.
    pub scope: Option<String>,
}

impl ClientGrant {
    /// Puts the parts together.
    ///
    /// # Errors
    /// One sentence that says what is missing, or of a form that can't be sent.
    pub fn new(
        (token_url, client_id): (Option<&str>, Option<&str>),
        client_secret: String,
        scope: Option<&str>,
    ) -> Result<Self, String> {
        let token_url = token_url.ok_or("`token_url` is missing: a credential of the type oauth2 has one")?;
        let token_url = Url::parse(token_url.trim()).map_err(|error| format!("`token_url` is not a web address: {error}"))?;
        let is_web = matches!(token_url.scheme(), "https" | "http") && token_url.username().is_empty();
        if !is_web || token_url.password().is_some() {
            return Err("`token_url` begins with https:// or http:// and has no user name".to_owned());
        }
        let client_id = client_id.ok_or("`client_id` is missing: a credential of the type oauth2 has one")?;
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        if !plain(client_id) || !scope.is_none_or(plain) {
            return Err("`client_id` and `scope` must not be empty or hold control characters".to_owned());
        }
        Ok(Self { token_url, client_id: client_id.to_owned(), client_secret, scope: scope.map(str::to_owned) })
    }
}

impl fmt::Debug for ClientGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientGrant").field("token_url", &self.token_url.as_str()).finish_non_exhaustive()
    }
}
