//! Ordinary and hostile expressions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ExpressionError, Parsed, Reading, Template, TemplateBuilder};
use crate::domain::workflow::scope::Scope;
use crate::domain::workflow::tests::scope;

/// Compiles without regard to names, so that the evaluator is on its own.
fn template(source: &str) -> Option<Template> {
    let parsed = Parsed::string(source, &mut Reading::default()).ok()?;
    TemplateBuilder::string(source, parsed).ok().map(TemplateBuilder::finish)
}

fn world() -> Scope {
    let body = json!({
        "qty": 3, "price": 19.99, "name": "Ann", "tags": ["b", "a", "b"], "empty": "", "none": null, "big": 9_007_199_254_740_993_i64,
        "items": [{"n": 1, "ok": true}, {"n": 2, "ok": false}], "text": "{\"a\": [1, 2]}", "at": "2026-03-29T01:30:00Z",
    });
    scope(json!({"body": body}))
}

fn give(source: &str) -> Result<Value, ExpressionError> {
    template(source).unwrap_or_else(|| unreachable!("{source} compiles")).render(&world())
}

#[test]
fn values_keep_their_types() {
    for (source, expected) in [
        ("{{ trigger.body.qty }}", json!(3)),
        (" {{ trigger.body.qty }}", json!(" 3")),
        ("{{ trigger.body.qty * 2 }}", json!(6)),
        ("{{ 7 // 2 }}", json!(3)),
        ("{{ trigger.body.big + 1 }}", json!(9_007_199_254_740_994_i64)),
        ("{{ trigger.body.none }}", json!(null)),
        ("{{ trigger.body.tags }}", json!(["b", "a", "b"])),
        ("{{ inputs.items[0] }}", json!({"n": 1, "ok": true})),
        ("{{ inputs.items[-1].n }}", json!(2)),
        ("{{ {'a': inputs.tags, 'b': [1, none, true]} }}", json!({"a": ["b", "a", "b"], "b": [1, null, true]})),
        ("{{ inputs.qty > 2 and 'a' in inputs.tags }}", json!(true)),
        ("{{ 'yes' if inputs.qty else 'no' }}", json!("yes")),
        ("n={{ inputs.none }} t={{ inputs.tags }} b={{ true }}", json!("n=null t=[\"b\",\"a\",\"b\"] b=true")),
        ("{% for tag in inputs.tags %}{{ loop.index }}{{ tag }} {% endfor %}", json!("1b 2a 3b ")),
        ("{% if inputs.qty > 9 %}many{% else %}few{% endif %}\n", json!("few\n")),
        ("a{# no #}b", json!("ab")),
        ("{% raw %}{{ x }}{% endraw %}", json!("{{ x }}")),
        ("{{ workflow.id }}-{{ workflow.version }}", json!("orders-3")),
        ("{{ execution.started_at }}", json!("2023-11-14T22:13:20.000Z")),
    ] {
        assert_eq!(give(source), Ok(expected), "{source}");
    }
}

