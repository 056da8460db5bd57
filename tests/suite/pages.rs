//! The commands of the pages for operators, on what they are about: executions that wait, failed or were set aside, colleagues,
//! plans. Where a page has an id, the test has one of its own.

use serde_json::json;
use tidemill_harness::{Client, TestServer, eventually, eventually_async};

use crate::documentation::paste_at;
use crate::endpoint::{Endpoint, Reply};
use crate::scene::{ended, install, reaches, server, start, text};

const CLI: &str = include_str!("../../docs/cli.md");
const CODE_STEPS: &str = include_str!("../../docs/code-steps.md");
const OPERATE: &str = include_str!("../../docs/operate.md");
const PLANS: &str = include_str!("../../docs/plans.md");
const TEAMS: &str = include_str!("../../docs/teams.md");
const TUI: &str = include_str!("../../docs/tui.md");

/// The pages whose commands are run here.
pub const RUN: [&str; 6] = ["cli.md", "code-steps.md", "operate.md", "plans.md", "teams.md", "tui.md"];

/// Commands that need what is not here, each with the test that runs them.
const ELSEWHERE: [(&str, &str); 12] = [
    ("tidemill demo", "demo"),
    ("tidemill serve", "nodes, recovery"),
    ("tidemill get workflows --data-dir", "cli, with a server of its own"),
    ("tidemill login https://flows.example.com  ", "teams, with somebody who enters the code"),
    ("tidemill login https://flows.example.com --email", "teams, on a terminal"),
    ("tidemill user password", "teams, on a terminal"),
    ("tidemill tui  ", "tui, in tmux"),
    ("tidemill tui --fresh", "tui, in tmux"),
    ("tidemill tui @failed", "tui, in tmux"),
    ("tidemill tui -C", "tui, in tmux"),
    ("tidemill tui --record", "manners, in a pseudo-terminal"),
    ("tidemill billing ", "payments, with Stripe"),
];

/// The execution that a page means, and others of its words.
const EXECUTION: &str = "3f2a9c01";
const CAUSE: &str = "3f9c2b7a11d0e845";

const ORDER_INTAKE: &str = "id: order-intake
steps:
  - {id: hold, uses: wait, if: inputs.hold | default(false), with: {duration: 1h}}
  - {id: check, uses: fail, depends_on: [], if: inputs.broken | default(false), with: {message: out of stock}}
";

const REFUND: &str = "id: refund
steps:
  - id: ask
    uses: approval
    with: {message: May I?, role: admin, form: {type: object, properties: {amount: {type: integer}}}}
";

/// The block of `page` that contains `words`, without what is run elsewhere.
fn block(page: &str, words: &str) -> String {
    let mut blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains(words)).unwrap_or_else(|| panic!("no block with {words}"));
    let lines = block.lines().filter(|line| !ELSEWHERE.iter().any(|(begin, _)| line.starts_with(begin)));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Runs the block of `page` that contains `words`, after `before`. Nobody is here to be asked whether something is to go: `--yes` says so
/// in the places.
fn run(server: &TestServer, (page, words): (&str, &str), before: &str, places: &[(&str, &str)]) -> String {
    paste_at(server, &format!("set -euo pipefail\n{before}\n{}", block(page, words)), places)
}

/// Runs each line of a block by itself, about an execution that `fresh` gives.
async fn each(server: &TestServer, (page, words): (&str, &str), fresh: impl AsyncFn() -> String) -> Vec<String> {
    let mut said = Vec::new();
    for line in block(page, words).lines() {
        let id = fresh().await;
        let script = format!("set -euo pipefail\necho '{{\"hold\": false}}' > order.json\n{line}\n");
        let said_now = paste_at(server, &script, &[(EXECUTION, &id), ("--version 7", "--version 1")]);
        said.push(said_now);
    }
    said
}

async fn held(client: &Client) -> String {
    let id = start(client, "order-intake", json!({"hold": true})).await;
    let _ = reaches(client, &id, &["waiting"]).await;
    id
}

