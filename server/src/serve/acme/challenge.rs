//! The answers to an authority's question whether a name is this server's (TLS-ALPN-01, RFC 8737).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;

use crate::api::ACME_PROTOCOL;
use crate::serve::certificate::{CertificateError, certified};

/// The certificates that answer, by name. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(in crate::serve) struct Challenges(Arc<RwLock<HashMap<String, Arc<CertifiedKey>>>>);

impl Challenges {
    /// Whether `hello` is an authority's question: it offers this one protocol and nothing else.
    pub(in crate::serve) fn is_asked(hello: &ClientHello<'_>) -> bool {
        hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME_PROTOCOL) && offered.next().is_none())
    }

    /// The answer for the name in `hello`; `None` when nothing is expected.
    pub(in crate::serve) fn answer(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }

    /// Answers questions about `domain` with the digest (SHA-256) of the key authorization.
    pub(super) fn expect(&self, domain: &str, digest: &[u8]) -> Result<(), CertificateError> {
        let key = KeyPair::generate().map_err(CertificateError::Unmade)?;
        let mut params = CertificateParams::new(vec![domain.to_owned()]).map_err(CertificateError::Unmade)?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let answer = certified(&params, &key)?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(domain.to_ascii_lowercase(), Arc::new(answer));
        Ok(())
    }

    /// Answers nothing any more.
    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
