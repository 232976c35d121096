//! After a write: do buyers see the price, is the offer as complete as it was, and is somebody told where it is not?

use chrono::{DateTime, TimeDelta, Utc};
use kaspi_panel::{
    app::{alerts::unanswered::stop_unanswered, kill_switch::release_prices, sign_in::Confirmed},
    domain::{Actor, AlertKind, PushOrigin, Role, StopTarget},
    schema::{alerts, kill_switches, public_looks},
};

use super::*;
use crate::support::{CITY, Client};

impl Shop {
    /// Kind of every trouble that stands.
    fn troubles(&self) -> Vec<AlertKind> {
        alerts::table
            .filter(alerts::resolved_at.is_null())
            .order(alerts::kind)
            .select(alerts::kind)
            .load(&mut self.app.conn())
            .unwrap()
    }

    /// When buyers saw the price of each write, and whether it is looked for.
    fn looks(&self) -> Vec<(Option<DateTime<Utc>>, bool)> {
        public_looks::table
            .select((public_looks::seen_at, public_looks::next_look_at.is_not_null()))
            .load(&mut self.app.conn())
            .unwrap()
    }

    /// The offer's points of service as the marketplace keeps them.
    async fn points(&self) -> Value {
        let state = self.app.market.state().await;
        let offers = state["offers"].as_array().unwrap();
        let offer = offers.iter().find(|offer| offer["sku"] == SKU).unwrap();
        offer["listed"]["availabilities"].clone()
    }

    /// The marketplace changes the offer by itself.
    async fn set_offer(&self, mut change: Value) {
        change["merchant"] = json!("30000001");
        change["sku"] = json!(SKU);
        self.app
            .market
            .call(reqwest::Method::PATCH, "/control/offers", change)
            .await;
    }

    /// What the product's page tells to somebody.
    async fn page(&self, client: &Client) -> String {
        let address = format!("/products/{}", self.product);
        client.get(&address).await.expect(200).text("main")
    }

    /// Origin and state of every push, oldest first.
    fn origins(&self) -> Vec<(PushOrigin, PushState)> {
        price_pushes::table
            .order(price_pushes::sequence)
            .select((price_pushes::origin, price_pushes::state))
            .load(&mut self.app.conn())
            .unwrap()
    }

    /// A price that was taken, never applied and given up.
    async fn never_applied(&self) {
        self.app
            .market
            .fault("process", "accepted_not_applied", json!({}))
            .await;
        self.reprice().await;
        self.push().await;
        self.later(901).await;
        self.push().await;
    }

    /// A price that was sent, applied and confirmed.
    async fn write(&self) {
        self.reprice().await;
        self.push().await;
        self.later(130).await;
        self.push().await;
    }
}

#[actix_web::test]
async fn a_confirmed_price_is_looked_for_until_buyers_see_it() {
    let mut shop = Shop::open().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    shop.write().await;
    assert_eq!(shop.looks(), [(None, true)]);
    assert!(shop.page(&admin).await.contains("покупателям ещё не видна"));
    let mut seen = None;
    for _ in 0..10 {
        shop.later(60).await;
        shop.push().await;
        seen = shop.looks()[0].0;
        if seen.is_some() {
            break;
        }
    }
    assert!(seen.is_some_and(|at| at > now() + TimeDelta::seconds(130)));
    assert_eq!(shop.looks(), [(seen, false)]);
    assert_eq!(shop.troubles(), []);
    assert!(shop.page(&admin).await.contains("видна покупателям"));
}

#[actix_web::test]
async fn a_price_that_buyers_never_see_is_told() {
    let mut shop = Shop::open().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    shop.app.market.fault("process", "not_public", json!({})).await;
    shop.write().await;
    for _ in 0..6 {
        shop.later(299).await;
        shop.push().await;
        assert_eq!(shop.troubles(), []);
    }
    shop.later(301).await;
    shop.push().await;
    assert_eq!(shop.troubles(), [AlertKind::NotShown]);
    assert_eq!(shop.looks(), [(None, false)]);
    assert!(shop.page(&admin).await.contains("покупателям так и не показана"));
    // The next price is seen: that is over.
    shop.app.market.clear_faults().await;
    shop.sql("update products set floor_tenge = 15000, ceiling_tenge = 15970");
    shop.sql("update product_checks set next_check_at = '2026-11-23T06:00:00Z'");
    shop.write().await;
    for _ in 0..6 {
        shop.later(60).await;
        shop.push().await;
    }
    assert_eq!(shop.troubles(), []);
}

