//! The front end in a real terminal (tmux, 80x24): live, the detail of an execution, the server gone, the terminal restored.

use std::path::Path;

use serde_json::json;
use tidemill_harness::{TestServer, eventually};

use crate::scene::{BINARY, ended, install, server, start};
use crate::terminal::Terminal;

/// Starts the front end; what it keeps of a session goes into `state`.
fn command(server: &TestServer, state: &Path) -> String {
    let state = state.display();
    format!("XDG_STATE_HOME={state} TIDEMILL_SERVER={} TIDEMILL_TOKEN={} {BINARY} tui", server.url(), server.token())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_end_is_live_in_a_terminal_and_leaves_it_as_it_was() {
    let mut server = server().await;
    let client = server.client();
    install(&client, "id: tour\nsteps:\n  - {id: before, uses: transform, with: {x: 1}}\n  - {id: pause, uses: wait, with: {duration: 3s}}\n").await;
    let terminal = Terminal::open();
    let state = tempfile::tempdir().unwrap();
    terminal.line(&command(&server, state.path()));
    let first = terminal.shows("LIVE");
    assert!(first.contains("dashboard") && !first.contains("tour"), "{first}");
    terminal.key("2");
    let id = start(&client, "tour", json!({})).await;
    terminal.shows("waiting");
    assert_eq!(ended(&client, &id).await["status"], "succeeded");
    terminal.shows("succeeded");
    terminal.key("Enter");
    let detail = terminal.shows("before");
    assert!(detail.contains("pause"), "{detail}");
    // An execution that has ended needs no connection: the list does.
    terminal.key("Escape");
    terminal.shows("LIVE");
    server.kill();
    terminal.shows("OFFLINE");
    terminal.key("C-c");
    // The first line is the prompt from before: the next one says that the shell has the terminal again.
    terminal.shows("\nshell>");
    terminal.line("echo restored");
    let screen = terminal.shows("\nrestored");
    assert!(!screen.contains("OFFLINE"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_edited_applied_and_started_and_the_session_comes_back() {
    let server = server().await;
    let client = server.client();
    install(
        &client,
        "id: greet\ninputs: {type: object, required: [name], properties: {name: {type: string}}}\nsteps:\n  - {id: a, uses: \
         transform, with: {x: 1}}\n",
    )
    .await;
    let terminal = Terminal::open();
    let state = tempfile::tempdir().unwrap();
    terminal.line("stty -a > before");
    terminal.line(&format!("export EDITOR='sed -i s/1}}}}/2}}}}/'; {}", command(&server, state.path())));
    terminal.shows("LIVE");
    terminal.key("3");
    terminal.shows("manual only");
    terminal.key("Enter");
    terminal.shows("STEPS");
    terminal.key("e");
    terminal.shows("apply greet as version 2?");
    eventually("the question takes an answer", || {
        terminal.key("y");
        terminal.screen().contains("greet has version 2").then_some(())
    });
    // The first stroke ends what another `y` may have begun.
    terminal.key("3");
    terminal.key("3");
    terminal.shows("v1 → v2   +1 -1");
    terminal.key("r");
    terminal.shows("text, needed");
    terminal.tmux(&["send-keys", "-l", "ACME"]);
    terminal.key("Enter");
    terminal.shows("started greet as");
    terminal.shows("[6 Why]");
    // As if the connection to this terminal had been lost.
    terminal.key("C-z");
    terminal.shows("Stopped");
    terminal.line("kill -HUP %1; fg; stty -a > after; cmp before after && echo the same; rm before after");
    terminal.shows("\nthe same");
    terminal.line(&format!("clear; {}", command(&server, state.path())));
    terminal.shows("[6 Why]");
    terminal.key("Escape");
    terminal.shows("v1 → v2");
    terminal.key("C-c");
    terminal.shows("shell>");
}
