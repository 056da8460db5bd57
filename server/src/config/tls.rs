//! Where the listener's certificate comes from.

use std::path::PathBuf;

use url::{Host, Url};

use super::serve::absolute;
use super::{Error, Settings};

/// The directory of Let's Encrypt, <https://letsencrypt.org/docs/acme-protocol-updates/>.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Most names of one certificate, as with Let's Encrypt.
const NAMES: usize = 100;

/// Where the listener's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// From files, which somebody else renews.
    Files(TlsFiles),
    /// From an authority that is asked for it (ACME, RFC 8555).
    Acme(AcmeOptions),
}

/// The files of the listener's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of its issuers.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What is asked of a certificate authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeOptions {
    /// The names, in small letters and as DNS has them (punycode); at least one.
    pub domains: Vec<String>,
    /// Whom the authority writes to.
    pub email: Option<String>,
    /// Its directory (RFC 8555, 7.1.1).
    pub directory: Url,
}

impl Tls {
    /// Where others reach a server with this certificate, where that is known from it.
    pub(super) fn url(&self) -> Option<Url> {
        let Self::Acme(options) = self else { return None };
        Some(Url::parse(&format!("https://{}", options.domains[0])).expect("a name was checked, and makes a URL"))
    }
}

pub(super) fn tls(settings: &Settings) -> Result<Option<Tls>, Error> {
    match (files(settings)?, acme(settings)?) {
        (Some(_), Some(_)) => {
            Err(Error::wrong("acme_domains", "set without tls_certificate and tls_key".to_owned(), "set beside them"))
        }
        (files, acme) => Ok(files.map(Tls::Files).or(acme.map(Tls::Acme))),
    }
}

fn files(settings: &Settings) -> Result<Option<TlsFiles>, Error> {
    let alone = |key, other: &str| Error::wrong(key, format!("set together with {other}"), "set alone");
    match (settings.tls_certificate.clone(), settings.tls_key.clone()) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            Ok(Some(TlsFiles { certificate: absolute("tls_certificate", certificate)?, key: absolute("tls_key", key)? }))
        }
        (Some(_), None) => Err(alone("tls_certificate", "tls_key")),
        (None, Some(_)) => Err(alone("tls_key", "tls_certificate")),
    }
}

fn acme(settings: &Settings) -> Result<Option<AcmeOptions>, Error> {
    let Some(named) = &settings.acme_domains else {
        let alone = |key| Err(Error::wrong(key, "set together with acme_domains".to_owned(), "set alone"));
        return match (&settings.acme_email, &settings.acme_directory) {
            (Some(_), _) => alone("acme_email"),
            (_, Some(_)) => alone("acme_directory"),
            _ => Ok(None),
        };
    };
    if named.is_empty() || named.len() > NAMES {
        return Err(Error::wrong("acme_domains", format!("1 to {NAMES} names"), named.len()));
    }
    let directory = match &settings.acme_directory {
        Some(url) if url.scheme() == "https" => url.clone(),
        Some(url) => return Err(Error::wrong("acme_directory", "an https URL".to_owned(), url)),
        None => Url::parse(LETS_ENCRYPT).expect("it is a URL"),
    };
    let domains = named.iter().map(|name| domain(name)).collect::<Result<_, _>>()?;
    Ok(Some(AcmeOptions { domains, email: settings.acme_email.as_deref().map(email).transpose()?, directory }))
}

/// Wildcards need a record in DNS, which nobody but its operator can write; addresses are proven otherwise.
fn domain(text: &str) -> Result<String, Error> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !name.contains(['*', '_']) => Ok(name),
        _ => Err(Error::wrong("acme_domains", "names such as flows.example.com; no wildcards, no addresses".to_owned(), text)),
    }
}

fn email(text: &str) -> Result<String, Error> {
    let is_address = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if is_address && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Ok(text.to_owned());
    }
    Err(Error::wrong("acme_email", "an address such as ops@example.com".to_owned(), text))
}
