//! How a workflow file names a credential: `mail`, or `acme/mail` for one that the workspace `acme` shares.

/// The name of a credential as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The slug of the workspace that it belongs to, when the file says so.
    pub workspace: Option<&'a str>,
    /// Its name there.
    pub name: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads `text`; nothing when it names no credential.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (workspace, name) = match text.split_once('/') {
            Some((workspace, name)) => (Some(workspace), name),
            None => (None, text),
        };
        let fits = |text: &str, more: char| {
            (1..=63).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == more)
                && !text.starts_with(more)
        };
        let is_name = fits(name, '_') && name.starts_with(|first: char| first.is_ascii_lowercase());
        (is_name && workspace.is_none_or(|workspace| fits(workspace, '-'))).then_some(Self { workspace, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_named_with_or_without_its_workspace() {
        assert_eq!(Reference::parse("shop_api"), Some(Reference { workspace: None, name: "shop_api" }));
        assert_eq!(Reference::parse("acme-2/mail"), Some(Reference { workspace: Some("acme-2"), name: "mail" }));
        for wrong in ["", "/", "a/", "/a", "A", "1a", "a/b/c", "a_b/c", "-a/b", "a b", "{{ x }}", "a/B"] {
            assert_eq!(Reference::parse(wrong), None, "{wrong}");
        }
    }
}
