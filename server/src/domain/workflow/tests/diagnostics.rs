//! What a bad file is told: code, place, words and suggestion of each error.

use super::super::compile;

/// `line:column path code | message | suggestion`, one line per error.
fn told(source: &str) -> String {
    let diagnostics = compile(source).map(|_| ()).unwrap_err();
    let line = |d: tidemill_common::api::workflow::Diagnostic| {
        format!("{}:{} {} {} | {} | {}", d.line, d.column, d.path, d.code, d.message, d.suggestion.unwrap_or_default())
    };
    diagnostics.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_of_one_file_at_once() {
    let source = r#"id: Order Intake
nmae: Orders
rate_limit: {key: x, limit: 1}
timeout: soon
inputs: {type: objekt}
triggers:
  - {id: hook, type: webhook, path: /orders, auth: {type: hmac, scheme: github, secret: hunter2}, respond: later}
  - {id: hook, type: schedule, cron: "99 2 * * *", timezone: Europe/Berln}
  - {id: night, type: schedule, cron: "61 2 * * *"}
  - {id: low, type: condition, every: 5m}
steps:
  - id: total
    uses: transfrom
    with: {total: "{{ triger.body.qty * 2 }}"}
  - id: second
    uses: transform
    depends_on: [totl]
    if: "steps.totl.output.x > 1 and total > 2 and steps.third.status == 'failed'"
    with:
      a: "{{ steps.second.output }}"
      b: "{{ secrets.key }} {{ error.message }}"
      c: "{{ 1 + }}"
      d: "{{ inputs.x | uper }} {{ inputs.y is odder }} {{ debug() }} {{ inputs.z.lower() }}"
      e: "{{ steps.total.outptu }} {{ steps.total.x }} {{ trigger.qty }}"
  - id: third
    uses: approval
    depends_on: []
    for_each: {items: []}
    with: {}
  - id: third
    uses: http.request
    timeout: 2x
    retry: {max_attempts: 0, jitter: 2, factr: 3, retry_if: "{{ error.status }}"}
    effect: at_most_once
    with: {url: shop.example, method: get, json: {}, body: x, auth: {type: bearer, token: abc}}
  - {id: wait, uses: wait, with: {}, retry: {}}
output: {x: "{{ steps.gone.output }}"}
"#;
    insta::assert_snapshot!(told(source));
}

#[test]
fn cycles_are_named_whole() {
    let source = "id: x
steps:
  - {id: a, uses: transform, depends_on: [c], with: {}}
  - {id: b, uses: transform, with: {}}
  - {id: c, uses: transform, with: {}}
  - {id: d, uses: transform, depends_on: [d], with: {}}
";
    insta::assert_snapshot!(told(source));
}

#[test]
fn documents_that_are_none() {
    let deep = format!("a: {}", "[".repeat(100_000));
    let files: [(&str, &str); 22] = [
        ("empty", ""),
        ("comment", "# nothing\n"),
        ("a list", "- a\n"),
        ("a text", "hello"),
        ("broken", "id: x\nsteps: [\n"),
        ("tab", "id: x\nsteps:\n\t- id: a\n"),
        ("nul", "id: \"x\u{0}\"\n"),
        ("escaped nul", "id: x\nname: \"a\\0b\"\nsteps: [{id: a, uses: transform, with: {}}]\n"),
        ("escape", "id: x\nname: \u{1b}[31m\n"),
        ("two documents", "id: x\n---\nid: y\n"),
        ("alias", "a: &x [1]\nb: *x\n"),
        ("only alias", "b: *x\n"),
        ("tag", "id: !!binary aGk=\n"),
        ("object key", "{{ x }}: 1\n"),
        ("unquoted expression", "id: x\nsteps: [{id: a, uses: transform, with: {{ trigger.body }} }]\n"),
        ("deep", &deep),
        ("duplicate", "id: x\nid: y\nsteps: [{id: a, uses: transform, with: {k: 1, k: 2}}]\n"),
        ("number", "id: x\nsteps: [{id: a, uses: transform, with: {k: 1e400}}]\n"),
        ("json duplicate", "{\"id\": \"x\",\n \"id\": \"y\", \"steps\": []}"),
        ("json broken", "{\"id\": \"x\",\n \"steps\": [}"),
        ("json lone surrogate", "{\"id\": \"\\ud83d\"}"),
        ("no steps", "id: x\n"),
    ];
    let told: Vec<String> = files.iter().map(|(name, source)| format!("== {name}\n{}", told(source))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_published_limits() {
    let steps = |count: usize| {
        let steps: Vec<String> = (0..count).map(|index| format!("{{id: s{index}, uses: transform, with: {{}}}}")).collect();
        format!("id: x\nsteps: [{}]", steps.join(", "))
    };
    assert!(compile(&steps(500)).is_ok());
    assert!(told(&steps(501)).contains("too_many"));
    assert!(told(&format!("id: x\n# {}", "x".repeat(2 * 1024 * 1024))).contains("too_large"));
    let long = format!("id: x\nsteps: [{{id: a, uses: transform, with: {{a: \"{{{{ 1 }}}}{}\"}}}}]", "x".repeat(16 * 1024));
    assert!(told(&long).contains("expression_too_long"));
    let triggers: Vec<String> = (0..51).map(|index| format!("{{id: t{index}, type: webhook, path: p{index}}}")).collect();
    let triggers = triggers.join(", ");
    assert!(
        told(&format!("id: x\ntriggers: [{triggers}]\nsteps: [{{id: a, uses: transform, with: {{}}}}]")).contains("too_many")
    );
}

#[test]
fn a_mistake_in_a_block_is_found_in_its_line() {
    let source = "id: x
steps:
  - id: a
    uses: transform
    with:
      text: |
        first {{ trigger.body.x }}
        second {{ nope }}
      folded: >
        one
        two {{ neither }}
";
    insta::assert_snapshot!(told(source));
}

#[test]
fn fields_of_a_closed_input_are_known() {
    let file = |closed: bool| {
        format!(
            "id: x
inputs: {{type: object, properties: {{qty: {{}}, price: {{}}}}, additionalProperties: {}}}
steps: [{{id: a, uses: transform, with: [\"{{{{ inputs.qyt }}}}\", \"{{{{ trigger.body.cost }}}}\", \"{{{{ inputs.price + trigger.body.qty }}}}\"]}}]
",
            !closed
        )
    };
    assert!(compile(&file(false)).is_ok());
    insta::assert_snapshot!(told(&file(true)));
}

#[test]
fn status_functions_belong_to_if() {
    let source = "id: x
steps:
  - {id: a, uses: transform, if: \"always(1) or failed()\", with: {}}
  - {id: b, uses: transform, if: \"alway()\", with: {x: \"{{ failed() }}\"}, retry: {retry_if: always()}}
";
    insta::assert_snapshot!(told(source));
}

#[test]
fn iterations_and_switches() {
    let source = "id: x
steps:
  - {id: a, uses: transform, for_each: {items: {{ x: 1 }}}, with: {}}
  - {id: b, uses: transform, for_each: {items: text, concurrency: 0, on_error: skip}, with: \"{{ item.x + last.x }}\"}
  - {id: c, uses: transform, for_each: {items: [1]}, while: {condition: \"true\"}, with: {}}
  - {id: d, uses: transform, if: item.ok, for_each: {items: \"{{ item }}\"}, with: \"{{ index }}\"}
  - {id: e, uses: transform, while: {condition: \"index < 3 and item\", max_iterations: 20000}, with: \"{{ last }}\"}
  - {id: f, uses: transform, with: \"{{ item }} {{ index }} {{ last }}\"}
  - {id: g, uses: switch, with: {value: \"{{ inputs.x }}\", cases: {a: [h, a, gone], b: h}}, for_each: {items: []}, timeout: 5s}
  - {id: h, uses: switch, with: {cases: {}}}
"
    .replace("{{ x: 1 }}", "{x: 1}");
    insta::assert_snapshot!(told(&source));
}

#[test]
fn the_steps_of_catch() {
    let source = "id: x
steps:
  - {id: a, uses: transform, with: \"{{ error.message }} {{ steps.c.output }}\"}
  - {id: b, uses: transform, depends_on: [c], with: {}}
catch:
  - {id: a, uses: transform, with: {}}
  - {id: c, uses: transform, depends_on: [b], with: \"{{ error.message }} {{ steps.b.output }} {{ error.mesage }}\"}
  - {id: d, uses: transform, depends_on: [], with: \"{{ steps.c.output }} {{ steps.a.output }}\"}
";
    insta::assert_snapshot!(told(source));
    let file = |more: &str| format!("id: x\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n{more}\n");
    assert!(told(&file("catch: []")).contains("needs at least one step"));
    assert!(told(&file("on_failure: x")).contains("can't be told of its own failures"));
    assert!(told(&file("on_failure: Alarms")).contains("did you mean `alarms`?"));
}