#[actix_web::test]
async fn a_write_does_not_wait_for_the_look() {
    let shop = Shop::open().await;
    shop.write().await;
    shop.later(200).await;
    shop.sql("update products set ceiling_tenge = 15970");
    shop.reprice().await;
    let before = shop.app.market.journal().await.len();
    shop.push().await;
    let entries = shop.app.market.journal().await.split_off(before);
    let place = |endpoint| {
        entries
            .iter()
            .position(|entry| entry["endpoint"] == endpoint)
            .unwrap()
    };
    assert!(place("process") < place("offers"), "{entries:?}");
}

#[actix_web::test]
async fn an_unread_card_is_no_news() {
    let shop = Shop::open().await;
    shop.write().await;
    shop.app
        .market
        .fault("offers", "status", json!({ "status": 503 }))
        .await;
    for _ in 0..8 {
        shop.later(301).await;
        shop.push().await;
    }
    assert_eq!(shop.looks(), [(None, false)]);
    assert_eq!(shop.troubles(), []);
}

#[actix_web::test]
async fn points_that_a_write_damaged_are_brought_back_once() {
    let shop = Shop::open().await;
    let before = shop.points().await;
    assert_eq!(before.as_array().unwrap().len(), 2);
    shop.reprice().await;
    shop.push().await;
    shop.later(130).await;
    shop.set_offer(json!({ "availabilities": [before[0]] })).await;
    shop.push().await;
    assert_eq!(shop.troubles(), [AlertKind::OfferDamaged]);
    assert_eq!(
        shop.origins(),
        [
            (PushOrigin::Robot, PushState::Confirmed),
            (PushOrigin::Restore, PushState::Accepted)
        ]
    );
    let asked = shop.asked().await;
    assert_eq!(asked[1]["availabilities"].as_array().unwrap().len(), 2);
    assert_eq!(asked[1]["cityPrices"], asked[0]["cityPrices"], "no price changes");
    shop.later(10).await;
    shop.push().await;
    assert_eq!(shop.origins()[1].1, PushState::Accepted, "not applied yet");
    shop.later(130).await;
    shop.push().await;
    assert_eq!(shop.origins()[1].1, PushState::Confirmed);
    assert_eq!(shop.points().await, before);
    assert_eq!(shop.troubles(), []);

    // The same again within a day needs a person.
    shop.later(3_600).await;
    shop.sql("update products set ceiling_tenge = 15970");
    shop.reprice().await;
    shop.push().await;
    shop.later(130).await;
    shop.set_offer(json!({ "availabilities": [before[1]] })).await;
    shop.push().await;
    assert_eq!(shop.troubles(), [AlertKind::OfferDamaged]);
    assert_eq!(shop.origins().len(), 3);
}

#[actix_web::test]
async fn points_that_follow_the_price_are_waited_for() {
    let shop = Shop::open().await;
    let before = shop.points().await;
    shop.reprice().await;
    shop.push().await;
    let prices = json!({ CITY: 15_979, ASTANA: 16_490 });
    shop.set_offer(json!({ "price": 15_979, "city_prices": prices, "availabilities": [before[0]] }))
        .await;
    shop.later(29).await;
    shop.push().await;
    assert_eq!(shop.origins(), [(PushOrigin::Robot, PushState::Accepted)]);
    shop.set_offer(json!({ "availabilities": before })).await;
    shop.later(30).await;
    shop.push().await;
    assert_eq!(shop.origins(), [(PushOrigin::Robot, PushState::Confirmed)]);
    assert_eq!(shop.troubles(), []);
}

#[actix_web::test]
async fn an_offer_that_a_write_took_off_sale_comes_back() {
    let shop = Shop::open().await;
    let before = shop.points().await;
    shop.app
        .market
        .fault("process", "withdraw", json!({ "times": 1 }))
        .await;
    shop.write().await;
    assert_eq!(shop.troubles(), [AlertKind::OfferRemoved]);
    shop.later(130).await;
    shop.push().await;
    assert_eq!(
        shop.origins(),
        [
            (PushOrigin::Robot, PushState::Removed),
            (PushOrigin::Restore, PushState::Confirmed)
        ]
    );
    assert_eq!(shop.points().await, before);
    assert_eq!(shop.troubles(), []);
    // A person should look at it before the robot goes on.
    shop.later(60).await;
    assert_eq!(shop.reprice().await.held.get("LOCKED"), Some(&1));
}

#[actix_web::test]
async fn nothing_is_brought_back_against_limits_or_long_after_the_write() {
    for (change, wait) in [
        ("update products set floor_tenge = 16000", 130),
        ("update products set floor_tenge = null", 130),
        ("update products set ceiling_tenge = 15100", 130),
        ("select 1", 601),
    ] {
        let shop = Shop::open().await;
        shop.app
            .market
            .fault("process", "withdraw", json!({ "times": 1 }))
            .await;
        shop.reprice().await;
        shop.push().await;
        shop.later(wait).await;
        shop.sql(change);
        shop.push().await;
        assert_eq!(
            shop.origins(),
            [(PushOrigin::Robot, PushState::Removed)],
            "{change}"
        );
        assert_eq!(shop.troubles(), [AlertKind::OfferRemoved], "{change}");
    }
}

