//! What each listing command prints in each format, held against the files in `tests/golden`: scripts rely on it.
//!
//! `UPDATE_GOLDEN=1` writes them anew. What differs from one time to another (ids, times, durations) is replaced by a word.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tidemill_harness::{Client, TestServer};

use crate::outbound::credential;
use crate::scene::{BINARY, install, run, secret, server};

const FORMATS: [&str; 7] = ["table", "wide", "json", "jsonl", "yaml", "name", "tsv"];
const COMMANDS: [(&str, &[&str]); 19] = [
    ("workflows", &["get", "workflows"]),
    ("workflow", &["get", "workflow", "good"]),
    ("workflows of files", &["get", "-f", "good.yaml", "-f", "bad.yaml"]),
    ("workflow described", &["describe", "workflow", "good"]),
    ("executions", &["get", "executions"]),
    ("execution", &["get", "execution", "@failed"]),
    ("execution described", &["describe", "execution", "@latest"]),
    ("triggers", &["get", "triggers"]),
    ("trigger", &["get", "trigger", "good/hook"]),
    ("approvals", &["get", "approvals"]),
    ("secrets", &["get", "secrets"]),
    ("credentials", &["credential", "ls"]),
    ("tokens", &["get", "tokens"]),
    ("workspaces", &["get", "workspaces"]),
    ("members", &["member", "ls"]),
    ("shares", &["share", "ls"]),
    ("subscriptions", &["subscription", "ls"]),
    ("plans", &["plan", "ls"]),
    ("dead letters", &["dlq", "list"]),
];

const GOOD: &str = "id: good\nname: All is well\ntriggers: [{id: hook, type: webhook, path: good}]\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ inputs.n }}\"}}\noutput: {x: \"{{ steps.a.output.x }}\"}\n";
const BAD: &str = "id: bad\nsteps:\n  - {id: no, uses: fail, with: {message: out of stock}}\n";

async fn furnish(client: &Client) {
    for file in [GOOD, BAD] {
        install(client, file).await;
    }
    let _ = run(client, "bad", json!({})).await;
    let _ = run(client, "good", json!({"n": 41})).await;
    secret(client, "shop", "canary").await;
    let put = json!({"type": "bearer", "hosts": ["api.example.com"], "secret": "canary"});
    assert_eq!(credential(client, "api", put).await.status, 201);
    let _ = client.post("/api/workspaces", &json!({"slug": "acme", "name": "Acme Inc."})).await.expect(201);
    let share = json!({"object_kind": "workflow", "object_id": "good", "workspace": "acme", "permission": "view"});
    let _ = client.post("/api/workspaces/main/shares", &share).await.expect(201);
    let told = json!({"url": "https://hooks.example.com/told", "events": ["execution_failed"], "workflow": "good"});
    let _ = client.post("/api/subscriptions", &told).await.expect(201);
}

fn output(server: &TestServer, home: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("COLUMNS", "200");
    command.env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", server.token()).env("TIDEMILL_WORKSPACE", "main");
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    (done.status.code().unwrap(), text)
}

/// The text without what differs each time. Columns are two spaces apart then, since their width does.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let mut rest = line;
        let mut shown = String::new();
        while let Some(first) = rest.chars().next() {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_' | '+');
            let end = rest.find(|c| is_part(c) != is_part(first)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            shown += if is_part(first) { word(piece) } else { piece };
            rest = after;
        }
        let columns: Vec<&str> = shown.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        let indent = &shown[..shown.len() - shown.trim_start().len()];
        writeln!(steady, "{indent}{}", columns.join("  ")).unwrap();
    }
    steady
}

