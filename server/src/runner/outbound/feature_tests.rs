//! What the operator configures, and credentials: against real sockets.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rustls::RootCertStore;
use url::Url;

use super::test_server::{Server, respond};
use super::*;
use crate::domain::credential::{Credential, Settings};

fn policy() -> OutboundPolicy {
    OutboundPolicy { allow: vec!["127.0.0.1/32".parse().unwrap()], ..OutboundPolicy::default() }
}

fn get(url: Url) -> Request {
    let timeout = Duration::from_secs(20);
    let (headers, body) = (HeaderMap::new(), Vec::new());
    Request { method: Method::GET, url, headers, body, follow_redirects: true, timeout, credential: None }
}

#[expect(clippy::unnecessary_wraps, reason = "requests take it so")]
fn bound(hosts: &[&str], kind: &str) -> Option<Arc<Credential>> {
    let mut settings = Settings { hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), ..Settings::default() };
    match kind {
        "basic" => settings.username = Some("ada".to_owned()),
        "header" => settings.header = Some("X-Api-Key".to_owned()),
        "query" => settings.query = Some("key".to_owned()),
        _ => {}
    }
    let word = if matches!(kind, "header" | "query") { "api_key" } else { kind };
    Some(Arc::new(settings.credential("w/shop".to_owned(), "shop", word, Some("canary")).unwrap()))
}

#[tokio::test]
async fn each_type_of_credential_has_its_place() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
    let host = format!("http://{}", server.address);
    for (kind, expected) in [
        ("basic", "authorization: Basic YWRhOmNhbmFyeQ=="),
        ("bearer", "authorization: Bearer canary"),
        ("header", "x-api-key: canary"),
        ("query", "GET /a?b=c&key=canary HTTP/1.1"),
    ] {
        let request = Request { credential: bound(&[&host], kind), ..get(server.url("/a?b=c")) };
        let answer = Outbound::new(policy()).unwrap().send(request).await.unwrap();
        assert!(server.requests().last().unwrap().contains(expected), "{kind}: {:?}", server.requests().last());
        assert!(!answer.url.as_str().contains("canary"));
    }
}

#[tokio::test]
async fn a_credential_is_sent_to_exactly_its_host() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
    let port = server.address.port();
    let others = [format!("https://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", port ^ 1), "http://127.0.0.1".to_owned()];
    for host in others.iter().map(String::as_str).chain(["evil-127.0.0.1.example", "127.0.0.1.example"]) {
        let request = Request { credential: bound(&[host], "bearer"), ..get(server.url("/")) };
        let error = Outbound::new(policy()).unwrap().send(request).await.unwrap_err();
        assert!(matches!(&error, Error::Credential { credential, .. } if credential == "shop"), "{host}: {error:?}");
        assert!(!error.to_string().contains("canary"));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_origin_goes_without_the_credential_even_when_it_may_go_there() {
    for status in ["302 Found", "307 Temporary"] {
        let other = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
        let to = other.url("/there").to_string();
        let server = Server::start("127.0.0.1", move |request| {
            let to = if request.starts_with("GET /same") { "/next" } else { to.as_str() };
            respond(status, &format!("location: {to}\r\n"), b"")
        })
        .await;
        let hosts = [format!("http://{}", server.address), format!("http://{}", other.address)];
        let hosts = hosts.each_ref().map(String::as_str);
        for kind in ["bearer", "header", "query"] {
            let request = Request { credential: bound(&hosts, kind), ..get(server.url("/same")) };
            Outbound::new(policy()).unwrap().send(request).await.unwrap();
            let all = server.requests();
            assert!(all[all.len() - 2..].iter().all(|request| request.contains("canary")), "the same origin gets it");
            assert!(!other.requests().last().unwrap().contains("canary"), "{status} {kind}");
        }
    }
}

#[tokio::test]
async fn a_host_gets_so_many_requests_at_once() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, peak) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::start("127.0.0.1", move |_| {
        peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        running.fetch_sub(1, Ordering::SeqCst);
        respond("200 OK", "", b"")
    })
    .await;
    let outbound = Outbound::new(OutboundPolicy { per_host: 2, ..policy() }).unwrap();
    let all = join_all((0..8).map(|_| outbound.send(get(server.url("/"))))).await;
    assert!(all.iter().all(Result::is_ok) && server.requests().len() == 8);
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_workflow_does_not_call_its_own_server() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
    let outbound = Outbound::new(OutboundPolicy { own: Some(server.url("/").origin()), ..policy() }).unwrap();
    let error = outbound.send(get(server.url("/hooks/main/x"))).await.unwrap_err();
    assert!(error.to_string().contains("this server's own address"), "{error}");
    assert!(server.requests().is_empty());
}

/// Names inside and outside.
struct Names;

impl Lookup for Names {
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let ip: Option<IpAddr> = match host {
            "outside.example" => Some(IpAddr::from([8, 8, 8, 8])),
            "intranet.example" => Some(IpAddr::from([10, 0, 0, 1])),
            "proxy.inside" => Some(IpAddr::from([127, 0, 0, 1])),
            _ => None,
        };
        Box::pin(async move { ip.map(|ip| vec![ip]).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)) })
    }
}

#[tokio::test]
async fn requests_go_through_the_proxy_and_nothing_inside_does() {
    let proxy = Server::start("127.0.0.1", |_| respond("200 OK", "", b"by proxy")).await;
    let url = Url::parse(&format!("http://ada:pw@proxy.inside:{}", proxy.address.port())).unwrap();
    let given = OutboundPolicy { proxy: Some(OutboundProxy { url, except: Vec::new() }), ..OutboundPolicy::default() };
    assert!(!format!("{given:?}").contains("pw"));
    let outbound = Outbound::with(given, Arc::new(Names), RootCertStore::empty()).unwrap();
    let answer = outbound.send(get(Url::parse("http://outside.example/a").unwrap())).await.unwrap();
    assert_eq!(answer.body, b"by proxy");
    let asked = &proxy.requests()[0];
    assert!(
        asked.starts_with("GET http://outside.example/a HTTP/1.1") && asked.contains("proxy-authorization: Basic YWRhOnB3"),
        "{asked}"
    );
    for inside in ["http://intranet.example/", "http://127.0.0.1/", "http://proxy.inside/", "https://intranet.example/"] {
        let error = outbound.send(get(Url::parse(inside).unwrap())).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{inside}: {error:?}");
    }
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn hosts_of_other_protocols_are_checked_the_same_way() {
    let outbound = Outbound::with(OutboundPolicy::default(), Arc::new(Names), RootCertStore::empty()).unwrap();
    assert_eq!(outbound.addresses("outside.example").await.unwrap(), [IpAddr::from([8, 8, 8, 8])]);
    assert!(matches!(outbound.addresses("gone.example").await, Err(Error::Dns { .. })));
    for inside in ["intranet.example", "127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let refused = outbound.addresses(inside).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden { .. }), "{inside}: {refused:?}");
    }
}
