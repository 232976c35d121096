//! Which way a request takes; nothing is sent here.

use super::*;
use crate::{domain::ProxyId, secrets::Secret};

fn routes(proxies: u16) -> (Routes, Vec<ProxyAddress>) {
    let config = config::Config::from_vars(&std::collections::HashMap::new()).unwrap();
    let routes = Routes::new(Arc::new(config.kaspi)).unwrap();
    let addresses: Vec<ProxyAddress> = (0..proxies)
        .map(|n| ProxyAddress {
            id: ProxyId::new(),
            scheme: ProxyScheme::Http,
            host: format!("proxy-{n}.example.kz"),
            port: 3128 + n,
            username: Some("user".into()),
            password: Some(Secret::from("password")),
        })
        .collect();
    routes.set(addresses.clone()).unwrap();
    (routes, addresses)
}

fn break_down(route: &Route, now: Instant) {
    for _ in 0..FAILURES_MAX {
        route.note(Some("proxy_unreachable"), now);
    }
}

fn never(_: &Route) -> Duration {
    Duration::ZERO
}

#[test]
fn no_proxy_means_directly() {
    let (routes, now) = (routes(0).0, Instant::now());
    assert_eq!(routes.of_account("a", now).unwrap().key, "direct");
    assert_eq!(routes.of_public(now, never).unwrap().key, "direct");
    break_down(&routes.direct, now);
    assert!(routes.of_account("a", now).is_ok(), "there is no other way");
    assert!(routes.take_counts(now).is_empty());
}

#[test]
fn an_account_keeps_its_proxy_and_accounts_are_spread() {
    let (routes, now) = (routes(4).0, Instant::now());
    let of = |account: &str| routes.of_account(account, now).unwrap().key.clone();
    assert_eq!(of("anna"), of("anna"));
    let used: std::collections::BTreeSet<String> = (0..64).map(|n| of(&n.to_string())).collect();
    assert_eq!(used.len(), 4);
    assert!(!used.contains("direct"));
}

#[test]
fn when_a_proxy_goes_only_its_accounts_move_and_they_come_back() {
    let (routes, now) = (routes(4).0, Instant::now());
    let all = |now| -> Vec<String> {
        (0..64)
            .map(|n| routes.of_account(&n.to_string(), now).unwrap().key.clone())
            .collect()
    };
    let before = all(now);
    let gone = routes.of_account("0", now).unwrap();
    break_down(&gone, now);
    let after = all(now);
    for (was, is) in before.iter().zip(&after) {
        assert_ne!(*is, gone.key);
        assert!(was == is || *was == gone.key);
    }
    assert_eq!(all(now + COOL_DOWN), before);
}

#[test]
fn public_reads_are_spread_over_the_healthy_ones() {
    let (routes, now) = (routes(3).0, Instant::now());
    let sick = routes.of_account("a", now).unwrap();
    break_down(&sick, now);
    let used: Vec<String> = (0..60)
        .map(|_| routes.of_public(now, never).unwrap().key.clone())
        .collect();
    assert!(!used.contains(&sick.key));
    let distinct: std::collections::BTreeSet<&String> = used.iter().collect();
    assert_eq!(distinct.len(), 2);
    let paused = used.first().unwrap().clone();
    let pause = |route: &Route| {
        if route.key == paused {
            Duration::from_secs(15)
        } else {
            Duration::ZERO
        }
    };
    assert!((0..10).all(|_| routes.of_public(now, pause).unwrap().key != paused));
}

#[test]
fn with_all_proxies_down_nothing_goes_out_directly() {
    let (routes, now) = (routes(2).0, Instant::now());
    for account in 0..16 {
        if let Ok(route) = routes.of_account(&account.to_string(), now) {
            break_down(&route, now);
        }
    }
    assert_eq!(routes.of_account("a", now).err(), Some(COOL_DOWN));
    assert_eq!(routes.of_public(now, never).err(), Some(COOL_DOWN));
}

#[test]
fn the_cool_down_doubles_until_something_works() {
    let (routes, mut now) = (routes(1).0, Instant::now());
    let route = routes.of_account("a", now).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..5 {
        break_down(&route, now);
        pauses.push(route.cooling(now).as_secs());
        now += route.cooling(now);
    }
    assert!(pauses.is_sorted() && pauses.last() == Some(&600), "{pauses:?}");
    route.note(None, now);
    route.note(Some("proxy_refused"), now);
    assert!(route.cooling(now).is_zero(), "one failure is none");
}

#[test]
fn counts_are_told_once_and_a_changed_password_is_another_way() {
    let (routes, mut addresses) = routes(1);
    let now = Instant::now();
    let route = routes.of_account("a", now).unwrap();
    route.note(None, now);
    route.note(Some("proxy_refused"), now);
    let counts = routes.take_counts(now);
    assert_eq!(counts.len(), 1);
    assert_eq!(
        (counts[0].requests, counts[0].failures, counts[0].last_error),
        (2, 1, Some("proxy_refused"))
    );
    assert_eq!(routes.take_counts(now)[0].requests, 0);
    routes.set(addresses.clone()).unwrap();
    assert!(Arc::ptr_eq(&route, &routes.of_account("a", now).unwrap()));
    addresses[0].password = Some(Secret::from("another"));
    routes.set(addresses).unwrap();
    assert!(!Arc::ptr_eq(&route, &routes.of_account("a", now).unwrap()));
}

#[test]
fn a_proxy_inside_the_own_network_is_refused_and_nothing_changes() {
    let (routes, addresses) = routes(1);
    let before = routes.of_account("a", Instant::now()).unwrap().key.clone();
    for host in ["127.0.0.1", "::1", "169.254.169.254", "localhost"] {
        let mut all = addresses.clone();
        all.push(ProxyAddress {
            host: host.to_owned(),
            ..addresses[0].clone()
        });
        assert!(routes.set(all).is_err(), "{host}");
        assert_eq!(routes.of_account("a", Instant::now()).unwrap().key, before);
    }
}
