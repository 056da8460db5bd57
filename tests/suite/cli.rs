//! The command line against a server: what it prints, and the exit codes that scripts rely on.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tidemill_harness::TestServer;

use crate::scene::{BINARY, server};

const GOOD: &str =
    "id: good\nsteps:\n  - {id: a, uses: transform, with: {x: \"{{ inputs.n }}\"}}\noutput: {x: \"{{ steps.a.output.x }}\"}\n";
const BAD: &str = "id: bad\nsteps:\n  - {id: no, uses: fail, with: {message: out of stock}}\n";
const SLOW: &str = "id: slow\nsteps:\n  - {id: pause, uses: wait, with: {duration: 1h}}\n";

/// What a command said: exit code, stdout, stderr.
type Said = (i32, String, String);

/// The command line with a home of its own.
struct Shell<'a> {
    server: &'a TestServer,
    home: tempfile::TempDir,
}

impl<'a> Shell<'a> {
    fn new(server: &'a TestServer) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, file) in [("good", GOOD), ("bad", BAD), ("slow", SLOW)] {
            std::fs::write(home.path().join(format!("{name}.yaml")), file).unwrap();
        }
        Self { server, home }
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "")
    }

    fn run_with(&self, args: &[&str], stdin: &str) -> Said {
        let mut command = self.bare(args);
        command.env("TIDEMILL_SERVER", self.server.url()).env("TIDEMILL_TOKEN", self.server.token());
        said(&mut command, stdin)
    }

    /// Without server and token.
    fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(self.home.path()).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.home.path());
        command
    }
}

fn said(command: &mut Command, stdin: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_end_has_its_exit_code() {
    let server = server().await;
    let shell = Shell::new(&server);
    for name in ["good", "bad", "slow"] {
        let (code, _, err) = shell.run(&["apply", "-f", &format!("{name}.yaml")]);
        assert_eq!(code, 0, "{err}");
    }
    std::fs::write(shell.home.path().join("broken.yaml"), "id: broken\nsteps: [{id: a, uses: nonsense}]\n").unwrap();
    for (args, expected) in [
        (&["version"][..], 0),
        (&["nonsense"], 2),
        (&["apply"], 2),
        (&["run", "good", "--input", "{"], 2),
        (&["apply", "-f", "good.yaml", "--error-unchanged"], 3),
        (&["validate", "-f", "broken.yaml"], 1),
        (&["apply", "-f", "broken.yaml", "-f", "good.yaml"], 13),
        (&["get", "workflow", "missing"], 5),
        (&["run", "missing"], 5),
        (&["apply", "-f", "good.yaml", "--if-version", "7"], 6),
        (&["run", "slow", "--wait", "1s"], 8),
        (&["run", "good", "--input", "{\"n\": 1}", "--wait", "30s"], 0),
        (&["run", "bad", "--wait", "30s"], 9),
        (&["run", "bad", "--wait", "30s", "--no-exit-status"], 0),
        (&["--server", "http://127.0.0.1:1", "get", "workflows"], 11),
        (&["delete", "workflow", "good"], 2),
    ] {
        let (code, out, err) = shell.run(args);
        assert_eq!(code, expected, "{args:?}\n{out}\n{err}");
        assert!(expected != 0 || !err.contains("error"), "{args:?} {err}");
    }
    let without_token = said(shell.bare(&["get", "workflows"]).env("TIDEMILL_SERVER", server.url()), "");
    assert_eq!(without_token.0, 4, "{}", without_token.2);
    let (_, viewer, _) = shell.run(&["token", "create", "look", "--role", "viewer", "-o", "json"]);
    let secret = serde_json::from_str::<Value>(&viewer).unwrap()["secret"].as_str().unwrap().to_owned();
    let mut forbidden = shell.bare(&["run", "good"]);
    forbidden.env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", secret);
    assert_eq!(said(&mut forbidden, "").0, 12);
    let (code, id, _) = shell.run(&["run", "slow", "--quiet"]);
    assert_eq!((code, shell.run(&["cancel", id.trim()]).0), (0, 0));
    assert_eq!(shell.run(&["watch", id.trim()]).0, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_in_the_format_that_was_asked_for() {
    let server = server().await;
    let shell = Shell::new(&server);
    assert_eq!(shell.run(&["apply", "-f", "good.yaml"]).0, 0);
    let (_, names, _) = shell.run(&["get", "workflows", "-o", "name"]);
    assert_eq!(names, "workflow/good\n");
    let (_, tsv, _) = shell.run(&["get", "workflows", "-o", "tsv", "--no-headers"]);
    assert!(tsv.starts_with("good\t") && tsv.lines().count() == 1, "{tsv}");
    let (_, json, _) = shell.run(&["get", "workflows", "-o", "json"]);
    assert!(json.contains("\"good\"") && serde_json::from_str::<Value>(&json).is_ok(), "{json}");
    let (code, out, _) = shell.run(&["run", "good", "--input", "{\"n\": 41}", "--wait", "30s", "-o", "json"]);
    let whole: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &whole["output"]["x"]), (0, &Value::from(41)), "{out}");
    let (code, watched, _) = shell.run(&["watch", "@latest"]);
    assert!(code == 0 && watched.lines().count() >= 3, "{watched}");
    for shell_name in ["bash", "zsh", "fish"] {
        let (code, script, _) = shell.run(&["completions", shell_name]);
        assert!(code == 0 && script.contains("tidemill"), "{shell_name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_comes_from_stdin_and_is_not_shown() {
    let server = server().await;
    let shell = Shell::new(&server);
    let (code, out, err) = shell.run_with(&["secret", "set", "shop"], "canary\n");
    assert!(code == 0 && !out.contains("canary") && !err.contains("canary"), "{out}{err}");
    let (_, names, _) = shell.run(&["secret", "ls", "-o", "json"]);
    assert!(names.contains("\"shop\"") && !names.contains("canary"), "{names}");
    assert_eq!(shell.run_with(&["secret", "set", "shop"], "").0, 2);
    assert_eq!(shell.run(&["secret", "rm", "shop", "--yes"]).0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_has_one_server() {
    let options = tidemill_harness::ServerOptions {
        binary: BINARY.into(),
        args: Vec::new(),
        storage: tidemill_harness::Storage::Embedded,
    };
    let server = TestServer::start_with(options).await;
    let dir: &Path = server.data_dir();
    let mut second = Command::new(BINARY);
    second.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir);
    let (code, _, err) = said(&mut second, "");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains(&server.pid().to_string()) && err.contains(dir.to_str().unwrap()), "{err}");
    assert_eq!(server.client().get("/readyz").await.status, 200);
}
