//! The full-screen front end as it is started by hand: how soon its first frame is there, and what frames and memory cost with very
//! many executions.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde::Deserialize;

use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

/// How often it is started.
const STARTS: usize = 20;
/// What ends a frame.
const FRAME: &[u8] = b"\x1b[?2026l";
/// The terminal that it is started in.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// What `tidemill tui --measure` says.
#[derive(Deserialize)]
struct Measured {
    rows: u64,
    memory_bytes: Option<u64>,
    frames: Vec<Frames>,
}

#[derive(Deserialize)]
struct Frames {
    columns: u16,
    rows: u16,
    p50_ms: f64,
    p99_ms: f64,
    filter_ms: f64,
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
    let (url, token) = (format!("http://{}", stage.target.address), stage.target.token.clone());
    stage.say(&format!("{STARTS} starts"));
    let started = program.clone();
    let starts = tokio::task::spawn_blocking(move || starts(&started, &url, &token));
    let mut starts = starts.await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;
    starts.sort_by(f64::total_cmp);
    let at = |hundredth: usize| starts[(starts.len() * hundredth / 100).min(starts.len() - 1)];
    let mut cases = vec![Case::new("first frame").number("p50_ms", at(50)).number("max_ms", at(100))];
    stage.say("very many executions");
    let output = Command::new(&program).args(["tui", "--measure"]).output().map_err(Error::io("run", &program))?;
    let measured: Measured = serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::Wrong(format!("the front end measured nothing: {error}")))?;
    for Frames { columns, rows, p50_ms, p99_ms, filter_ms } in measured.frames {
        let case = Case::new(format!("{columns}x{rows}, {} executions", measured.rows));
        cases.push(case.number("p50_ms", p50_ms).number("p99_ms", p99_ms).number("filter_ms", filter_ms));
    }
    if let Some(bytes) = measured.memory_bytes {
        cases.push(Case::new(format!("memory, {} executions", measured.rows)).count("memory_mib", bytes / (1 << 20)));
    }
    Ok(stage.section(None, cases))
}

/// How long each start took until its first frame was written, in milliseconds.
fn starts(program: &PathBuf, url: &str, token: &str) -> Result<Vec<f64>, Error> {
    (0..STARTS)
        .map(|_| {
            let (mut screen, terminal) = terminal().map_err(|error| Error::io("open", "a terminal")(error.into()))?;
            let begun = Instant::now();
            let mut child = front_end(program, url, token, terminal).map_err(Error::io("run", program))?;
            let seen = first_frame(&mut screen);
            let took = begun.elapsed();
            // It may have ended by itself, which the missing frame has said.
            let _ended = child.kill();
            child.wait().map_err(Error::io("wait for", program))?;
            if seen { Ok(took.as_secs_f64() * 1000.0) } else { Err(Error::Wrong("the front end drew no frame".to_owned())) }
        })
        .collect()
}

/// Both ends of a terminal: what is written on it, and what a program is given.
fn terminal() -> rustix::io::Result<(File, File)> {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&screen)?;
    unlockpt(&screen)?;
    let path = ptsname(&screen, Vec::new())?;
    let terminal = open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    tcsetwinsize(&terminal, SIZE)?;
    Ok((screen.into(), terminal.into()))
}

fn front_end(program: &PathBuf, url: &str, token: &str, terminal: File) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(["tui", "--fresh"]).env("TIDEMILL_SERVER", url).env("TIDEMILL_TOKEN", token).env("TERM", "xterm-256color");
    // Nothing of a session by hand is touched.
    command.env_remove("XDG_STATE_HOME").env_remove("HOME").stderr(Stdio::null());
    command.stdin(terminal.try_clone()?).stdout(terminal).spawn()
}

/// Whether a whole frame came before the program ended.
fn first_frame(screen: &mut File) -> bool {
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        match screen.read(&mut buffer) {
            Ok(0) | Err(_) => return false,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
        }
        if seen.windows(FRAME.len()).any(|window| window == FRAME) {
            return true;
        }
    }
    false
}
