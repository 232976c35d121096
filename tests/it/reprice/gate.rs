//! The last gate: each rule refuses by itself, directly before the write.

use diesel::Connection;
use kaspi_panel::{
    app::{
        kill_switch::{release_prices, stop_prices},
        sign_in::Confirmed,
    },
    domain::{Actor, PushId, PushState, StopTarget},
    last_gate::{self, GateError},
    schema::price_pushes,
};

use super::*;

/// What happens between planning and sending, and the code with which the gate holds the push.
const RULES: &[(&str, &str)] = &[
    ("update products set floor_tenge = 15980", "below_floor"),
    ("update products set floor_tenge = null", "no_floor"),
    ("update products set ceiling_tenge = 15100", "above_ceiling"),
    ("update products set on_sale = false", "not_on_sale"),
    ("update products set archived_at = now()", "not_on_sale"),
    ("update products set repricing_enabled = false", "not_live"),
    (
        "update products set locked_until = '2026-11-23T07:00:01Z'",
        "locked",
    ),
    ("update stores set repricing_mode = 'shadow'", "not_live"),
    ("update stores set active = false", "store_not_connected"),
    (
        "update stores set session_state = 'needs_login'",
        "store_not_connected",
    ),
    (
        "insert into kill_switches (id, scope, reason, stopped_by, stopped_at)
         values (gen_random_uuid(), 'all', 'test', 'test', now())",
        "stopped",
    ),
    (
        "insert into kill_switches (id, scope, store_id, reason, stopped_by, stopped_at)
         select gen_random_uuid(), 'store', id, 'test', 'test', now() from stores",
        "stopped",
    ),
    (
        "insert into kill_switches (id, scope, store_id, product_id, reason, stopped_by, stopped_at)
         select gen_random_uuid(), 'product', store_id, id, 'test', 'test', now() from products",
        "stopped",
    ),
    (
        "insert into kill_switches (id, scope, strategy, reason, stopped_by, stopped_at)
         values (gen_random_uuid(), 'strategy', 'beat_lowest', 'test', 'test', now())",
        "stopped",
    ),
    // Which strategy it was is not known any more: any of them may have been meant.
    (
        "with gone as (update price_pushes set decision_id = null)
         insert into kill_switches (id, scope, strategy, reason, stopped_by, stopped_at)
         values (gen_random_uuid(), 'strategy', 'fixed', 'test', 'test', now())",
        "stopped",
    ),
];

#[actix_web::test]
async fn each_rule_holds_the_price_by_itself() {
    for (change, code) in RULES {
        let shop = Shop::open().await;
        shop.reprice().await;
        shop.sql(change);
        assert_eq!(shop.push().await.sent, 0, "{change}");
        assert_eq!(
            shop.pushes(),
            [(PushState::Held, Some((*code).to_owned()))],
            "{change}"
        );
        assert!(shop.asked().await.is_empty(), "{change}");
    }
}

#[actix_web::test]
async fn a_newer_number_supersedes() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.sql("update products set push_sequence = push_sequence + 1");
    shop.push().await;
    assert_eq!(
        shop.pushes(),
        [(PushState::Superseded, Some("superseded".to_owned()))]
    );
    assert!(shop.asked().await.is_empty());
}

#[actix_web::test]
async fn the_stop_button_holds_until_it_is_released() {
    let shop = Shop::open().await;
    let (services, system) = (&shop.app.services, Actor::system());
    stop_prices(services, &system, StopTarget::All, "prices look wrong")
        .await
        .unwrap();
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 0);
    let confirmed = Confirmed::at_the_machine();
    let released = release_prices(services, &system, &confirmed, StopTarget::All, "checked").await;
    assert_eq!(released.unwrap(), 1);
    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 1);
}

