//! Everything that a step must not be able to do: each attack with and without the language layer in front.
//!
//! After every attack the same step host runs a harmless step, no child is left, and the host is still the same process.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tidemill_common::status::FailureClass::{self, CodeError, OutOfMemory, ResultTooLarge, SandboxDenied, Timeout};
use tidemill_common::step_protocol::Language;
use tidemill_server::runner::code::{CodeLimits, CodeOptions, CodeRunner, Engine};

use super::{javascript_attacks, options, python_attacks, sql_attacks};

/// One attack.
pub(super) struct Attack {
    /// What it tries.
    pub(super) name: &'static str,
    /// The code.
    pub(super) code: &'static str,
    /// How it must end with the language layer in front.
    pub(super) guarded: &'static [End],
    /// How it must end when only the kernel's walls stand.
    pub(super) bare: &'static [End],
}

/// How an attack may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As a failure of this class.
    Fails(FailureClass),
    /// With this output, which is harmless.
    Gives(&'static str),
}

pub(super) const DENIED: End = End::Fails(SandboxDenied);
pub(super) const ERROR: End = End::Fails(CodeError);
pub(super) const TIMEOUT: End = End::Fails(Timeout);
pub(super) const MEMORY: End = End::Fails(OutOfMemory);
pub(super) const TOO_LARGE: End = End::Fails(ResultTooLarge);
pub(super) const NOTHING: End = End::Gives("\"nothing\"");

/// Small enough that the whole suite takes seconds; the walls are the same.
fn limits() -> CodeLimits {
    CodeLimits { time: Duration::from_millis(1500), memory_bytes: 128 * 1024 * 1024, ..CodeLimits::default() }
}

/// The step host that runs `engine`, and its children.
async fn host(runner: &CodeRunner, engine: Engine) -> Option<u32> {
    match engine {
        Engine::Inside(_) => runner.status().await.pid,
        Engine::Node => runner.node_status().await?.pid,
    }
}

