//! One accepted connection, plain or TLS. The handshake is made by the first who reads or writes, not by the one who accepts: a
//! slow peer holds up nobody.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::Accept;
use tokio_rustls::server::TlsStream;

/// What a certificate authority speaks that asks whether a name is this server's (RFC 8737, 6.2). The handshake is its answer.
pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

type Handshake = Pin<Box<dyn Future<Output = io::Result<TlsStream<TcpStream>>> + Send>>;

/// One accepted connection.
pub(super) enum Socket {
    /// Without TLS.
    Plain(TcpStream),
    /// TLS that is being negotiated.
    Handshake(Handshake),
    /// TLS.
    Secure(Box<TlsStream<TcpStream>>),
    /// Its handshake failed.
    Failed,
}

/// What the connection is, once it can be read and written.
enum Ready<'a> {
    Plain(Pin<&'a mut TcpStream>),
    Secure(Pin<&'a mut TlsStream<TcpStream>>),
}

impl Socket {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }

    pub(super) fn secure(accept: Accept<TcpStream>) -> Self {
        Self::Handshake(Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
            let stream = timeout(HANDSHAKE, accept).await.map_err(late)??;
            if stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL) {
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a certificate authority has its answer"));
            }
            Ok(stream)
        }))
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Ready<'_>>> {
        if let Self::Handshake(handshake) = self {
            match ready!(handshake.as_mut().poll(context)) {
                Ok(stream) => *self = Self::Secure(Box::new(stream)),
                Err(error) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    *self = Self::Failed;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(match self {
            Self::Plain(stream) => Ready::Plain(Pin::new(stream)),
            Self::Secure(stream) => Ready::Secure(Pin::new(stream.as_mut())),
            Self::Handshake(_) | Self::Failed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(self.poll_ready(context))? {
            Ready::Plain(stream) => stream.poll_read(context, buffer),
            Ready::Secure(stream) => stream.poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_ready(context))? {
            Ready::Plain(stream) => stream.poll_write(context, bytes),
            Ready::Secure(stream) => stream.poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.poll_ready(context))? {
            Ready::Plain(stream) => stream.poll_flush(context),
            Ready::Secure(stream) => stream.poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A handshake that nobody waits for any more needs no goodbye.
        if matches!(*self, Self::Handshake(_) | Self::Failed) {
            return Poll::Ready(Ok(()));
        }
        match ready!(self.poll_ready(context))? {
            Ready::Plain(stream) => stream.poll_shutdown(context),
            Ready::Secure(stream) => stream.poll_shutdown(context),
        }
    }
}
