//! The second factor: time-based one-time passwords (RFC 6238), and recovery codes for who has lost the device.

use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, TOTP};
use zeroize::Zeroizing;

use crate::secrets::AccountKey;

/// Seconds of a code, and its digits: what every authenticator app assumes.
const STEP: u64 = 30;
const DIGITS: usize = 6;
/// Codes before and after the present one that are good as well: for clocks that are wrong (RFC 6238 §5.2).
const SKEW: u64 = 1;
/// Length of the shared secret in bytes (RFC 4226 §4).
pub const SECRET_BYTES: usize = 20;
/// How many recovery codes there are.
const CODES: usize = 10;
/// Letters of a recovery code: no vowels and nothing that looks like something else. 12 of 28 are 57 bits.
const LETTERS: &[u8; 28] = b"bcdfghjkmnpqrstvwxyz23456789";
const CODE_LETTERS: usize = 12;

fn totp(secret: &[u8]) -> Option<TOTP> {
    TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP, secret.to_vec()).ok()
}

/// A new shared secret.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn new_secret() -> Result<Zeroizing<[u8; SECRET_BYTES]>, getrandom::Error> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(secret.as_mut_slice())?;
    Ok(secret)
}

/// The secret in base 32, and as the URL that authenticator apps read.
#[must_use]
pub fn shown(secret: &[u8; SECRET_BYTES], account: &str) -> (String, String) {
    let text = totp_rs::Secret::Raw(secret.to_vec()).to_encoded().to_string();
    let account: String = url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
    let url = format!("otpauth://totp/Tidemill:{}?secret={text}&issuer=Tidemill", account.replace('+', "%20"));
    (text, url)
}

/// The time step that `code` belongs to, if it is good at `now` (Unix seconds) and not older than `used`, the step of the
/// last code.
#[must_use]
pub fn step_of(secret: &[u8], code: &str, now: i64, used: Option<i64>) -> Option<i64> {
    let totp = totp(secret)?;
    let present = u64::try_from(now).ok()? / STEP;
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let good = |step: &u64| {
        let unused = i64::try_from(*step).is_ok_and(|step| used.is_none_or(|used| step > used));
        let right: bool = totp.generate(step * STEP).as_bytes().ct_eq(code.as_bytes()).into();
        unused && right
    };
    let step = (present.saturating_sub(SKEW)..=present + SKEW).find(good)?;
    i64::try_from(step).ok()
}

/// New recovery codes.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn new_recovery_codes() -> Result<Vec<String>, getrandom::Error> {
    (0..CODES).map(|_| letters::<CODE_LETTERS>(LETTERS).map(|code| grouped(&code, 4))).collect()
}

/// What the database keeps of a recovery code.
#[must_use]
pub fn recovery_hash(key: &AccountKey, code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    key.mac("recovery code", plain.as_bytes())
}

/// Random letters out of `alphabet`, each as likely as the others.
pub(super) fn letters<const COUNT: usize>(alphabet: &[u8]) -> Result<String, getrandom::Error> {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(COUNT);
    while text.len() < COUNT {
        let mut bytes = [0_u8; COUNT];
        getrandom::fill(&mut bytes)?;
        let good = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(good.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(COUNT - text.len()));
    }
    Ok(text)
}

/// The text in groups of `size` with a hyphen between them.
pub(super) fn grouped(text: &str, size: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(size).map(String::from_iter).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6238, appendix B: the last six digits of the SHA-1 column.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(step_of(SECRET, code, at, None), Some(at / 30), "{at}");
        }
        assert_eq!(step_of(SECRET, "287 082", 59, None), Some(1), "as apps show it");
    }

    #[test]
    fn a_code_is_good_around_its_time_and_once() {
        assert_eq!(step_of(SECRET, "287082", 89, None), Some(1));
        assert_eq!(step_of(SECRET, "287082", 29, None), Some(1));
        assert_eq!(step_of(SECRET, "287082", 90, None), None);
        assert_eq!(step_of(SECRET, "287082", 59, Some(1)), None);
        for wrong in ["", "287083", "28708", "2870822", "äöü"] {
            assert_eq!(step_of(SECRET, wrong, 59, None), None, "{wrong}");
        }
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let key = AccountKey::new(&[7; 32]);
        let codes = new_recovery_codes().unwrap();
        assert_eq!(codes.len(), CODES);
        assert!(codes.iter().all(|code| code.len() == 14 && code.split('-').count() == 3), "{codes:?}");
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash(&key, &typed), recovery_hash(&key, &codes[0]));
        assert_ne!(recovery_hash(&key, &codes[1]), recovery_hash(&key, &codes[0]));
    }

    #[test]
    fn the_url_names_account_and_issuer() {
        let (text, url) = shown(b"12345678901234567890", "ann@example.com");
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(url, format!("otpauth://totp/Tidemill:ann%40example.com?secret={text}&issuer=Tidemill"));
    }
}
