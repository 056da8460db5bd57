//! The certificate of the listener: read, checked, and replaced while connections go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::verify_server_name;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError as Refusal, RootCertStore, ServerConfig};

use super::acme::Challenges;
use crate::api::ACME_PROTOCOL;
use crate::config::{AcmeOptions, TlsFiles};

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file has nothing that can be read.
    #[error("{} has no {what} in PEM that can be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why.
        source: pem::Error,
    },
    /// The certificate or the key is of no use.
    #[error("{} can't be used for TLS", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The key is that of another certificate.
    #[error("the private key in {} is not that of the first certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// The certificate's time is over.
    #[error("the certificate in {} expired on {at}; renew it", path.display())]
    Expired {
        /// The certificate.
        path: PathBuf,
        /// When.
        at: DateTime<Utc>,
    },
    /// The certificate's time has not come.
    #[error("the certificate in {} is valid only from {at} on; is the clock of this machine right?", path.display())]
    NotYetValid {
        /// The certificate.
        path: PathBuf,
        /// When.
        at: DateTime<Utc>,
    },
    /// A certificate of this server's own can't be made.
    #[error("a certificate can't be made")]
    Unmade(#[source] rcgen::Error),
    /// A certificate of this server's own can't be used.
    #[error("a certificate that was made can't be used for TLS")]
    MadeUnusable(#[source] rustls::Error),
}

/// For how long a certificate is valid that stands in for one that is not there yet. It ends soon enough to be complained about.
const INTERIM: TimeDelta = TimeDelta::days(7);

/// A certificate that can be used now.
#[derive(Debug, Clone)]
struct Usable {
    files: TlsFiles,
    certified: Arc<CertifiedKey>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Whether it was made here and only stands in for the one that the files will have.
    interim: bool,
    /// When the files were written.
    written: [Option<SystemTime>; 2],
}

/// The certificate that new connections are shown. Those that stand keep theirs.
#[derive(Debug)]
pub struct Certificate {
    shown: RwLock<Usable>,
    /// Answers to an authority that is asked for the certificate; `None` when somebody else renews it.
    challenges: Option<Challenges>,
}

impl Certificate {
    /// Reads and checks the files.
    ///
    /// # Errors
    /// Every [`CertificateError`].
    pub fn read(files: &TlsFiles, now: DateTime<Utc>) -> Result<Self, CertificateError> {
        Ok(Self { shown: RwLock::new(Usable::read(files, now)?), challenges: None })
    }

    /// The certificate that an authority gave, in `files`; until there is one, a certificate that nobody trusts.
    ///
    /// # Errors
    /// The one that nobody trusts can't be made.
    pub(super) fn ordered(files: &TlsFiles, options: &AcmeOptions, now: DateTime<Utc>) -> Result<Self, CertificateError> {
        let usable = match Usable::read(files, now) {
            Ok(kept) => kept,
            Err(error) => {
                if files.certificate.exists() {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the certificate that was kept is of no use");
                }
                Usable::interim(files, &options.domains, now)?
            }
        };
        Ok(Self { shown: RwLock::new(usable), challenges: Some(Challenges::default()) })
    }

    /// Where answers to an authority's questions are put. Without an authority nobody asks.
    pub(super) fn challenges(&self) -> Challenges {
        self.challenges.clone().unwrap_or_default()
    }

    /// Whether it only stands in for one that is not there yet.
    pub(super) fn is_interim(&self) -> bool {
        self.usable().interim
    }

    /// Whether it is for all these names.
    pub(super) fn covers(&self, names: &[String]) -> bool {
        let usable = self.usable();
        let parsed = usable.certified.cert.first().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
        let is_for = |name: &String| {
            let name = ServerName::try_from(name.as_str()).ok();
            name.zip(parsed.as_ref()).is_some_and(|(name, parsed)| verify_server_name(parsed, &name).is_ok())
        };
        names.iter().all(is_for)
    }

    /// The first moment of its validity.
    pub(super) fn from(&self) -> DateTime<Utc> {
        self.usable().from
    }

    /// The last moment of its validity.
    pub fn until(&self) -> DateTime<Utc> {
        self.usable().until
    }

    /// Shows what is in `files` from now on.
    ///
    /// # Errors
    /// Every [`CertificateError`]; then the old certificate goes on being shown.
    pub(super) fn replace(&self, files: &TlsFiles, now: DateTime<Utc>) -> Result<(), CertificateError> {
        let fresh = Usable::read(files, now)?;
        tracing::info!(certificate = %files.certificate.display(), until = %fresh.until, "the certificate was read");
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The files, when one of them was written since they were read.
    pub(super) fn rewritten(&self) -> Option<TlsFiles> {
        let usable = self.usable();
        (written(&usable.files) != usable.written).then_some(usable.files)
    }

    /// Doesn't look at the files again until they are written again.
    pub(super) fn seen(&self) {
        let mut usable = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        usable.written = written(&usable.files);
    }

    /// How the listener speaks TLS: with the versions and ciphers that rustls holds for safe, HTTP/2 first.
    pub(super) fn acceptor(self: &Arc<Self>) -> Arc<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let versions = builder.with_safe_default_protocol_versions().expect("ring speaks TLS 1.2 and 1.3");
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = versions.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.alpn_protocols.extend(self.challenges.as_ref().map(|_| ACME_PROTOCOL.to_vec()));
        Arc::new(config)
    }

    fn usable(&self) -> Usable {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match &self.challenges {
            Some(challenges) if Challenges::is_asked(&hello) => challenges.answer(&hello),
            _ => Some(self.usable().certified),
        }
    }
}

impl Usable {
    fn read(files: &TlsFiles, now: DateTime<Utc>) -> Result<Self, CertificateError> {
        let TlsFiles { certificate, key } = files;
        // Before the files are read: what is written meanwhile is seen as written later.
        let written = written(files);
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
        let chain = chain.map_err(unreadable(certificate, "certificate"))?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key, "private key (without a passphrase)"))?;
        let (from, until) = validity(&chain[0]).map_err(unusable(certificate))?;
        if now < from {
            return Err(CertificateError::NotYetValid { path: certificate.clone(), at: from });
        }
        if now > until {
            return Err(CertificateError::Expired { path: certificate.clone(), at: until });
        }
        let mismatch = |source| match source {
            rustls::Error::InconsistentKeys(_) => {
                CertificateError::Mismatch { certificate: certificate.clone(), key: key.clone() }
            }
            source => CertificateError::Unusable { path: key.clone(), source },
        };
        let certified = CertifiedKey::from_der(chain, private, &default_provider()).map_err(mismatch)?;
        Ok(Self { files: files.clone(), certified: Arc::new(certified), from, until, interim: false, written })
    }

    /// One for `names` that nobody trusts, in place of what `files` will have.
    fn interim(files: &TlsFiles, names: &[String], now: DateTime<Utc>) -> Result<Self, CertificateError> {
        let key = KeyPair::generate().map_err(CertificateError::Unmade)?;
        let mut params = CertificateParams::new(names).map_err(CertificateError::Unmade)?;
        let day = |at: DateTime<Utc>| {
            let small = |number| u8::try_from(number).expect("a month and a day have two digits");
            date_time_ymd(at.year(), small(at.month()), small(at.day()))
        };
        params.not_before = day(now - TimeDelta::days(1));
        params.not_after = day(now + INTERIM);
        let certified = certified(&params, &key)?;
        let (from, until) = validity(&certified.cert[0]).map_err(CertificateError::MadeUnusable)?;
        let written = written(files);
        Ok(Self { files: files.clone(), certified: Arc::new(certified), from, until, interim: true, written })
    }
}