#[test]
fn filters() {
    for (source, expected) in [
        ("{{ inputs.gone | default('x') }}", json!("x")),
        ("{{ inputs.gone is defined }}", json!(false)),
        ("{{ inputs.tags | length }}", json!(3)),
        ("{{ inputs.name | upper }}", json!("ANN")),
        ("{{ inputs.tags | unique | sort | join('-') }}", json!("a-b")),
        ("{{ 'a,b' | split(',') | list }}", json!(["a", "b"])),
        ("{{ inputs.price | round(1) }}", json!(20.0)),
        ("{{ '12' | int + 1 }}", json!(13)),
        ("{{ '1.5' | float }}", json!(1.5)),
        ("{{ 5 | string ~ 'x' }}", json!("5x")),
        ("{{ inputs.text | fromjson }}", json!({"a": [1, 2]})),
        ("{{ (inputs.text | fromjson).a | sum }}", json!(3)),
        ("{{ {'a': '<b>'} | tojson }}", json!("{\"a\":\"<b>\"}")),
        ("{{ inputs.items | map(attribute='n') | list }}", json!([1, 2])),
        ("{{ inputs.items | selectattr('ok') | map(attribute='n') | list }}", json!([1])),
        ("{{ inputs.items | rejectattr('ok') | list | length }}", json!(1)),
        ("{{ {'b': 1, 'a': 2} | dictsort | first }}", json!(["a", 2])),
        ("{{ {'b': 1} | items | list }}", json!([["b", 1]])),
        ("{{ inputs.items[0] | keys }}", json!(["n", "ok"])),
        ("{{ inputs.items[0] | values }}", json!([1, true])),
        ("{{ [3, 1, 2] | max }} {{ [3, 1, 2] | min }}", json!("3 1")),
        ("{{ 'a b&ü' | urlencode }}", json!("a%20b%26%C3%BC")),
        ("{{ 'hi' | b64encode }} {{ 'aGk=' | b64decode }}", json!("aGk= hi")),
        ("{{ '' | sha256 }}", json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
        ("{{ inputs.at | timestamp }}", json!(1_774_747_800)),
        ("{{ inputs.at | date('%Y-%m-%d %H:%M', 'Europe/Berlin') }}", json!("2026-03-29 03:30")),
        ("{{ inputs.at | date_add('-1d') }}", json!("2026-03-28T01:30:00Z")),
        ("{{ inputs.name is startingwith('A') }}", json!(true)),
        ("{{ range(3) | list }}", json!([0, 1, 2])),
    ] {
        assert_eq!(give(source), Ok(expected), "{source}");
    }
}

#[test]
fn what_is_not_there_is_an_error() {
    for source in [
        "{{ inputs.gone }}",
        "{{ inputs.gone.more }}",
        "{{ inputs.gone + 1 }}",
        "{{ inputs.gone == 1 }}",
        "{{ inputs.gone > 1 }}",
        "{{ not inputs.gone }}",
        "x {{ inputs.gone }}",
        "{{ [inputs.gone] }}",
        "{{ {'a': inputs.gone} }}",
        "{{ inputs.gone | upper }}",
        "{{ inputs.gone | tojson }}",
        "{% if inputs.gone %}x{% endif %}",
        "{% for x in inputs.gone %}x{% endfor %}",
        "{{ nowhere }}",
        "{{ inputs.tags[9] }}",
        "{{ inputs.name.gone }}",
        "{{ error.message }}",
        "{{ secrets.x }}",
        "{{ steps.gone.output }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ 2 ** 200 }}",
        "{{ 1e308 * 10 }}",
        "{{ 'x' | int }}",
        "{{ 'x' | fromjson }}",
        "{{ '*' | b64decode }}",
        "{{ 'x' | date('%Y') }}",
        "{{ inputs.at | date('%Q') }}",
        "{{ inputs.at | date_add('9999999999d') }}",
        "{{ inputs.name | keys }}",
    ] {
        let outcome = give(source);
        assert!(
            matches!(outcome, Err(ExpressionError::Failed(_) | ExpressionError::Undefined(_))),
            "{source} gave {outcome:?}"
        );
    }
}

/// Expressions that would take for ever, fill the memory, or look outside: E1 to E5.
#[test]
fn hostile_expressions_fail_fast() {
    let nested = format!("{}x{}", "{% for i in range(99999) %}".repeat(5), "{% endfor %}".repeat(5));
    let chain = format!("{{{{ 'ab'{} }}}}", " | replace('a', 'aaaaaaaaab') | replace('b', 'bbbbbbbbba')".repeat(30));
    let doubling = format!("{}{{{{ x }}}}{}", "{% for x in [x0 ~ x0] %}".repeat(40), "{% endfor %}".repeat(40))
        .replace("x0", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'");
    let growing = format!("{{{{ 'aaaaaaaaaa'{} }}}}", " | list | join('aaaaaaaaaaaaaaaaaaaaaaaa')".repeat(20));
    for source in [
        "{% for i in range(10**9) %}x{% endfor %}",
        nested.as_str(),
        chain.as_str(),
        growing.as_str(),
        "{{ range(10**9) | list }}",
        "{{ range(10**9) | sum }}",
        "{{ 'a' * 10**9 }}",
        "{{ ('a' * 100000) * 100000 }}",
        "{{ 'a' * 1000000 ~ 'a' * 1000000 }}",
        "{{ ['a' * 1000] * 100000 }}",
        "{{ ('a\n' * 10000) | indent(1000000) }}",
        "{{ range(90000) | batch(1) | list }}",
        "{{ range(90000) | map('string') | join('aaaaaaaaaaaaaaaaaaaaaaaa') }}",
        "{% for i in range(20000) %}{{ trigger | tojson | length }}{% endfor %}",
        "{% for i in range(90000) %}{% if trigger == trigger %}{% endif %}{% endfor %}",
        "{% for i in range(90000) %}{{ trigger.body | first }}{% endfor %}",
    ] {
        let Some(template) = template(source) else { continue };
        let begin = Instant::now();
        let outcome = template.render(&world());
        assert!(begin.elapsed() < Duration::from_secs(5), "{source:.60} took {:?}", begin.elapsed());
        assert!(matches!(outcome, Err(ExpressionError::Limit(_))), "{source:.60} gave {:?}", outcome.map(|_| ()));
    }
    assert!(
        template(&doubling).is_none_or(|template| template.render(&world()).is_ok_and(|value| value.to_string().len() < 200))
    );
}

/// X1: nothing from outside the scope, by whatever name.
#[test]
fn probing_gives_nothing() {
    for source in [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ inputs.constructor.constructor('return 1')() }}",
        "{{ inputs.__proto__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ self }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set a = 1 %}{{ a }}",
        "{% block b %}{% endblock %}",
        "{% call x() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape true %}x{% endautoescape %}",
        "{% with a = 1 %}{{ a }}{% endwith %}",
        "{% do range(1) %}",
        "{{ debug() }}",
        "{{ namespace() }}",
        "{{ dict() }}",
        "{{ env }}",
        "{{ environ }}",
        "{{ lipsum }}",
        "{{ request }}",
        "{{ config }}",
        "{{ inputs | attr('x') }}",
        "{{ inputs | pprint }}",
        "{{ '%9999999999d' | format(1) }}",
        "{{ 'x' | safe }}",
        "{{ [1] | map('pprint') | list }}",
        "{{ [1] | select('safe') | list }}",
        "{{ [1] | map('attr', 'x') | list }}",
        "{{ loop }}",
        "{{ caller() }}",
        "{{ range }}",
        "{{ inputs() }}",
        "{{ inputs.get('x') }}",
        "{{ 'x'.format() }}",
        "{{ secrets }}",
        "{{ super() }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ] {
        let Some(template) = template(source) else { continue };
        let outcome = template.render(&world());
        assert!(outcome.is_err(), "{source} gave {outcome:?}");
    }
}