#[actix_web::test]
async fn an_urgent_alert_that_nobody_answers_stops_the_store() {
    let shop = Shop::open().await;
    let stops = || -> Vec<String> {
        kill_switches::table
            .filter(kill_switches::released_at.is_null())
            .select(kill_switches::reason)
            .load(&mut shop.app.conn())
            .unwrap()
    };
    let services = &shop.app.services;
    shop.never_applied().await;
    assert_eq!(shop.troubles(), [AlertKind::Mismatch]);
    shop.later(300).await;
    stop_unanswered(services).await.unwrap();
    assert!(stops().is_empty());
    shop.later(1).await;
    stop_unanswered(services).await.unwrap();
    assert_eq!(stops(), ["alert_unanswered"]);
    assert_eq!(shop.troubles(), [AlertKind::Breaker, AlertKind::Mismatch]);

    // Released: what stood before does not stop the store again.
    let confirmed = Confirmed::at_the_machine();
    release_prices(
        services,
        &Actor::system(),
        &confirmed,
        StopTarget::Store(shop.store),
        "seen",
    )
    .await
    .unwrap();
    shop.later(600).await;
    stop_unanswered(services).await.unwrap();
    assert!(stops().is_empty());
}

#[actix_web::test]
async fn an_alert_that_somebody_has_taken_on_or_that_may_wait_stops_nothing() {
    for change in [
        "update alerts set acknowledged_by = 'aigul', acknowledged_at = now()",
        "update alerts set resolved_at = now()",
        "update alerts set kind = 'not_shown'",
        "update stores set repricing_mode = 'shadow'",
        "insert into settings (key, value, updated_at) values ('safety_limits', '{\"unanswered_minutes\": 0}', now())",
    ] {
        let shop = Shop::open().await;
        shop.never_applied().await;
        shop.later(301).await;
        shop.sql(change);
        stop_unanswered(&shop.app.services).await.unwrap();
        let stops: i64 = kill_switches::table
            .count()
            .get_result(&mut shop.app.conn())
            .unwrap();
        assert_eq!(stops, 0, "{change}");
    }
}

#[actix_web::test]
async fn what_is_late_and_what_is_given_up_goes_by_the_usual_delay_of_the_store() {
    let late = |shop: &Shop| -> bool {
        let newest = price_pushes::table.order(price_pushes::sequence.desc());
        newest
            .select(price_pushes::late)
            .first(&mut shop.app.conn())
            .unwrap()
    };
    // Nothing is known of the store, or its prices usually take ten minutes; what nobody looked for says nothing.
    for (usual, watched, looks) in [
        (None, true, [(119, false), (62, true)]),
        (Some(600), true, [(599, false), (62, true)]),
        (Some(600), false, [(119, false), (62, true)]),
    ] {
        for fault in ["accepted_not_applied", "reset"] {
            let shop = Shop::open().await;
            if let Some(seconds) = usual {
                brakes::past_write(&shop, 60, (16_000, 15_995));
                shop.sql(&format!(
                    "update price_pushes set accepted_at = sent_at, finished_at = sent_at + interval '{seconds} seconds'"
                ));
                let before = if watched { 119 } else { 121 };
                shop.sql(&format!(
                    "update price_pushes set looked_at = finished_at - interval '{before} seconds'"
                ));
            }
            let usual = usual.filter(|_| watched);
            shop.app
                .market
                .fault("process", fault, json!({ "times": 1 }))
                .await;
            shop.reprice().await;
            shop.push().await;
            let mut waited = 0;
            for (seconds, is_late) in looks {
                shop.later(seconds).await;
                waited += seconds;
                shop.push().await;
                assert_eq!(late(&shop), is_late, "{usual:?} {fault} {waited}");
            }
            // Unknown: five minutes and the usual delay. Accepted: three times the usual delay, at least fifteen minutes.
            let usual = usual.unwrap_or_default();
            let (state, end) = if fault == "reset" {
                (PushState::Expired, 300 + usual)
            } else {
                (PushState::Mismatch, 900.max(3 * usual))
            };
            shop.later(end - 1 - waited).await;
            shop.push().await;
            assert!(!shop.pushes().pop().unwrap().0.is_final(), "{usual} {fault}");
            shop.later(62).await;
            shop.push().await;
            assert_eq!(shop.pushes().pop().unwrap().0, state, "{usual} {fault}");
        }
    }
}
