//! Lines of proxies: the forms that are understood, and everything that is refused.

use proptest::prelude::*;

use super::*;

fn read(line: &str) -> Result<String, ProxyFault> {
    parse_line(line, false).map(|proxy| {
        let part =
            |text: Option<Zeroizing<String>>| text.map_or_else(|| "-".to_owned(), |text| text.to_string());
        let (username, password) = (part(proxy.username), part(proxy.password));
        format!(
            "{} {} {} {username} {password}",
            proxy.scheme, proxy.host, proxy.port
        )
    })
}

#[test]
fn the_usual_forms_are_understood() {
    for (line, expected) in [
        (
            "http://user:pass@proxy.example.kz:8080",
            "http proxy.example.kz 8080 user pass",
        ),
        (
            "https://user:pass@proxy.example.kz:443/",
            "https proxy.example.kz 443 user pass",
        ),
        ("socks5://93.184.216.34:1080", "socks5 93.184.216.34 1080 - -"),
        (
            "SOCKS5H://user@proxy.example.kz:1080",
            "socks5 proxy.example.kz 1080 user -",
        ),
        ("  proxy.example.kz:3128  ", "http proxy.example.kz 3128 - -"),
        (
            "proxy.example.kz:3128:user:pa:ss@1",
            "http proxy.example.kz 3128 user pa:ss@1",
        ),
        (
            "user:pass@proxy.example.kz:3128",
            "http proxy.example.kz 3128 user pass",
        ),
        (
            "http://us%40er:p%3Ass@proxy.example.kz:1",
            "http proxy.example.kz 1 us@er p:ss",
        ),
        (
            "http://user:p@ss#?/@proxy.example.kz:65535",
            "http proxy.example.kz 65535 user p@ss#?/",
        ),
        (
            "[2606:4700::1111]:8080:user:pass",
            "http 2606:4700::1111 8080 user pass",
        ),
        ("http://[2606:4700::1111]:8080", "http 2606:4700::1111 8080 - -"),
        ("http://1572395042:8080", "http 93.184.216.34 8080 - -"),
        (
            "proxy.example.kz:3128:user:p%41ss",
            "http proxy.example.kz 3128 user p%41ss",
        ),
    ] {
        assert_eq!(read(line).as_deref(), Ok(expected), "{line}");
    }
}

#[test]
fn what_is_wrong_is_told_without_the_line() {
    use ProxyFault::*;
    for (line, fault) in [
        ("ftp://proxy.example.kz:21", Scheme),
        ("socks4://proxy.example.kz:1080", Scheme),
        ("://proxy.example.kz:1080", Scheme),
        ("proxy.example.kz", Port),
        ("http://proxy.example.kz", Port),
        ("proxy.example.kz:", Port),
        ("proxy.example.kz:0", Port),
        ("proxy.example.kz:65536", Port),
        ("proxy.example.kz:-1", Port),
        ("proxy.example.kz:+80", Port),
        ("proxy.example.kz:80a", Port),
        ("proxy.example.kz:99999999999", Port),
        (":8080", Host),
        ("http://:8080", Host),
        ("http://user:pass@:8080", Host),
        ("exa<mple.kz:8080", Host),
        ("256.256.256.256:8080", Host),
        ("[2606:4700::1111:8080", Host),
        ("[nonsense]:8080", Host),
        ("http://user:pass@proxy.example.kz:8080:more", Format),
        ("proxy.example.kz:8080 # mine", Format),
        ("proxy.example.kz:80\u{0}80", Format),
        ("http://:pass@proxy.example.kz:8080", Credentials),
        ("http://us%00er:pass@proxy.example.kz:8080", Credentials),
        ("http://us%ffer:pass@proxy.example.kz:8080", Credentials),
        ("proxy.example.kz:8080::pass", Credentials),
    ] {
        assert_eq!(read(line), Err(fault), "{line}");
    }
    let long = format!("http://user:{}@proxy.example.kz:8080", "p".repeat(256));
    assert_eq!(read(&long), Err(Credentials));
    assert_eq!(read(&format!("{}.kz:80", "a".repeat(1000))), Err(Format));
}

