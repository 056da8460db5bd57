//! What the front end owes to the terminal that it was given: it gives it back however it ends, and keeps its hands off it while
//! somebody else has it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use serde_json::json;
use tidemill_common::clock::{Clock, SystemClock};
use tidemill_harness::{TestServer, eventually};
use tidemill_tui::app::{self, TuiOptions};
use tidemill_tui::client::ClientConfig;

use crate::scene::{BINARY, install, server, start};
use crate::terminal::Terminal;

/// The front end as a command line, with an editor.
fn command(server: &TestServer, state: &Path, editor: &str) -> String {
    format!(
        "EDITOR={editor} XDG_STATE_HOME={} TIDEMILL_SERVER={} TIDEMILL_TOKEN={} {BINARY} tui --fresh",
        state.display(),
        server.url(),
        server.token()
    )
}

/// What the terminal is set to, once the shell has it (again).
fn settings(terminal: &Terminal, mark: &str) -> String {
    terminal.line(&format!("clear; stty -a; echo {mark}"));
    let screen = terminal.shows(&format!("\n{mark}"));
    screen.lines().take_while(|line| *line != mark).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_end_that_is_told_to_end_gives_the_terminal_back() {
    let server = server().await;
    let (terminal, state) = (Terminal::open(), tempfile::tempdir().unwrap());
    let before = settings(&terminal, "before");
    for signal in ["TERM", "HUP"] {
        let front_end = command(&server, state.path(), "vi");
        let pid = state.path().join("pid");
        terminal.line(&format!("sh -c 'echo $$ > {}; exec env {front_end}'", pid.display()));
        terminal.shows("LIVE");
        let pid = std::fs::read_to_string(pid).unwrap();
        let killed = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status().unwrap();
        assert!(killed.success());
        eventually("the shell is back", || terminal.screen().contains("shell>").then_some(()));
        assert_eq!(settings(&terminal, &format!("after-{signal}")), before, "{signal}");
    }
}

/// A clock that breaks: the front end panics in the midst of its work.
#[derive(Debug, Default)]
struct Broken(AtomicU32);

impl Clock for Broken {
    fn now(&self) -> DateTime<Utc> {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) < 3, "the clock is broken");
        SystemClock.now()
    }
}

/// Runs inside the terminal of the test below.
#[tokio::test]
#[ignore = "another test runs it in a terminal of its own"]
async fn a_front_end_that_panics() {
    let client = ClientConfig { server: "http://127.0.0.1:9".into(), token: String::new(), workspace: None, ca: None };
    let mut options = TuiOptions::new(client, |_| None, |_, _| Err(String::new()));
    options.clock = Arc::new(Broken::default());
    // The answer of nobody is an event, too: the clock is asked until it breaks.
    app::run(options).await.unwrap();
}

#[test]
fn after_a_panic_the_terminal_is_as_it_was_and_says_why() {
    let terminal = Terminal::open();
    let before = settings(&terminal, "before");
    let this = std::env::current_exe().unwrap();
    terminal.line(&format!("{} --exact manners::a_front_end_that_panics --ignored --nocapture", this.display()));
    let screen = terminal.shows("the clock is broken");
    assert!(screen.contains("panicked at"), "{screen}");
    terminal.shows("1 failed");
    assert_eq!(settings(&terminal, "after"), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_gets_every_key_and_is_not_painted_over() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: busy\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n").await;
    let (terminal, state) = (Terminal::open(), tempfile::tempdir().unwrap());
    let (editor, typed) = (state.path().join("editor"), state.path().join("typed"));
    let script = format!(
        "#!/bin/sh\nstty -echo -icanon\necho ready to type\ndd bs=1 count=1000 of={0}.part 2> /dev/null\nmv {0}.part {0}\nstty echo icanon\n",
        typed.display()
    );
    std::fs::write(&editor, script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&editor, executable).unwrap();
    terminal.line(&command(&server, state.path(), &editor.display().to_string()));
    terminal.shows("LIVE");
    terminal.key("3");
    terminal.shows("manual only");
    terminal.key("Enter");
    terminal.shows("STEPS");
    for round in 0..5 {
        terminal.key("e");
        terminal.shows("ready to type");
        let line: String = (0..100).map(|n| char::from(b'a' + (n + round) % 26)).collect();
        for _ in 0..10 {
            // The screen that is below would change with each of these.
            let _ = start(&client, "busy", json!({})).await;
            terminal.text(&line);
        }
        let text = eventually("all that was typed has come", || std::fs::read_to_string(&typed).ok());
        assert_eq!(text, line.repeat(10), "round {round}");
        std::fs::remove_file(&typed).unwrap();
        terminal.shows("STEPS");
    }
    terminal.key("C-c");
    terminal.shows("shell>");
}
