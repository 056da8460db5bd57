//! The control channel, on the step host's side.

use std::fs::File;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv, sendmsg};
use tidemill_common::step_protocol::{CONTROL_BYTES, Notice, Request};

/// The way to the server. Keeps message boundaries.
pub(super) struct Control(OwnedFd);

impl Control {
    /// Takes standard input, which the server made the control channel, and puts nothing in its place.
    pub(super) fn take_stdin() -> io::Result<Self> {
        let control = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
        let null = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        Ok(Self(control))
    }

    /// The next request; `None` when the server is gone.
    pub(super) fn receive(&self) -> io::Result<Option<Request>> {
        let mut buffer = [0; CONTROL_BYTES];
        let (length, _) = recv(&self.0, &mut buffer, RecvFlags::empty())?;
        if length == 0 {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&buffer[..length])?))
    }

    /// Tells the server something, and hands over `descriptors` (at most two).
    pub(super) fn send(&self, notice: &Notice, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let message = serde_json::to_vec(notice)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        sendmsg(&self.0, &[IoSlice::new(&message)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
