//! Certificates that must not be trusted (N8), against a real TLS server.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;

struct Loopback;

impl Lookup for Loopback {
    fn addresses(&self, _host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS server with one certificate for `name`, which speaks one of `protocols`.
fn server_config(
    name: &str,
    expired: bool,
    issuer: Option<&CertifiedIssuer<'static, KeyPair>>,
    protocols: &[&[u8]],
) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// Serves one certificate for `name`, and gives its port.
async fn serve(name: &str, expired: bool, issuer: Option<&CertifiedIssuer<'static, KeyPair>>) -> u16 {
    let config = server_config(name, expired, issuer, &[]);
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                let answer =
                    b"HTTP/1.1 302 Found\r\nlocation: http://good.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                // The client may be gone.
                let _closed = stream.write_all(answer).await;
            }
        }
    });
    port
}

async fn get(issuer: &CertifiedIssuer<'static, KeyPair>, port: u16, follow_redirects: bool) -> Result<Answer, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let policy = OutboundPolicy { allow: vec!["127.0.0.1/32".parse().unwrap()], ..OutboundPolicy::default() };
    let outbound = Outbound::with(policy, Arc::new(Loopback), roots).unwrap();
    let url = Url::parse(&format!("https://good.example:{port}/")).unwrap();
    let timeout = Duration::from_secs(20);
    let request = Request {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Vec::new(),
        follow_redirects,
        timeout,
        credential: None,
    };
    outbound.send(request).await
}

#[tokio::test]
async fn a_good_certificate_is_trusted() {
    let issuer = authority();
    let port = serve("good.example", false, Some(&issuer)).await;
    assert_eq!(get(&issuer, port, false).await.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn https_is_not_left_by_a_redirect() {
    let issuer = authority();
    let port = serve("good.example", false, Some(&issuer)).await;
    let error = get(&issuer, port, true).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer redirects from https to http, which is not followed");
}

#[tokio::test]
async fn a_certificate_that_is_not_right_is_refused() {
    let issuer = authority();
    let cases = [
        ("self-signed", serve("good.example", false, None).await),
        ("of another authority", serve("good.example", false, Some(&authority())).await),
        ("wrong host", serve("evil-good.example", false, Some(&issuer)).await),
        ("expired", serve("good.example", true, Some(&issuer)).await),
    ];
    for (case, port) in cases {
        let error = get(&issuer, port, false).await.map(|answer| answer.status).unwrap_err();
        assert!(matches!(&error, Error::Connect { reason, .. } if reason.starts_with("TLS: ")), "{case}: {error:?}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_with_those_who_offer_it() {
    let issuer = authority();
    let config = server_config("good.example", false, Some(&issuer), &[b"h2", b"http/1.1"]);
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let spoken = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(socket).await.unwrap();
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        preface
    });
    assert!(get(&issuer, port, false).await.is_err(), "the server says nothing");
    assert_eq!(&spoken.await.unwrap(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

#[tokio::test]
async fn an_authority_of_the_operator_is_trusted_besides_the_machine_s() {
    let issuer = authority();
    let port = serve("localhost", false, Some(&issuer)).await;
    let ask = async |authorities| {
        let policy = OutboundPolicy {
            allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            authorities,
            ..OutboundPolicy::default()
        };
        let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
        let timeout = Duration::from_secs(20);
        let (headers, body) = (HeaderMap::new(), Vec::new());
        let request = Request { method: Method::GET, url, headers, body, follow_redirects: false, timeout, credential: None };
        Outbound::new(policy).unwrap().send(request).await.map(|answer| answer.status.as_u16())
    };
    assert_eq!(ask(vec![issuer.der().clone()]).await.unwrap(), 302);
    assert!(matches!(ask(Vec::new()).await, Err(Error::Connect { .. })));
}
