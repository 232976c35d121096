//! The write budget: whose turn it is, and that nobody's old price is sent when the turn comes.

use chrono::TimeDelta;
use kaspi_panel::{
    domain::{PushId, PushOrigin, WriteClass, pricing::Worth},
    store::pushes::{NewPush, push_insert, push_list_next},
};

use super::*;

#[actix_web::test]
async fn a_price_that_waited_too_long_is_decided_anew_before_it_is_sent() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let planned = waiting_since(&shop);
    shop.later(121).await;
    let round = shop.push().await;
    assert_eq!((round.sent, round.decided_anew), (0, 1));
    assert_eq!(
        shop.pushes(),
        [(PushState::Superseded, None), (PushState::Planned, None)]
    );
    assert_eq!(waiting_since(&shop), planned, "it waits since the first plan");
    assert_eq!(shop.push().await.sent, 1);
    assert_eq!(shop.asked().await.len(), 1);
}

/// Since when the newest push waits.
fn waiting_since(shop: &Shop) -> chrono::DateTime<chrono::Utc> {
    let (planned, waiting) = price_pushes::table
        .order(price_pushes::sequence.desc())
        .select((price_pushes::planned_at, price_pushes::waiting_since))
        .first::<(
            chrono::DateTime<chrono::Utc>,
            Option<chrono::DateTime<chrono::Utc>>,
        )>(&mut shop.app.conn())
        .unwrap();
    waiting.unwrap_or(planned)
}

#[actix_web::test]
async fn a_price_that_is_wanted_no_more_is_not_sent() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.later(301).await;
    shop.sql("update product_prices set price_tenge = 15979 where city_id = '750000000'");
    assert_eq!(shop.reprice().await.kept, 1);
    assert_eq!(shop.pushes(), [(PushState::Superseded, None)]);
    assert_eq!(audited(&shop), ["plan", "superseded"]);
    assert_eq!(shop.push().await, PushSummary::default());
    assert!(shop.asked().await.is_empty());
}

#[actix_web::test]
async fn what_waits_for_a_product_that_was_switched_off_ends() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.sql("update products set repricing_enabled = false");
    shop.later(121).await;
    shop.push().await;
    assert_eq!(shop.pushes(), [(PushState::Superseded, None)]);
    assert!(shop.asked().await.is_empty());
}

/// Acts of the audit log about pushes, oldest first.
fn audited(shop: &Shop) -> Vec<String> {
    audit_log::table
        .filter(audit_log::object_kind.eq("price_push"))
        .order(audit_log::at)
        .select(audit_log::action)
        .load(&mut shop.app.conn())
        .unwrap()
}

/// Plans a write of a new product with this sku.
fn plan(
    conn: &mut PgConnection,
    store: StoreId,
    sku: &str,
    (origin, class, gain): (PushOrigin, WriteClass, i64),
) -> PushId {
    let floor = Some(1_000);
    let product = db_product(
        conn,
        store,
        &NewProduct {
            sku,
            floor,
            ..NewProduct::default()
        },
    );
    let new = NewPush {
        store_id: store,
        product_id: product,
        decision_id: None,
        origin,
        actor_id: None,
        market_taken_at: None,
        lowest_tenge: Tenge(1_000),
        worth: Worth {
            class,
            per_day: Tenge(gain),
        },
        cities: vec![("750000000".to_owned(), Tenge(2_000), Tenge(1_900))],
        restore_image: None,
    };
    push_insert(conn, &[new], &[], now()).unwrap()[0]
}

#[actix_web::test]
async fn one_product_is_written_at_most_every_other_minute() {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let conn = &mut app.conn();
    let first = plan(conn, store, "1", (PushOrigin::Robot, WriteClass::Raise, 1));
    let product: ProductId = price_pushes::table
        .find(first)
        .select(price_pushes::product_id)
        .first(conn)
        .unwrap();
    let sent = (
        price_pushes::sent_at.eq(now()),
        price_pushes::state.eq(PushState::Confirmed),
    );
    diesel::update(price_pushes::table.find(first))
        .set(sent)
        .execute(conn)
        .unwrap();
    let second = plan(conn, store, "2", (PushOrigin::Robot, WriteClass::Raise, 1));
    diesel::update(price_pushes::table.find(second))
        .set((
            price_pushes::product_id.eq(product),
            price_pushes::sequence.eq(2_i64),
        ))
        .execute(conn)
        .unwrap();
    let mut next = |seconds| {
        let at = now() + TimeDelta::seconds(seconds);
        push_list_next(conn, store, TimeDelta::minutes(2), 10, at)
            .unwrap()
            .len()
    };
    assert_eq!((next(119), next(120)), (0, 1));
    // A person does not have to wait.
    diesel::update(price_pushes::table.find(second))
        .set(price_pushes::origin.eq(PushOrigin::Person))
        .execute(&mut app.conn())
        .unwrap();
    assert_eq!(next(1), 1);
}

#[actix_web::test]
async fn people_go_first_then_repairs_then_what_earns_most_and_waits_longest() {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let conn = &mut app.conn();
    use PushOrigin::{Person, Robot};
    let wanted = [
        ("7", Robot, WriteClass::Cosmetic, 0, 600),
        ("6", Robot, WriteClass::Raise, 900, 0),
        ("4", Robot, WriteClass::Place, 300, 0),
        // Half an hour counts like the gain once more: 200 × 2 is more than 300.
        ("3", Robot, WriteClass::Place, 200, 30),
        ("5", Robot, WriteClass::Place, 200, 0),
        ("2", Robot, WriteClass::Restore, 0, 0),
        ("1", Robot, WriteClass::Repair, 0, 0),
        ("0", Person, WriteClass::Cosmetic, 0, 0),
    ]
    .map(|(sku, origin, class, gain, minutes)| {
        let id = plan(conn, store, sku, (origin, class, gain));
        diesel::update(price_pushes::table.find(id))
            .set(price_pushes::waiting_since.eq(now() - TimeDelta::minutes(minutes)))
            .execute(conn)
            .unwrap();
        (sku, id)
    });
    let next = push_list_next(conn, store, TimeDelta::minutes(2), 100, now()).unwrap();
    let order: Vec<&str> = next
        .iter()
        .map(|push| wanted.iter().find(|(_, id)| *id == push.id).unwrap().0)
        .collect();
    assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(
        push_list_next(conn, store, TimeDelta::zero(), 3, now())
            .unwrap()
            .len(),
        3
    );
}
