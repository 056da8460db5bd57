//! What each listing command prints in each format, held against the files in `tests/golden`: scripts rely on it.
//!
//! `UPDATE_GOLDEN=1` writes them anew. What differs from one time to another (ids, times, durations) is replaced by a word.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::json;
use tidemill_harness::{Answer, Client, TestServer, eventually_async};

use crate::outbound::credential;
use crate::scene::{BINARY, install, run, secret, server, text};

const FORMATS: [&str; 7] = ["table", "wide", "json", "jsonl", "yaml", "name", "tsv"];

/// A golden file, and the command whose output it holds.
type Row = (&'static str, &'static [&'static str]);

const COMMANDS: [Row; 26] = [
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
    ("dead letters of a cause", &["dlq", "show", "@cause"]),
    ("metrics", &["get", "metrics"]),
    ("nodes", &["get", "nodes"]),
    ("organization", &["org", "show"]),
    ("sessions", &["user", "sessions"]),
    ("bulk orders", &["bulk", "list"]),
    ("deliveries", &["subscription", "deliveries", "hooks.example.com"]),
];

/// What an organization on a plan is told, by its admin.
const OF_A_CUSTOMER: [Row; 9] = [
    ("users", &["org", "users"]),
    ("invites", &["invite", "ls"]),
    ("audit log", &["audit", "ls"]),
    ("quota", &["quota", "show"]),
    ("usage", &["quota", "usage"]),
    ("refused deliveries", &["quota", "refused"]),
    ("plan", &["plan", "show"]),
    ("billing history", &["billing", "history"]),
    ("pricing", &["plan", "pricing"]),
];

/// And what it is told once it has upgraded.
const OF_ONE_THAT_PAYS: [Row; 2] = [("invoices", &["billing", "invoices"]), ("plan that costs", &["plan", "show"])];

/// What a filter or a template makes of a list and of a thing.
const SHAPED: [&[&str]; 5] = [
    &["get", "workflows", "--jq", ".[] | {id, active_version}"],
    &["get", "workflow", "good", "--jq", ".triggers[0].path"],
    &["get", "executions", "--jq", "map(.status) | sort"],
    &["get", "workflows", "--template", "{{ id }} has version {{ version }}"],
    &["get", "workflow", "good", "--jq", ".nothing["],
];

const GOOD: &str = "id: good\nname: All is well\ntriggers: [{id: hook, type: webhook, path: good}]\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ inputs.n }}\"}}\noutput: {x: \"{{ steps.a.output.x }}\"}\n";
const BAD: &str = "id: bad\nsteps:\n  - {id: no, uses: fail, with: {message: out of stock}}\n";

async fn furnish(client: &Client) {
    for file in [GOOD, BAD] {
        install(client, file).await;
    }
    let _ = run(client, "bad", json!({})).await;
    let _ = run(client, "good", json!({"n": 41})).await;
    // What has ended is counted a little later.
    let counted = async || client.get("/api/executions/metrics").await.expect(200).json()["items"].as_array().map(Vec::len);
    eventually_async("both are counted", async || (counted().await == Some(2)).then_some(())).await;
    secret(client, "shop", "canary").await;
    let put = json!({"type": "bearer", "hosts": ["api.example.com"], "secret": "canary"});
    assert_eq!(credential(client, "api", put).await.status, 201);
    let _ = client.post("/api/workspaces", &json!({"slug": "acme", "name": "Acme Inc."})).await.expect(201);
    let share = json!({"object_kind": "workflow", "object_id": "good", "workspace": "acme", "permission": "view"});
    let _ = client.post("/api/workspaces/main/shares", &share).await.expect(201);
    let told = json!({"url": "https://hooks.example.com/told", "events": ["execution_failed"], "workflow": "good"});
    let _ = client.post("/api/subscriptions", &told).await.expect(201);
}

/// An organization on a plan, whose admin has invited somebody; the admin's token.
async fn customer(operator: &Client) -> String {
    let made = operator.post("/api/organizations", &json!({"name": "Zed", "workspace": "zed"})).await.expect(201).json();
    let claim = json!({"email": "ann@example.com", "password": "correct horse battery"});
    let _ = operator.anonymous().post(&format!("/api/invites/{}", text(&made["secret"])), &claim).await.expect(201);
    let session = operator.anonymous().post("/api/sign-in", &claim).await.expect(201).json();
    let ann = operator.with_token(&text(&session["secret"]));
    let path = format!("/api/organizations/{}/subscription", text(&made["organization"]["id"]));
    let _ = Answer::of(operator.request(Method::PATCH, &path).json(&json!({"plan": "free"}))).await.expect(200);
    let invite = json!({"role": "editor", "email": "bo@example.com", "expires_in_hours": 700});
    let _ = ann.post("/api/workspaces/zed/invites", &invite).await.expect(201);
    text(&session["secret"])
}

fn output(server: &TestServer, home: &Path, arguments: &[&str]) -> (i32, String) {
    output_for(server, home, (&server.token(), "main"), arguments)
}

/// What is printed for whoever has `token`, about `workspace`.
fn output_for(server: &TestServer, home: &Path, (token, workspace): (&str, &str), arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("COLUMNS", "200");
    command.env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", token).env("TIDEMILL_WORKSPACE", workspace);
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
    // YAML quotes what could be a number, which such words are at times.
    ["<short-id>", "<end>", "<id>"]
        .iter()
        .fold(steady, |text, word| text.replace(&format!(": \"{word}\""), &format!(": {word}")))
}

fn word(word: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let hex = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-') && word.contains(|c: char| c.is_ascii_digit());
    let span = ["ms", "s", "m", "h"].into_iter().any(|unit| word.strip_suffix(unit).is_some_and(digits));
    match word {
        _ if word.len() == 36 && hex => "<id>",
        _ if word.len() == 10 && word.matches('-').count() == 2 && hex => "<date>",
        _ if digits(word) && word.split_once('.').is_some_and(|(_, cents)| cents.len() == 2) => "<amount>",
        _ if hex && word.len() >= 8 && !digits(word) => "<short-id>",
        _ if word.len() >= 20 && word.as_bytes()[4] == b'-' && word.contains('T') && word.ends_with('Z') => "<time>",
        _ if word.starts_with("tm_") => "<token>",
        _ if word.starts_with("127.0.0.1:") => "<server>",
        _ if span => "<span>",
        _ => word,
    }
}

/// Fields of documents, and columns of tab-separated rows, whose numbers differ each time.
const MEASURED: [&str; 7] = ["duration_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "total_cents", "amount_cents"];
const MEASURED_COLUMNS: [&str; 6] = ["DURATION", "MEAN", "P50", "P95", "P99", "AMOUNT"];

/// The text without them.
fn without_measures(text: &str) -> String {
    let fields = MEASURED.into_iter().chain([" cents", "\"cents"]);
    let kept = fields.fold(text.to_owned(), |text, field| without(&text, field));
    if !kept.contains('\t') {
        return kept;
    }
    let mut measured: Vec<usize> = Vec::new();
    let mut row = |line: &str| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        if measured.is_empty() {
            let heads = cells.iter().enumerate().filter(|(_, cell)| MEASURED_COLUMNS.contains(cell));
            measured = heads.map(|(at, _)| at).collect();
        } else {
            for at in &measured {
                if let Some(cell) = cells.get_mut(*at).filter(|cell| !cell.is_empty()) {
                    *cell = "<n>";
                }
            }
        }
        cells.join("\t") + "\n"
    };
    kept.lines().map(&mut row).collect()
}

/// The text without the numbers behind `field`.
fn without(text: &str, field: &str) -> String {
    let mut parts = text.split(field);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let sign = part.find(|c: char| !matches!(c, '"' | ':' | ' ')).unwrap_or_default();
        let (sign, number) = part.split_at(sign);
        let rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
        let word = if rest.len() < number.len() { "<n>" } else { "" };
        write!(kept, "{field}{sign}{word}{rest}").unwrap();
    }
    kept
}

/// What `command` prints in each format; `@cause` in it is `cause`.
fn printed(server: &TestServer, home: &Path, who: (&str, &str), (command, cause): (&[&str], &str)) -> String {
    let command: Vec<&str> = command.iter().map(|word| if *word == "@cause" { cause } else { word }).collect();
    let (mut printed, token) = (String::new(), server.token());
    for format in FORMATS {
        let (code, text) = output_for(server, home, who, &[&command, &["-o", format][..]].concat());
        let words = command.join(" ");
        let shown = steady(&without_measures(&text.replace(&token[token.len() - 4..], "<end>")));
        writeln!(printed, "$ tidemill {} -o {format}\n{shown}", steady(&words).trim_end()).unwrap();
        assert_eq!(code, 0, "{words} -o {format}: {text}");
        assert!(!text.contains("canary"), "{words}");
    }
    printed
}

/// Holds `printed` against the golden file `name`, or writes that anew; what differs.
fn held(name: &str, printed: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{}.txt", name.replace(' ', "_")));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, printed).unwrap();
        return None;
    }
    let differs = std::fs::read_to_string(&path).unwrap_or_default() != printed;
    differs.then(|| format!("{}:\n{printed}", path.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_printed_as_scripts_know_it() {
    let server = server().await;
    furnish(&server.client()).await;
    let home = tempfile::tempdir().unwrap();
    for (name, file) in [("good", GOOD), ("bad", BAD)] {
        std::fs::write(home.path().join(format!("{name}.yaml")), file).unwrap();
    }
    let (token, mut wrong) = (server.token(), Vec::new());
    let ann = customer(&server.client()).await;
    let cause = output(&server, home.path(), &["dlq", "list", "-o", "name"]).1;
    let cause = cause.trim().rsplit('/').next().unwrap_or_default();
    let hold = |rows: &[Row], who: (&str, &str)| -> Vec<String> {
        rows.iter().filter_map(|row| held(row.0, &printed(&server, home.path(), who, (row.1, cause)))).collect()
    };
    wrong.extend(hold(&COMMANDS, (&token, "main")));
    wrong.extend(hold(&OF_A_CUSTOMER, (&ann, "zed")));
    let upgrade = server.client().with_token(&ann).post("/api/user/plan/upgrade", &json!({"plan": "pro"})).await;
    let _ = upgrade.expect(200);
    wrong.extend(hold(&OF_ONE_THAT_PAYS, (&ann, "zed")));
    let mut printed = String::new();
    for command in SHAPED {
        let (code, text) = output(&server, home.path(), command);
        writeln!(printed, "$ tidemill {}\n{}{code}\n", command.join(" "), steady(&text)).unwrap();
    }
    wrong.extend(held("shaped", &printed));
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