fn word(word: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let hex = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-') && word.contains(|c: char| c.is_ascii_digit());
    let span = ["ms", "s", "m", "h"].into_iter().any(|unit| word.strip_suffix(unit).is_some_and(digits));
    match word {
        _ if word.len() == 36 && hex => "<id>",
        _ if hex && word.len() >= 8 && !digits(word) => "<short-id>",
        _ if word.len() >= 20 && word.as_bytes()[4] == b'-' && word.contains('T') && word.ends_with('Z') => "<time>",
        _ if word.starts_with("tm_") => "<token>",
        _ if word.starts_with("127.0.0.1:") => "<server>",
        _ if span => "<span>",
        _ => word,
    }
}

/// Durations that are numbers differ each time: fields of documents, and the column of tab-separated rows.
fn without_durations(text: &str) -> String {
    let mut parts = text.split("duration_ms");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let sign = part.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
        let (sign, number) = part.split_at(sign);
        write!(kept, "duration_ms{sign}<n>{}", number.trim_start_matches(|c: char| c.is_ascii_digit())).unwrap();
    }
    let mut column = None;
    let mut row = |line: &str| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        if let Some(head) = cells.iter().position(|cell| *cell == "DURATION") {
            column = Some(head);
        } else if let Some(cell) = column.and_then(|column| cells.get_mut(column)) {
            *cell = "<n>";
        }
        cells.join("\t") + "\n"
    };
    if !kept.contains('\t') {
        return kept;
    }
    kept.lines().map(&mut row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_printed_as_scripts_know_it() {
    let server = server().await;
    furnish(&server.client()).await;
    let home = tempfile::tempdir().unwrap();
    for (name, file) in [("good", GOOD), ("bad", BAD)] {
        std::fs::write(home.path().join(format!("{name}.yaml")), file).unwrap();
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (mut wrong, token) = (Vec::new(), server.token());
    for (name, command) in COMMANDS {
        let mut printed = String::new();
        for format in FORMATS {
            let (code, text) = output(&server, home.path(), &[command, &["-o", format]].concat());
            let words = command.join(" ");
            let shown = steady(&without_durations(&text.replace(&token[token.len() - 4..], "<end>")));
            writeln!(printed, "$ tidemill {words} -o {format}\n{shown}").unwrap();
            assert_eq!(code, 0, "{words} -o {format}: {text}");
            assert!(!text.contains("canary"), "{words}");
        }
        let path = golden.join(format!("{}.txt", name.replace(' ', "_")));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &printed).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != printed {
            wrong.push(format!("{}:\n{printed}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes the files anew\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_name_the_workflows_that_are_shown_and_removed() {
    let server = server().await;
    install(&server.client(), GOOD).await;
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("all")).unwrap();
    for (name, file) in [("all/good", GOOD), ("all/bad", BAD)] {
        std::fs::write(home.path().join(format!("{name}.yaml")), file).unwrap();
    }
    let say = |arguments: &[&str]| output(&server, home.path(), arguments);
    assert_eq!(say(&["get", "-f", "all/good.yaml", "-o", "name"]), (0, "workflow/good\n".to_owned()));
    let (code, text) = say(&["get", "-f", "all", "-o", "name"]);
    assert!(code == 13 && text.contains("workflow/good\n") && text.contains("error: "), "{code} {text}");
    assert_eq!(say(&["get", "-f", "all/bad.yaml"]).0, 5);
    let (code, text) = say(&["describe", "-f", "all/good.yaml"]);
    assert!(code == 0 && text.contains("All is well"), "{code} {text}");
    assert_eq!(say(&["get", "-f", "all", "workflows"]).0, 2);
    assert_eq!(say(&["delete", "good", "-f", "all"]).0, 2);
    install(&server.client(), BAD).await;
    assert_eq!(say(&["delete", "-f", "all"]).0, 2, "nobody can be asked");
    let (code, text) = say(&["delete", "-f", "all", "--yes", "-o", "name"]);
    assert!(code == 0 && text.contains("good") && text.contains("bad"), "{code} {text}");
    assert_eq!(say(&["delete", "-f", "all", "--yes"]).0, 5, "they are gone");
}
