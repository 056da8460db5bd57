//! Which addresses workflows may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Decides about addresses: everything that is globally reachable unicast, and what the operator allows besides. Clones share
/// what is allowed.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allow: Arc<RwLock<Vec<IpNet>>>,
}

impl AddressPolicy {
    /// Allows `allow` besides the addresses of the public internet.
    #[must_use]
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow: Arc::new(RwLock::new(allow)) }
    }

    /// Allows `allow` from now on, and no longer what was allowed before.
    pub fn replace(&self, allow: Vec<IpNet>) {
        *self.allow.write().unwrap_or_else(PoisonError::into_inner) = allow;
    }

    /// Whether workflows may reach `ip`; if not, what kind of address it is (with its article).
    pub fn check(&self, ip: IpAddr) -> Result<(), &'static str> {
        // The kernel sends ::ffff:a.b.c.d to a.b.c.d, so an operator who allows the one has allowed the other.
        let meant = ip.to_canonical();
        let allow = self.allow.read().unwrap_or_else(PoisonError::into_inner);
        if allow.iter().any(|net| net.contains(&ip) || net.contains(&meant)) {
            return Ok(());
        }
        match ip {
            IpAddr::V4(ip) => check_v4(ip),
            IpAddr::V6(ip) => check_v6(ip),
        }
    }
}

fn check_v4(ip: Ipv4Addr) -> Result<(), &'static str> {
    FORBIDDEN_V4.iter().find(|(net, _)| net.contains(&ip)).map_or(Ok(()), |(_, kind)| Err(kind))
}

fn check_v6(ip: Ipv6Addr) -> Result<(), &'static str> {
    match FORBIDDEN_V6.iter().find(|(net, _)| net.contains(&ip)) {
        Some((_, kind)) => Err(kind),
        None if GLOBAL_UNICAST_V6.contains(&ip) => Ok(()),
        None => Err("a reserved address"),
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 3], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(head[0], head[1], head[2], 0, 0, 0, 0, 0), prefix)
}

/// The IANA IPv4 special-purpose registry (RFC 6890), multicast, class E, and what clouds put among public addresses.
const FORBIDDEN_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "an unspecified address"),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "a shared (carrier-grade NAT) address"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(168, 63, 129, 16, 32), "a cloud metadata address"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "a reserved address"),
    (v4(192, 0, 2, 0, 24), "a documentation address"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay address"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "a benchmarking address"),
    (v4(198, 51, 100, 0, 24), "a documentation address"),
    (v4(203, 0, 113, 0, 24), "a documentation address"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "a broadcast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

/// The only part of IPv6 that is assigned for global unicast (IANA IPv6 address space registry).
const GLOBAL_UNICAST_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

/// The IANA IPv6 special-purpose registry, and every way to write an IPv4 address inside an IPv6 one. What lies outside
/// of [`GLOBAL_UNICAST_V6`] is here only to give it a name.
const FORBIDDEN_V6: [(Ipv6Net, &str); 17] = [
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), "an unspecified address"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "a loopback address"),
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), "an IPv4-mapped address"),
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96), "an IPv4-translated address"),
    (v6([0, 0, 0], 96), "an IPv4-compatible address"),
    (v6([0x64, 0xff9b, 0], 96), "a NAT64 address"),
    (v6([0x64, 0xff9b, 1], 48), "a NAT64 address"),
    (v6([0x100, 0, 0], 64), "a discard-only address"),
    (v6([0x2001, 0, 0], 32), "a Teredo address"),
    (v6([0x2001, 2, 0], 48), "a benchmarking address"),
    (v6([0x2001, 0, 0], 23), "a reserved address"),
    (v6([0x2001, 0xdb8, 0], 32), "a documentation address"),
    (v6([0x2002, 0, 0], 16), "a 6to4 address"),
    (v6([0x3fff, 0, 0], 20), "a documentation address"),
    (v6([0xfc00, 0, 0], 7), "a private address"),
    (v6([0xfe80, 0, 0], 10), "a link-local address"),
    (v6([0xff00, 0, 0], 8), "a multicast address"),
];
