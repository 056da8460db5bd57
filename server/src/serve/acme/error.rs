//! Why there is no certificate.

use std::path::PathBuf;

use crate::serve::CertificateError;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(in crate::serve) enum Error {
    /// The authority can't be reached, or refuses.
    #[error("the certificate authority can't be asked, or refuses")]
    Authority(#[from] instant_acme::Error),
    /// The authority doesn't ask what this server can answer.
    #[error("the certificate authority offers no TLS-ALPN-01 for {0}")]
    OtherChallenges(String),
    /// The authority did not get the answer to its question.
    #[error("the certificate authority did not find this server under its names ({0}); port 443 of each must lead here")]
    Unproven(String),
    /// The authority gave something else.
    #[error("the certificate authority gave a certificate for other names")]
    OtherNames,
    /// What the authority gave, or the answer to its question, can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A file can't be read or written.
    #[error("{} can't be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// Whether the authority doesn't know our account (RFC 8555, 6.7).
    pub(super) fn is_account_unknown(&self) -> bool {
        let Self::Authority(instant_acme::Error::Api(problem)) = self else { return false };
        problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
    }
}
