//! The relay as a browser meets it: real connections on loopback, the direct way behind it.

use std::collections::HashMap;

use super::*;
use crate::kaspi::KaspiClient;

/// A relay to a login host that is this listener.
async fn relay() -> (Relay, TcpListener) {
    let host = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let vars = [
        (
            "KASPI_LOGIN_URL",
            format!("http://{}", host.local_addr().unwrap()),
        ),
        ("KASPI_ALLOW_OTHER_HOSTS", "1".to_owned()),
        ("HOME", "/home/anna".to_owned()),
    ];
    let vars: HashMap<String, String> = vars.map(|(name, value)| (name.to_owned(), value)).into();
    let config = config::Config::from_vars(&vars).unwrap().kaspi;
    let client = KaspiClient::new(&config).unwrap();
    let tunnels = Tunnels::through(client.way_of("account").unwrap(), &config).unwrap();
    (Relay::start(&config, tunnels).await.unwrap(), host)
}

/// Asks for a target that is written as SOCKS does; the connection and the code of the answer.
async fn ask(relay: &Relay, command: u8, target: &[u8], port: u16) -> (TcpStream, u8) {
    let mut browser = TcpStream::connect(relay.address).await.unwrap();
    browser.write_all(&[5, 1, 0]).await.unwrap();
    let mut greeting = [0; 2];
    browser.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 0]);
    let request = [&[5, command, 0], target, &port.to_be_bytes()].concat();
    browser.write_all(&request).await.unwrap();
    let mut answer = [0; 10];
    browser.read_exact(&mut answer).await.unwrap();
    (browser, answer[1])
}

fn named(host: &str) -> Vec<u8> {
    [&[3, u8::try_from(host.len()).unwrap()], host.as_bytes()].concat()
}

#[tokio::test]
async fn what_is_said_arrives_at_both_ends() {
    let (relay, host) = relay().await;
    let port = host.local_addr().unwrap().port();
    for target in [named("127.0.0.1"), vec![1, 127, 0, 0, 1]] {
        let (mut browser, code) = ask(&relay, 1, &target, port).await;
        assert_eq!(code, Reply::DONE.0);
        let (mut server, _) = host.accept().await.unwrap();
        let mut heard = [0; 5];
        browser.write_all(b"hello").await.unwrap();
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(b"hello").await.unwrap();
        browser.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }
}

#[tokio::test]
async fn only_connections_to_the_hosts_of_the_login_are_allowed() {
    let (relay, host) = relay().await;
    let port = host.local_addr().unwrap().port();
    let v6 = [&[4][..], &Ipv6Addr::LOCALHOST.octets()].concat();
    for (command, target, port, wanted) in [
        (1, named("127.0.0.1"), port.wrapping_add(1), Reply::NOT_ALLOWED),
        (1, named("localhost"), port, Reply::NOT_ALLOWED),
        (1, named("127.0.0.1.example.kz"), port, Reply::NOT_ALLOWED),
        (1, named("example.kz"), 443, Reply::NOT_ALLOWED),
        (1, named("mc.shop.kaspi.kz"), 80, Reply::NOT_ALLOWED),
        (1, v6, port, Reply::NOT_ALLOWED),
        (1, vec![1, 127, 0, 0, 2], port, Reply::NOT_ALLOWED),
        (2, named("127.0.0.1"), port, Reply::COMMAND_UNKNOWN),
        (3, named("127.0.0.1"), port, Reply::COMMAND_UNKNOWN),
        (1, vec![9], port, Reply::ADDRESS_UNKNOWN),
    ] {
        let (_, code) = ask(&relay, command, &target, port).await;
        assert_eq!(code, wanted.0, "{command} {target:?} {port}");
    }
    let knocked = tokio::time::timeout(Duration::from_millis(1), host.accept()).await;
    assert!(knocked.is_err(), "{knocked:?}");
}

#[tokio::test]
async fn a_browser_that_wants_to_give_credentials_is_sent_away() {
    let (relay, _host) = relay().await;
    let mut browser = TcpStream::connect(relay.address).await.unwrap();
    browser.write_all(&[5, 1, 2]).await.unwrap();
    let mut greeting = [0; 2];
    browser.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 255]);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told() {
    let (relay, host) = relay().await;
    let port = host.local_addr().unwrap().port();
    drop(host);
    let (_, code) = ask(&relay, 1, &named("127.0.0.1"), port).await;
    assert_eq!(code, Reply::FAILED.0);
}

#[tokio::test]
async fn the_relay_ends_with_its_connections() {
    let (relay, host) = relay().await;
    let (address, port) = (relay.address, host.local_addr().unwrap().port());
    let (mut browser, _) = ask(&relay, 1, &named("127.0.0.1"), port).await;
    let (mut server, _) = host.accept().await.unwrap();

    drop(relay);

    let mut rest = [0; 1];
    let ends = async { (server.read(&mut rest).await, browser.read(&mut [0; 1]).await) };
    let (server, browser) = tokio::time::timeout(Duration::from_secs(10), ends).await.unwrap();
    assert!(!matches!(server, Ok(1..)) && !matches!(browser, Ok(1..)));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn there_are_no_more_connections_than_a_browser_needs() {
    let (relay, host) = relay().await;
    let port = host.local_addr().unwrap().port();
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        open.push(ask(&relay, 1, &named("127.0.0.1"), port).await);
    }
    let mut waiting = TcpStream::connect(relay.address).await.unwrap();
    waiting.write_all(&[5, 1, 0]).await.unwrap();
    let mut greeting = [0; 2];
    let early = tokio::time::timeout(Duration::from_millis(50), waiting.read_exact(&mut greeting)).await;
    assert!(early.is_err());

    // Both ends go, and the next has a place.
    drop(open);
    for _ in 0..CONNECTIONS_MAX {
        drop(host.accept().await.unwrap());
    }
    tokio::time::timeout(Duration::from_secs(10), waiting.read_exact(&mut greeting))
        .await
        .unwrap()
        .unwrap();
}
