//! The control channel, on the server's side.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags, SocketType, recvmsg, send,
    socketpair,
};
use tidemill_common::step_protocol::{CONTROL_BYTES, Notice, Request};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The way to a step host. Keeps message boundaries.
#[derive(Debug)]
pub(super) struct Control(AsyncFd<OwnedFd>);

impl Control {
    /// A channel, and the end that the step host gets.
    #[expect(deprecated, reason = "its successor is unsafe for descriptors that may be changed; nothing changes an OwnedFd")]
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        Ok((Self(AsyncFd::with_interest(ours, Interest::READABLE | Interest::WRITABLE)?), theirs))
    }

    /// Asks for something.
    pub(super) async fn send(&self, request: Request) -> io::Result<()> {
        let message = serde_json::to_vec(&request)?;
        self.0.async_io(Interest::WRITABLE, |socket| Ok(send(socket, &message, SendFlags::NOSIGNAL)?)).await?;
        Ok(())
    }

    /// The next notice and the descriptors that came with it; `None` when the step host is gone.
    pub(super) async fn receive(&self) -> io::Result<Option<(Notice, Vec<OwnedFd>)>> {
        let mut buffer = [0; CONTROL_BYTES];
        let (length, descriptors) = self.0.async_io(Interest::READABLE, |socket| receive(socket, &mut buffer)).await?;
        if length == 0 {
            return Ok(None);
        }
        Ok(Some((serde_json::from_slice(&buffer[..length])?, descriptors)))
    }
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok((message.bytes, rights.flatten().collect()))
}
