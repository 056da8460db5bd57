//! Where a credential may go.

use std::fmt;

use url::Url;

/// One server: scheme, host and port. There are no patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// `https`, `http`, `smtps`, `smtp` or `smtp+plain`.
    pub scheme: &'static str,
    /// The host as URLs have it: lower case, punycode, addresses in their one form.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The schemes with their ports. A text without a scheme means the first.
const SCHEMES: [(&str, u16); 5] = [("https", 443), ("http", 80), ("smtps", 465), ("smtp", 587), ("smtp+plain", 25)];

impl AllowedHost {
    /// Reads `api.example.com`, `api.example.com:8443`, `http://intranet:8080`, `smtps://mail.example.com`.
    ///
    /// # Errors
    /// One sentence that says what is wrong and how it is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (word, rest) = text.split_once("://").unwrap_or(("https", text));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let word = word.to_ascii_lowercase();
        let Some((scheme, port)) = SCHEMES.iter().find(|(known, _)| *known == word) else {
            let known: Vec<_> = SCHEMES.iter().map(|(known, _)| *known).collect();
            return Err(format!("`{text}` has a scheme that no credential goes to; there are {}", known.join(", ")));
        };
        if rest.contains('*') {
            return Err(format!("`{text}` is a pattern; name each host, for example api.example.com"));
        }
        let wrong = || format!("`{text}` is not a host; it is written as api.example.com or api.example.com:8443");
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', '\\', ',']) || rest.chars().any(char::is_whitespace) {
            return Err(wrong());
        }
        // Read as part of a web address whatever the scheme, so that every host has one form only.
        let url = Url::parse(&format!("http://{rest}/")).map_err(|_| wrong())?;
        let named = rest.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']')) && !rest.ends_with(']');
        let port = match url.port() {
            Some(port) => port,
            None if named => 80,
            None => *port,
        };
        Ok(Self { scheme, host: url.host_str().ok_or_else(wrong)?.to_owned(), port })
    }

    /// Whether `url` leads there.
    #[must_use]
    pub fn is(&self, url: &Url) -> bool {
        url.scheme() == self.scheme
            && url.host_str() == Some(self.host.as_str())
            && url.port_or_known_default() == Some(self.port)
    }

    /// Whether mail goes there.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        self.scheme.starts_with("smtp")
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = SCHEMES.contains(&(self.scheme, self.port));
        write!(f, "{}://{}", self.scheme, self.host)?;
        if usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form() {
        for (text, expected) in [
            ("api.example.com", "https://api.example.com"),
            ("API.Example.com:443", "https://api.example.com"),
            ("https://api.example.com:8443/", "https://api.example.com:8443"),
            ("http://intranet", "http://intranet"),
            ("http://intranet:80", "http://intranet"),
            ("api.example.com:80", "https://api.example.com:80"),
            ("bücher.example", "https://xn--bcher-kva.example"),
            ("0x7f.1:8080", "https://127.0.0.1:8080"),
            ("[::1]:80", "https://[::1]:80"),
            ("[::1]", "https://[::1]"),
            ("smtp://mail.example.com", "smtp://mail.example.com"),
            ("smtp://mail.example.com:25", "smtp://mail.example.com:25"),
            ("smtps://mail.example.com:465", "smtps://mail.example.com"),
        ] {
            assert_eq!(AllowedHost::parse(text).map(|host| host.to_string()).as_deref(), Ok(expected), "{text}");
        }
        for text in
            ["", "*.example.com", "a b", "a/b", "user@a", "a?b", "ftp://a", "https://", "a:99999", "a,b", "a\\b", "1.2.3.4.5"]
        {
            assert!(AllowedHost::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_but_the_host_itself_is_the_host() {
        let host = AllowedHost::parse("api.x.com").unwrap();
        let leads = |url: &str| host.is(&Url::parse(url).unwrap());
        for good in ["https://api.x.com/", "https://API.X.COM:443/a?b", "https://u@api.x.com"] {
            assert!(leads(good), "{good}");
        }
        for bad in [
            "https://evil-api.x.com/",
            "https://api.x.com.evil/",
            "https://api.x.com.evil.example/",
            "https://x.com/",
            "https://sub.api.x.com/",
            "https://api.x.com:8443/",
            "http://api.x.com/",
            "http://api.x.com:443/",
            "https://api.x.com./",
            "https://api-x.com/",
            "https://apiXx.com/",
            "https://evil/api.x.com",
            "https://evil/?api.x.com",
            "https://api.x.com@evil/",
            "ftp://api.x.com/",
        ] {
            assert!(!leads(bad), "{bad}");
        }
    }
}
