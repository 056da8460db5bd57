//! The HTTP server: accepts connections, serves [`super::routes`], lets open requests end when it is told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::socket::Socket;
use super::{ApiDeps, LiveDeps, public_routes, routes};

/// A bound address, not served yet.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// What the operating system says, for example that the address is in use.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        Ok(Self { tcp, address, tls: None })
    }

    /// The address, with the port that it really has.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Speaks TLS, and nothing but TLS.
    #[must_use]
    pub fn with_tls(self, tls: Arc<ServerConfig>) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Serves until `stop`, then lets open requests end, for at most `grace`. Without `live` the node has no role in the API and
    /// answers only whether it is alive and ready.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn serve(
        self,
        deps: ApiDeps,
        live: Option<LiveDeps>,
        stop: impl Future<Output = ()>,
        grace: Duration,
    ) -> io::Result<()> {
        let acceptor = Prompt { tcp: TcpAcceptor::from_tokio(self.tcp)?, tls: self.tls.map(TlsAcceptor::from) };
        let server = poem::Server::new_with_acceptor(acceptor);
        match live {
            Some(live) => server.run_with_graceful_shutdown(routes(deps, live), stop, Some(grace)).await,
            None => server.run_with_graceful_shutdown(public_routes(deps), stop, Some(grace)).await,
        }
    }
}

/// Accepts connections that send small answers at once (no Nagle): an answer is one write, and somebody waits for it.
struct Prompt {
    tcp: TcpAcceptor,
    tls: Option<TlsAcceptor>,
}

impl Acceptor for Prompt {
    type Io = Socket;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.tcp.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Socket, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, local, remote, scheme) = self.tcp.accept().await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => (Socket::plain(stream), local, remote, scheme),
            Some(tls) => (Socket::secure(tls.accept(stream)), local, remote, Scheme::HTTPS),
        })
    }
}
