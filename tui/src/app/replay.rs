//! Plays a recorded session again. It only shows: no server is asked, and nothing in a recording steers the terminal beyond
//! drawing on it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::time::sleep;

use super::options::TuiError;
use super::terminal::Screen;

/// Nobody waits longer than this for a frame.
const LONGEST: Duration = Duration::from_secs(2);

/// How much faster or slower it can be played: powers of two.
const SPEEDS: std::ops::RangeInclusive<i32> = -3..=5;

/// A recording.
#[derive(Debug, PartialEq)]
pub struct Recording {
    /// The greatest size that its terminal had.
    pub size: (u16, u16),
    /// What was drawn.
    pub frames: Vec<Frame>,
}

/// What was drawn at once.
#[derive(Debug, PartialEq)]
pub struct Frame {
    /// How long after the one before.
    pub after: Duration,
    /// What was written.
    pub text: String,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
    width: u16,
    height: u16,
}

/// Reads a recording.
///
/// # Errors
///
/// When it can't be read, or is none.
pub fn read(path: &Path) -> Result<Recording, TuiError> {
    let wrong = |line: usize| TuiError::Recording(format!("{}, line {line}", path.display()));
    let mut lines = BufReader::new(File::open(path)?).lines();
    let head = lines.next().ok_or_else(|| wrong(1))??;
    let head: Head = serde_json::from_str(&head).map_err(|_| wrong(1))?;
    if head.version != 2 {
        return Err(wrong(1));
    }
    let (mut size, mut frames, mut last) = ((head.width, head.height), Vec::new(), 0.0);
    for (at, line) in (2..).zip(lines) {
        let (time, kind, text): (f64, String, String) = serde_json::from_str(&line?).map_err(|_| wrong(at))?;
        match kind.as_str() {
            "o" => {
                let after = Duration::try_from_secs_f64((time - last).max(0.0)).map_err(|_| wrong(at))?;
                last = time;
                frames.push(Frame { after, text: tame(&text) });
            }
            "r" => {
                let parts = text.split_once('x').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
                let (columns, rows): (u16, u16) = parts.ok_or_else(|| wrong(at))?;
                size = (size.0.max(columns), size.1.max(rows));
            }
            _ => {}
        }
    }
    Ok(Recording { size, frames })
}

/// What draws, and nothing else: colours, places and erasing. A recording may come from anywhere, and must not write to a
/// clipboard, set a title or ask the terminal for anything.
fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        push_plain(&mut tamed, &rest[..at]);
        let length = escape(&rest[at..]);
        let sequence = &rest[at..at + length];
        if draws(sequence) {
            tamed.push_str(sequence);
        }
        rest = &rest[at + length..];
    }
    push_plain(&mut tamed, rest);
    tamed
}

fn push_plain(tamed: &mut String, text: &str) {
    tamed.extend(text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r')));
}

/// How many bytes the escape sequence at the beginning of `text` has.
fn escape(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        // CSI: up to a final byte.
        Some(b'[') => {
            let end = bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte));
            end.map_or(bytes.len(), |end| end + 3)
        }
        // OSC, DCS, SOS, PM, APC: up to BEL or ST.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let bell = text.find('\u{7}').map(|at| at + 1);
            let end = text[2..].find("\u{1b}\\").map(|at| at + 4);
            [bell, end].into_iter().flatten().min().unwrap_or(bytes.len())
        }
        Some(byte) if byte.is_ascii() => 2,
        // What follows is no part of a sequence.
        _ => 1,
    }
}

/// Whether a sequence draws: graphics, places, erasing, and the two modes that frames are drawn in.
fn draws(sequence: &str) -> bool {
    let Some(body) = sequence.strip_prefix("\u{1b}[") else { return false };
    let plain = |body: &str| body.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'));
    match body.split_at_checked(body.len().saturating_sub(1)) {
        Some((body, "h" | "l")) => matches!(body, "?2026" | "?25"),
        Some((body, "m" | "H" | "J" | "K" | "A" | "B" | "C" | "D" | "G" | "d")) => plain(body),
        _ => false,
    }
}

