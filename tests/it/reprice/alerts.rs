//! What people hear of: each trouble once, with what happened, until it is over.

use chrono::{DateTime, TimeDelta, Utc};
use kaspi_panel::{
    app::{
        alerts::{NewAlert, raise, resolve},
        kill_switch::{release_prices, stop_prices},
        sign_in::Confirmed,
    },
    domain::{Actor, AlertKind, Role, StopTarget},
    schema::alerts,
    store::StoreError,
};

use super::*;

/// Kind, times, whether it is over, of every alert, the oldest first.
fn kept(app: &TestApp) -> Vec<(AlertKind, i32, bool)> {
    alerts::table
        .order((alerts::created_at, alerts::kind))
        .select((alerts::kind, alerts::times, alerts::resolved_at.is_not_null()))
        .load(&mut app.conn())
        .unwrap()
}

fn told_at(app: &TestApp) -> Vec<DateTime<Utc>> {
    let all = alerts::table.order(alerts::created_at);
    all.select(alerts::told_at).load(&mut app.conn()).unwrap()
}

fn mismatch(shop: &Shop) -> NewAlert {
    NewAlert {
        kind: AlertKind::Mismatch,
        store_id: Some(shop.store),
        product_id: Some(shop.product),
        data: json!({ "product": "Kettle" }),
        times: 1,
    }
}

async fn tell(shop: &Shop, minutes: i64) {
    let (alert, at) = (mismatch(shop), now() + TimeDelta::minutes(minutes));
    let done: Result<(), StoreError> = shop.app.services.db.tx(move |conn| raise(conn, &alert, at)).await;
    done.unwrap();
}

async fn over(shop: &Shop, minutes: i64) {
    let (alert, at) = (mismatch(shop), now() + TimeDelta::minutes(minutes));
    let done: Result<(), StoreError> = shop
        .app
        .services
        .db
        .tx(move |conn| resolve(conn, &[alert.kind], alert.store_id, alert.product_id, at))
        .await;
    done.unwrap();
}

#[actix_web::test]
async fn the_same_is_told_once_in_ten_minutes_and_counted() {
    let shop = Shop::open().await;
    let minutes = |minutes| now() + TimeDelta::minutes(minutes);
    tell(&shop, 0).await;
    tell(&shop, 9).await;
    assert_eq!(kept(&shop.app), [(AlertKind::Mismatch, 2, false)]);
    assert_eq!(told_at(&shop.app), [minutes(0)], "counted, not told");
    shop.sql("update alerts set acknowledged_by = 'aigul', acknowledged_at = now()");
    tell(&shop, 9).await;
    let seen = alerts::table.select(alerts::acknowledged_by);
    let seen: Vec<Option<String>> = seen.load(&mut shop.app.conn()).unwrap();
    assert_eq!(seen, [Some("aigul".to_owned())], "she knows already");
    tell(&shop, 10).await;
    assert_eq!(told_at(&shop.app), [minutes(10)]);
    let seen = alerts::table.select(alerts::acknowledged_by);
    let seen: Vec<Option<String>> = seen.load(&mut shop.app.conn()).unwrap();
    assert_eq!(seen, [None], "it goes on");

    // Over and back at once is the same trouble; later it is another one.
    over(&shop, 11).await;
    assert_eq!(kept(&shop.app), [(AlertKind::Mismatch, 4, true)]);
    tell(&shop, 12).await;
    assert_eq!(kept(&shop.app), [(AlertKind::Mismatch, 5, false)]);
    over(&shop, 13).await;
    tell(&shop, 20).await;
    assert_eq!(
        kept(&shop.app),
        [(AlertKind::Mismatch, 5, true), (AlertKind::Mismatch, 1, false)]
    );
}

#[actix_web::test]
async fn what_is_rolled_back_is_not_told() {
    let shop = Shop::open().await;
    let alert = mismatch(&shop);
    let failed: Result<(), StoreError> = shop
        .app
        .services
        .db
        .tx(move |conn| {
            raise(conn, &alert, now())?;
            Err(StoreError::Stale)
        })
        .await;
    failed.unwrap_err();
    assert_eq!(kept(&shop.app), []);
}

