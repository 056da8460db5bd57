//! Passwords: hashed with Argon2id (RFC 9106) and a pepper, a few at a time.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error as ThisError;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::secrets::AccountKey;

/// Memory of one hash in KiB, and passes over it: the OWASP Password Storage Cheat Sheet's choice for one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Hashes at the same time: 38 MiB at most, whoever knocks.
const AT_ONCE: usize = 2;
/// Shortest password in characters (NIST SP 800-63B asks for 8; nobody types ours daily), and longest in bytes.
const SHORTEST: usize = 12;
const LONGEST: usize = 1024;

/// Why there is no hash.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The password is too short or too long.
    #[error("a password has {SHORTEST} to {LONGEST} characters")]
    Length,
    /// The hash could not be computed.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    key: Arc<AccountKey>,
    room: Arc<Semaphore>,
}

impl Passwords {
    /// Passwords peppered with `key`.
    #[must_use]
    pub fn new(key: Arc<AccountKey>) -> Self {
        Self { key, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// What to keep of a password.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        check(&password)?;
        self.apart(move |pepper| hash(pepper, &password)).await?
    }

    /// Whether `password` is the one of `kept`. Without a hash it takes the same time and is wrong.
    pub async fn is_right(&self, kept: Option<String>, password: String) -> Result<bool, Error> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        self.apart(move |pepper| match kept {
            Some(kept) => Ok(verify(pepper, &kept, &password)),
            None => hash(pepper, &password).map(|_| false),
        })
        .await?
    }

    /// Runs `work` on a thread that nobody waits for, when there is room.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&[u8]) -> T + Send + 'static) -> Result<T, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Failed(error.to_string());
        let turn = Arc::clone(&self.room).acquire_owned().await.map_err(|error| failed(&error))?;
        let pepper = Zeroizing::new(self.key.mac("password pepper", &[]));
        let work = move || {
            let _turn = turn;
            work(pepper.as_slice())
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}

fn check(password: &str) -> Result<(), Error> {
    let fits = password.chars().count() >= SHORTEST && password.len() <= LONGEST;
    if fits { Ok(()) } else { Err(Error::Length) }
}

fn hasher(pepper: &[u8]) -> Result<Argon2<'_>, Error> {
    let failed = |error: argon2::Error| Error::Failed(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(failed)?;
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(failed)
}

fn hash(pepper: &[u8], password: &str) -> Result<String, Error> {
    let failed = |error: argon2::password_hash::Error| Error::Failed(error.to_string());
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| Error::Failed(error.to_string()))?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(hasher(pepper)?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether it is right. The parameters are those of the hash, so that older ones stay good.
fn verify(pepper: &[u8], kept: &str, password: &str) -> bool {
    let (Ok(kept), Ok(hasher)) = (PasswordHash::new(kept), hasher(pepper)) else { return false };
    hasher.verify_password(password.as_bytes(), &kept).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(key: u8) -> Passwords {
        Passwords::new(Arc::new(AccountKey::new(&[key; 32])))
    }

    #[tokio::test]
    async fn only_the_right_password_with_the_right_pepper_is_right() {
        let (ours, theirs) = (passwords(1), passwords(2));
        let kept = ours.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let is_right = async |by: &Passwords, kept: Option<&String>, password: &str| {
            by.is_right(kept.cloned(), password.to_owned()).await.unwrap()
        };
        assert!(is_right(&ours, Some(&kept), "correct horse battery").await);
        assert!(!is_right(&ours, Some(&kept), "correct horse batterz").await);
        assert!(!is_right(&theirs, Some(&kept), "correct horse battery").await);
        assert!(!is_right(&ours, None, "correct horse battery").await);
        assert!(!is_right(&ours, Some(&"nonsense".to_owned()), "correct horse battery").await);
    }

    #[test]
    fn too_short_and_too_long_are_refused() {
        for bad in ["", "short", "eleven char", &"x".repeat(LONGEST + 1)] {
            assert!(matches!(check(bad), Err(Error::Length)), "{}", bad.len());
        }
        check("twelve chars").unwrap();
        check(&"x".repeat(LONGEST)).unwrap();
    }
}
