//! The commands of the documentation, pasted into a shell against a real server.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tidemill_harness::TestServer;

use crate::scene::{BINARY, server};

const TRIGGERS: &str = include_str!("../../docs/triggers.md");
const HTTP: &str = include_str!("../../docs/http.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");

/// What starts a server of its own, or needs the database of one: the tests of those commands are elsewhere.
const LEFT_OUT: [&str; 2] = ["tidemill serve ", "tidemill rotate-key"];

/// The commands of a page, in order, each block after a line that names its number.
fn script(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let wanted = blocks.enumerate().filter(|(_, block)| !LEFT_OUT.iter().any(|words| block.contains(words)));
    let numbered = wanted.map(|(number, block)| format!("echo '== block {number}'\n{block}"));
    numbered.fold("set -euo pipefail\n".to_owned(), |script, block| script + &block)
}

/// Runs `script` where a reader would: with `tidemill` on the path, address and token in the environment, and the files that it
/// reads. What it puts into `/tmp` goes into the directory of the test.
fn paste(server: &TestServer, script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (work, path) = (dir.path(), std::env::var("PATH").unwrap());
    symlink(BINARY, work.join("tidemill")).unwrap();
    for file in ["token", "key", "password"] {
        fs::write(work.join(file), "canary-0123456789").unwrap();
    }
    let script = script.replace("/tmp/", &format!("{}/", work.display()));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(work)
        .env("PATH", format!("{}:{path}", work.display()))
        .env("HOME", work)
        .env("TIDEMILL_SERVER", server.url())
        .env("TIDEMILL_TOKEN", server.token())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("bash");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "a command failed:\n{said}\n{complained}");
    said.into_owned()
}

/// What the block that contains `words` printed.
fn said<'a>(output: &'a str, page: &str, words: &str) -> &'a str {
    let number = page.split("```sh\n").skip(1).position(|block| block.split("```").next().unwrap().contains(words)).unwrap();
    let (_, rest) = output.split_once(&format!("== block {number}\n")).unwrap();
    rest.split("== block ").next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_triggers_does_what_the_page_says() {
    assert!(
        Path::new("/usr/bin/openssl").exists() || Command::new("openssl").arg("version").output().is_ok(),
        "openssl is needed"
    );
    let server = server().await;
    let output = paste(&server, &script(TRIGGERS));
    let first = said(&output, TRIGGERS, "deploy orders");
    assert!(first.contains("\"number\":\"7\"") && first.contains("scan") && first.to_lowercase().contains("allow:"), "{first}");
    let twice = said(&output, TRIGGERS, "Idempotency-Key: 42");
    assert_eq!(twice.matches("\"duplicate\":true").count(), 1, "{twice}");
    let answer = said(&output, TRIGGERS, "deploy answer");
    assert!(answer.contains("201") && answer.contains("{\"accepted\":true}"), "{answer}");
    let guarded = said(&output, TRIGGERS, "deploy guarded");
    assert!(guarded.contains("access-control-allow-origin") && guarded.trim_end().ends_with("429"), "{guarded}");
    let mut taken = 0;
    for sender in ["signed github", "signed standard", "signed discord"] {
        let told = said(&output, TRIGGERS, sender);
        assert!(!told.contains(" 40") && !told.contains(" 42"), "a signature was refused: {told}");
        taken += told.lines().filter(|line| line.ends_with(" 202") || line.ends_with(" 200")).count();
    }
    assert_eq!(taken, 11, "{output}");
    assert!(said(&output, TRIGGERS, "deploy signup").contains("See you soon"), "{output}");
    assert!(said(&output, TRIGGERS, "schedule explain").contains("Europe/Berlin"), "{output}");
    assert_eq!(said(&output, TRIGGERS, "deploy cart").lines().last(), Some("27"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_requests_does_what_the_page_says() {
    let server = server().await;
    let output = paste(&server, &script(HTTP));
    let credentials = said(&output, HTTP, "credential set shop");
    assert!(
        credentials.contains("https://stock.example:8443") && credentials.contains("smtps://mail.example.com"),
        "{credentials}"
    );
    let subscriptions = said(&output, HTTP, "subscription add");
    assert!(subscriptions.contains("partner") && subscriptions.contains("execution_failed"), "{subscriptions}");
    assert!(!output.contains("canary") && !output.contains("whsec_"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_the_configuration_does_what_the_page_says() {
    let server = server().await;
    let output = paste(&server, &script(CONFIGURATION));
    let shown = said(&output, CONFIGURATION, "config show");
    assert!(shown.contains("ok: ") && shown.contains("journal_writers") && shown.contains("flag"), "{shown}");
}