#[actix_web::test]
async fn another_price_or_an_offer_off_sale_after_a_write_is_told_until_a_write_is_confirmed() {
    for (fault, kind) in [
        ("accepted_not_applied", AlertKind::Mismatch),
        ("withdraw", AlertKind::OfferRemoved),
    ] {
        let shop = Shop::open().await;
        let market = &shop.app.market;
        market.fault("process", fault, json!({ "times": 1 })).await;
        shop.reprice().await;
        shop.push().await;
        for _ in 0..4 {
            shop.later(300).await;
            shop.push().await;
        }
        if kind == AlertKind::OfferRemoved {
            // Its points were brought back meanwhile.
            assert_eq!(kept(&shop.app), [(kind, 1, true)], "{fault}");
            continue;
        }
        assert_eq!(kept(&shop.app), [(kind, 1, false)], "{fault}");
        shop.later(3_600).await;
        shop.reprice().await;
        shop.push().await;
        shop.later(130).await;
        assert_eq!(shop.push().await.confirmed, 1);
        assert_eq!(kept(&shop.app), [(kind, 1, true)], "{fault}");
    }
}

#[actix_web::test]
async fn a_lost_worker_a_lost_session_and_a_stop_are_told() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.sql("update price_pushes set state = 'claimed', lease_epoch = 0");
    shop.push().await;
    assert_eq!(kept(&shop.app), [(AlertKind::WorkerLost, 1, false)]);
    shop.sql("delete from alerts");

    let (services, system) = (&shop.app.services, Actor::system());
    for target in [StopTarget::All, StopTarget::Store(shop.store)] {
        for _ in 0..2 {
            stop_prices(services, &system, target.clone(), "test")
                .await
                .unwrap();
        }
        assert_eq!(kept(&shop.app), [(AlertKind::StoreStopped, 2, false)]);
        let confirmed = Confirmed::at_the_machine();
        release_prices(services, &system, &confirmed, target, "test")
            .await
            .unwrap();
        assert_eq!(kept(&shop.app), [(AlertKind::StoreStopped, 2, true)]);
        shop.sql("delete from alerts");
    }
    shop.app
        .market
        .control("/control/sessions/expire", json!({}))
        .await;
    shop.sql("update cabinet_accounts set cookies_sealed = null, password_sealed = null");
    kaspi_panel::app::cabinet_session::renew_session(services, &Actor::robot(), shop.store)
        .await
        .unwrap();
    assert_eq!(kept(&shop.app), [(AlertKind::SessionLost, 1, false)]);
}

#[actix_web::test]
async fn a_lost_first_place_and_the_floor_are_told_once_a_store_when_they_happen() {
    let shop = Shop::open().await;
    shop.reprice().await;
    assert_eq!(kept(&shop.app), [], "nothing was known before");
    shop.sql("update price_decisions set place = 1, decided_at = decided_at - interval '1 minute'");
    // The corridor ends above the rival: the price stays at the floor, behind him.
    shop.sql("update products set floor_tenge = 15985");
    shop.sql("update product_checks set next_check_at = '2026-11-23T07:00:00Z', claimed_until = null");
    shop.reprice().await;
    assert_eq!(
        kept(&shop.app),
        [
            (AlertKind::FirstPlaceLost, 1, false),
            (AlertKind::FloorReached, 1, false)
        ]
    );
    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(kept(&shop.app).len(), 2, "as before: nothing happened");
    assert!(kept(&shop.app).iter().all(|(_, times, _)| *times == 1));
}

#[actix_web::test]
async fn people_see_what_to_do_and_one_of_them_takes_it_over() {
    let mut shop = Shop::open().await;
    tell(&shop, 0).await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let page = admin.get("/").await.expect(200);
    assert_eq!(page.text(".top .pip .n.bad"), "1");
    assert_eq!(page.attribute("#live-problems a.pip", "href"), "/alerts");
    assert!(
        page.text("#issues li").contains("Kettle"),
        "{}",
        page.text("#issues")
    );
    let page = admin.get("/alerts").await.expect(200);
    let told = page.text("#open li");
    for words in ["срочно", "Kettle", "Посмотрите товар в кабинете"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let product = format!("/products/{}", shop.product);
    assert_eq!(page.attribute("#open li a", "href"), product);
    let action = page.attribute("#open li form", "action");
    let other = shop.app.signed_in("askar", Role::Manager).await;
    assert_eq!(other.get("/alerts").await.texts("#open li").len(), 0);
    other.post(&action, &[]).await.expect(404);
    let viewer = shop.app.signed_in("dana", Role::Viewer).await;
    viewer.post(&action, &[]).await.expect(403);
    admin.post(&action, &[]).await.expect(303);
    admin.post(&action, &[]).await.expect(303);
    let page = admin.get("/alerts").await.expect(200);
    assert_eq!(page.texts("#open li").len(), 0);
    assert!(page.text("#seen li").contains("занимается admin"));
    assert_eq!(page.texts(".top .pip .n.bad").len(), 0);
    let acts: i64 = audit_log::table
        .filter(audit_log::action.eq("acknowledge"))
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(acts, 1);
}
