//! Which headers and fields carry secrets, by their names.

/// Names that are secret without saying so.
const NAMES: [&str; 7] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "pwd", "pass", "sig"];
/// Words that make a name secret wherever they stand in it.
const WORDS: [&str; 9] =
    ["secret", "password", "passwd", "token", "apikey", "privatekey", "credential", "signature", "accesskey"];
/// Last words of names such as `X-Api-Key`, `X-Shop-Auth`.
const LAST_WORDS: [&str; 2] = ["key", "auth"];
/// What looks like a secret and is none.
const PUBLIC: [&str; 3] = ["idempotency-key", "sec-websocket-key", "x-idempotency-key"];

/// Whether a header, query parameter or form field called `name` is taken for a secret. Errs on the side of yes.
#[must_use]
pub fn is_sensitive(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    if PUBLIC.contains(&name.as_str()) {
        return false;
    }
    let joined: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let last_word = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    NAMES.contains(&name.as_str()) || LAST_WORDS.contains(&last_word) || WORDS.iter().any(|word| joined.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "Authorization",
            "cookie",
            "X-Api-Key",
            "x_api_key",
            "apikey",
            "X-Auth-Token",
            "access_token",
            "client_secret",
            "X-Shop-Auth",
            "Password",
            "api-key",
            "X-Amz-Signature",
            "key",
            "sig",
            "Private-Token",
            "set-cookie",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in
            ["Accept", "Content-Type", "Idempotency-Key", "User-Agent", "monkey", "author", "page", "X-Request-Id", "keyword"]
        {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}
