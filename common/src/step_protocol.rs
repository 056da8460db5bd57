//! What the server and the step host say to each other.
//!
//! Two kinds of channel. The control channel keeps message boundaries: a [`Request`] or [`Notice`] each, as JSON. A step's own
//! channel is a stream of frames: one byte for the kind, four for the length (little endian), then the payload. Everything
//! that a child sends is untrusted: user code can write to its channel.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::status::FailureClass;

/// What is said of JavaScript that threw null. An engine that can't even allocate an error does so as well: who knows the peak of
/// the memory can tell.
pub const THREW_NULL: &str = "the code threw null";

/// Largest message on the control channel, in bytes.
pub const CONTROL_BYTES: usize = 4096;
/// Largest payload of a frame that a child reads, in bytes: the input of a step and its code.
pub const FRAME_BYTES: usize = 32 * 1024 * 1024;
/// Bytes before each payload.
pub const HEADER_BYTES: usize = 5;
/// Exit code of a child that could not lock itself up. It has read nothing by then.
pub const EXIT_NOT_LOCKED: i32 = 97;

/// The language of a code step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// `CPython`.
    Python,
    /// `QuickJS`.
    Javascript,
    /// `SQLite`.
    Sql,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Python, Self::Javascript, Self::Sql];

    /// The word behind `uses`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Javascript => "javascript",
            Self::Sql => "sql",
        }
    }

    /// The language called `word`, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == word)
    }
}

/// What runs JavaScript.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// The engine inside the step host: starts in no time, has no packages.
    #[default]
    Quickjs,
    /// The machine's Node.js, where the operator allows it.
    Node,
}

impl Runtime {
    /// Every runtime.
    pub const ALL: [Self; 2] = [Self::Quickjs, Self::Node];

    /// The word behind `runtime`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quickjs => "quickjs",
            Self::Node => "node",
        }
    }

    /// The runtime called `word`, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|runtime| runtime.as_str() == word)
    }
}

/// What the server asks of the step host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A new child, which locks itself up and then waits for its job.
    Spawn(Spawn),
}

/// How a child is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawn {
    /// Most memory that it may take, in bytes; its job can only lower it.
    pub memory_bytes: u64,
    /// Most processor time, in seconds; its job can only lower it.
    pub cpu_seconds: u64,
    /// Whether it only tries its walls and says which hold.
    pub attest: bool,
}

/// What the step host tells the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// It is warm and takes requests.
    Ready {
        /// Version of the Python inside, or of Node.js.
        version: String,
    },
    /// The child asked for; its channel and its pidfd come with this message.
    Spawned {
        /// Number of the child, as the step host sees it.
        pid: i32,
    },
    /// A child could not be made.
    NotSpawned {
        /// Why.
        message: String,
    },
    /// A child has ended.
    Exited {
        /// Number of the child.
        pid: i32,
        /// Its exit code, when it ended by itself.
        code: Option<i32>,
        /// The signal that ended it, when one did.
        signal: Option<i32>,
    },
}

/// One step, or one check of its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What `code` is written in.
    pub language: Language,
    /// The code.
    pub code: String,
    /// Whether the code is only compiled.
    pub check_only: bool,
    /// Most memory, in bytes.
    pub memory_bytes: u64,
    /// Most processor time, in seconds.
    pub cpu_seconds: u64,
    /// Largest output, in bytes of JSON.
    pub output_bytes: u64,
    /// Longest log, in bytes.
    pub log_bytes: u64,
}

/// Why a job failed, in the words of the child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The class.
    pub class: FailureClass,
    /// What went wrong, with the lines of the user's code.
    pub message: String,
    /// The line of a syntax error; 1 is the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The column of a syntax error; 1 is the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
}

impl Failure {
    /// A failure of `class` without a place.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), line: None, column: None }
    }
}

/// What a job took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Most memory beyond that of the waiting child, in bytes.
    pub peak_memory_bytes: u64,
}

/// How well a step is locked up; a higher level includes the lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
pub enum Level {
    /// Nothing that can be relied on: code steps are refused.
    L0,
    /// The system call filter holds, and nothing stands behind it.
    L1,
    /// Behind the filter stands a second wall for files and network: namespaces, or Landlock.
    L2,
    /// All of it: filter, namespaces, Landlock, and an own control group for memory.
    L3,
}

impl Level {
    /// Every level, the weakest first.
    pub const ALL: [Self; 4] = [Self::L0, Self::L1, Self::L2, Self::L3];

    /// The word: `L0` to `L3`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::L0 => "L0",
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| format!("`{word}` is not one of L0, L1, L2, L3"))
    }
}

