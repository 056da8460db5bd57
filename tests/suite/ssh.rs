//! The front end where operators use it: over a real SSH connection, in a small and in a large terminal. A connection that breaks
//! costs nothing but the time to make another one.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tidemill_harness::{TestServer, eventually};

use crate::scene::{BINARY, install, run, secret, server};
use crate::terminal::Terminal;

/// The screens at the root: the key behind `g`, and the name in the crumbs.
const SCREENS: [(&str, &str); 30] = [
    ("1", "dashboard"),
    ("2", "executions"),
    ("3", "workflows"),
    ("4", "dead letters"),
    ("5", "triggers"),
    ("6", "metrics"),
    ("7", "code"),
    ("8", "server"),
    ("9", "secrets"),
    ("0", "tokens"),
    ("a", "approvals"),
    ("p", "members"),
    ("i", "invites"),
    ("h", "shares"),
    ("l", "audit log"),
    ("q", "quota"),
    ("u", "plans"),
    ("v", "invoices"),
    ("b", "billing history"),
    ("r", "refused deliveries"),
    ("e", "subscriptions"),
    ("c", "credentials"),
    ("n", "nodes"),
    ("o", "bulk orders"),
    ("s", "settings"),
    ("t", "users"),
    ("w", "workspaces"),
    ("k", "sessions"),
    ("d", "usage"),
    ("f", "customers"),
];

/// An SSH server of its own, with keys of its own, for whoever runs the test.
struct Sshd {
    process: Child,
    dir: tempfile::TempDir,
    port: u16,
}

impl Sshd {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Keys and what is known of hosts are for their owner alone.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = |name: &str| dir.path().join(name);
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path(key)).status();
            assert!(made.expect("openssh is installed").success());
        }
        std::fs::copy(path("user.pub"), path("authorized")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nPrintMotd no\nPrintLastLog no\n",
            path("host").display(),
            path("authorized").display()
        );
        std::fs::write(path("config"), config).unwrap();
        // As root it wants this directory, which the system makes when its own server starts; others need none.
        let _needless_for_others = std::fs::create_dir_all("/run/sshd");
        let process = Command::new(sshd()).args(["-D", "-e", "-f"]).arg(path("config")).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { process, dir, port };
        eventually("the SSH server takes connections", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        server
    }

    /// The command line that runs `command` there, in a terminal.
    fn command(&self, command: &str) -> String {
        let (key, hosts) = (self.dir.path().join("user"), self.dir.path().join("hosts"));
        format!(
            "ssh -F none -tt -q -i {} -o UserKnownHostsFile={} -o StrictHostKeyChecking=no -p {} 127.0.0.1 \"{command}\"",
            key.display(),
            hosts.display(),
            self.port
        )
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // It is ours alone; that it has ended already is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// It is not on everybody's path.
fn sshd() -> PathBuf {
    let places = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("openssh-server is installed (Debian, Ubuntu: apt-get install openssh-server)")
}

/// The front end, as it is started there.
fn front_end(server: &TestServer, state: &Path) -> String {
    format!(
        "LANG=C.UTF-8 XDG_STATE_HOME={} TIDEMILL_SERVER={} TIDEMILL_TOKEN={} {BINARY} tui",
        state.display(),
        server.url(),
        server.token()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_screen_is_there_over_ssh_in_small_and_large_terminals() {
    let server = server().await;
    let client = server.client();
    install(
        &client,
        "id: good\ntriggers: [{id: hook, type: webhook, path: good}]\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n",
    )
    .await;
    install(&client, "id: bad\nsteps:\n  - {id: no, uses: fail, with: {message: out of stock}}\n").await;
    let _ = run(&client, "good", json!({})).await;
    let _ = run(&client, "bad", json!({})).await;
    secret(&client, "shop", "canary").await;
    let (sshd, state) = (Sshd::start(), tempfile::tempdir().unwrap());
    for (columns, rows) in [("80", "24"), ("200", "60")] {
        let terminal = Terminal::of_size(columns, rows);
        terminal.line(&sshd.command(&format!("{} --fresh", front_end(&server, state.path()))));
        terminal.shows("LIVE");
        for (key, name) in SCREENS {
            terminal.text(&format!("g{key}"));
            let crumb = format!(" {name} ");
            let screen = eventually(&format!("{name} is shown"), || {
                let screen = terminal.screen();
                let at = screen.lines().nth(1).is_some_and(|line| format!("{line} ").starts_with(&crumb));
                (at && !screen.contains("loading ")).then_some(screen)
            });
            assert!(!screen.contains("can't be read") && !screen.contains("canary"), "{screen}");
            let widest = screen.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= columns.parse().unwrap(), "{name} is {widest} wide:\n{screen}");
        }
        terminal.key("C-c");
        terminal.shows("shell>");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_connection_that_broke_the_screens_are_there_again() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: good\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n").await;
    let _ = run(&client, "good", json!({})).await;
    let (sshd, state, terminal) = (Sshd::start(), tempfile::tempdir().unwrap(), Terminal::open());
    terminal.line(&sshd.command(&front_end(&server, state.path())));
    terminal.shows("LIVE");
    terminal.key("3");
    terminal.shows("manual only");
    terminal.key("Enter");
    terminal.shows("STEPS");
    terminal.key("3");
    terminal.shows("v1");
    // As a laptop does that is shut: nothing is said to the other side but that the line is gone.
    terminal.key("Enter");
    terminal.text("~.");
    terminal.shows("shell>");
    let kept = state.path().join("tidemill/session.json");
    eventually("the session is kept", || std::fs::read_to_string(&kept).ok().filter(|text| text.contains("good")));
    terminal.line("clear");
    terminal.line(&sshd.command(&front_end(&server, state.path())));
    let again = terminal.shows("LIVE");
    assert!(again.contains("good"), "{again}");
    terminal.key("Escape");
    terminal.shows("manual only");
    terminal.key("C-c");
    terminal.shows("shell>");
}
