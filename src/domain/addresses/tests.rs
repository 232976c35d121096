//! Which hosts are public: by IANA's registries, and in every spelling that leads to the same place.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// First and last address of what is not public, and the neighbours on both sides that are.
const V4_EDGES: &[(&str, &str, Option<&str>, Option<&str>)] = &[
    ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
    (
        "10.0.0.0",
        "10.255.255.255",
        Some("9.255.255.255"),
        Some("11.0.0.0"),
    ),
    (
        "100.64.0.0",
        "100.127.255.255",
        Some("100.63.255.255"),
        Some("100.128.0.0"),
    ),
    (
        "127.0.0.0",
        "127.255.255.255",
        Some("126.255.255.255"),
        Some("128.0.0.0"),
    ),
    (
        "168.63.129.16",
        "168.63.129.16",
        Some("168.63.129.15"),
        Some("168.63.129.17"),
    ),
    (
        "169.254.0.0",
        "169.254.255.255",
        Some("169.253.255.255"),
        Some("169.255.0.0"),
    ),
    (
        "172.16.0.0",
        "172.31.255.255",
        Some("172.15.255.255"),
        Some("172.32.0.0"),
    ),
    (
        "192.0.0.0",
        "192.0.0.255",
        Some("191.255.255.255"),
        Some("192.0.1.0"),
    ),
    ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
    (
        "192.88.99.0",
        "192.88.99.255",
        Some("192.88.98.255"),
        Some("192.88.100.0"),
    ),
    (
        "192.168.0.0",
        "192.168.255.255",
        Some("192.167.255.255"),
        Some("192.169.0.0"),
    ),
    (
        "198.18.0.0",
        "198.19.255.255",
        Some("198.17.255.255"),
        Some("198.20.0.0"),
    ),
    (
        "198.51.100.0",
        "198.51.100.255",
        Some("198.51.99.255"),
        Some("198.51.101.0"),
    ),
    (
        "203.0.113.0",
        "203.0.113.255",
        Some("203.0.112.255"),
        Some("203.0.114.0"),
    ),
    ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
];

#[test]
fn special_blocks_are_not_public_and_their_neighbours_are() {
    for (first, last, before, after) in V4_EDGES {
        for inside in [first, last] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [before, after].into_iter().flatten() {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}

#[test]
fn addresses_of_version_six_are_judged_by_block() {
    for local in [
        "::",
        "::1",
        "::2",
        "::7f00:1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "100::1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "::ffff:0:808:808",
    ] {
        assert!(!is_public(local.parse().unwrap()), "{local}");
    }
    for public in [
        "2001:200::1",
        "2a00:1450::1",
        "2606:4700::1111",
        "2001:db9::1",
        "3fff:1000::1",
        "2003::1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

proptest! {
    #[test]
    fn an_embedded_address_is_as_public_as_itself(number: u32) {
        let inner = Ipv4Addr::from(number);
        let [a, b, c, d] = inner.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        for outer in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        ] {
            prop_assert_eq!(is_public(IpAddr::V6(outer)), is_public(IpAddr::V4(inner)));
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_judged_alike(number: u32) {
        let address = Ipv4Addr::from(number);
        let [a, b, c, d] = address.octets();
        let low = u32::from(c) << 8 | u32::from(d);
        let lower = u32::from(b) << 16 | low;
        for spelling in [
            format!("{number}"),
            format!("0x{number:x}"),
            format!("0{number:o}"),
            format!("{a}.{lower}"),
            format!("{a}.{b}.{low}"),
            format!("0x{a:x}.0{b:o}.{c}.0x{d:X}"),
            format!("{a}.{b}.{c}.{d}."),
            format!("%{:02x}{}.{b}.{c}.{d}", a.to_string().as_bytes()[0], &a.to_string()[1..]),
        ] {
            let judged = public_host(&spelling);
            let expected = if is_public(IpAddr::V4(address)) { Ok(address.to_string()) } else { Err(HostFault::NotPublic) };
            prop_assert_eq!(judged, expected, "{}", spelling);
        }
    }

    #[test]
    fn no_text_breaks_the_judgement(text in ".{0,60}") {
        if let Ok(host) = public_host(&text) {
            prop_assert_eq!(public_host(&host), Ok(host), "a canonical host stays what it is");
        }
    }
}

#[test]
fn names_of_the_own_network_are_not_public() {
    for local in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "proxy",
        "metadata",
        "metadata.google.internal",
        "router.lan",
        "printer.local",
        "db.corp",
        "1.0.0.127.in-addr.arpa",
        "home.arpa",
        "x.localdomain",
    ] {
        assert_eq!(public_host(local), Err(HostFault::NotPublic), "{local}");
    }
    for public in ["proxy.example.kz", "xn--80a.xn--p1ai", "Proxy.Example.COM."] {
        assert!(public_host(public).is_ok(), "{public}");
    }
    assert_eq!(
        public_host("ПРОКСИ.рф").unwrap(),
        public_host("прокси.рф.").unwrap()
    );
}
