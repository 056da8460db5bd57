//! Puts a credential into a request, where it may go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::Error;
use crate::domain::credential::{Credential, Kind};

/// An error when `credential` doesn't belong to `url`.
pub(super) fn belongs(credential: &Credential, url: &Url) -> Result<(), Error> {
    if credential.permits(url) {
        return Ok(());
    }
    let (credential, bound) = (credential.name.clone(), credential.bound_to());
    Err(Error::Credential { credential, host: url.origin().ascii_serialization(), bound })
}

/// Adds what `credential` proves to the request to `url`, where it belongs; `token` is what was got for one of the type oauth2.
pub(super) fn attach(
    credential: &Credential,
    token: Option<&str>,
    url: &mut Url,
    headers: &mut HeaderMap,
) -> Result<(), Error> {
    match &credential.kind {
        Kind::Basic { username, password } => {
            let pair = STANDARD.encode(format!("{username}:{password}"));
            headers.insert(AUTHORIZATION, sensitive(&format!("Basic {pair}"))?);
        }
        Kind::Bearer { token } => {
            headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {token}"))?);
        }
        Kind::OAuth2(_) => {
            headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", token.unwrap_or_default()))?);
        }
        Kind::HeaderKey { header, value } => {
            let name = HeaderName::try_from(header.as_str()).map_err(|_| unusable())?;
            headers.insert(name, sensitive(value)?);
        }
        Kind::QueryKey { parameter, value } => {
            url.query_pairs_mut().append_pair(parameter, value);
        }
        // These prove nothing by themselves: mail signs in, webhooks are signed.
        Kind::Smtp(_) | Kind::Signing { .. } => {}
    }
    Ok(())
}

/// Kept out of debug output and out of HTTP/2's compression tables.
fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}

fn unusable() -> Error {
    Error::Url("the credential can't be sent in a header; store it again".to_owned())
}