#[actix_web::test]
async fn other_strategies_and_products_go_on() {
    let shop = Shop::open().await;
    let other = db_product(
        &mut shop.app.conn(),
        shop.store,
        &NewProduct {
            sku: "other",
            repricing: false,
            ..NewProduct::default()
        },
    );
    for target in [StopTarget::Strategy("fixed".into()), StopTarget::Product(other)] {
        stop_prices(&shop.app.services, &Actor::system(), target, "test")
            .await
            .unwrap();
    }
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 1);
}

#[actix_web::test]
async fn a_claim_without_lease_or_life_passes_nothing() {
    for (change, epoch, code) in [
        ("select 1", 6, "lease_lost"),
        ("update stores set lease_epoch = 6", 5, "lease_lost"),
        (
            "update stores set lease_until = now() - interval '1 second'",
            5,
            "lease_lost",
        ),
        (
            "update price_pushes set expires_at = now() - interval '1 second'",
            5,
            "expired",
        ),
        ("update price_pushes set state = 'sent'", 5, "not_claimed"),
        (
            "update products set availabilities = '[]', availabilities_read_at = null",
            5,
            "availabilities_stale",
        ),
        (
            "update products set availabilities = '[]', availabilities_read_at = '2026-11-23T06:54:59Z'",
            5,
            "availabilities_stale",
        ),
        (
            "update products set availabilities = '{}', availabilities_read_at = '2026-11-23T07:00:00Z'",
            5,
            "availabilities_unreadable",
        ),
        ("delete from price_push_cities", 5, "no_price"),
        ("update price_pushes set fingerprint = null", 5, "changed_since"),
        (
            "insert into settings (key, value, updated_at) values ('push_protocol', '2', now())",
            5,
            "program_too_old",
        ),
        (
            "insert into settings (key, value, updated_at) values ('push_protocol', '1', now())",
            5,
            "",
        ),
        (
            "update price_pushes set market_taken_at = market_taken_at - interval '10 minutes 1 second'",
            5,
            "market_stale",
        ),
        (
            "update price_pushes set market_taken_at = market_taken_at + interval '6 seconds'",
            5,
            "market_stale",
        ),
        (
            "update price_pushes set market_taken_at = null",
            5,
            "market_stale",
        ),
        (
            "update stores set frozen_until = '2026-11-23T07:00:01Z'",
            5,
            "store_frozen",
        ),
        ("update products set ceiling_tenge = null", 5, ""),
        ("select 1", 5, ""),
    ] {
        let shop = Shop::open().await;
        shop.reprice().await;
        shop.sql("update stores set lease_epoch = 5, lease_until = now() + interval '1 minute'");
        shop.sql("update price_pushes set state = 'claimed', lease_epoch = 5, expires_at = now() + interval '1 minute'");
        shop.sql(change);
        if !change.contains("fingerprint") {
            shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
        }
        let id: PushId = price_pushes::table
            .select(price_pushes::id)
            .first(&mut shop.app.conn())
            .unwrap();
        let cleared = shop
            .app
            .conn()
            .transaction::<_, GateErrorOrDiesel, _>(|conn| Ok(last_gate::clear(conn, id, epoch, now())?));
        let found = match cleared {
            Ok(_) => "",
            Err(GateErrorOrDiesel::Gate(GateError::Refused(code))) => code,
            Err(other) => panic!("{change}: {other:?}"),
        };
        assert_eq!(found, code, "{change}");
        let sent = shop.pushes()[0].0 == PushState::Sent;
        assert_eq!(sent, code.is_empty() || code == "not_claimed", "{change}");
    }
}

#[derive(Debug)]
enum GateErrorOrDiesel {
    Gate(GateError),
    Diesel(#[expect(dead_code, reason = "shown when the test fails")] diesel::result::Error),
}

impl From<GateError> for GateErrorOrDiesel {
    fn from(error: GateError) -> Self {
        Self::Gate(error)
    }
}

impl From<diesel::result::Error> for GateErrorOrDiesel {
    fn from(error: diesel::result::Error) -> Self {
        Self::Diesel(error)
    }
}
