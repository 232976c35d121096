//! Which hosts on the internet may be spoken to: only those that everybody can reach. What leads back into our
//! own machine, network or cloud is not public, however it is written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// A host is no name and no address, or one that is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// Neither a name nor an address.
    #[error("this is no host name and no address")]
    Malformed,
    /// Loopback, private, link-local, cloud metadata or reserved.
    #[error("this is no public address")]
    NotPublic,
}

/// The host in its one canonical spelling: lower case, IPv4 as four decimal numbers, IPv6 without brackets.
/// Names are judged by their look alone; what they resolve to is judged when somebody connects.
///
/// # Errors
/// See [`HostFault`].
pub fn public_host(text: &str) -> Result<String, HostFault> {
    let host = any_host(text)?;
    if is_public_host(&host) {
        Ok(host)
    } else {
        Err(HostFault::NotPublic)
    }
}

/// As [`public_host`], for tests against this machine: private hosts pass.
///
/// # Errors
/// [`HostFault::Malformed`].
pub fn any_host(text: &str) -> Result<String, HostFault> {
    let bare: Result<Ipv6Addr, _> = text.parse();
    let host = match bare {
        Ok(address) => Host::Ipv6(address),
        Err(_) => Host::parse(text).map_err(|_| HostFault::Malformed)?,
    };
    let host = match host {
        Host::Domain(name) => name.strip_suffix('.').unwrap_or(&name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    if host.is_empty() || host.len() > 253 {
        return Err(HostFault::Malformed);
    }
    Ok(host)
}

/// Endings of names that mean the own machine or network.
const LOCAL_ENDINGS: &[&str] = &[
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "arpa",
];

/// May this host, spelt as by [`public_host`], be spoken to?
#[must_use]
pub fn is_public_host(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return is_public(address);
    }
    // A name without a dot is completed by the own network's domain.
    match host.rsplit_once('.') {
        Some((_, ending)) => !LOCAL_ENDINGS.contains(&ending),
        None => false,
    }
}

/// Does the address belong to the public internet? After IANA's registries of special addresses; what embeds
/// an IPv4 address is as public as that one, where it can be reached at all.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    !matches!(
        (a, b, c, d),
        (0 | 10 | 127, ..)              // this network, private, loopback
            | (100, 64..=127, ..)       // carrier NAT; also Alibaba's metadata
            | (168, 63, 129, 16)        // Azure's metadata, though of a public block
            | (169, 254, ..)            // link-local and most clouds' metadata
            | (172, 16..=31, ..)        // private
            | (192, 0, 0 | 2, _)        // protocol assignments (Oracle's metadata), documentation
            | (192, 88, 99, _)          // relays of 6to4
            | (192, 168, ..)            // private
            | (198, 18 | 19, ..)        // benchmarks
            | (198, 51, 100, _)         // documentation
            | (203, 0, 113, _)          // documentation
            | (224..=255, ..) // multicast, reserved, broadcast
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = || {
        let [g1, g2] = g.to_be_bytes();
        let [h1, h2] = h.to_be_bytes();
        is_public_v4(Ipv4Addr::new(g1, g2, h1, h2))
    };
    match (a, b) {
        // IPv4-mapped, and NAT64 by its well-known prefix.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => embedded(),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => embedded(),
        // Teredo, ORCHID, benchmarks and other protocol assignments; documentation; 6to4.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // Global unicast; all else is local, multicast or unassigned.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
