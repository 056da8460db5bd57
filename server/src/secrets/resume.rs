//! The addresses at which steps that wait for an event are resumed.
//!
//! The token in an address is a keyed hash over the execution and the step. It is computed when it is needed and checked the
//! same way: nothing of it is stored anywhere, and a forged one is refused without asking the database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tidemill_common::ids::ExecutionId;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Error;
use super::key::{self, KEY_BYTES};
use crate::live::Live;

/// Bytes of the execution's id, and of the hash: 128 bits each.
const ID: usize = 16;
/// What the key is used for, so that it is another one than that of the vault.
const PURPOSE: &[u8] = b"tidemill resume address v1";

/// Makes and checks resume addresses. Cheap to clone.
#[derive(Clone)]
pub struct Resume {
    /// One for each key of the server, the newest last: it makes addresses, and all of them are believed.
    keys: Arc<[Zeroizing<[u8; KEY_BYTES]>]>,
    /// The URL at which others reach this server.
    base: Live<String>,
}

impl Resume {
    /// Addresses below `base`, the URL at which others reach this server, without a slash at its end.
    pub fn open(data_dir: &Path, base: Live<String>) -> Result<Self, Error> {
        let found = key::load(data_dir)?;
        if found.is_empty() {
            return Err(Error::MissingKey { version: 1, path: key::path_of(data_dir, 1) });
        }
        let keys = found.values().map(|key| Zeroizing::new(mac(&key[..], &[PURPOSE]))).collect();
        Ok(Self { keys, base })
    }

    /// The address at which `step` of `execution` is resumed.
    #[must_use]
    pub fn url(&self, execution: ExecutionId, step: &str) -> String {
        format!("{}/resume/{}", self.base.get(), self.token(execution, step))
    }

    fn token(&self, execution: ExecutionId, step: &str) -> String {
        let mut bytes = [0; ID * 2];
        bytes[..ID].copy_from_slice(execution.0.as_bytes());
        let newest = self.keys.last().expect("it was opened with a key");
        bytes[ID..].copy_from_slice(&proof(newest, execution, step));
        format!("{}.{step}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The execution and the step that `token` is about, if this server made it.
    #[must_use]
    pub fn check(&self, token: &str) -> Option<(ExecutionId, String)> {
        let (encoded, step) = token.split_once('.')?;
        let bytes: [u8; ID * 2] = URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()?;
        let execution = ExecutionId(Uuid::from_slice(&bytes[..ID]).ok()?);
        let fits = |key| subtle::ConstantTimeEq::ct_eq(&proof(key, execution, step)[..], &bytes[ID..]).into();
        self.keys.iter().any(fits).then(|| (execution, step.to_owned()))
    }
}

fn proof(key: &Zeroizing<[u8; KEY_BYTES]>, execution: ExecutionId, step: &str) -> [u8; ID] {
    let whole = mac(&key[..], &[execution.0.as_bytes(), step.as_bytes()]);
    let mut proof = [0; ID];
    proof.copy_from_slice(&whole[..ID]);
    proof
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resume(…)")
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Live<String> {
        Live::new("https://flows.example".to_owned())
    }

    #[test]
    fn only_what_was_made_here_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        key::create(dir.path(), 1).unwrap();
        let resume = Resume::open(dir.path(), base()).unwrap();
        let id = ExecutionId(Uuid::from_u128(7));
        let url = resume.url(id, "pay");
        let token = url.strip_prefix("https://flows.example/resume/").unwrap();
        assert_eq!(resume.check(token), Some((id, "pay".to_owned())));
        let other = resume.url(ExecutionId(Uuid::from_u128(8)), "pay");
        assert_ne!(other, url);
        for forged in
            ["", ".", "pay", &token.replace(".pay", ".other"), &token[1..], &format!("A{token}"), &token.replace('.', "")]
        {
            assert_eq!(resume.check(forged), None, "{forged}");
        }
        let other_dir = tempfile::tempdir().unwrap();
        key::create(other_dir.path(), 1).unwrap();
        let elsewhere = Resume::open(other_dir.path(), base()).unwrap();
        assert_eq!(elsewhere.check(token), None, "another server has another key");
        assert_eq!(Resume::open(dir.path(), base()).unwrap().check(token), Some((id, "pay".to_owned())), "over a restart");
        key::create(dir.path(), 2).unwrap();
        let later = Resume::open(dir.path(), base()).unwrap();
        assert_eq!(later.check(token), Some((id, "pay".to_owned())), "over a new key of the server");
        assert_ne!(later.url(id, "pay").rsplit('/').next(), Some(token));
    }
}
