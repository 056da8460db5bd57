//! The path of a webhook: literal segments, and parameters in braces.

use std::sync::Arc;

/// Longest path, in bytes.
const LONGEST: usize = 200;
/// Most parameters of one path.
const MOST_PARAMETERS: usize = 8;

/// A path below the workspace's webhook address, such as `orders/{id}/items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookPath {
    written: Arc<str>,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(Arc<str>),
}

impl WebhookPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("it may have 200 characters");
        }
        let segments: Vec<_> =
            text.split('/').map(segment).collect::<Option<_>>().ok_or(
                "it is made of letters, digits, `.`, `_`, `~`, `-` and parameters such as {id}, with `/` between them",
            )?;
        let mut names: Vec<_> = segments.iter().filter_map(Segment::parameter).collect();
        if names.len() > MOST_PARAMETERS {
            return Err("it may have eight parameters");
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("two of its parameters have the same name");
        }
        Ok(Self { written: text.into(), segments })
    }

    /// The path as the file has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The path with its parameters as `{}`: two paths with the same key answer to the same addresses.
    #[must_use]
    pub fn key(&self) -> String {
        let words = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => text.as_str(),
            Segment::Parameter(_) => "{}",
        });
        words.collect::<Vec<_>>().join("/")
    }

    /// The parameters that an address gives, by name; none when the address is another.
    #[must_use]
    pub fn parameters(&self, address: &[String]) -> Option<Vec<(Arc<str>, String)>> {
        if address.len() != self.segments.len() {
            return None;
        }
        let mut found = Vec::new();
        for (segment, given) in self.segments.iter().zip(address) {
            match segment {
                Segment::Literal(text) if text == given => {}
                Segment::Parameter(name) if !given.is_empty() => found.push((Arc::clone(name), given.clone())),
                _ => return None,
            }
        }
        Some(found)
    }
}

impl Segment {
    fn parameter(&self) -> Option<&str> {
        match self {
            Self::Parameter(name) => Some(name),
            Self::Literal(_) => None,
        }
    }
}

/// Orders keys that fit one address: the one with a literal where the others have a parameter comes first.
#[must_use]
pub fn literal_first(key: &str) -> Vec<bool> {
    key.split('/').map(|segment| segment == "{}").collect()
}

/// Whether a path with this key answers to an address.
#[must_use]
pub fn key_fits(key: &str, address: &[String]) -> bool {
    let mut words = key.split('/');
    let fits = |given: &String| words.next().is_some_and(|word| word == given || (word == "{}" && !given.is_empty()));
    address.iter().all(fits) && words.next().is_none()
}

fn segment(text: &str) -> Option<Segment> {
    if let Some(name) = text.strip_prefix('{') {
        let name = name.strip_suffix('}')?;
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_');
        return is_name.then(|| Segment::Parameter(name.into()));
    }
    let is_literal = !text.is_empty()
        && !text.chars().all(|character| character == '.')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._~-".contains(character));
    is_literal.then(|| Segment::Literal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(path: &str, address: &[&str]) -> Option<Vec<(String, String)>> {
        let address: Vec<String> = address.iter().map(|segment| (*segment).to_owned()).collect();
        let found = WebhookPath::parse(path).unwrap().parameters(&address)?;
        Some(found.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    #[test]
    fn parameters_are_whole_segments() {
        let found = parameters("orders/{id}/items/{item}", &["orders", "a b/ü", "items", "7"]).unwrap();
        assert_eq!(found, [("id".into(), "a b/ü".into()), ("item".into(), "7".into())]);
        assert_eq!(parameters("orders/new", &["orders", "new"]), Some(vec![]));
        for other in [&["orders"][..], &["orders", ""], &["Orders", "1"], &["orders", "1", "2"]] {
            assert_eq!(parameters("orders/{id}", other), None, "{other:?}");
        }
    }

    #[test]
    fn paths_that_answer_to_the_same_addresses_have_one_key() {
        let key = |path| WebhookPath::parse(path).unwrap().key();
        assert_eq!(key("orders/{id}"), key("orders/{number}"));
        assert_ne!(key("orders/{id}"), key("orders/id"));
        let address = ["orders".to_owned(), "7".to_owned()];
        assert!(key_fits("orders/{}", &address) && key_fits("{}/{}", &address) && key_fits("orders/7", &address));
        assert!(!["orders", "orders/8", "orders/{}/x", "{}"].iter().any(|key| key_fits(key, &address)));
        let mut keys = ["{}/{}", "orders/{}", "{}/new", "orders/new"];
        keys.sort_by_key(|key| literal_first(key));
        assert_eq!(keys, ["orders/new", "orders/{}", "{}/new", "{}/{}"]);
    }

    #[test]
    fn everything_else_is_refused() {
        for path in
            ["", "/a", "a/", "a//b", "..", "a/..", "a b", "a?b", "{", "{}", "{Id}", "x{id}", "{id}x", "{a}/{a}", "{1}", "%2e"]
        {
            assert!(WebhookPath::parse(path).is_err(), "{path}");
        }
        assert!(WebhookPath::parse(&"a".repeat(201)).is_err());
        assert!(WebhookPath::parse("{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}").is_err());
    }
}
