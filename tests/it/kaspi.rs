//! The client against the simulator, which shares no type with it: what is asked, what is understood, and
//! what every kind of trouble means.

mod proxies;

use kaspi_panel::{
    app::sync_products::SyncError,
    domain::{AttemptState, Tenge},
    kaspi::{CabinetSession, KaspiClient, KaspiError},
};
use serde_json::{Value, json};

use crate::support::{Cabinet, Simulator, cabinet_session};

const ALMATY: &str = "750000000";
const FIRST: &str = "100000001_200000002";

async fn market() -> (Simulator, KaspiClient, CabinetSession) {
    let market = Simulator::start();
    let session = cabinet_session(&market, Cabinet::DEMO).await;
    let client = KaspiClient::new(&market.kaspi()).unwrap();
    (market, client, session)
}

#[tokio::test]
async fn the_cabinet_tells_shop_points_and_cities() {
    let (market, client, session) = market().await;

    let merchants = client.merchants(&session).await.unwrap();
    let card = client.merchant_card(&session, "30000001").await.unwrap();

    assert_eq!(merchants.len(), 1);
    assert_eq!(merchants[0].id, "30000001");
    assert_eq!(card.name, "Demo Shop");
    let points: Vec<&str> = card.points.iter().map(|point| point.id.as_str()).collect();
    assert_eq!(points, ["30000001_PP1", "30000001_PP2"]);
    let cities: Vec<&str> = card.cities.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(cities, ["710000000", ALMATY]);
    // The simulator notes what a real cabinet would find odd about a request.
    for entry in market.journal().await {
        let ours = ["merchants", "merchant", "points"].contains(&entry["endpoint"].as_str().unwrap());
        let warnings = entry.get("warnings").and_then(Value::as_array);
        assert!(!ours || warnings.is_none_or(Vec::is_empty), "{entry}");
    }
}

#[tokio::test]
async fn counts_details_and_cities_are_read_with_a_session() {
    let (_market, client, session) = market().await;

    let counts = client.offer_counts(&session, "30000001").await.unwrap();
    let details = client.offer_details(&session, "30000001", FIRST).await.unwrap();
    let unknown = client.offer_details(&session, "30000001", "nothing").await;
    let cities = client.cities(&session).await.unwrap();

    assert_eq!((counts.published, counts.archived), (13, Some(3)));
    assert_eq!(details.sku, FIRST);
    assert!(details.available);
    assert!(details.city_prices.contains(&(ALMATY.to_owned(), Tenge(15_990))));
    assert!(unknown.is_err(), "{unknown:?}");
    assert!(cities.iter().any(|(id, _)| id == ALMATY));
}

#[tokio::test]
async fn what_buyers_say_is_read_without_a_session() {
    let (_market, client, _) = market().await;
    let summary = client.reviews_summary("100000001").await.unwrap();
    assert_eq!(summary.total, summary.by_stars.iter().sum::<u32>());
    assert!(summary.total > 0);
    assert!(
        summary
            .rating_centi
            .is_some_and(|rating| (100..=500).contains(&rating))
    );
    assert!(client.reviews_summary("../1").await.is_err(), "a card is digits");
}

#[tokio::test]
async fn an_offer_is_found_by_its_exact_sku_also_when_withdrawn() {
    let (market, client, session) = market().await;
    market
        .control(
            "/control/offers",
            json!([{ "merchant": "30000001", "sku": format!("{FIRST}-x"), "card": "100000001",
                     "title": "Longer", "price": 1 },
                   { "merchant": "30000001", "sku": "gone", "card": "100000002", "title": "Gone", "price": 5,
                     "withdrawn": true }]),
        )
        .await;

    let first = client.offer_by_sku(&session, "30000001", FIRST).await.unwrap();
    let gone = client.offer_by_sku(&session, "30000001", "gone").await.unwrap();
    let none = client.offer_by_sku(&session, "30000001", "none").await.unwrap();

    assert_eq!(first.unwrap().price_in(ALMATY), Some(Tenge(15_990)));
    assert!(!gone.unwrap().on_sale);
    assert_eq!(none, None);
}

#[tokio::test]
async fn all_offers_of_a_card_are_read_over_its_pages() {
    let (market, client, _) = market().await;
    let rivals: Vec<Value> = (0..70)
        .map(|n| {
            json!({ "card": "100000001", "merchant_id": format!("{}", 50_000_000 + n), "name": format!("R{n}"),
                    "prices": { ALMATY: 20_000 + n }, "rating": 4.8, "reviews": 3, "preorder": 0,
                    "behaviour": { "kind": "fixed" } })
        })
        .collect();
    market.control("/control/rivals", json!(rivals)).await;

    let found = client.market_offers("100000001", ALMATY).await.unwrap();

    assert!(found.complete);
    assert_eq!(u32::try_from(found.offers.len()).unwrap(), found.total);
    assert!(found.offers.len() > 64, "{}", found.offers.len());
    assert!(found.offers.is_sorted_by_key(|offer| offer.price));
    assert_eq!(market.calls("offers").await.len(), 2);
    let own = found
        .offers
        .iter()
        .find(|offer| offer.merchant_id == "30000001")
        .unwrap();
    assert_eq!((own.price, own.rating_centi), (Tenge(15_990), Some(480)));
}

