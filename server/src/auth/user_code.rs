//! The code that a device shows and a person types (RFC 8628 §6.1).

use super::second_factor::{grouped, letters};
use crate::secrets::AccountKey;

/// Consonants without Y: no words, nothing that looks like something else. 8 of 20 are 34 bits, and guesses are few.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A new code: `WDJB-MJHT`.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn new_user_code() -> Result<String, getrandom::Error> {
    letters::<8>(LETTERS).map(|code| grouped(&code, 4))
}

/// What the database keeps of a code, however it is typed.
#[must_use]
pub fn user_code_hash(key: &AccountKey, code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect();
    key.mac("user code", plain.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let (key, code) = (AccountKey::new(&[7; 32]), new_user_code().unwrap());
        assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
        let typed = code.to_lowercase().replace('-', "");
        assert_eq!(user_code_hash(&key, &typed), user_code_hash(&key, &code));
        assert_ne!(user_code_hash(&key, "BBBB-BBBB"), user_code_hash(&key, "BBBB-BBBC"));
    }
}
