//! The HTTP server: accepts connections, serves [`super::routes`], lets open requests end when it is told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::{TcpListener, TcpStream};

use super::{ApiDeps, LiveDeps, public_routes, routes};

/// A bound address, not served yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// What the operating system says, for example that the address is in use.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that it really has.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
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
        let acceptor = Prompt(TcpAcceptor::from_tokio(self.listener)?);
        let server = poem::Server::new_with_acceptor(acceptor);
        match live {
            Some(live) => server.run_with_graceful_shutdown(routes(deps, live), stop, Some(grace)).await,
            None => server.run_with_graceful_shutdown(public_routes(deps), stop, Some(grace)).await,
        }
    }
}

/// Accepts connections that send small answers at once (no Nagle): an answer is one write, and somebody waits for it.
struct Prompt(TcpAcceptor);

impl Acceptor for Prompt {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await?;
        accepted.0.set_nodelay(true)?;
        Ok(accepted)
    }
}