/// A certificate that is signed by its own key.
pub(super) fn certified(params: &CertificateParams, key: &KeyPair) -> Result<CertifiedKey, CertificateError> {
    let certificate = params.self_signed(key).map_err(CertificateError::Unmade)?;
    let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    // Not `from_der`, which looks into the certificate and stops at what only an authority reads.
    let private = default_provider().key_provider.load_private_key(private).map_err(CertificateError::MadeUnusable)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], private))
}

fn unreadable(path: &Path, what: &'static str) -> impl FnOnce(pem::Error) -> CertificateError {
    move |source| CertificateError::Unreadable { path: path.to_owned(), what, source }
}

fn unusable(path: &Path) -> impl FnOnce(rustls::Error) -> CertificateError {
    move |source| CertificateError::Unusable { path: path.to_owned(), source }
}

fn written(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.certificate, &files.key].map(|path| fs::metadata(path).and_then(|found| found.modified()).ok())
}

/// From when until when `certificate` is valid. Asked about a time that no certificate reaches, and about one before them all,
/// the verifier says what these times are: no parser of certificates besides its own.
fn validity(certificate: &CertificateDer<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), rustls::Error> {
    /// The first second of the year 10000; X.509 has four digits for a year (RFC 5280, 4.1.2.5).
    const NEVER: u64 = 253_402_300_800;
    let edge = |seconds| match verified_at(certificate, seconds) {
        Err(rustls::Error::InvalidCertificate(Refusal::ExpiredContext { not_after, .. })) => Ok(time(not_after)),
        Err(rustls::Error::InvalidCertificate(Refusal::NotValidYetContext { not_before, .. })) => Ok(time(not_before)),
        Err(error) => Err(error),
        Ok(()) => Ok(time(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))),
    };
    Ok((edge(0)?, edge(NEVER)?))
}

fn verified_at(certificate: &CertificateDer<'_>, seconds: u64) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned())?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider())).build();
    let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier.verify_server_cert(certificate, &[], &name, &[], at).map(drop)
}

fn time(at: UnixTime) -> DateTime<Utc> {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
