//! The body of a price write, as the marketplace must see it.

use serde_json::json;

use super::*;
use crate::{config, domain::Tenge, kaspi::Identity};

fn point(id: &str) -> Availability {
    Availability {
        point_id: id.into(),
        available: true,
        stock_count: None,
        preorder_days: 0,
        stock_enabled: None,
    }
}

fn write(availabilities: Option<Vec<Availability>>) -> ClearedWrite {
    let city_prices = vec![
        ("750000000".into(), Tenge(15_990)),
        ("710000000".into(), Tenge(15_490)),
    ];
    ClearedWrite::for_tests("30000001", "a-1", city_prices, availabilities)
}

fn body(write: &ClearedWrite) -> serde_json::Value {
    serde_json::to_value(order(write).unwrap()).unwrap()
}

#[test]
fn city_prices_go_with_the_lowest_beside_them() {
    assert_eq!(
        body(&write(None)),
        json!({
            "merchantUid": "30000001", "sku": "a-1", "price": 15490,
            "cityPrices": [
                {"cityId": "750000000", "value": 15990}, {"cityId": "710000000", "value": 15490}
            ]
        })
    );
}

#[test]
fn every_point_is_echoed_with_the_keys_it_had() {
    let image = vec![
        Availability {
            stock_count: Some(4),
            stock_enabled: Some(true),
            ..point("30000001_PP1")
        },
        Availability {
            preorder_days: 7,
            stock_enabled: Some(false),
            ..point("30000001_PP2")
        },
        Availability {
            available: false,
            preorder_days: 7,
            ..point("30000001_PP27")
        },
    ];
    assert_eq!(
        body(&write(Some(image)))["availabilities"],
        json!([
            {"available": "yes", "storeId": "30000001_PP1", "stockCount": 4, "stockEnabled": true},
            {"available": "yes", "storeId": "30000001_PP2", "preOrder": 7, "stockEnabled": false},
            {"available": "no", "storeId": "30000001_PP27"}
        ])
    );
}

#[test]
fn an_empty_image_is_left_out_instead_of_withdrawing_the_offer() {
    assert!(body(&write(Some(Vec::new()))).get("availabilities").is_none());
}

#[test]
fn a_write_without_a_price_above_zero_is_never_built() {
    for city_prices in [vec![], vec![("750000000".to_owned(), Tenge(0))]] {
        let write = ClearedWrite::for_tests("30000001", "a-1", city_prices, None);
        assert!(matches!(order(&write), Err(KaspiError::Rejected { .. })));
    }
}

/// A stop counts from the gate on: what waited longer for its turn does not leave any more.
#[tokio::test]
async fn a_write_that_waited_a_second_for_its_turn_is_not_sent() {
    let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vars = [
        (
            "KASPI_CABINET_URL",
            format!("http://{}", host.local_addr().unwrap()),
        ),
        ("KASPI_ALLOW_OTHER_HOSTS", "1".to_owned()),
        ("HOME", "/home/anna".to_owned()),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value)).into();
    let config = config::Config::from_vars(&vars).unwrap().kaspi;
    let client = KaspiClient::new(&config).unwrap();
    let session = CabinetSession::new(Vec::new(), Identity::for_key("a"));
    let old = || write(None).aged(std::time::Duration::from_secs(1));
    for refused in [
        client.set_price(&session, &old()).await,
        client.set_prices(&session, &[write(None), old()]).await,
    ] {
        assert!(matches!(refused, Err(KaspiError::Paused { .. })), "{refused:?}");
    }
    let nobody =
        std::future::poll_fn(|context| std::task::Poll::Ready(host.poll_accept(context).is_pending()));
    assert!(nobody.await, "nothing was sent");
}