async fn broken(client: &Client) -> String {
    let id = start(client, "order-intake", json!({"broken": true})).await;
    assert_eq!(ended(client, &id).await["status"], "failed");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_explained_paused_and_cancelled() {
    let server = server().await;
    let client = server.client();
    install(&client, ORDER_INTAKE).await;
    let id = held(&client).await;
    let places = [(EXECUTION, id.as_str())];
    assert!(run(&server, (OPERATE, "tidemill why"), "", &places).contains("step_waiting"));
    let _ = run(&server, (OPERATE, "tidemill pause"), "", &places);
    let _ = reaches(&client, &id, &["waiting"]).await;
    for said in each(&server, (OPERATE, "tidemill cancel"), async || held(&client).await).await {
        assert!(!said.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_approve_reject_and_decide() {
    let mut server = server().await;
    let client = server.client();
    install(&client, REFUND).await;
    let asked = async || {
        let id = start(&client, "refund", json!({})).await;
        let _ = reaches(&client, &id, &["waiting"]).await;
        id
    };
    let said = each(&server, (OPERATE, "tidemill approve"), asked).await;
    assert!(said[0].contains("May I?"), "{said:?}");

    let silent = Endpoint::start(|_, _| Reply::Silence).await;
    let step = format!("{{id: pay, uses: http.request, effect: at_most_once, with: {{url: \"{}/\"}}}}", silent.url());
    install(&client, &format!("id: charge\nsteps:\n  - {step}\n")).await;
    let mut charged = Vec::new();
    for count in 1..=3 {
        charged.push(start(&client, "charge", json!({})).await);
        eventually_async("the request is under way", || async { (silent.received().len() == count).then_some(()) }).await;
    }
    server.kill();
    server.restart().await;
    let client = server.client();
    for id in &charged {
        let _ = reaches(&client, id, &["waiting"]).await;
    }
    let next = std::sync::Mutex::new(charged.clone().into_iter());
    let _ = each(&server, (OPERATE, "tidemill decide"), async || next.lock().unwrap().next().unwrap()).await;
    assert_eq!(ended(&client, &charged[1]).await["status"], "succeeded");
    assert_eq!(ended(&client, &charged[2]).await["status"], "failed");
    eventually_async("it is carried out again", || async { (silent.received().len() == 4).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_one_by_one_and_all_at_once() {
    let server = server().await;
    let client = server.client();
    install(&client, ORDER_INTAKE).await;
    let fails = async || broken(&client).await;
    let _ = each(&server, (OPERATE, "tidemill retry"), fails).await;
    let cause = [(CAUSE, "$(tidemill dlq list --jq '.[0].fingerprint')"), ("--reason obsolete", "--reason obsolete --yes")];
    assert!(run(&server, (OPERATE, "tidemill dlq"), "", &cause).contains("out of stock"));
    // Enough of them that the order still goes on when it is stopped.
    for _ in 0..20 {
        let _ = broken(&client).await;
    }
    let said = run(
        &server,
        (OPERATE, "tidemill bulk"),
        "",
        &[("--rate 5", "--rate 5 --yes"), ("ORDER", "$(tidemill bulk list --jq '.[0].id')")],
    );
    assert!(said.contains("retry"), "{said}");
    eventually("the metrics know the workflow", || {
        run(&server, (OPERATE, "tidemill get metrics"), "", &[]).contains("order-intake").then_some(())
    });
    assert!(run(&server, (OPERATE, "tidemill get nodes"), "", &[]).contains("alive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_the_command_line_does_what_the_page_says() {
    let server = server().await;
    let before = format!("cat > order-intake.yaml <<'YAML'\n{ORDER_INTAKE}YAML\necho '{{\"hold\": false}}' > order.json");
    install(&server.client(), ORDER_INTAKE).await;
    let said = run(&server, (CLI, "tidemill run order-intake"), &before, &[]);
    assert!(said.contains("succeeded") && said.contains("execution_completed"), "{said}");
    let said = run(&server, (CLI, "tidemill diff"), &before, &[("--if-version 14", "--if-version 1")]);
    assert!(said.contains("order-intake"), "{said}");
    assert!(run(&server, (CLI, "--template"), "", &[]).contains("order-intake 1"));
    let places = [
        ("/etc/bash_completion.d/", "made/"),
        ("~/.zfunc/", "made/"),
        ("~/.config/fish/completions/", "made/"),
        ("/usr/local/share/man/man1", "made/man1"),
    ];
    let script = format!("mkdir made\n{}\ngrep -rc tidemill made", block(CLI, "tidemill completions"));
    let said = paste_at(&server, &script, &places);
    assert!(said.contains("made/man1/tidemill-run.1:") && !said.lines().any(|line| line.ends_with(":0")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_code_steps_does_what_the_page_says() {
    let server = server().await;
    let before = "generate() { echo 'function main() { return {made: 1} }'; }
echo '{\"orders\": [{\"total\": 3}, {\"total\": 4}]}' > orders.json
echo 'SELECT sum(total) AS total FROM orders' > report.sql
cat > tier.py <<'PY'
def main(input):
    return {'tier': 'gold' if input['total'] > 500 else 'silver'}
PY";
    let said = run(&server, (CODE_STEPS, "tidemill code run"), before, &[]);
    assert!(said.contains("gold") && said.contains("\"total\": 7") && said.contains("made"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_plans_does_what_the_page_says() {
    let server = server().await;
    let said = run(
        &server,
        (PLANS, "tidemill plan put"),
        "",
        &[("ORGANIZATION", "$(tidemill org show --jq .id)"), ("plan rm team", "plan rm team --yes")],
    );
    assert!(said.contains("business") && said.contains("enterprise"), "{said}");
    let _ = run(&server, (PLANS, "tidemill quota refused"), "", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_teams_does_what_the_page_says() {
    let server = server().await;
    install(&server.client(), &ORDER_INTAKE.replace("order-intake", "order")).await;
    let token = "printf %s \"$TIDEMILL_TOKEN\" > token.txt";
    let _ = run(&server, (TEAMS, "--with-token"), token, &[("https://flows.example.com", server.url())]);
    let account = server.client().post("/api/workspaces/main/service-accounts", &json!({"name": "ci", "role": "editor"})).await;
    let user = text(&account.expect(201).json()["user_id"]);
    let said = run(&server, (TEAMS, "tidemill invite create"), "", &[("rm USER", "rm USER --yes"), ("USER", &user)]);
    assert!(said.contains("/invite"), "{said}");
    let said = run(&server, (TEAMS, "share add workflow"), "tidemill workspace create acme", &[]);
    assert!(said.contains("order"), "{said}");
    let mail = "echo canary | tidemill credential set mail --type bearer --host mail.example.com";
    let _ = run(&server, (TEAMS, "share add credential"), mail, &[]);
    let said = run(&server, (TEAMS, "tidemill audit"), "", &[("42:5fec…", "$(tidemill audit verify --jq .end)")]);
    assert!(said.contains("workflow/order") && said.contains("is whole"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_screen_is_drawn_into_a_file() {
    let server = server().await;
    let page = format!("{}\ngrep -c '<svg' now.svg\n", block(TUI, "tidemill tui"));
    assert_eq!(paste_at(&server, &page, &[]).lines().last(), Some("1"));
}
