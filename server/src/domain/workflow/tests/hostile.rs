//! Input that wants to hurt.

use std::time::Duration;

use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::super::compile;
use super::FULL;

/// Work of the processor, not time on the clock: a busy machine must not fail a test. Generous for a debug build; what is
/// meant to be caught takes minutes or for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// What this thread has worked so far.
fn worked() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("it is never negative")
}

fn fast(name: &str, source: &str) {
    let before = worked();
    let outcome = compile(source);
    let work = worked().saturating_sub(before);
    assert!(work < PATIENCE, "{name} took {work:?} of the processor");
    assert!(outcome.is_err(), "{name} was accepted");
}

#[test]
fn large_and_deep_files_end_fast() {
    let million = 1024 * 1024;
    fast("brackets", &"[".repeat(100_000));
    fast("braces", &"{\"a\":".repeat(100_000));
    fast("yaml braces", &"{a: ".repeat(100_000));
    fast("dashes", &"- ".repeat(100_000));
    fast("questions", &"? ".repeat(100_000));
    fast("quotes", &"\"".repeat(million));
    fast("colons", &":".repeat(million));
    fast("one line", &format!("id: {}", "x".repeat(million - 4)));
    fast("many keys", &(0..80_000).map(|key| format!("k{key}: 1\n")).collect::<Vec<_>>().concat());
    fast("same keys", &"k: 1\n".repeat(200_000));
    fast("many items", &format!("id: x\nsteps: [{}]", "1,".repeat(400_000)));
    fast("newlines", &"\n".repeat(million));
    fast("flow keys", &format!("{{{}}}", "a,".repeat(400_000)));
    fast("anchors", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n");
    fast("expressions", &format!("id: x\nsteps: [{{id: a, uses: transform, with: [{}]}}]", "\"{{ nope }}\",".repeat(60_000)));
}

#[test]
fn expressions_of_any_shape_end_fast() {
    let file = |expression: &str| {
        let quoted = serde_json::Value::from(expression);
        format!("{{\"id\": \"x\", \"steps\": [{{\"id\": \"a\", \"uses\": \"transform\", \"with\": {{\"a\": {quoted}}}}}]}}")
    };
    for (name, expression) in [
        ("parentheses", format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000))),
        ("sum", format!("{{{{ 1{} }}}}", "+1".repeat(5_000))),
        ("not", format!("{{{{ {}1 }}}}", "not ".repeat(3_000))),
        ("attributes", format!("{{{{ trigger{} }}}}", ".a".repeat(5_000))),
        ("filters", format!("{{{{ 1{} }}}}", "|abs".repeat(3_000))),
        ("lists", format!("{{{{ {}{} }}}}", "[".repeat(5_000), "]".repeat(5_000))),
        ("else", format!("{{{{ 1{} }}}}", " if 1 else 1".repeat(1_000))),
        ("loops", format!("{}{}", "{% for i in [1] %}".repeat(500), "{% endfor %}".repeat(500))),
        ("ifs", format!("{}{}", "{% if 1 %}".repeat(800), "{% endif %}".repeat(800))),
        ("open", "{{ ".repeat(5_000)),
    ] {
        fast(name, &file(&expression));
    }
}

/// Text that looks like a workflow file, more or less.
fn yamlish() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "id",
        "steps",
        "triggers",
        "uses",
        "with",
        "if",
        "transform",
        "http.request",
        "wait",
        "fail",
        "retry",
        "depends_on",
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "\"",
        "'",
        "|",
        ">",
        "&a",
        "*a",
        "!!x",
        "#",
        ",",
        "1",
        "1e9",
        "null",
        "true",
        "é",
        "\t",
        "secrets.x",
        "steps.a.output",
        "trigger.body",
        "5m",
        "\\",
        "---",
        "...",
        "if x",
        "for x in y",
        "endfor",
        "raw",
        "é\u{300}",
        "?",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn compiling_never_panics(source in any::<String>()) {
        let _ = compile(&source);
    }

    #[test]
    fn compiling_something_similar_never_panics(source in yamlish()) {
        if let Err(diagnostics) = compile(&source) {
            prop_assert!(!diagnostics.is_empty());
            prop_assert!(diagnostics.iter().all(|diagnostic| diagnostic.line > 0 && diagnostic.column > 0));
        }
    }

    #[test]
    fn compiling_a_damaged_file_never_panics(damage in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, yamlish()), 1..4)) {
        let mut source: Vec<char> = FULL.chars().collect();
        for (place, removed, inserted) in damage {
            let start = place.index(source.len());
            let end = (start + removed).min(source.len());
            source.splice(start..end, inserted.chars().take(12));
        }
        let _ = compile(&source.into_iter().collect::<String>());
    }

    #[test]
    fn compiling_any_text_in_a_step_never_panics(text in yamlish()) {
        let with = serde_json::Value::from(text);
        let _ = compile(&format!("{{\"id\": \"x\", \"steps\": [{{\"id\": \"a\", \"uses\": \"transform\", \"if\": {with}, \"with\": [{with}]}}]}}"));
    }
}
