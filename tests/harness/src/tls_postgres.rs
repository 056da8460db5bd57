//! The shared Postgres as if it were on another machine: over TCP, and over TLS only.
//!
//! The Postgres that the build fetches knows no TLS, so rustls ends it here, as a connection pooler in front of Postgres does,
//! and what it carries goes to the real server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::issuer;
use crate::{Postgres, TestDatabase};

/// What asks for TLS before the first message of a session (Postgres's protocol, "SSL Session Encryption").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The `ErrorResponse` to everybody else: severity, SQLSTATE and message.
const REFUSAL: &[u8] = b"SFATAL\0C28000\0Mno encryption, no connection\0\0";

/// An empty database that is reached from 127.0.0.1 over TLS only.
#[derive(Debug)]
pub struct TlsPostgres {
    database: TestDatabase,
    dir: TempDir,
    port: u16,
    door: JoinHandle<()>,
}

impl TlsPostgres {
    /// Makes the database and the certificates, and opens the door.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&dir.path().join("authority.pem"))));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let socket = Postgres::shared().socket();
        let door = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, acceptor.clone(), socket.clone()));
            }
        });
        Self { database: TestDatabase::empty(), dir, port, door }
    }

    /// The superuser's URL, with libpq's `sslmode` and the authority that signed the certificate.
    pub fn url(&self, sslmode: &str) -> String {
        self.url_trusting(sslmode, &self.dir.path().join("authority.pem"))
    }

    /// The same with another file of authorities.
    pub fn url_trusting(&self, sslmode: &str, authority: &Path) -> String {
        let (port, name, authority) = (self.port, self.database.name(), authority.display());
        format!("postgresql://tidemill@127.0.0.1:{port}/{name}?sslmode={sslmode}&sslrootcert={authority}")
    }

    /// The file of an authority that signed nothing.
    pub fn strange_authority(&self) -> PathBuf {
        let path = self.dir.path().join("strange.pem");
        fs::write(&path, issuer("a stranger").pem()).expect("the stranger's certificate");
        path
    }
}

impl Drop for TlsPostgres {
    fn drop(&mut self) {
        self.door.abort();
    }
}

/// One connection. Whoever goes away ends it: client and Postgres both tell their side.
async fn connect(mut client: TcpStream, acceptor: TlsAcceptor, socket: PathBuf) {
    let mut first = [0; 8];
    if client.read_exact(&mut first).await.is_err() {
        return;
    }
    if first != SSL_REQUEST {
        let length = u32::try_from(REFUSAL.len() + 4).expect("a short message");
        let refusal = [b"E".as_slice(), &length.to_be_bytes(), REFUSAL].concat();
        let _gone = client.write_all(&refusal).await;
        return;
    }
    let mut postgres = UnixStream::connect(socket).await.expect("the shared Postgres listens");
    if client.write_all(b"S").await.is_ok()
        && let Ok(mut inside) = acceptor.accept(client).await
    {
        let _end = copy_bidirectional(&mut inside, &mut postgres).await;
    }
}

/// A certificate for 127.0.0.1; its authority is written to `path`.
fn server_config(path: &Path) -> ServerConfig {
    let authority = issuer("authority of the tests");
    fs::write(path, authority.pem()).expect("the authority's certificate");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the key belongs to the certificate")
}
