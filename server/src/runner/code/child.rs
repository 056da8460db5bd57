//! One child of the step host: its channel, and the right to end it.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Signal, pidfd_send_signal};
use serde_json::Value;
use tidemill_common::limits::JSON_DEPTH;
use tidemill_common::step_protocol::{Attestation, Failure, FrameHeader, FrameKind, HEADER_BYTES, Job, Usage, write_frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::oneshot;

use super::printed::Printed;
use super::verdict::Exit;

/// Largest frame besides output and log, in bytes.
const SMALL_FRAME: usize = 64 * 1024;
/// How long a child that closed its channel may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// A child that is locked up, or about to be. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Child {
    stream: UnixStream,
    handle: OwnedFd,
    exit: oneshot::Receiver<Exit>,
}

/// What a child answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// Its output.
    Output(Value),
    /// Its failure.
    Failed(Failure),
    /// What it said is no answer, or larger than it may be.
    TooLarge,
    /// It broke the rules of the channel.
    Nonsense,
    /// It ended without an answer.
    Ended(Exit),
}

/// What a child leaves while it works.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// What it printed.
    pub(super) log: Printed,
    /// What it took.
    pub(super) usage: Option<Usage>,
}

impl Child {
    /// The child behind `stream` and `handle`; `exit` will say how it ended.
    pub(super) fn new(stream: OwnedFd, handle: OwnedFd, exit: oneshot::Receiver<Exit>) -> io::Result<Self> {
        let stream = std::os::unix::net::UnixStream::from(stream);
        stream.set_nonblocking(true)?;
        Ok(Self { stream: UnixStream::from_std(stream)?, handle, exit })
    }

    /// Gives the child its job, and waits for the answer. What it prints goes to `trace` meanwhile.
    pub(super) async fn work(&mut self, job: &Job, input: &[u8], trace: &mut Trace) -> Answer {
        let mut message = Vec::with_capacity(input.len() + job.code.len() + 512);
        let framed = serde_json::to_vec(job).map_err(io::Error::from).and_then(|job| {
            write_frame(&mut message, FrameKind::Job, &job)?;
            write_frame(&mut message, FrameKind::Input, input)
        });
        // A child that ended before it read everything has said why by its end.
        if framed.is_err() || self.stream.write_all(&message).await.is_err() {
            return Answer::Ended(self.ended().await);
        }
        match self.listen(job, trace).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Answer::Nonsense,
            Err(_) => Answer::Ended(self.ended().await),
        }
    }

    async fn listen(&mut self, job: &Job, trace: &mut Trace) -> io::Result<Answer> {
        let output_bytes = usize::try_from(job.output_bytes).unwrap_or(usize::MAX);
        // The child cuts its log itself; more than a margin over it is not the log of our harness.
        let mut log_left = usize::try_from(job.log_bytes).unwrap_or(usize::MAX).saturating_add(1024);
        loop {
            let header = self.header().await?;
            match header.kind {
                FrameKind::Log if header.length <= log_left => {
                    log_left -= header.length;
                    trace.log.push(&String::from_utf8_lossy(&self.payload(header.length).await?));
                }
                FrameKind::Usage if header.length <= SMALL_FRAME => {
                    trace.usage = Some(serde_json::from_slice(&self.payload(header.length).await?)?);
                }
                FrameKind::Output if header.length <= output_bytes => {
                    let output = self.payload(header.length).await?;
                    let output: Value = serde_json::from_slice(&output)?;
                    return Ok(if depth(&output) > JSON_DEPTH { Answer::TooLarge } else { Answer::Output(output) });
                }
                FrameKind::Output => return Ok(Answer::TooLarge),
                FrameKind::Failed if header.length <= SMALL_FRAME => {
                    return Ok(Answer::Failed(serde_json::from_slice(&self.payload(header.length).await?)?));
                }
                _ => return Ok(Answer::Nonsense),
            }
        }
    }

    /// What the child found when it tried its walls.
    pub(super) async fn attestation(&mut self) -> Result<Attestation, Exit> {
        let attested = async {
            let header = self.header().await?;
            if header.kind != FrameKind::Attestation || header.length > SMALL_FRAME {
                return Err(io::ErrorKind::InvalidData.into());
            }
            io::Result::Ok(serde_json::from_slice(&self.payload(header.length).await?)?)
        };
        match attested.await {
            Ok(attestation) => Ok(attestation),
            Err(_) => Err(self.ended().await),
        }
    }

    async fn header(&mut self) -> io::Result<FrameHeader> {
        let mut header = [0; HEADER_BYTES];
        self.stream.read_exact(&mut header).await?;
        FrameHeader::decode(header).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    async fn payload(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        Ok(payload)
    }

    /// How the child ended, once it has closed its channel.
    async fn ended(&mut self) -> Exit {
        match tokio::time::timeout(PATIENCE, &mut self.exit).await {
            Ok(Ok(exit)) => exit,
            _ => Exit::Lost,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has ended already can't be ended again, and nobody else has its handle.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

/// How deeply a value is nested.
fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}