/// One wall around a step, and whether it held when it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Wall {
    /// Its name: `system_calls`, `processes`, `files`, `network`, `landlock`, `identity`, `memory`, `control_group`.
    pub name: String,
    /// Whether it held.
    pub holds: bool,
    /// What was tried, or what is missing.
    pub detail: String,
}

/// What a child found when it tried its own walls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Attestation {
    /// What the walls amount to.
    pub level: Level,
    /// Each wall.
    pub walls: Vec<Wall>,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Server to child: a [`Job`].
    Job = 1,
    /// Server to child: the input, as JSON.
    Input = 2,
    /// Child to server: a piece of the log, as text.
    Log = 3,
    /// Child to server: [`Usage`].
    Usage = 4,
    /// Child to server, last: the output, as JSON.
    Output = 5,
    /// Child to server, last: a [`Failure`].
    Failed = 6,
    /// Child to server, last: an [`Attestation`].
    Attestation = 7,
}

impl FrameKind {
    const ALL: [Self; 7] = [Self::Job, Self::Input, Self::Log, Self::Usage, Self::Output, Self::Failed, Self::Attestation];

    /// The byte on the wire.
    #[must_use]
    pub fn byte(self) -> u8 {
        self as u8
    }
}

/// Kind and length of the payload that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the payload is.
    pub kind: FrameKind,
    /// Its length in bytes. Whoever reads it compares it with a limit first.
    pub length: usize,
}

impl FrameHeader {
    /// The header on the wire. A longer payload than 4 GiB can't be said.
    #[must_use]
    pub fn encode(self) -> Option<[u8; HEADER_BYTES]> {
        let [a, b, c, d] = u32::try_from(self.length).ok()?.to_le_bytes();
        Some([self.kind.byte(), a, b, c, d])
    }

    /// The header that `bytes` are; `None` when there is no such kind.
    #[must_use]
    pub fn decode(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [kind, length @ ..] = bytes;
        let kind = FrameKind::ALL.into_iter().find(|known| known.byte() == kind)?;
        Some(Self { kind, length: usize::try_from(u32::from_le_bytes(length)).ok()? })
    }
}

/// Writes one frame.
///
/// # Errors
/// Those of `writer`, and a payload of 4 GiB or more.
pub fn write_frame(writer: &mut impl Write, kind: FrameKind, payload: &[u8]) -> io::Result<()> {
    let header = FrameHeader { kind, length: payload.len() };
    writer.write_all(&header.encode().ok_or(io::ErrorKind::InvalidInput)?)?;
    writer.write_all(payload)
}

/// Reads one frame of kind `expected` with at most `limit` bytes.
///
/// # Errors
/// Those of `reader`, another kind, a longer payload.
pub fn read_frame(reader: &mut impl Read, expected: FrameKind, limit: usize) -> io::Result<Vec<u8>> {
    let mut header = [0; HEADER_BYTES];
    reader.read_exact(&mut header)?;
    let header = FrameHeader::decode(header).ok_or(io::ErrorKind::InvalidData)?;
    if header.kind != expected || header.length > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut payload = vec![0; header.length];
    reader.read_exact(&mut payload)?;
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut wire = Vec::new();
        write_frame(&mut wire, FrameKind::Log, "grüße".as_bytes()).unwrap();
        write_frame(&mut wire, FrameKind::Output, b"").unwrap();
        let mut reader = wire.as_slice();
        assert_eq!(read_frame(&mut reader, FrameKind::Log, 7).unwrap(), "grüße".as_bytes());
        assert_eq!(read_frame(&mut reader, FrameKind::Output, 0).unwrap(), b"");
        assert_eq!(read_frame(&mut reader, FrameKind::Output, 0).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_no_frame_is_refused_before_its_payload_is_read() {
        let refused = |bytes: &[u8], kind| read_frame(&mut &*bytes, kind, 10).unwrap_err().kind();
        assert_eq!(refused(&[9, 0, 0, 0, 0], FrameKind::Log), io::ErrorKind::InvalidData);
        assert_eq!(refused(&[3, 0, 0, 0, 0], FrameKind::Output), io::ErrorKind::InvalidData);
        assert_eq!(refused(&[3, 255, 255, 255, 255], FrameKind::Log), io::ErrorKind::InvalidData);
        assert_eq!(refused(&[3, 1, 0, 0, 0], FrameKind::Log), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn levels_are_ordered_and_read_back() {
        for pair in Level::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
        }
        for level in Level::ALL {
            assert_eq!(level.to_string().to_lowercase().parse(), Ok(level));
        }
        assert!("L4".parse::<Level>().is_err());
    }
}