/// Places inside the own machine, network or cloud, in the spellings that are tried to get there.
const INSIDE: &[&str] = &[
    // loopback
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0x0.0x0.0x1",
    "127.0.0.1.",
    "127.000.000.001",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "localhost",
    "LocalHost",
    "localhost.",
    "foo.localhost",
    "ｌocalhost",
    "localhost.localdomain",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:0001::1]",
    "[2001:0:7f00:1::]",
    "[::ffff:0:127.0.0.1]",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "[::]",
    "0.0.0.1",
    // private
    "10.0.0.1",
    "10.255.255.255",
    "10.1",
    "167772161",
    "0xa000001",
    "0xA.0.0.1",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "172.16.1",
    "2886729729",
    "0xac100001",
    "0254.020.0.1",
    "192.168.0.1",
    "192.168.1",
    "192.168.255.255",
    "3232235521",
    "0xc0a80001",
    "0300.0250.0.1",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]",
    "[::ffff:ac10:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b::c0a8:1]",
    "[64:ff9b:1::a00:1]",
    "[2002:a00:1::]",
    "[2002:c0a8:1::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fdff:ffff::1]",
    "[fec0::1]",
    // link-local and metadata
    "169.254.169.254",
    "169.254.0.1",
    "169.254.170.2",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "169.16689662",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[febf::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "0xa83f8110",
    "metadata",
    "instance-data",
    "metadata.google.internal",
    "METADATA.GOOGLE.INTERNAL.",
    "metadata.local",
    "host.docker.internal",
    "kubernetes.default.svc.cluster.local",
    "169.254.169.254.",
    // carrier NAT, protocol assignments, documentation, benchmarks
    "100.64.0.1",
    "100.127.255.255",
    "1681915905",
    "0x64400001",
    "[::ffff:100.64.0.1]",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "[2001:db8::1]",
    "[2001::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:2::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    // multicast, reserved, broadcast
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "0377.0377.0377.0377",
    "[ff02::1]",
    "[ff0e::1]",
    "[::ffff:255.255.255.255]",
    "[::ffff:224.0.0.1]",
    "[64:ff9b::255.255.255.255]",
    "[4000::1]",
    "[::2]",
    // names of the own network
    "[::ffff:192.0.0.192]",
    "[::ffff:100.100.100.200]",
    "0300.0.0.0300",
    "1684301000",
    "proxy",
    "router.lan",
    "nas.home",
    "db.corp",
    "wiki.intranet",
    "printer.local",
    "home.arpa",
    "1.0.0.127.in-addr.arpa",
    "vault.internal",
    "x.localdomain",
];

#[test]
fn nothing_inside_the_own_network_is_taken_for_a_proxy() {
    assert!(INSIDE.len() >= 150, "{} variants", INSIDE.len());
    for host in INSIDE {
        for line in [
            format!("http://{host}:8080"),
            format!("socks5://user:pass@{host}:1080"),
            format!("{host}:3128:user:pass"),
            format!("https://proxy.example.kz:80@{host}:443"),
        ] {
            assert_eq!(read(&line), Err(ProxyFault::NotPublic), "{line}");
            assert!(parse_line(&line, true).is_ok(), "{line} is a host all right");
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_shown_or_breaks_the_reader(line in ".{0,80}") {
        if let Ok(proxy) = parse_line(&line, false) {
            prop_assert!(proxy.port > 0 && crate::domain::addresses::is_public_host(&proxy.host));
        }
    }

    #[test]
    fn credentials_come_back_as_they_were(username in "[a-zA-Z0-9_.-]{1,40}", password in "[!-~]{1,60}") {
        let line = format!("proxy.example.kz:8080:{username}:{password}");
        // That would make another form of it.
        prop_assume!(!line.contains("://"));
        prop_assert_eq!(read(&line), Ok(format!("http proxy.example.kz 8080 {username} {password}")));
        let shown = format!("{:?}", parse_line(&line, false));
        prop_assert!(password.len() < 8 || !shown.contains(&*password), "{}", shown);
    }
}

#[test]
fn a_pasted_list_is_read_line_by_line() {
    let text = "# mine\n\nproxy.example.kz:8080\r\n10.0.0.1:8080\n  \nproxy.example.kz\n";
    let read: Vec<(usize, Option<ProxyFault>)> = parse_lines(text, false)
        .into_iter()
        .map(|(line, read)| (line, read.err()))
        .collect();
    assert_eq!(
        read,
        [
            (3, None),
            (4, Some(ProxyFault::NotPublic)),
            (6, Some(ProxyFault::Port))
        ]
    );

    let many = "proxy.example.kz:8080\n".repeat(2_000);
    let read = parse_lines(&many, false);
    assert_eq!(read.len(), LINES_MAX + 1);
    assert!(matches!(read.last(), Some((501, Err(ProxyFault::TooMany)))));
}
