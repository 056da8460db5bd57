//! The token as a client sends it: a prefix that says what it is, 30 random characters, 6 characters of checksum.
//!
//! The form is that of GitHub's tokens (github.blog, "Behind GitHub's new authentication token formats"): a prefix that scanners
//! find, and a CRC-32 that tells a typing error or a forgery from a token without asking the database.

use std::fmt;

use sha2::{Digest, Sha256};

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The API, in the name of a user or service account.
    Token,
    /// The API, for somebody who is signed in.
    Session,
    /// A workspace, for who accepts the invite.
    Invite,
    /// A new password.
    Reset,
    /// A session, as soon as a person approves it.
    Device,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Token, Self::Session, Self::Invite, Self::Reset, Self::Device];

    fn prefix(self) -> &'static str {
        match self {
            Self::Token => "tm_",
            Self::Session => "tms_",
            Self::Invite => "tmi_",
            Self::Reset => "tmr_",
            Self::Device => "tmd_",
        }
    }
}

const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret of a token, a session, an invite and the like. Its `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    kind: Kind,
    text: String,
}

impl Secret {
    /// A new secret of 178 random bits.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate(kind: Kind) -> Result<Self, getrandom::Error> {
        let mut random = String::with_capacity(RANDOM);
        while random.len() < RANDOM {
            let mut bytes = [0_u8; 64];
            getrandom::fill(&mut bytes)?;
            // 248 is the largest multiple of 62 in a byte; what lies above would favour the first letters.
            let letters = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
            random.extend(letters.take(RANDOM - random.len()));
        }
        let checksum = checksum(&random);
        Ok(Self { kind, text: format!("{}{random}{checksum}", kind.prefix()) })
    }

    /// A random text for an address that is a secret by itself.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate_address() -> Result<String, getrandom::Error> {
        let whole = Self::generate(Kind::Token)?;
        let start = Kind::Token.prefix().len();
        Ok(whole.text[start..start + RANDOM].to_owned())
    }

    /// The secret that `text` spells, if form and checksum are right.
    pub fn parse(text: &str) -> Option<Self> {
        // No prefix is the beginning of another one.
        let (kind, body) = Kind::ALL.iter().find_map(|kind| Some((*kind, text.strip_prefix(kind.prefix())?)))?;
        if body.len() != RANDOM + CHECKSUM || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, found) = body.split_at(RANDOM);
        (checksum(random) == found).then(|| Self { kind, text: text.to_owned() })
    }

    /// The secret that `text` spells, if it is one of this kind.
    pub fn parse_as(kind: Kind, text: &str) -> Option<Self> {
        Self::parse(text).filter(|secret| secret.kind == kind)
    }

    /// What it opens.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the database keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The last four characters, to recognise it by.
    pub fn last_four(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", self.kind.prefix(), self.last_four())
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
        let (one, two) = (Secret::generate(Kind::Token).unwrap(), Secret::generate(Kind::Token).unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 39);
        assert_eq!(Secret::parse(one.reveal()), Some(one));
    }

    #[test]
    fn each_kind_is_told_by_its_prefix() {
        for kind in Kind::ALL {
            let secret = Secret::generate(kind).unwrap();
            assert_eq!(Secret::parse(secret.reveal()).unwrap().kind(), kind);
            for other in Kind::ALL {
                assert_eq!(Secret::parse_as(other, secret.reveal()).is_some(), other == kind, "{kind:?} {other:?}");
            }
        }
    }

    #[test]
    fn one_wrong_character_is_seen() {
        let secret = Secret::generate(Kind::Token).unwrap();
        for place in Kind::Token.prefix().len()..secret.reveal().len() {
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
        let secret = Secret::generate(Kind::Token).unwrap();
        assert!(!format!("{secret:?}").contains(&secret.reveal()[3..30]));
    }
}
