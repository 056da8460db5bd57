//! Where this server stands: behind which proxies, and under which address others reach it.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use super::request::Request;

/// What the configuration says about the way to this server.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The address under which others reach it.
    pub public_url: Option<Url>,
    /// The proxies whose word about the sender's address is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Surroundings {
    /// The sender's address: the other end of the connection, or, if that is a trusted proxy, the nearest address in
    /// `X-Forwarded-For` that is none. What stands further left was written by whoever sent it.
    #[must_use]
    pub fn sender(&self, request: &Request<'_>) -> Option<IpAddr> {
        let peer = request.peer?.to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let lines = request.headers.iter().filter(|(name, _)| *name == "x-forwarded-for");
        let lists: Vec<&str> = lines.map(|(_, value)| std::str::from_utf8(value)).collect::<Result<_, _>>().ok()?;
        let hops: Vec<&str> = lists.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        for hop in hops.into_iter().rev() {
            let address = hop.parse::<IpAddr>().ok()?.to_canonical();
            if !self.trusts(address) {
                return Some(address);
            }
        }
        Some(peer)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The origins that the sender may have believed to talk to, for those who sign the address: the public one, or what the request
    /// says itself. Ports that a scheme implies may have been written or not.
    #[must_use]
    pub fn origins(&self, request: &Request<'_>) -> Vec<String> {
        match &self.public_url {
            Some(url) => spellings(url.as_str().trim_end_matches('/')),
            None => {
                let Some(host) = request.header("host") else { return Vec::new() };
                [format!("https://{host}"), format!("http://{host}")].iter().flat_map(|origin| spellings(origin)).collect()
            }
        }
    }
}

/// Whether a browser that sends this was on a page of this server, as far as it says. What is no browser says nothing.
pub(super) fn same_site(request: &Request<'_>) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = request.header("origin") else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == request.header("host")
}

/// The same origin as it is, with the port that its scheme implies, and without that port.
fn spellings(origin: &str) -> Vec<String> {
    let mut all = vec![origin.to_owned()];
    let Ok(url) = Url::parse(origin) else { return all };
    let (Some(host), path) = (url.host_str(), url.path().trim_end_matches('/')) else { return all };
    let implied = if url.scheme() == "https" { 443 } else { 80 };
    if url.port_or_known_default() == Some(implied) {
        all.extend([format!("{}://{host}:{implied}{path}", url.scheme()), format!("{}://{host}{path}", url.scheme())]);
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(peer: &str, headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
        Request { segments: &[], method: "POST", target: "/x", query: "", headers, peer: Some(peer.parse().unwrap()) }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let behind = Surroundings { public_url: None, trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()] };
        let sender = |peer: &str, forwarded: &[&str]| {
            let headers: Vec<(&str, &[u8])> = forwarded.iter().map(|list| ("x-forwarded-for", list.as_bytes())).collect();
            behind.sender(&request(peer, &headers)).map(|address| address.to_string())
        };
        assert_eq!(sender("203.0.113.9", &["198.51.100.1"]).as_deref(), Some("203.0.113.9"), "anybody can write a header");
        assert_eq!(sender("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"]).as_deref(), Some("198.51.100.1"));
        assert_eq!(sender("10.0.0.1", &["1.2.3.4", "198.51.100.1"]).as_deref(), Some("198.51.100.1"));
        assert_eq!(sender("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]).as_deref(), Some("198.51.100.1"));
        assert_eq!(sender("10.0.0.1", &["nonsense"]), None, "an unreadable address is nobody's");
        assert_eq!(sender("10.0.0.1", &[]).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_page_of_elsewhere_is_told_by_what_browsers_say() {
        let said = |headers: &[(&str, &str)]| {
            let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            same_site(&request("10.0.0.1", &headers))
        };
        let host = ("host", "a.example:7700");
        assert!(said(&[]) && said(&[host, ("origin", "https://a.example:7700")]) && said(&[("sec-fetch-site", "same-origin")]));
        for origin in ["null", "https://evil.example", "https://a.example", "https://a.example:7700.evil.example", ""] {
            assert!(!said(&[host, ("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(!said(&[host, ("origin", "https://a.example:7700"), ("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn implied_ports_may_be_written_or_not() {
        assert_eq!(spellings("https://a.example"), ["https://a.example", "https://a.example:443"]);
        assert_eq!(spellings("http://a.example:80/t"), ["http://a.example/t", "http://a.example:80/t"]);
        assert_eq!(spellings("https://a.example:8443"), ["https://a.example:8443"]);
    }
}
