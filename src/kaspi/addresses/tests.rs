//! Names that lead inside: real HTTP clients, a resolver that says what it likes, and a listener that must stay
//! alone.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::net::TcpListener;

use super::*;

fn hosts(address: &str, other_hosts: bool, private_proxies: bool) -> config::Kaspi {
    let vars = [
        ("KASPI_CABINET_URL", address),
        ("KASPI_ALLOW_OTHER_HOSTS", "1"),
        ("HOME", "/home/anna"),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config::Config::from_vars(&vars.into()).unwrap().kaspi;
    config::Kaspi {
        other_hosts,
        private_proxies,
        ..config
    }
}

fn real_hosts() -> config::Kaspi {
    hosts("https://mc.shop.kaspi.kz", false, false)
}

/// Answers with these addresses, one list after the other, and with the last one for ever.
fn answering(config: &config::Kaspi, answers: Vec<Vec<SocketAddr>>) -> PublicAddresses {
    let asked = AtomicUsize::new(0);
    PublicAddresses::with_lookup(config, move |_| {
        let at = asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        let answer = answers[at].clone();
        Box::pin(async move { Ok(answer) })
    })
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Did anybody knock? Connections wait in the listener's queue until they are taken.
async fn knocked(listener: &TcpListener) -> bool {
    tokio::time::timeout(Duration::from_millis(1), listener.accept())
        .await
        .is_ok()
}

fn client(addresses: PublicAddresses, proxy: Option<String>) -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .dns_resolver(Arc::new(addresses));
    match proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).unwrap()),
        None => builder,
    }
    .build()
    .unwrap()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_never_connected_to() {
    let (listener, inside) = listener().await;
    let proxied = Some(format!("http://proxy.example.kz:{}", inside.port()));
    for (url, proxy) in [
        (format!("http://shop.example.kz:{}/", inside.port()), None),
        ("http://kaspi.kz/".to_owned(), proxied.clone()),
        ("https://kaspi.kz/".to_owned(), proxied),
    ] {
        let addresses = answering(&real_hosts(), vec![vec![inside]]);
        let answer = client(addresses, proxy.clone()).get(url.as_str()).send().await;
        assert!(answer.is_err(), "{url} {proxy:?}");
        assert!(!knocked(&listener).await, "{url} {proxy:?}");

        // The test can fail: without the guard somebody knocks.
        let addresses = answering(&hosts("http://127.0.0.3:9000", true, true), vec![vec![inside]]);
        let asking = tokio::spawn(client(addresses, proxy.clone()).get(url.as_str()).send());
        let came = tokio::time::timeout(Duration::from_secs(10), listener.accept()).await;
        assert!(came.is_ok(), "{url} {proxy:?}");
        asking.abort();
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_judged_anew_at_each_connection() {
    let (listener, inside) = listener().await;
    let outside = SocketAddr::from(([93, 184, 216, 34], 80));
    let addresses = answering(&real_hosts(), vec![vec![outside], vec![inside]]);
    let first = addresses.addresses_of("proxy.example.kz").await.unwrap();
    assert_eq!(first, [outside], "when it was entered it was harmless");
    let proxy = Some(format!("http://proxy.example.kz:{}", inside.port()));
    let answer = client(addresses, proxy).get("http://kaspi.kz/").send().await;
    assert!(answer.is_err());
    assert!(!knocked(&listener).await);
}

#[tokio::test]
async fn of_several_addresses_only_public_ones_are_used() {
    let all: Vec<SocketAddr> = [
        "10.0.0.1",
        "93.184.216.34",
        "169.254.169.254",
        "::1",
        "2606:4700::1111",
        "::ffff:10.0.0.1",
    ]
    .map(|text| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0))
    .into();
    let used = answering(&real_hosts(), vec![all.clone()])
        .addresses_of("proxy.example.kz")
        .await
        .unwrap();
    assert_eq!(used, [all[1], all[4]]);
    let inside = vec![vec![all[0], all[2]]];
    let refused = answering(&real_hosts(), inside)
        .addresses_of("proxy.example.kz")
        .await
        .unwrap_err();
    assert!(refused.is::<NotPublic>());
}

#[tokio::test]
async fn other_marketplaces_may_be_inside_but_nothing_else() {
    let inside = SocketAddr::from(([10, 0, 0, 1], 0));
    let config = hosts("http://cabinet.test.example:9000", true, false);
    let addresses = answering(&config, vec![vec![inside]]);
    assert_eq!(
        addresses.addresses_of("cabinet.test.example").await.unwrap(),
        [inside]
    );
    assert!(addresses.addresses_of("proxy.example.kz").await.is_err());
    // The real hosts are never inside.
    let addresses = answering(&real_hosts(), vec![vec![inside]]);
    assert!(addresses.addresses_of("mc.shop.kaspi.kz").await.is_err());
}

#[test]
fn hosts_that_are_addresses_are_judged_without_a_look_up() {
    let strict = PublicAddresses::new(&real_hosts());
    for host in ["127.0.0.1", "::1", "169.254.169.254", "localhost", "proxy"] {
        assert_eq!(strict.check_proxy(host), Err(NotPublic), "{host}");
    }
    assert_eq!(strict.check_proxy("93.184.216.34"), Ok(()));
    let tests = PublicAddresses::new(&hosts("http://127.0.0.3:9000", true, true));
    assert_eq!(tests.check_proxy("127.0.0.1"), Ok(()));
}
