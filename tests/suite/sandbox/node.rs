//! JavaScript steps that Node.js runs, where the kernel gives namespaces; and their refusal where it doesn't.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidemill_common::step_protocol::Level;
use tidemill_server::runner::code::{CodeLimits, CodeOptions, CodeRunner, Engine, NodeOptions};

use super::attacks::attack;
use super::{node_attacks, options};

/// The machine's Node.js; the generated clients need one too.
fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|dir| dir.join("node")).find(|file| file.is_file());
    found.expect("Node.js 20 or newer").canonicalize().unwrap()
}

/// A directory with one package.
pub(super) fn packages(dir: &Path) {
    let package = dir.join("node_modules/ours");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("package.json"), r#"{"name": "ours", "version": "1.0.0", "main": "index.js"}"#).unwrap();
    fs::write(package.join("index.js"), "exports.double = (n) => n * 2;").unwrap();
}

/// Options with Node.js and the packages in `dir`.
pub(super) fn node_options(dir: &Path) -> CodeOptions {
    packages(dir);
    CodeOptions { node: Some(NodeOptions { binary: node(), packages: Some(dir.to_owned()) }), ..options() }
}

/// A runner whose Node.js is locked up well enough; `None` where the kernel gives no namespaces, which it must have said.
async fn runner(dir: &Path) -> Option<CodeRunner> {
    let runner = CodeRunner::start(node_options(dir));
    let status = runner.node_status().await.unwrap();
    if status.is_enough() {
        return Some(runner);
    }
    assert_eq!(status.level, Level::L0, "{status:?}");
    assert!(status.missing().contains("the kernel gives no namespaces"), "{status:?}");
    let refused = runner.run(Engine::Node, "function main() {}", &Value::Null, CodeLimits::default()).await;
    assert_eq!(refused.result.unwrap_err().class.as_str(), "sandbox_unavailable");
    None
}

#[tokio::test]
async fn node_runs_functions_modules_and_packages() {
    let dir = tempfile::tempdir().unwrap();
    let Some(runner) = runner(dir.path()).await else { return };
    for (code, expected) in [
        ("function main(input) { console.log('hello', input); return {sum: input.a + 1} }", json!({"sum": 42})),
        ("const { double } = require('ours'); const main = (input) => double(input.a);", json!(82)),
        ("import { double } from 'ours'; export default async (input) => double(input.a)", json!(82)),
        (
            "import { createHash } from 'node:crypto'; export default () => createHash('sha256').update('a').digest('hex').slice(0, 6)",
            json!("ca9781"),
        ),
        (
            "export default async () => { await new Promise((done) => setTimeout(done, 5)); return (await import('ours')).double(4) }",
            json!(8),
        ),
        ("function main() {}", Value::Null),
    ] {
        let outcome = runner.run(Engine::Node, code, &json!({"a": 41}), CodeLimits::default()).await;
        assert_eq!(outcome.result, Ok(expected), "{code}: {}", outcome.log);
        assert!(outcome.peak_memory_bytes.is_some());
        assert_eq!(outcome.log.is_empty(), !code.contains("console"), "{code}");
    }
}

#[tokio::test]
async fn code_for_node_is_checked_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let Some(runner) = runner(dir.path()).await else { return };
    for code in ["const x = 1;\nfunction main( {", "const x = 1;\nexport default ( {"] {
        let failure = runner.check(Engine::Node, code).await.unwrap_err();
        assert_eq!(failure.line, Some(2), "{failure:?}");
        assert!(failure.message.starts_with("SyntaxError: "), "{failure:?}");
    }
    assert_eq!(runner.check(Engine::Node, "for (;;);").await, Ok(()));
}

#[tokio::test]
async fn node_attacks_fail_with_the_language_layer() {
    let dir = tempfile::tempdir().unwrap();
    if runner(dir.path()).await.is_some() {
        attack(node_options(dir.path()), Engine::Node, node_attacks::ATTACKS, true).await;
    }
}

#[tokio::test]
async fn node_attacks_fail_without_the_language_layer() {
    let dir = tempfile::tempdir().unwrap();
    if runner(dir.path()).await.is_some() {
        attack(node_options(dir.path()), Engine::Node, node_attacks::ATTACKS, false).await;
    }
}
