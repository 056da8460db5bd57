//! The front end at the end of a slow line: 20 kB/s, and now and then nothing for a while. Who types there gets the newest picture, not
//! each one that was missed meanwhile.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, mknodat, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;
use tempfile::TempDir;
use tidemill_harness::{TestServer, eventually};

use crate::scene::{BINARY, ended, install, server, start};
use crate::terminal::Terminal;

/// What the line carries at once, and how long that takes it: 20 kB/s.
const PIECE: usize = 512;
const PIECE_TAKES: Duration = Duration::from_millis(25);
/// What a terminal of the kernel holds for a reader that doesn't read, at most.
const HELD: usize = 64 << 10;
/// A whole picture of 200x60, at most.
const PICTURE: usize = 10_500;

/// Whether the line carries anything at the moment.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn set(&self, open: bool) {
        *self.0.lock().unwrap() = open;
        self.1.notify_all();
    }

    fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// The front end, and a line between it and the terminal.
struct Line {
    terminal: Terminal,
    front_end: Child,
    keys: File,
    gate: Arc<Gate>,
    carried: Arc<AtomicUsize>,
    hung_up: Arc<AtomicBool>,
    _dir: TempDir,
}

impl Line {
    fn open(server: &TestServer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (near, far) = pty(Winsize { ws_row: 60, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 });
        let terminal = Terminal::of_size("200", "60");
        let pipe = dir.path().join("line");
        mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        terminal.line(&format!("clear; stty raw -echo; exec cat {}", pipe.display()));
        let picture = OpenOptions::new().write(true).open(&pipe).unwrap();
        let front_end = front_end(server, dir.path(), far);
        let (gate, carried, hung_up) = (Arc::new(Gate::default()), Arc::default(), Arc::default());
        gate.set(true);
        let line = Self { terminal, front_end, keys: near.try_clone().unwrap(), gate, carried, hung_up, _dir: dir };
        line.carry(near, picture);
        line
    }

    /// Carries what the front end writes to the terminal, until one of them ends.
    fn carry(&self, mut from: File, mut to: File) {
        let (gate, carried, hung_up) = (Arc::clone(&self.gate), Arc::clone(&self.carried), Arc::clone(&self.hung_up));
        thread::spawn(move || {
            let mut piece = [0; PIECE];
            loop {
                gate.pass();
                match from.read(&mut piece) {
                    Ok(read) if read > 0 && to.write_all(&piece[..read]).is_ok() => carried.fetch_add(read, Ordering::Relaxed),
                    _ => return hung_up.store(true, Ordering::Relaxed),
                };
                thread::sleep(PIECE_TAKES);
            }
        });
    }

    fn carried(&self) -> usize {
        self.carried.load(Ordering::Relaxed)
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.gate.set(true);
        self.front_end.kill().and_then(|()| self.front_end.wait()).expect("the front end can be ended");
    }
}

/// Both ends of a terminal of the kernel.
fn pty(size: Winsize) -> (File, File) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let path = ptsname(&near, Vec::new()).unwrap();
    let far = open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    tcsetwinsize(&far, size).unwrap();
    (near.into(), far.into())
}

/// The front end as somebody has it who came by SSH.
fn front_end(server: &TestServer, state: &Path, terminal: File) -> Child {
    let mut command = Command::new("setsid");
    command.args(["--ctty", BINARY, "tui", "--fresh"]);
    command.env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", server.token()).env("XDG_STATE_HOME", state);
    command.env("TERM", "xterm-256color").env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22").stderr(Stdio::null());
    command.stdin(terminal.try_clone().unwrap()).stdout(terminal).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_stood_still_gets_the_newest_picture() {
    let server = server().await;
    install(&server.client(), "id: tour\nsteps: [{id: a, uses: transform, with: {x: 1}}]\n").await;
    let mut line = Line::open(&server);
    line.terminal.shows("LIVE");
    line.gate.set(false);
    let before = line.carried();
    // Each is a picture of its own: together they are more than twenty times what is allowed to come.
    for _ in 0..100 {
        line.types("g1g2g3g4g5g8");
    }
    line.types("gs");
    line.gate.set(true);
    line.terminal.shows("of this terminal, and of who asks");
    eventually("the picture is whole", || line.terminal.screen().contains("LIVE").then_some(()));
    let came = line.carried() - before;
    assert!(came <= HELD + 6 * PICTURE, "{came} bytes came for 601 pictures");
    line.types("g3");
    line.terminal.shows("tour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_slow_line_what_happens_is_seen_to_the_end() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: tour\nsteps: [{id: a, uses: wait, with: {duration: 1s}}]\n").await;
    let mut line = Line::open(&server);
    line.terminal.shows("LIVE");
    line.types("g2");
    line.terminal.shows("executions");
    for number in 0..40 {
        let _ = start(&client, "tour", json!({"number": number})).await;
        if number % 10 == 0 {
            line.gate.set(number % 20 != 0);
        }
    }
    line.gate.set(true);
    let last = start(&client, "tour", json!({"number": 40})).await;
    assert_eq!(ended(&client, &last).await["status"], "succeeded");
    eventually("every row shows the end", || {
        let screen = line.terminal.screen();
        (screen.matches("succeeded").count() >= 41).then_some(())
    });
    assert!(!line.hung_up.load(Ordering::Relaxed), "the front end writes on");
}
