//! Whose word is believed about who a server is: the machine's certificate authorities, and one of the operator's own.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::{ClientConfig, RootCertStore};

use super::Error;

/// TLS that trusts the machine's authorities and those in the file `ca`. One configuration for requests and WebSockets.
pub fn config(ca: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a certificate authority of this machine can't be read");
    }
    roots.add_parsable_certificates(found.certs);
    for authority in ca.map(read).transpose()?.unwrap_or_default() {
        roots.add(authority).map_err(|error| Error::Setup(error.into()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let versions = builder.with_safe_default_protocol_versions().expect("ring speaks TLS 1.2 and 1.3");
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// The same, offering HTTP/2 first.
pub fn for_requests(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.and_then(|found| if found.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(found) });
    found.map_err(|error| Error::Authority { path: path.to_owned(), source: error.into() })
}
