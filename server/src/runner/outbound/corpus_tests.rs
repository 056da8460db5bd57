//! URLs that must never be reached, and URLs that must, without one connection.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::HeaderMap;
use rustls::RootCertStore;
use url::Url;

use super::*;

/// Names that lead inside, with the addresses that the real ones have or could be given.
const NAMES: [(&str, &str); 12] = [
    ("localhost", "127.0.0.1"),
    ("localhost.", "127.0.0.1"),
    ("foo.localhost", "::1"),
    ("localtest.me", "127.0.0.1"),
    ("127.0.0.1.nip.io", "127.0.0.1"),
    ("metadata.google.internal", "169.254.169.254"),
    ("metadata", "169.254.169.254"),
    ("instance-data.ec2.internal", "169.254.169.254"),
    ("intranet.example", "10.1.2.3"),
    ("six.example", "fd12:3456::1"),
    ("mapped.example", "::ffff:127.0.0.1"),
    ("kubernetes.default.svc", "10.96.0.1"),
];

/// One URL a line; the tests of the real binary read the same file.
const CORPUS: &str = include_str!("corpus_forbidden.txt");

/// URLs that must never be reached.
pub(super) fn forbidden() -> impl Iterator<Item = &'static str> {
    CORPUS.lines()
}

const NOT_REQUESTS: [&str; 22] = [
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "data:text/plain,x",
    "ftp://8.8.8.8/",
    "ws://8.8.8.8/",
    "dict://8.8.8.8:11211/",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "jar:http://8.8.8.8!/",
    "ldap://8.8.8.8/",
    "http://user@8.8.8.8/",
    "http://user:password@8.8.8.8/",
    "http://:password@8.8.8.8/",
    "http://8.8.8.8@example.com/",
    "http:///",
    "http://",
    "//8.8.8.8/",
    "/relative",
    "http://8.8.8.8:99999/",
    "http://8.8.8.8.8/",
    "http://[::1/",
    "http://256.256.256.256/",
];

const REACHABLE: [&str; 36] = [
    "https://example.com/",
    "http://example.com:8080/a?b=c#d",
    "https://api.github.com/repos",
    "https://8.8.8.8/",
    "http://1.1.1.1/",
    "http://9.255.255.255/",
    "http://11.0.0.0/",
    "http://100.63.255.255/",
    "http://100.128.0.0/",
    "http://126.255.255.255/",
    "http://128.0.0.1/",
    "http://169.253.255.255/",
    "http://169.255.0.0/",
    "http://172.15.255.255/",
    "http://172.32.0.0/",
    "http://192.0.1.1/",
    "http://192.167.255.255/",
    "http://192.169.0.0/",
    "http://198.17.255.255/",
    "http://198.20.0.0/",
    "http://198.51.99.1/",
    "http://203.0.112.1/",
    "http://203.0.114.1/",
    "http://223.255.255.255/",
    "http://192.88.98.1/",
    "http://168.63.129.15/",
    "http://134744072/",
    "http://0x08080808/",
    "https://[2606:4700:4700::1111]/",
    "https://[2001:4860:4860::8888]/",
    "https://[2a00:1450:4001::200e]/",
    "https://[2400:cb00::1]/",
    "https://[2620:fe::fe]/",
    "https://[2003::1]/",
    "https://bücher.example/",
    "https://a-very.long.sub.domain.of.example.org:8443/x",
];

struct Names(HashMap<String, IpAddr>);

impl Lookup for Names {
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self.0.get(host).copied();
        Box::pin(async move { found.map(|ip| vec![ip]).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)) })
    }
}

pub(super) fn outbound() -> Outbound {
    let names = NAMES.iter().map(|(name, ip)| ((*name).to_owned(), ip.parse().unwrap())).collect();
    Outbound::with(OutboundPolicy::default(), Arc::new(Names(names)), RootCertStore::empty()).unwrap()
}

