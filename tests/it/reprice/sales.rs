//! The brake on sales: what sells much faster than usual at less than its usual price is left alone, and told.

use kaspi_panel::{
    app::sales_brake::brake_fast_sales,
    domain::{AlertKind, Role},
    schema::{alerts, stock_falls},
};

use super::*;

/// A live product at 15 000 ₸ that cost 16 000 ₸ all week and sold one piece an hour.
async fn usual() -> Shop {
    let shop = Shop::open().await;
    for minutes in [600, 3_000, 9_000] {
        brakes::past_write(&shop, minutes, (16_100, 16_000));
    }
    shop.sql("update product_prices set price_tenge = 15000 where city_id = '750000000'");
    shop.sql(
        "insert into stock_falls (id, product_id, at, units)
         select gen_random_uuid(), id, timestamptz '2026-11-23T05:59:00Z' - n * interval '1 hour', 1
         from products, generate_series(0, 167) n",
    );
    shop
}

/// Sold within the hour before now: the stock falls by so much.
fn sell(shop: &Shop, units: i32) {
    shop.sql("update products set stock = 1000, availabilities_read_at = '2026-11-23T06:30:00Z'");
    shop.sql(&format!("update products set stock = 1000 - {units}"));
}

async fn frozen(shop: &Shop) -> bool {
    brake_fast_sales(&shop.app.services).await.unwrap();
    let locked: Option<chrono::DateTime<chrono::Utc>> = products::table
        .select(products::locked_until)
        .first(&mut shop.app.conn())
        .unwrap();
    let told: i64 = alerts::table
        .filter(alerts::kind.eq(AlertKind::NeedsPerson))
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(locked.is_some(), told == 1);
    locked.is_some()
}

#[actix_web::test]
async fn six_times_the_usual_at_a_low_price_freezes_and_is_told_once() {
    let mut shop = usual().await;
    sell(&shop, 5);
    assert!(!frozen(&shop).await, "five times the usual");
    shop.sql("update products set stock = stock - 1");
    assert!(frozen(&shop).await);
    shop.reprice().await;
    assert_eq!(shop.pushes().len(), 3, "nothing new is planned");
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let log = admin.get("/log").await.expect(200).text("main");
    assert!(log.contains("продаётся намного быстрее обычного"), "{log}");
    // A person lets it go on: not frozen again for the same sales.
    shop.sql("update products set locked_until = null");
    brake_fast_sales(&shop.app.services).await.unwrap();
    let locked: i64 = products::table
        .filter(products::locked_until.is_not_null())
        .count()
        .get_result(&mut shop.app.conn())
        .unwrap();
    assert_eq!(locked, 0);
}

#[actix_web::test]
async fn usual_prices_few_pieces_and_stores_that_are_not_live_are_left_alone() {
    for change in [
        "update product_prices set price_tenge = 16000",
        "delete from price_pushes",
        "update stores set repricing_mode = 'shadow'",
        "update products set repricing_enabled = false",
        "update stock_falls set at = '2026-11-23T06:00:00Z' where units > 1",
        "update stock_falls set units = 2 where units = 1",
        "insert into settings (key, value, updated_at) values ('safety_limits', '{\"sales_at_least\": 7}', now())",
        "insert into settings (key, value, updated_at) values ('safety_limits', '{\"sales_times\": 6}', now())",
    ] {
        let shop = usual().await;
        sell(&shop, 6);
        shop.sql(change);
        assert!(!frozen(&shop).await, "{change}");
    }
}

#[actix_web::test]
async fn the_stock_is_read_before_each_write() {
    let shop = Shop::open().await;
    shop.sql("update products set stock = 10");
    shop.reprice().await;
    shop.push().await;
    // The market's own offer has four pieces.
    let falls: Vec<i32> = stock_falls::table
        .select(stock_falls::units)
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(falls, [6]);
}
