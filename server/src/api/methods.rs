//! Which methods an address has: for the `Allow` header that every 405 must carry (RFC 9110 §15.5.6).

use std::sync::LazyLock;

use poem::http::Method;
use serde_json::Value;

use super::openapi_document;

/// The addresses of the OpenAPI document, in segments, and their methods.
static ADDRESSES: LazyLock<Vec<(Vec<String>, Vec<Method>)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(&openapi_document()).expect("the document is JSON");
    let paths = document["paths"].as_object().expect("the document has paths");
    let methods = |operations: &Value| {
        let words = operations.as_object().into_iter().flat_map(|operations| operations.keys());
        words.filter_map(|word| word.to_ascii_uppercase().parse().ok()).collect()
    };
    paths.iter().map(|(path, operations)| (segments(path).map(str::to_owned).collect(), methods(operations))).collect()
});

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

/// The methods of the address; nothing when the document doesn't know it. A literal address goes before a pattern.
pub(super) fn of(path: &str) -> Option<&'static [Method]> {
    let fits = |pattern: &[String], literal: bool| {
        let mut path = segments(path);
        let all = pattern
            .iter()
            .all(|part| path.next().is_some_and(|segment| segment == part || (!literal && part.starts_with('{'))));
        all && path.next().is_none()
    };
    let find = |literal| ADDRESSES.iter().find(|(pattern, _)| fits(pattern, literal));
    find(true).or_else(|| find(false)).map(|(_, methods)| methods.as_slice())
}

/// The same as the value of `Allow`.
pub(super) fn allow(path: &str) -> Option<String> {
    of(path).map(|methods| methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_methods_of_the_document() {
        assert_eq!(allow("/api/workflows").as_deref(), Some("GET"));
        assert_eq!(allow("/api/workflows/validate").as_deref(), Some("POST"));
        assert!(of("/api/workflows/a").is_some_and(|methods| methods.contains(&Method::PUT)));
        assert_eq!(of("/api/nothing"), None);
        assert_eq!(of("/api/workflows/a/b/c/d"), None);
    }
}