/// Plays the recording in `path` until it is left.
///
/// # Errors
///
/// When it can't be read, or the terminal is none or too small.
pub async fn replay(path: &Path) -> Result<(), TuiError> {
    let recording = read(path)?;
    let mut screen = Screen::enter()?;
    let (columns, rows) = screen.size()?;
    let (width, height) = recording.size;
    if columns < width || rows < height {
        drop(screen);
        return Err(TuiError::TooSmall(format!("it was recorded at {width}x{height}, and this terminal has {columns}x{rows}")));
    }
    screen.redraw()?;
    let mut player = Player { keys: EventStream::new(), speed: 0, paused: false };
    for frame in &recording.frames {
        if !player.wait(frame.after).await {
            return Ok(());
        }
        screen.write(&frame.text)?;
    }
    let end = format!("\u{1b}[0m\u{1b}[{rows};1H\u{1b}[2K\u{1b}[7m the end of the recording: q leaves \u{1b}[0m");
    screen.write(&end)?;
    while let Some(Ok(input)) = player.keys.next().await {
        if player.take(&input) == Said::Leave {
            break;
        }
    }
    Ok(())
}

/// What a key said.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Leave,
    Next,
    Nothing,
}

struct Player {
    keys: EventStream,
    speed: i32,
    paused: bool,
}

impl Player {
    /// Waits for the time of a frame, or for the user to want it sooner; whether to go on.
    async fn wait(&mut self, after: Duration) -> bool {
        let mut left = after.min(LONGEST).mul_f64(2_f64.powi(-self.speed));
        loop {
            let begun = tokio::time::Instant::now();
            let paused = self.paused;
            let due = async {
                if paused {
                    std::future::pending::<()>().await;
                }
                sleep(left).await;
            };
            tokio::select! {
                () = due => return true,
                input = self.keys.next() => {
                    let Some(Ok(input)) = input else { return false };
                    match self.take(&input) {
                        Said::Leave => return false,
                        Said::Next => return true,
                        Said::Nothing => {}
                    }
                }
            }
            if !paused {
                left = left.saturating_sub(begun.elapsed());
            }
        }
    }

    fn take(&mut self, input: &Input) -> Said {
        let Input::Key(KeyEvent { code, modifiers, kind, .. }) = input else { return Said::Nothing };
        if *kind == KeyEventKind::Release {
            return Said::Nothing;
        }
        match code {
            KeyCode::Char('q') | KeyCode::Esc => return Said::Leave,
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return Said::Leave,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Char('.' | 'l') | KeyCode::Right => return Said::Next,
            KeyCode::Char('+' | '>') => self.speed = (self.speed + 1).min(*SPEEDS.end()),
            KeyCode::Char('-' | '<') => self.speed = (self.speed - 1).max(*SPEEDS.start()),
            _ => {}
        }
        Said::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_only_draws() {
        let drawn = "\u{1b}[?2026h\u{1b}[3;1H\u{1b}[38;5;2m● ok\u{1b}[0m\u{1b}[2J\u{1b}[?2026l";
        assert_eq!(tame(drawn), drawn);
        for (wild, left) in [
            ("a\u{1b}]52;c;c2VjcmV0\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("a\u{1b}P+q544e\u{1b}\\b", "ab"),
            ("a\u{1b}[6nb", "ab"),
            ("a\u{1b}[?1000hb", "ab"),
            ("a\u{1b}cb", "ab"),
            ("a\u{7}\u{8}b", "ab"),
            ("a\u{1b}]never ends", "a"),
            ("a\u{1b}é", "aé"),
            ("a\u{1b}", "a"),
        ] {
            assert_eq!(tame(wild), left, "{wild:?}");
        }
    }

    #[test]
    fn what_is_no_recording_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (text, line) in [("", "line 1"), ("{}", "line 1"), ("{\"version\":2,\"width\":80,\"height\":24}\nno", "line 2")] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
