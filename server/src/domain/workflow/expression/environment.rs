//! The one evaluator: what expressions may use, and how much.
//!
//! Fuel pays for instructions and for every byte that operators and filters read or make, so that doubling strings, huge
//! ranges and nested loops end early. What the evaluator reads out of JSON is bounded in `reading`, what it gives in `result`.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use tidemill_common::limits::EXPRESSION_FUEL;

use super::filters;

/// The filters that expressions may use; `docs/workflow-file.md` explains each.
pub(super) const FILTERS: [&str; 48] = [
    "abs",
    "b64decode",
    "b64encode",
    "batch",
    "bool",
    "capitalize",
    "date",
    "date_add",
    "default",
    "dictsort",
    "first",
    "float",
    "fromjson",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "keys",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sha256",
    "sort",
    "split",
    "string",
    "sum",
    "timestamp",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "values",
    "zip",
];

/// The tests (`x is …`) that expressions may use.
pub(super) const TESTS: [&str; 31] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
    "int",
];

/// The functions that expressions may call.
pub(super) const FUNCTIONS: [&str; 1] = ["range"];

/// Functions that only an `if` may call. They are no globals: the scope of an `if` has them.
pub(super) const STATUS_FUNCTIONS: [&str; 2] = ["always", "failed"];

/// Every function that can be called somewhere.
pub(super) const CALLABLE: [&str; 3] = [FUNCTIONS[0], STATUS_FUNCTIONS[0], STATUS_FUNCTIONS[1]];

/// What minijinja brings along and expressions may not use: marking text as safe, looking into the evaluator, formats with
/// a width, and second names for the same thing.
const REMOVED_FILTERS: [&str; 10] = ["safe", "escape", "e", "attr", "pprint", "format", "chain", "count", "d", "slice"];
const REMOVED_TESTS: [&str; 5] = ["safe", "escaped", "sameas", "filter", "test"];
const REMOVED_FUNCTIONS: [&str; 3] = ["debug", "dict", "namespace"];

/// The environment of every expression: no loader, no templates, no globals but [`FUNCTIONS`].
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for name in REMOVED_FILTERS {
        environment.remove_filter(name);
    }
    for name in REMOVED_TESTS {
        environment.remove_test(name);
    }
    for name in REMOVED_FUNCTIONS {
        environment.remove_global(name);
    }
    filters::add_to(&mut environment);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, _, value| super::result::write_text(out, value));
    environment.set_fuel(Some(EXPRESSION_FUEL));
    environment.set_debug(false);
    environment.set_syntax(syntax());
    environment
});

/// Jinja's own delimiters; the last line break of a text belongs to the text.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the default delimiters are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_what_the_environment_has() {
        for name in FILTERS {
            assert!(ENVIRONMENT.compile_expression(&format!("1 is defined or 1|{name}")).is_ok());
        }
        let known = |kind: &str, name: &str| {
            let source =
                if kind == "filter" { format!("[1]|map('{name}')|list") } else { format!("[1]|select('{name}')|list") };
            let outcome = ENVIRONMENT.compile_expression_owned(source).and_then(|expression| expression.eval(()).map(|_| ()));
            !outcome.is_err_and(|error| {
                matches!(error.kind(), minijinja::ErrorKind::UnknownFilter | minijinja::ErrorKind::UnknownTest)
            })
        };
        for name in FILTERS {
            assert!(known("filter", name), "{name}");
        }
        for name in TESTS {
            assert!(known("test", name), "{name}");
        }
        for name in REMOVED_FILTERS {
            assert!(!known("filter", name), "{name}");
        }
        for name in REMOVED_TESTS {
            assert!(!known("test", name), "{name}");
        }
        let globals: Vec<&str> = ENVIRONMENT.globals().map(|(name, _)| name).collect();
        assert_eq!(globals, FUNCTIONS);
    }
}
