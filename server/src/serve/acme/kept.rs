//! What is kept of an authority: our account there, and its certificate with the key. Readable by the server only.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;

use super::Error;
use crate::config::{AcmeOptions, TlsFiles};
use crate::serve::files;

/// The directory of one authority.
pub(super) struct Kept(PathBuf);

impl Kept {
    /// Another authority has another directory: nothing that one gave is taken for the other's.
    pub(super) fn of(data_dir: &Path, options: &AcmeOptions) -> Self {
        let directory = &options.directory;
        let name = directory.as_str().trim_start_matches("https://");
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.' && letter != '-', "_");
        Self(data_dir.join("acme").join(name))
    }

    /// One file for both, so that a certificate is never beside the key of another.
    pub(super) fn files(&self) -> TlsFiles {
        let path = self.0.join("certificate.pem");
        TlsFiles { certificate: path.clone(), key: path }
    }

    pub(super) fn keep_certificate(&self, chain: &str, key: &str) -> Result<(), Error> {
        self.write(&self.files().certificate, &format!("{}\n{key}", chain.trim_end()))
    }

    /// The account, if there is one. What can't be understood is an error: another account would forget what this one may do.
    pub(super) fn account(&self) -> Result<Option<AccountCredentials>, Error> {
        let path = self.account_file();
        let failed = |source| Error::File { path: path.clone(), source };
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    pub(super) fn keep_account(&self, account: &AccountCredentials) -> Result<(), Error> {
        let path = self.account_file();
        let text = serde_json::to_string(account).map_err(|error| Error::File { path: path.clone(), source: error.into() })?;
        self.write(&path, &text)
    }

    pub(super) fn forget_account(&self) -> Result<(), Error> {
        let path = self.account_file();
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::File { path, source }),
            _ => Ok(()),
        }
    }

    fn account_file(&self) -> PathBuf {
        self.0.join("account.json")
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), Error> {
        files::make_private(&self.0)
            .and_then(|()| files::write_private(path, text))
            .map_err(|source| Error::File { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kept(dir: &Path, directory: &str) -> Kept {
        Kept::of(dir, &AcmeOptions { domains: Vec::new(), email: None, directory: directory.parse().unwrap() })
    }

    #[test]
    fn authorities_are_apart_and_nobody_else_reads() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (kept(dir.path(), "https://ca.example/directory"), kept(dir.path(), "https://ca.example:14000/dir"));
        assert_ne!(one.files(), other.files());
        one.keep_certificate("chain\n", "key\n").unwrap();
        let path = one.files().certificate;
        assert_eq!(fs::read_to_string(&path).unwrap(), "chain\nkey\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&dir.path().join("acme"))), (0o600, 0o700, 0o700));
    }

    #[test]
    fn an_account_that_can_not_be_read_is_an_error_and_none_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let kept = kept(dir.path(), "https://ca.example/directory");
        assert!(kept.account().unwrap().is_none());
        kept.forget_account().unwrap();
        kept.keep_certificate("", "").unwrap();
        fs::write(kept.account_file(), "{}").unwrap();
        assert!(matches!(kept.account(), Err(Error::File { .. })));
        kept.forget_account().unwrap();
        assert!(kept.account().unwrap().is_none());
    }
}
