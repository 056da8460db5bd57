//! Attacks by expressions, which the server evaluates itself: through the API, and the server stays as it was.

use std::fs;

use serde_json::{Value, json};
use tidemill_harness::Client;

use crate::scene::{apply, install, run, server, step};

/// How an attack must end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// The file is refused, with this code.
    Refused(&'static str),
    /// The step fails, and says that an expression may not take or give so much.
    Limited,
    /// The step fails otherwise: what was asked for isn't there.
    Fails,
    /// The step gives this, which is harmless.
    Gives(&'static str),
}
use End::{Fails, Gives, Limited, Refused};

const ATTACKS: &[(&str, &str, &[End])] = &[
    ("a loop of a thousand million turns", "{% for i in range(1000000000) %}x{% endfor %}", &[Limited, Fails]),
    (
        "nested loops",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}",
        &[Limited],
    ),
    ("a long list", "{{ range(1000000000) | list }}", &[Limited, Fails]),
    ("a long sum", "{{ range(1000000000) | sum }}", &[Limited, Fails]),
    ("a long text", "{{ 'a' * 1000000000 }}", &[Limited]),
    ("a text that grows twice", "{{ ('a' * 100000) * 100000 }}", &[Limited]),
    ("many long texts", "{{ ['a' * 1000] * 100000 }}", &[Limited]),
    ("a number of many digits", "{{ 10 ** 10 ** 10 }}", &[Limited, Fails]),
    (
        "replacing that doubles",
        "{{ 'ab' | replace('a', 'bbbbbbbbbb') | replace('b', 'aaaaaaaaaa') | replace('a', 'bbbbbbbbbb') | replace('b', 'aaaaaaaaaa') | replace('a', 'bbbbbbbbbb') | replace('b', 'aaaaaaaaaa') | replace('a', 'bbbbbbbbbb') }}",
        &[Limited],
    ),
    ("joining", "{{ range(90000) | map('string') | join('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }}", &[Limited]),
    ("indenting", "{{ ('a\n' * 10000) | indent(1000000) }}", &[Limited]),
    ("the same data again and again", "{% for i in range(20000) %}{{ trigger | tojson | length }}{% endfor %}", &[Limited]),
    (
        "a macro that calls itself",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        &[Refused("unknown_statement"), Refused("expression_syntax")],
    ),
    (
        "doubling by set",
        "{% set a = 'x' * 1000 %}{% set a = a ~ a %}{{ a }}",
        &[Refused("unknown_statement"), Refused("expression_syntax")],
    ),
    ("a file", "{% include '/etc/passwd' %}", &[Refused("unknown_statement"), Refused("expression_syntax")]),
    ("another template", "{% extends 'x' %}", &[Refused("unknown_statement"), Refused("expression_syntax")]),
    ("the classes of a text", "{{ ''.__class__.__mro__ }}", &[Fails, Gives("null")]),
    ("a prototype", "{{ trigger.body.__proto__.constructor }}", &[Fails, Gives("null")]),
    ("the environment", "{{ env.PATH }}", &[Refused("unknown_name")]),
    ("the environment by a function", "{{ environ('PATH') }}", &[Refused("unknown_name"), Refused("unknown_function")]),
    ("a secret that is not there", "{{ secrets }}", &[Refused("unknown_name"), Refused("secret_not_allowed"), Fails]),
    ("a secret by a computed name", "{{ secrets['sh' ~ 'op'] }}", &[Refused("secret_not_allowed"), Refused("unknown_name")]),
    ("a secret in an output", "{{ secrets.shop }}", &[Refused("secret_not_allowed")]),
];

fn file(expression: &str) -> String {
    let text = serde_json::to_string(expression).unwrap();
    format!("id: hostile\nsteps:\n  - {{id: a, uses: transform, with: {{x: {text}}}}}\n")
}

/// Whether an end is the one that was met.
type Fits = Box<dyn Fn(&End) -> bool>;

/// How the attack ended, and whether that is one of `expected`.
async fn ended(client: &Client, expression: &str, expected: &[End]) -> Result<(), String> {
    let applied = apply(client, &file(expression)).await;
    let (fits, end): (Fits, String) = if applied.status == 422 {
        let codes: Vec<String> = applied.json()["errors"].as_array().unwrap().iter().map(|e| e["code"].to_string()).collect();
        let refused = codes.clone();
        (
            Box::new(move |end| matches!(end, Refused(code) if refused.iter().any(|c| c == &json!(code).to_string()))),
            codes.join(" "),
        )
    } else {
        assert!(matches!(applied.status, 200 | 201), "{expression}: {}", applied.text);
        let whole = run(client, "hostile", json!({"text": "x"})).await;
        let step = step(&whole, "a").clone();
        let (class, output) = (step["error"]["class"].clone(), step["output"]["x"].to_string());
        let limited = step["error"]["message"].as_str().is_some_and(|message| message.contains("than an expression may"));
        let end = format!("{} {output:.60}", step["error"]);
        let fits = move |end: &End| match end {
            Refused(_) => false,
            Limited => class == "user" && limited,
            Fails => class == "user" && !limited,
            Gives(expected) => class == Value::Null && output == *expected,
        };
        (Box::new(fits), end)
    };
    if expected.iter().any(fits) { Ok(()) } else { Err(format!("`{expression:.60}` ended with {end}, expected {expected:?}")) }
}

fn resident_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn expression_attacks_fail_and_leave_the_server_as_it_was() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: clean\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ 1 + 1 }}\"}}\n").await;
    let clean = || async { step(&run(&client, "clean", json!({})).await, "a")["output"].clone() };
    assert_eq!(clean().await, json!({"x": 2}));
    let before = resident_mib(server.pid());
    let mut wrong = Vec::new();
    for (name, expression, expected) in ATTACKS {
        if let Err(error) = ended(&client, expression, expected).await {
            wrong.push(format!("{name}: {error}"));
        }
        assert_eq!(clean().await, json!({"x": 2}), "after {name}");
    }
    assert!(wrong.is_empty(), "{} of {} ended otherwise:\n{}", wrong.len(), ATTACKS.len(), wrong.join("\n"));
    let grown = resident_mib(server.pid()).saturating_sub(before);
    assert!(grown < 64, "the server keeps {grown} MiB more than before");
}
