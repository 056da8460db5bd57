//! The token as a client sends it: `tm_`, 30 random characters, 6 characters of checksum.
//!
//! The form is that of GitHub's tokens (github.blog, "Behind GitHub's new authentication token formats"): a prefix that scanners
//! find, and a CRC-32 that tells a typing error or a forgery from a token without asking the database.

use std::fmt;

use sha2::{Digest, Sha256};

const PREFIX: &str = "tm_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token's secret. Its `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret of 178 random bits.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut random = String::with_capacity(RANDOM);
        while random.len() < RANDOM {
            let mut bytes = [0_u8; 64];
            getrandom::fill(&mut bytes)?;
            // 248 is the largest multiple of 62 in a byte; what lies above would favour the first letters.
            let letters = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
            random.extend(letters.take(RANDOM - random.len()));
        }
        let checksum = checksum(&random);
        Ok(Self(format!("{PREFIX}{random}{checksum}")))
    }

    /// A random text for an address that is a secret by itself.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate_address() -> Result<String, getrandom::Error> {
        let Self(whole) = Self::generate()?;
        Ok(whole[PREFIX.len()..PREFIX.len() + RANDOM].to_owned())
    }

    /// The secret that `text` spells, if form and checksum are right.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        if body.len() != RANDOM + CHECKSUM || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, found) = body.split_at(RANDOM);
        (checksum(random) == found).then(|| Self(text.to_owned()))
    }

    /// What the database keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The last four characters, to recognise it by.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}…{}", self.last_four())
    }
}

/// CRC-32 in six base-62 digits: 62⁶ is more than 2³².
fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_secret_parses_and_differs_from_the_next() {
        let (one, two) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 39);
        assert_eq!(Secret::parse(one.reveal()), Some(one));
    }

    #[test]
    fn one_wrong_character_is_seen() {
        let secret = Secret::generate().unwrap();
        for place in PREFIX.len()..secret.reveal().len() {
            let mut bytes = secret.reveal().as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            assert_eq!(Secret::parse(std::str::from_utf8(&bytes).unwrap()), None);
        }
    }

    #[test]
    fn other_text_is_no_secret() {
        for text in ["", "tm_", "tm_é", "gh_0123456789", &"tm_".repeat(13), &"ä".repeat(39)] {
            assert_eq!(Secret::parse(text), None);
        }
    }

    #[test]
    fn the_checksum_is_stable() {
        assert_eq!(checksum("000000000000000000000000000000"), checksum(&"0".repeat(30)));
        assert_eq!(checksum("").as_str(), "000000");
    }

    #[test]
    fn debug_hides_it() {
        let secret = Secret::generate().unwrap();
        assert!(!format!("{secret:?}").contains(&secret.reveal()[3..30]));
    }
}
