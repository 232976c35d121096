//! Tests of the settings: what is read, what is refused.

use std::collections::HashMap;

use super::Config;

fn vars(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn without_variables_the_real_hosts_are_used() {
    let config = Config::from_vars(&vars(&[("HOME", "/home/anna")])).unwrap();
    assert_eq!(config.kaspi.cabinet.as_str(), "https://mc.shop.kaspi.kz/");
    assert!(!config.kaspi.other_hosts);
    assert!(!config.http.secure());
}

#[test]
fn all_problems_are_told_at_once_with_their_names() {
    let error = Config::from_vars(&vars(&[
        ("KASPI_PANEL_BIND", "nowhere"),
        ("KASPI_PANEL_LOG", "xml"),
        ("DATABASE_URL", "mysql://u:hidden@h/d"),
    ]))
    .unwrap_err()
    .to_string();
    for name in ["KASPI_PANEL_BIND", "KASPI_PANEL_LOG", "DATABASE_URL"] {
        assert!(error.contains(name), "{error}");
    }
    assert!(!error.contains("hidden"), "{error}");
}

#[test]
fn a_database_on_another_machine_must_show_who_it_is() {
    let is_taken = |url: &str| Config::from_vars(&vars(&[("DATABASE_URL", url)])).is_ok();
    for here in [
        "postgres://u:p@127.0.0.1/d",
        "postgres://u:p@localhost:5433/d",
        "postgres://u@[::1]/d",
        "postgres:///d?host=/run/postgresql",
        "postgres://u@%2Frun%2Fpostgresql/d",
        "postgres://u:p@db.example.kz/d?sslmode=verify-full",
    ] {
        assert!(is_taken(here), "{here}");
    }
    for away in [
        "postgres://u:p@db.example.kz/d",
        "postgres://u:p@10.0.0.5/d?sslmode=require",
        "postgres://u:p@127.0.0.1/d?host=db.example.kz",
        "postgres://u:p@127.0.0.1/d?hostaddr=10.0.0.5",
        "postgres:///d?host=/run/postgresql,db.example.kz",
        "postgres://u:p@db.example.kz/d?sslmode=verify-full&sslmode=disable",
        "postgres://u:p@db.example.kz/d?sslmode=verify-full&sslrootcert=/etc/ca.crt",
    ] {
        assert!(!is_taken(away), "{away}");
    }
    let away = ("DATABASE_URL", "postgres://u:p@db.example.kz/d");
    assert!(Config::from_vars(&vars(&[away, ("KASPI_PANEL_ALLOW_PLAIN_DATABASE", "1")])).is_ok());
    let error = Config::from_vars(&vars(&[away])).unwrap_err().to_string();
    assert!(
        error.contains("sslmode=verify-full") && !error.contains("u:p"),
        "{error}"
    );
}

#[test]
fn other_hosts_need_the_explicit_switch() {
    let other = ("KASPI_CABINET_URL", "http://127.0.0.3:9000");
    assert!(Config::from_vars(&vars(&[other])).is_err());
    let config = Config::from_vars(&vars(&[other, ("KASPI_ALLOW_OTHER_HOSTS", "1")])).unwrap();
    assert!(config.kaspi.other_hosts);
}

#[test]
fn a_pace_that_gets_a_shop_blocked_is_refused_for_the_real_hosts_only() {
    let hasty = [
        ("KASPI_WRITE_INTERVAL_MS", "400"),
        ("KASPI_WRITES_PER_HALF_HOUR", "250"),
        ("KASPI_WRITE_PAUSE_SECONDS", "5"),
        ("KASPI_PUBLIC_INTERVAL_MS", "50"),
        ("KASPI_PUBLIC_PAUSE_SECONDS", "1"),
        ("KASPI_LIST_INTERVAL_MS", "100"),
        ("KASPI_ORDERS_INTERVAL_MS", "10"),
    ];
    for pair in hasty {
        let error = Config::from_vars(&vars(&[pair])).unwrap_err().to_string();
        assert!(error.contains(pair.0), "{error}");
    }
    let mut simulated = vec![
        ("KASPI_CABINET_URL", "http://127.0.0.3:9000"),
        ("KASPI_ALLOW_OTHER_HOSTS", "1"),
    ];
    simulated.extend(hasty);
    let config = Config::from_vars(&vars(&simulated)).unwrap();
    assert_eq!(config.kaspi.limits.public_interval.as_millis(), 50);
    assert_eq!(config.kaspi.limits.writes_per_half_hour, 250);
    let usual = Config::from_vars(&vars(&[])).unwrap().kaspi.limits;
    assert_eq!(usual, crate::config::KaspiLimits::default());
}

#[test]
fn proxies_are_read_and_bad_ones_told_by_their_number_alone() {
    let list =
        "http://anna:canary-1@proxy.example.kz:8080, socks5://proxy.example.kz:1080\nproxy.example.kz:1080";
    let config = Config::from_vars(&vars(&[("HOME", "/home/anna"), ("KASPI_PROXIES", list)])).unwrap();
    let hosts: Vec<String> = config
        .proxies
        .iter()
        .map(|proxy| format!("{}://{}:{}", proxy.scheme, proxy.host, proxy.port))
        .collect();
    assert_eq!(
        hosts,
        [
            "http://proxy.example.kz:8080",
            "socks5://proxy.example.kz:1080",
            "http://proxy.example.kz:1080"
        ]
    );
    assert!(!format!("{config:?}").contains("canary"));

    let list = "proxy.example.kz:80,http://anna:canary-2@127.1:8080,http://anna:canary-3@proxy.example.kz";
    let error = Config::from_vars(&vars(&[("KASPI_PROXIES", list)]))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("proxy 2 leads into the own network") && error.contains("proxy 3 has no port"),
        "{error}"
    );
    assert!(!error.contains("canary") && !error.contains("127.1"), "{error}");
}

#[test]
fn private_proxies_are_refused_towards_the_real_hosts() {
    let private = ("KASPI_ALLOW_PRIVATE_PROXIES", "1");
    let proxy = ("KASPI_PROXIES", "127.0.0.1:8080");
    let error = Config::from_vars(&vars(&[private, proxy]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("KASPI_ALLOW_PRIVATE_PROXIES"), "{error}");
    let other = [
        ("KASPI_CABINET_URL", "http://127.0.0.3:9000"),
        ("KASPI_ALLOW_OTHER_HOSTS", "1"),
    ];
    assert!(
        Config::from_vars(&vars(&[&other[..], &[proxy]].concat())).is_err(),
        "not by other hosts alone"
    );
    let config = Config::from_vars(&vars(&[&other[..], &[private, proxy]].concat())).unwrap();
    assert_eq!(config.proxies.len(), 1);
}

#[test]
fn cards_at_once_stay_within_a_claim() {
    let read = |text| Config::from_vars(&vars(&[("KASPI_PANEL_CARDS_AT_ONCE", text)]));
    assert_eq!(Config::from_vars(&vars(&[])).unwrap().worker.cards_at_once, 16);
    for (text, count) in [("1", 1), ("256", 256)] {
        assert_eq!(read(text).unwrap().worker.cards_at_once, count);
    }
    for text in ["0", "257", "-1", "many"] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains("KASPI_PANEL_CARDS_AT_ONCE"), "{error}");
    }
}
