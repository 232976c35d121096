//! Requests through outgoing proxies: real proxies on loopback, the real client, the simulator behind them.

use kaspi_panel::domain::ProxyScheme;

use super::*;
use crate::support::TestProxy;

/// User name and password of the proxies that want them.
const CREDENTIALS: &str = "proxy-user:proxy-password";

/// As `market`, with proxies of the own network allowed.
async fn market() -> (Simulator, KaspiClient, CabinetSession) {
    let market = Simulator::start();
    let session = cabinet_session(&market, Cabinet::DEMO).await;
    let config = kaspi_panel::config::Kaspi {
        private_proxies: true,
        ..market.kaspi()
    };
    (market, KaspiClient::new(&config).unwrap(), session)
}

#[tokio::test]
async fn a_store_leaves_through_its_proxy_with_the_proxys_credentials() {
    for scheme in [ProxyScheme::Http, ProxyScheme::Socks5] {
        let (market, client, session) = market().await;
        let proxy = TestProxy::start(Some(CREDENTIALS)).await;
        let before = market.calls("list").await.len();

        client
            .set_proxies(vec![proxy.told(scheme, Some(CREDENTIALS))])
            .unwrap();
        let page = client.offers_page(&session, "30000001", true, 0).await.unwrap();

        assert_eq!(page.total, 13, "{scheme}");
        assert_eq!((proxy.forwarded(), proxy.refused()), (1, 0), "{scheme}");
        assert_eq!(market.calls("list").await.len(), before + 1, "{scheme}");
        let counts = client.take_proxy_counts();
        assert_eq!((counts[0].requests, counts[0].failures), (1, 0), "{scheme}");
        client.set_proxies(Vec::new()).unwrap();
        client.offers_page(&session, "30000001", true, 0).await.unwrap();
        assert_eq!(proxy.forwarded(), 1, "{scheme}: no proxy means directly");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_the_password_is_not_gone_around() {
    let (market, client, session) = market().await;
    let proxy = TestProxy::start(Some(CREDENTIALS)).await;
    let before = market.journal().await.len();
    client
        .set_proxies(vec![proxy.told(ProxyScheme::Http, Some("proxy-user:wrong"))])
        .unwrap();

    let error = client
        .offers_page(&session, "30000001", true, 0)
        .await
        .unwrap_err();
    let later = client.market_offers("100000001", ALMATY).await.unwrap_err();

    // It rests after two tries, and there is no other way.
    assert_eq!((error.code(), later.code()), ("paused", "paused"));
    assert_eq!(proxy.refused(), 2);
    assert_eq!(market.journal().await.len(), before, "nothing went out directly");
    let counts = client.take_proxy_counts();
    assert_eq!(counts[0].last_error, Some("proxy_refused"));
    assert!(counts[0].cooling_for.is_some());
}

#[tokio::test]
async fn another_proxy_takes_over_from_one_that_broke_down() {
    let (_market, client, session) = market().await;
    let (one, two) = (TestProxy::start(None).await, TestProxy::start(None).await);
    client
        .set_proxies(vec![
            one.told(ProxyScheme::Http, None),
            two.told(ProxyScheme::Http, None),
        ])
        .unwrap();
    client.offers_page(&session, "30000001", true, 0).await.unwrap();
    let (used, other) = if one.forwarded() == 1 {
        (&one, &two)
    } else {
        (&two, &one)
    };
    used.break_down();

    // The first tries of this read are what tells that it is down.
    let taken_over = client.offers_page(&session, "30000001", true, 0).await;

    assert!(taken_over.is_ok(), "{taken_over:?}");
    assert_eq!(other.forwarded(), 1);
    let failures: u64 = client
        .take_proxy_counts()
        .iter()
        .map(|count| count.failures)
        .sum();
    assert_eq!(failures, 2);
}

#[tokio::test]
async fn a_proxy_inside_the_own_network_is_not_used_unless_that_is_allowed() {
    let (market, client, session) = super::market().await;
    let proxy = TestProxy::start(None).await;
    let before = market.journal().await.len();
    let set = client.set_proxies(vec![proxy.told(ProxyScheme::Http, None)]);
    let read = client.offers_page(&session, "30000001", true, 0).await;
    assert!(set.is_err() || read.is_err());
    assert_eq!(proxy.forwarded(), 0);
    assert!(set.is_err() || market.journal().await.len() == before);
}

#[tokio::test]
async fn public_reads_are_spread_over_the_proxies() {
    let (_market, client, _) = market().await;
    let (one, two) = (TestProxy::start(None).await, TestProxy::start(None).await);
    client
        .set_proxies(vec![
            one.told(ProxyScheme::Http, None),
            two.told(ProxyScheme::Socks5, None),
        ])
        .unwrap();
    for _ in 0..6 {
        client.market_offers("100000001", ALMATY).await.unwrap();
    }
    let counts = client.take_proxy_counts();
    assert_eq!(
        counts.iter().map(|count| count.requests).collect::<Vec<_>>(),
        [3, 3]
    );
    assert_eq!(one.forwarded(), 3);
    assert!(two.forwarded() >= 1);
}