#[tokio::test]
async fn an_unknown_card_is_an_empty_market_and_a_short_list_an_incomplete_one() {
    let (market, client, _) = market().await;

    let nobody = client.market_offers("999999999", ALMATY).await.unwrap();
    assert_eq!((nobody.total, nobody.offers.len()), (0, 0));

    market
        .fault("offers", "patch", json!({ "patch": { "total": 40 } }))
        .await;
    let short = client.market_offers("100000001", ALMATY).await.unwrap();
    assert!(!short.complete && !short.offers.is_empty());

    market.clear_faults().await;
    market
        .fault("offers", "row_patch", json!({ "patch": { "merchantId": null } }))
        .await;
    let nameless = client.market_offers("100000001", ALMATY).await.unwrap();
    assert!(!nameless.complete && nameless.offers.is_empty());
}

#[tokio::test]
async fn trouble_of_a_public_read_is_never_an_empty_market() {
    let (market, client, _) = market().await;
    for (kind, more, code) in [
        (
            "status",
            json!({ "status": 403, "body": "html" }),
            "marketplace_blocked",
        ),
        ("status", json!({ "status": 405 }), "marketplace_blocked"),
        (
            "status",
            json!({ "status": 429, "retry_after": 7 }),
            "rate_limited",
        ),
        ("status", json!({ "status": 502 }), "marketplace_unavailable"),
        ("html", json!({}), "marketplace_blocked"),
        ("malformed", json!({}), "malformed_answer"),
        ("empty_body", json!({}), "malformed_answer"),
        ("reset", json!({}), "marketplace_unavailable"),
        ("row_patch", json!({ "patch": { "price": { "x": 1 } } }), ""),
    ] {
        market.fault("offers", kind, more).await;
        match client.market_offers("100000001", ALMATY).await {
            Err(error) => assert_eq!(error.code(), code, "{kind}"),
            Ok(market) => assert!(code.is_empty() && !market.complete, "{kind}"),
        }
        market.clear_faults().await;
    }
}

#[tokio::test]
async fn a_dead_session_is_told_from_a_block_and_from_a_missing_right() {
    let (market, client, session) = market().await;
    for (kind, more, code) in [
        ("redirect_login", json!({}), "session_expired"),
        (
            "status",
            json!({ "status": 401, "body": "empty" }),
            "session_expired",
        ),
        (
            "status",
            json!({ "status": 403, "body": "html" }),
            "marketplace_blocked",
        ),
        ("status", json!({ "status": 403 }), "marketplace_rejected"),
        ("status", json!({ "status": 429, "body": "html" }), "rate_limited"),
        ("html", json!({}), "marketplace_blocked"),
        ("status", json!({ "status": 500 }), "marketplace_unavailable"),
    ] {
        market.fault("list", kind, more).await;
        let error = client
            .offers_page(&session, "30000001", true, 0)
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{kind}");
        market.clear_faults().await;
    }
    market.control("/control/sessions/expire", json!({})).await;
    let error = client.merchants(&session).await.unwrap_err();
    assert!(matches!(error, KaspiError::SessionExpired), "{error}");
}

#[test]
fn every_state_of_a_login_and_every_cause_of_a_failed_run_has_a_text() {
    let texts = kaspi_panel::web::texts::Texts::new(kaspi_panel::web::texts::Language::Ru);
    let states = AttemptState::ALL.iter().map(|state| state.as_str());
    let errors = [
        KaspiError::SessionExpired,
        KaspiError::Blocked,
        KaspiError::RateLimited { after: None },
        KaspiError::Rejected {
            status: 400,
            message: String::new(),
        },
        KaspiError::TokenRefused,
        KaspiError::Paused {
            wait: std::time::Duration::ZERO,
        },
        KaspiError::Unavailable(None),
        KaspiError::Malformed { what: String::new() },
    ];
    let sync = [
        SyncError::NotFound,
        SyncError::Forbidden,
        SyncError::NeedsLogin,
        SyncError::Cancelled,
        SyncError::Store(kaspi_panel::store::StoreError::Stale),
    ];
    let final_states = AttemptState::ALL
        .iter()
        .filter(|state| state.is_final() && **state != AttemptState::Done)
        .chain(&[AttemptState::NeedsCode])
        .map(|state| state.as_str());
    let failures = errors
        .iter()
        .map(KaspiError::code)
        .chain(sync.iter().map(SyncError::code))
        .chain(final_states);
    let missing: Vec<String> = states
        .map(|state| format!("attempt-state-{state}"))
        .chain(failures.map(|code| format!("job-failure-{code}")))
        .filter(|key| !texts.has(key))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
