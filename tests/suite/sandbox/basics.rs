//! What a step can do.

use std::time::Duration;

use serde_json::{Value, json};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Language, Level};
use tidemill_server::runner::code::{CodeLimits, CodeRunner};

use super::{options, run};

#[tokio::test]
async fn python_gets_its_input_and_gives_its_output() {
    let runner = CodeRunner::start(options());
    let status = runner.status().await;
    eprintln!("{status:#?}");
    assert!(status.level >= Level::L2, "{status:?}");
    let outcome = run(
        &runner,
        Language::Python,
        "def main(input):\n    print('hello', input['a'])\n    return {'sum': input['a'] + 1}",
        json!({"a": 41}),
    )
    .await;
    eprintln!("{outcome:?}");
    assert_eq!(outcome.result, Ok(json!({"sum": 42})));
    assert_eq!(outcome.log, "hello 41\n");
    let script = run(&runner, Language::Python, "output = [x * 2 for x in input]", json!([1, 2])).await;
    assert_eq!(script.result, Ok(json!([2, 4])));
}

#[tokio::test]
async fn javascript_gets_its_input_and_gives_its_output() {
    let runner = CodeRunner::start(options());
    for code in [
        "export default function (input) { console.log('hello', input.a, {b: 1}); return {sum: input.a + 1} }",
        "function main(input) { console.log('hello', input.a, {b: 1}); return {sum: input.a + 1} }",
        "const main = async (input) => { await null; console.log('hello', input.a, {b: 1}); return {sum: input.a + 1} }",
        "export default async (input) => { console.log('hello', input.a, {b: 1}); return await Promise.resolve({sum: input.a + 1}) }",
    ] {
        let outcome = run(&runner, Language::Javascript, code, json!({"a": 41})).await;
        assert_eq!(outcome.result, Ok(json!({"sum": 42})), "{code}");
        assert_eq!(outcome.log, "hello 41 {\"b\":1}\n");
    }
}

#[tokio::test]
async fn sql_sees_lists_as_tables_and_values_as_parameters() {
    let runner = CodeRunner::start(options());
    let code = "SELECT c.name, count(*) AS orders, sum(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer \
                WHERE o.total > :least GROUP BY c.name ORDER BY total DESC";
    let input = json!({
        "orders": [{"customer": 1, "total": 10.5}, {"customer": 1, "total": 1}, {"customer": 2, "total": 30, "note": "x"}],
        "customers": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}],
        "least": 2,
    });
    let outcome = run(&runner, Language::Sql, code, input).await;
    assert_eq!(
        outcome.result,
        Ok(json!([{"name": "Bob", "orders": 1, "total": 30.0}, {"name": "Ann", "orders": 1, "total": 10.5}]))
    );
}

#[tokio::test]
async fn a_step_that_takes_too_long_is_ended() {
    let runner = CodeRunner::start(options());
    let limits = CodeLimits { time: Duration::from_millis(300), ..CodeLimits::default() };
    for (language, code) in [
        (Language::Python, "print('before', flush=True)\nwhile True: pass"),
        (Language::Javascript, "for(;;);"),
        (Language::Sql, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"),
    ] {
        let outcome = runner.run(language, code, &Value::Null, limits).await;
        assert_eq!(outcome.result.unwrap_err().class, FailureClass::Timeout, "{language:?}");
        assert!(outcome.duration < Duration::from_secs(2));
    }
}
