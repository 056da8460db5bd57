//! Real sockets: redirects, rebinding, sizes, times.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use rustls::RootCertStore;
use tidemill_common::limits::HTTP_RESPONSE_BYTES;
use tokio::net::TcpListener;
use url::Url;

use super::test_server::{Server, respond};
use super::*;

fn redirect(status: &str, to: &str) -> Vec<u8> {
    respond(status, &format!("location: {to}\r\n"), b"")
}

fn allowing(networks: &[&str]) -> Outbound {
    let allow = networks.iter().map(|network| network.parse().unwrap()).collect();
    Outbound::new(OutboundPolicy { allow, ..OutboundPolicy::default() }).unwrap()
}

fn request(method: Method, url: Url) -> Request {
    let timeout = Duration::from_secs(20);
    Request { method, url, headers: HeaderMap::new(), body: Vec::new(), follow_redirects: true, timeout, credential: None }
}

#[tokio::test]
async fn an_allowed_address_is_reached() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "x-a: b\r\n", b"hello")).await;
    let answer = allowing(&["127.0.0.1/32"]).send(request(Method::GET, server.url("/a?b=c"))).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::OK, b"hello".as_slice()));
    assert_eq!(answer.headers["x-a"], "b");
    assert!(server.requests()[0].starts_with("GET /a?b=c HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_is_refused_before_it_is_reached() {
    let trap = Server::start("127.0.0.2", |_| respond("200 OK", "", b"secret")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        for host in ["127.0.0.2", "[::ffff:127.0.0.2]", "2130706434"] {
            let to = format!("http://{host}:{}/", trap.address.port());
            let server = Server::start("127.0.0.1", move |_| redirect(status, &to)).await;
            let error = allowing(&["127.0.0.1/32"]).send(request(Method::POST, server.url("/"))).await.unwrap_err();
            assert!(matches!(error, Error::Forbidden { .. }), "{status} {host}: {error:?}");
        }
    }
    assert!(trap.requests().is_empty());
}

/// Says one address the first time and another one ever after.
struct Rebinding {
    asked: AtomicUsize,
    first: IpAddr,
    then: IpAddr,
}

impl Lookup for Rebinding {
    fn addresses(&self, _host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        let ip = if first { self.first } else { self.then };
        Box::pin(async move { Ok(vec![ip]) })
    }
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_checked_at_each_connection() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"good")).await;
    let policy = OutboundPolicy { allow: vec!["127.0.0.1/32".parse().unwrap()], ..OutboundPolicy::default() };
    let lookup = Arc::new(Rebinding {
        asked: AtomicUsize::new(0),
        first: "127.0.0.1".parse().unwrap(),
        then: "127.0.0.2".parse().unwrap(),
    });
    let outbound = Outbound::with(policy, lookup, RootCertStore::empty()).unwrap();
    let url = Url::parse(&format!("http://rebind.example:{}/", server.address.port())).unwrap();
    assert_eq!(outbound.send(request(Method::GET, url.clone())).await.unwrap().body, b"good");
    let error = outbound.send(request(Method::GET, url)).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { verb: "resolves to", .. }), "{error:?}");
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let other = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
    let to = other.url("/elsewhere").to_string();
    let server = Server::start("127.0.0.1", move |request| {
        if request.starts_with("GET /same") { redirect("302 Found", "/there") } else { redirect("302 Found", &to) }
    })
    .await;
    let mut start = request(Method::GET, server.url("/same"));
    for name in ["authorization", "cookie", "x-shop", "proxy-authorization"] {
        start.headers.insert(name, HeaderValue::from_static("canary"));
    }
    start.headers.insert("accept-language", HeaderValue::from_static("de"));
    allowing(&["127.0.0.0/8"]).send(start).await.unwrap();
    assert_eq!(server.requests()[1].matches("canary").count(), 4, "the same origin gets them");
    let elsewhere = &other.requests()[0];
    assert!(!elsewhere.contains("canary") && elsewhere.contains("accept-language: de"), "{elsewhere}");
}

#[tokio::test]
async fn the_method_after_a_redirect_is_that_of_the_rfc() {
    for (status, method, expected) in [
        ("301 Moved", Method::POST, "GET"),
        ("302 Found", Method::PUT, "GET"),
        ("303 See Other", Method::DELETE, "GET"),
        ("303 See Other", Method::HEAD, "HEAD"),
        ("307 Temporary", Method::POST, "POST"),
        ("308 Permanent", Method::PUT, "PUT"),
    ] {
        let server = Server::start("127.0.0.1", move |request| {
            if request.contains(" /start ") { redirect(status, "/end") } else { respond("200 OK", "", b"") }
        })
        .await;
        let mut start = request(method.clone(), server.url("/start"));
        if method != Method::HEAD {
            start.body = b"payload".to_vec();
        }
        allowing(&["127.0.0.1/32"]).send(start).await.unwrap();
        let last = server.requests().pop().unwrap();
        assert!(last.starts_with(&format!("{expected} /end ")), "{status}: {last}");
        assert_eq!(last.ends_with("payload"), expected != "GET" && expected != "HEAD", "{status}: {last}");
    }
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start("127.0.0.1", |_| redirect("302 Found", "/again")).await;
    let error = allowing(&["127.0.0.1/32"]).send(request(Method::GET, server.url("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), "more than 10 redirects");
    assert_eq!(server.requests().len(), 11);
    let stay = Request { follow_redirects: false, ..request(Method::GET, server.url("/")) };
    assert_eq!(allowing(&["127.0.0.1/32"]).send(stay).await.unwrap().status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_redirect_out_of_http_is_refused() {
    for to in ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/"] {
        let server = Server::start("127.0.0.1", move |_| redirect("302 Found", to)).await;
        let error = allowing(&["127.0.0.1/32"]).send(request(Method::GET, server.url("/"))).await.unwrap_err();
        assert!(matches!(error, Error::Url(_)), "{to}: {error:?}");
    }
}

#[tokio::test]
async fn a_large_answer_is_cut_off_also_when_it_grows_by_decompression() {
    let declared = Server::start("127.0.0.1", |_| respond("200 OK", "", &vec![b'x'; HTTP_RESPONSE_BYTES + 1])).await;
    let endless = Server::start("127.0.0.1", |_| {
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &vec![b'x'; HTTP_RESPONSE_BYTES + 1]].concat()
    })
    .await;
    let bomb = Server::start("127.0.0.1", |_| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
        respond("200 OK", "content-encoding: gzip\r\n", &gzip.finish().unwrap())
    })
    .await;
    for server in [declared, endless, bomb] {
        let error = allowing(&["127.0.0.1/32"]).send(request(Method::GET, server.url("/"))).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge), "{error:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let timeout = Duration::from_millis(50);
    let error = allowing(&["127.0.0.1/32"]).send(Request { timeout, ..request(Method::GET, url) }).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(after) if after == timeout), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_a_connection_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = allowing(&["127.0.0.1/32"]).send(request(Method::GET, url)).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.to_string().ends_with(": connection refused"), "{error}");
}
