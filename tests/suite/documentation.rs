//! The commands of the documentation, pasted into a shell against a real server.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tidemill_harness::{ServerOptions, Storage, TestDatabase, TestServer};

use crate::scene::{BINARY, install, server};

const TRIGGERS: &str = include_str!("../../docs/triggers.md");
const HTTP: &str = include_str!("../../docs/http.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const FIRST: &str = include_str!("../../docs/first-workflow.md");
const API: &str = include_str!("../../docs/api.md");
const SCALE_OUT: &str = include_str!("../../docs/scale-out.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const README: &str = include_str!("../../README.md");

/// Pages with commands that are not run here, each with the tests that do what they show.
const ELSEWHERE: [(&str, &str); 3] = [
    ("install.md", "packaging/trial, in an empty Debian: make trial"),
    ("performance.md", "bench"),
    ("selftest.md", "selftest"),
];

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
    paste_at(server, script, &[])
}

/// The same, with other places than those that the page names.
pub fn paste_at(server: &TestServer, script: &str, places: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (work, path) = (dir.path(), std::env::var("PATH").unwrap());
    for name in ["tidemill", "tidemill-new"] {
        symlink(BINARY, work.join(name)).unwrap();
    }
    for file in ["token", "key", "password"] {
        fs::write(work.join(file), "canary-0123456789").unwrap();
    }
    let mut script = script.replace("/tmp/", &format!("{}/", work.display()));
    for (named, meant) in places {
        script = script.replace(named, meant);
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn the_first_workflow_is_one_in_five_minutes() {
    let server = server().await;
    let output = paste(&server, &script(FIRST));
    let sent = said(&output, FIRST, "\"qty\": 20");
    assert!(sent.contains("\"tier\":\"silver\"") && sent.contains("\"tier\":\"gold\""), "{sent}");
    let refused = said(&output, FIRST, "\"qty\": \"two\"");
    assert!(refused.contains("422") && refused.contains("price"), "{refused}");
    let seen = said(&output, FIRST, "describe execution @latest");
    assert!(seen.contains("order-intake") && seen.contains("breathe") && seen.contains("succeeded"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_the_api_does_what_the_page_says() {
    let server = server().await;
    let output = paste(&server, &script(API));
    assert!(said(&output, API, "token create").contains("reporting"), "{output}");
    assert!(said(&output, API, "order-42").contains("started once"), "{output}");
    assert!(said(&output, API, "Grace").contains("execution_completed"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_scaling_out_does_what_the_page_says() {
    let server = server().await;
    let output = paste(&server, &script(SCALE_OUT));
    assert!(said(&output, SCALE_OUT, "/metrics").contains("tidemill_journal_commit_seconds_count"), "{output}");
    assert!(said(&output, SCALE_OUT, "get nodes").contains("alive"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_first_page_does_what_it_says() {
    let server = server().await;
    let (_, file) = README.split_once("```yaml\n").unwrap();
    let (file, _) = file.split_once("```").unwrap();
    let commands = script(README);
    let begun = ["make ", "tidemill serve", "tidemill tui"];
    let commands = commands.lines().filter(|line| !begun.iter().any(|start| line.starts_with(start)));
    let commands: String = commands.map(|line| format!("{line}\n")).collect();
    let script = format!("cat > order-intake.yaml <<'YAML'\n{file}YAML\n{commands}");
    let output = paste_at(&server, &script, &[("http://127.0.0.1:7700", server.url())]);
    assert!(output.contains("{\"total\":39") && output.contains("succeeded"), "{output}");
}

/// Backup, proof, restore, moving house, rehearsal, doctor: as the page has them, in other places.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_operating_a_server_does_what_the_page_says() {
    let args = Vec::new();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Embedded }).await;
    install(&server.client(), "id: one\nsteps: [{id: a, uses: transform, with: {n: 1}}]\n").await;
    let (place, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let at = |name: &str| place.path().join(name).display().to_string();
    for name in ["backups", "keys"] {
        fs::create_dir(at(name)).unwrap();
    }
    for key in ["secret.key", "account.key"] {
        fs::copy(server.data_dir().join(key), Path::new(&at("keys")).join(key)).unwrap();
    }
    let page = OPERATIONS.replace("\ntidemill serve ", "\n: tidemill-serve ");
    // The server would have to stop: see `postgres_upgrade`.
    let page = page.replace("\ntidemill upgrade postgres ", "\n: tidemill-upgrade-postgres ");
    let (url, dir) = (format!("'{}'", database.url()), server.data_dir().display().to_string());
    let places = [
        ("/srv/tidemill-new", at("new")),
        ("/srv/tidemill-external", at("external")),
        ("/srv/tidemill", dir),
        ("/backups/", at("backups/")),
        ("/keys/", at("keys/")),
        ("postgres://tidemill@db.example/tidemill", url),
    ];
    let places: Vec<(&str, &str)> = places.iter().map(|(named, meant)| (*named, meant.as_str())).collect();
    let output = paste_at(&server, &script(&page), &places);
    assert!(said(&output, &page, "backup verify /backups/tidemill-1.tar").contains("ok: "), "{output}");
    assert!(said(&output, &page, "restore /backups/tidemill-1.tar").contains("restored "), "{output}");
    assert!(said(&output, &page, "upgrade --rehearse").contains("may go on while servers of this one start"), "{output}");
    assert!(said(&output, &page, "tidemill doctor").contains("kernel"), "{output}");
}

#[test]
fn every_page_with_commands_is_run_by_a_test() {
    let here = ["triggers.md", "http.md", "configuration.md", "first-workflow.md", "api.md", "scale-out.md", "operations.md"];
    let here: Vec<&str> = here.into_iter().chain(crate::pages::RUN).collect();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let has_commands =
            path.extension().is_some_and(|end| end == "md") && fs::read_to_string(&path).unwrap().contains("```sh\n");
        let is_run = here.contains(&name.as_str()) || ELSEWHERE.iter().any(|(page, _)| *page == name);
        assert!(!has_commands || is_run, "{name} has commands that no test runs: add them to tests/suite/documentation.rs");
    }
}