/// Attacks a runner with `options` by `engine`, with or without the language layer.
pub(super) async fn attack(options: CodeOptions, engine: Engine, attacks: &[Attack], guarded: bool) {
    let reserve = if engine == Engine::Node { 0 } else { options.reserve };
    let runner = CodeRunner::start(CodeOptions { language_layer: guarded, ..options });
    let first = host(&runner, engine).await.expect("the step host runs");
    let mut wrong = Vec::new();
    for attack in attacks {
        let started = Instant::now();
        let outcome = runner.run(engine, attack.code, &json!({"a": 1}), limits()).await;
        let took = started.elapsed();
        let end = match &outcome.result {
            Ok(output) => output.to_string(),
            Err(error) => error.class.as_str().to_owned(),
        };
        let expected = if guarded { attack.guarded } else { attack.bare };
        let fits = expected.iter().any(|expected| match expected {
            End::Fails(class) => outcome.result.as_ref().is_err_and(|error| error.class == *class),
            End::Gives(text) => end == *text,
        });
        if !fits {
            let message = outcome.result.as_ref().err().map_or("", |error| &error.message);
            wrong.push(format!(
                "{}: ended with {end}, expected {expected:?}\n    {message}\n    log: {}",
                attack.name, outcome.log
            ));
        }
        if took > Duration::from_secs(8) {
            wrong.push(format!("{}: took {took:?}", attack.name));
        }
        if outcome.log.len() > 1024 * 1024 + 100 {
            wrong.push(format!("{}: left a log of {} bytes", attack.name, outcome.log.len()));
        }
        let after = runner.run(Language::Python, "output = sum(input)", &json!([1, 2]), limits()).await;
        if after.result != Ok(json!(3)) {
            wrong.push(format!("{}: the next step failed: {:?}", attack.name, after.result));
        }
        if host(&runner, engine).await != Some(first) {
            wrong.push(format!("{}: the step host was lost", attack.name));
            break;
        }
    }
    let busy = busy_children(first, reserve);
    assert!(busy.is_empty(), "these children are left: {busy:?}");
    assert!(wrong.is_empty(), "{} of {} attacks ended otherwise:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
}

/// Children of `host` that are not waiting for a job: there are none, a moment after the last step.
fn busy_children(host: u32, reserve: usize) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let path = format!("/proc/{host}/task/{host}/children");
        let children: Vec<String> = std::fs::read_to_string(path).unwrap().split_whitespace().map(str::to_owned).collect();
        if children.len() <= reserve {
            return Vec::new();
        }
        if Instant::now() > deadline {
            return children;
        }
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn python_attacks_fail_with_the_language_layer() {
    attack(options(), Engine::Inside(Language::Python), python_attacks::ATTACKS, true).await;
}

#[tokio::test]
async fn python_attacks_fail_without_the_language_layer() {
    attack(options(), Engine::Inside(Language::Python), python_attacks::ATTACKS, false).await;
}

#[tokio::test]
async fn javascript_attacks_fail_with_the_language_layer() {
    attack(options(), Engine::Inside(Language::Javascript), javascript_attacks::ATTACKS, true).await;
}

#[tokio::test]
async fn javascript_attacks_fail_without_the_language_layer() {
    attack(options(), Engine::Inside(Language::Javascript), javascript_attacks::ATTACKS, false).await;
}

#[tokio::test]
async fn sql_attacks_fail_with_the_language_layer() {
    attack(options(), Engine::Inside(Language::Sql), sql_attacks::ATTACKS, true).await;
}

#[tokio::test]
async fn sql_attacks_fail_without_the_language_layer() {
    attack(options(), Engine::Inside(Language::Sql), sql_attacks::ATTACKS, false).await;
}

/// What one step leaves in the interpreter is gone for the next one.
#[tokio::test]
async fn a_step_leaves_nothing_behind() {
    let runner = CodeRunner::start(CodeOptions { reserve: 1, ..options() });
    let pollute = "import json, builtins\ndef bad(*a, **k): return 'polluted'\njson.dumps = bad\njson.loads = bad\nbuiltins_dict = json.codecs.builtins.__dict__\nbuiltins_dict['len'] = bad\noutput = 1";
    let _ = runner.run(Language::Python, pollute, &Value::Null, limits()).await;
    let clean = "import json\noutput = [json.loads('[1]'), len([1, 2])]";
    assert_eq!(runner.run(Language::Python, clean, &Value::Null, limits()).await.result, Ok(json!([[1], 2])));
    let pollute = "for (const maker of [Object, Array, String, Function, Promise]) maker.prototype.toJSON = () => 'polluted';\nJSON.stringify = () => 'x'; globalThis.left = 1; function main() { return {a: 1} }";
    let _ = runner.run(Language::Javascript, pollute, &Value::Null, limits()).await;
    let clean = "function main() { return [{a: 1}, typeof left, typeof Object.prototype.toJSON] }";
    assert_eq!(
        runner.run(Language::Javascript, clean, &Value::Null, limits()).await.result,
        Ok(json!([{"a": 1}, "undefined", "undefined"]))
    );
}

/// Names that come from people are data, whatever they are made of.
#[tokio::test]
async fn names_are_never_code() {
    let runner = CodeRunner::start(options());
    for hostile in
        ["x'); __import__('os').system('id')#", "\"\"\"", "a\nb", "a\u{2028}b", "$(id)", "`id`", "{{ x }}", "\\", "';--"]
    {
        let input = json!({hostile: hostile});
        let echo = "def main(input):\n    return input";
        assert_eq!(runner.run(Language::Python, echo, &input, limits()).await.result, Ok(input.clone()));
        let echo = "function main(input) { return input }";
        assert_eq!(runner.run(Language::Javascript, echo, &input, limits()).await.result, Ok(input.clone()));
        let rows = json!({hostile: [{hostile: hostile}]});
        let select = format!("SELECT * FROM \"{}\"", hostile.replace('"', "\"\""));
        assert_eq!(runner.run(Language::Sql, &select, &rows, limits()).await.result, Ok(json!([{hostile: hostile}])));
    }
}