#[test]
fn secrets_are_read_one_by_one() {
    let scope = world().with_secrets(Arc::new([("key".to_owned(), "v".to_owned())].into()));
    assert_eq!(template("{{ secrets.key }}").unwrap().render(&scope), Ok(json!("v")));
    for source in
        ["{{ secrets | tojson }}", "{{ secrets | list }}", "{{ secrets | items | list }}", "{{ secrets }}", "x{{ secrets }}"]
    {
        let outcome = template(source).unwrap().render(&scope);
        assert!(!format!("{outcome:?}").contains("\"v\""), "{source} gave {outcome:?}");
    }
    assert!(!format!("{scope:?}").contains("\"v\""));
}

#[test]
fn results_and_reads_are_bounded() {
    let large = scope(json!({"body": {"text": "x".repeat(700_000), "list": vec![1; 300_000]}}));
    let render = |source: &str| template(source).unwrap().render(&large);
    assert!(render("{{ trigger.body.text }}").is_ok());
    assert!(matches!(render("{{ [trigger.body.text, trigger.body.text] }}"), Err(ExpressionError::Limit(_))));
    assert!(matches!(render("{{ trigger.body }}"), Err(ExpressionError::Limit(_))));
    assert!(matches!(render("{{ trigger.body.text }} {{ trigger.body.text }}"), Err(ExpressionError::Limit(_))));
    assert!(matches!(
        render("{% for i in range(9) %}{{ trigger.body.text | length }}{% endfor %}"),
        Err(ExpressionError::Limit(_))
    ));
    assert_eq!(render("{{ trigger.body.list | length }}"), Ok(json!(300_000)));
}

#[test]
fn trees_without_expressions_are_literals() {
    let literal = TemplateBuilder::map(vec![(
        "a".into(),
        TemplateBuilder::list(vec![
            TemplateBuilder::literal(json!(1)),
            TemplateBuilder::string("x", Parsed::Plain("x".into())).unwrap(),
        ]),
    )]);
    assert_eq!(**literal.finish().as_literal().unwrap(), json!({"a": [1, "x"]}));
}

#[test]
fn looking_up_is_the_same_with_and_without_the_evaluator() {
    for path in [
        "trigger.body",
        "inputs",
        "inputs.qty",
        "inputs.price",
        "inputs.name",
        "inputs.none",
        "inputs.big",
        "inputs.items",
        "inputs.empty",
    ] {
        let short = give(&format!("{{{{ {path} }}}}")).unwrap();
        assert_eq!(Ok(short), give(&format!("{{{{ {path} if true }}}}")), "{path}");
        assert_eq!(give(&format!("<{{{{ {path} }}}}>")), give(&format!("<{{{{ {path} if true }}}}>")), "{path}");
    }
    assert_eq!(give("{{ inputs.gone.x }}").is_err(), give("{{ inputs.gone.x if true }}").is_err());
}
