//! The reference for users says what is true.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::compile;
use super::super::expression::allowed;
use super::super::plan::InternalEvent;

const REFERENCE: &str = include_str!("../../../../../docs/workflow-file.md");

/// What goes out, with an example of everything.
const REQUESTS: &str = include_str!("../../../../../docs/http.md");

#[test]
fn its_examples_compile() {
    for (text, count) in [(REFERENCE, 8), (REQUESTS, 8)] {
        let examples: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(examples.len(), count);
        for example in examples {
            assert_eq!(compile(example).map(|_| ()), Ok(()), "{example}");
        }
    }
}

#[test]
fn it_names_every_filter_and_test() {
    for name in allowed() {
        assert!(REFERENCE.contains(&format!("`{name}`")) || REFERENCE.contains(&format!("`{name}(")), "{name}");
    }
}

#[test]
fn it_and_the_schema_name_every_internal_event() {
    let schema = crate::domain::workflow::json_schema();
    let known: Vec<&str> = InternalEvent::all().map(InternalEvent::as_str).collect();
    assert_eq!(schema["$defs"]["internal_event"]["enum"], serde_json::json!(known));
    for word in known {
        assert!(REFERENCE.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn it_names_every_code() {
    let codes: BTreeSet<String> = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain/workflow")))
        .iter()
        .flat_map(|source| source.split("Found::new(\"").skip(1).map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert!(codes.len() > 20);
    for code in codes {
        assert!(REFERENCE.contains(&format!("`{code}`")), "{code}");
    }
}

/// The text of every source file below `folder`.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}