async fn get(outbound: &Outbound, url: Url) -> Result<Answer, Error> {
    let timeout = Duration::from_secs(5);
    let request = Request {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Vec::new(),
        follow_redirects: true,
        timeout,
        credential: None,
    };
    outbound.send(request).await
}

#[tokio::test]
async fn nothing_inside_is_reached() {
    let outbound = outbound();
    for text in forbidden() {
        // What is not a URL is refused before this client sees it.
        let Ok(url) = Url::parse(text) else { continue };
        let error = get(&outbound, url).await.map(|answer| answer.status).unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. } | Error::Url(_)), "{text}: {error:?}");
    }
}

/// Mail asks for addresses itself.
#[tokio::test]
async fn no_host_inside_is_given_to_other_protocols() {
    let outbound = outbound();
    // What has a space in it is a URL with much before its host, and no host.
    for text in forbidden().filter(|text| !text.contains(' ')) {
        let host = text.split("://").nth(1).unwrap().trim_end_matches('/').split('/').next().unwrap();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let refused = outbound.addresses(host).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden { .. } | Error::Url(_)), "{host}: {refused:?}");
    }
}

#[test]
fn only_the_zone_ids_of_the_corpus_are_no_urls() {
    let not_urls: Vec<_> = forbidden().filter(|text| Url::parse(text).is_err()).collect();
    assert_eq!(not_urls, ["http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/"]);
}

#[test]
fn what_is_not_a_plain_web_request_is_refused() {
    let outbound = outbound();
    for text in NOT_REQUESTS {
        let refused = Url::parse(text).ok().is_none_or(|url| matches!(outbound.check(&url), Err(Error::Url(_))));
        assert!(refused, "{text}");
    }
}

#[test]
fn the_corpus_is_large_enough() {
    assert!(forbidden().count() >= 80 && REACHABLE.len() >= 30);
}

#[test]
fn the_internet_is_reachable() {
    let outbound = outbound();
    for text in REACHABLE {
        let url = Url::parse(text).unwrap();
        assert!(outbound.check(&url).is_ok(), "{text}: {:?}", outbound.check(&url));
    }
}

#[tokio::test]
async fn the_error_names_the_rule_and_not_the_address_behind_a_name() {
    let text = get(&outbound(), Url::parse("http://intranet.example/").unwrap()).await.unwrap_err().to_string();
    assert_eq!(
        text,
        "intranet.example resolves to a private address, which is not reachable from workflows; an operator can allow it with `outbound_allow`"
    );
    let text = get(&outbound(), Url::parse("http://127.1/").unwrap()).await.unwrap_err().to_string();
    assert!(text.starts_with("127.0.0.1 is a loopback address, which is not reachable"), "{text}");
}

#[test]
fn the_operator_can_allow_more() {
    let policy = AddressPolicy::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    for good in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "8.8.8.8"] {
        assert_eq!(policy.check(good.parse().unwrap()), Ok(()), "{good}");
    }
    for bad in ["10.2.0.1", "127.0.0.1", "::ffff:10.2.0.1", "::ffff:8.8.8.8", "fe80::1", "64:ff9b::a01:203"] {
        assert!(policy.check(bad.parse().unwrap()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_ipv4_address_hides_in_an_ipv6_one(bits in any::<u32>()) {
        let [high, low] = [u16::try_from(bits >> 16).unwrap(), u16::try_from(bits & 0xffff).unwrap()];
        let policy = AddressPolicy::default();
        for embedding in [
            [0, 0, 0, 0, 0, 0xffff, high, low],
            [0, 0, 0, 0, 0xffff, 0, high, low],
            [0, 0, 0, 0, 0, 0, high, low],
            [0x64, 0xff9b, 0, 0, 0, 0, high, low],
            [0x64, 0xff9b, 1, 0, 0, 0, high, low],
            [0x2002, high, low, 0, 0, 0, 0, 1],
            [0x2001, 0, 1, 2, 3, 4, !high, !low],
        ] {
            prop_assert!(policy.check(IpAddr::from(embedding)).is_err(), "{embedding:x?}");
        }
    }
}
