//! Why a request could not be made.

use std::time::Duration;

use tidemill_common::limits::HTTP_RESPONSE_BYTES;

/// Why there is no answer. The texts are for the author of the workflow; the sources are for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is one that workflows may not use, whatever is behind it.
    #[error("{0}")]
    Url(String),
    /// The URL leads to an address that workflows may not reach.
    #[error("{host} {verb} {kind}, which is not reachable from workflows; an operator can allow it with `outbound_allow`")]
    Forbidden {
        /// The host as the URL names it.
        host: String,
        /// `is`, or `resolves to`.
        verb: &'static str,
        /// The kind of address, with its article.
        kind: &'static str,
    },
    /// The credential doesn't belong to where the request goes.
    #[error("the credential `{credential}` may not be sent to {host}; it is bound to {bound}")]
    Credential {
        /// Its name.
        credential: String,
        /// Where the request goes.
        host: String,
        /// Where it may go.
        bound: String,
    },
    /// The credential's token endpoint gave no token.
    #[error("the credential `{credential}` has no access token: {host} {reason}")]
    Token {
        /// The credential's name.
        credential: String,
        /// The endpoint's host.
        host: String,
        /// What it did.
        reason: String,
        /// Whether it may give one later.
        passing: bool,
    },
    /// The name has no address.
    #[error("{host} can't be resolved to an address")]
    Dns {
        /// The name.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// No connection, or not a safe one.
    #[error("no connection to {host}: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        /// Why, in a few words.
        reason: String,
        /// The client's own error.
        source: reqwest::Error,
    },
    /// The connection broke while the request was sent or the answer was read.
    #[error("the exchange with {host} broke off: {reason}")]
    Exchange {
        /// Host and port.
        host: String,
        /// Why, in a few words.
        reason: String,
        /// The client's own error.
        source: reqwest::Error,
    },
    /// A redirect that is not followed.
    #[error("{0}")]
    Redirect(String),
    /// The answer is too large.
    #[error("the answer is larger than {HTTP_RESPONSE_BYTES} bytes")]
    TooLarge,
    /// The time is up.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
}

/// What the resolver says when it gives no address. Travels through the client as a boxed error.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("{host} resolves to {kind}")]
    Forbidden { host: String, kind: &'static str },
    #[error("{host} can't be resolved")]
    Failed { host: String, kind: std::io::ErrorKind, message: String },
}

impl From<ResolveError> for Error {
    fn from(error: ResolveError) -> Self {
        Self::from(&error)
    }
}

impl From<&ResolveError> for Error {
    fn from(error: &ResolveError) -> Self {
        match error {
            ResolveError::Forbidden { host, kind } => Self::Forbidden { host: host.clone(), verb: "resolves to", kind },
            ResolveError::Failed { host, kind, message } => {
                Self::Dns { host: host.clone(), source: std::io::Error::new(*kind, message.clone()) }
            }
        }
    }
}

impl Error {
    /// What `source`, which came from the client, means for a request to `host`.
    pub(super) fn from_client(source: reqwest::Error, host: &str) -> Self {
        if let Some(refusal) = find::<ResolveError>(&source) {
            return Self::from(refusal);
        }
        // A URL may carry a secret, and this error may be logged.
        let source = source.without_url();
        let (host, reason) = (host.to_owned(), reason(&source));
        if source.is_connect() { Self::Connect { host, reason, source } } else { Self::Exchange { host, reason, source } }
    }
}

/// The innermost cause that an author can do something with. Never an address.
fn reason(error: &reqwest::Error) -> String {
    if let Some(tls) = find::<rustls::Error>(error) {
        return format!("TLS: {tls}");
    }
    if let Some(io) = find::<std::io::Error>(error)
        && io.kind() != std::io::ErrorKind::Other
    {
        return io.kind().to_string();
    }
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The first error of type `T` in the chain of causes, also within an I/O error's inside.
fn find<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = find::<T>(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}
