//! The history of a product's price: the drawing, its sentence and its table tell the same, whatever the names are.

use chrono::TimeDelta;
use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, PushState, Role, StoreId, UserId},
    schema::{price_changes, product_prices, stock_falls, users},
    store::market::{Reading, market_record},
};
use uuid::Uuid;

use super::seed::{CITY, db_access, db_decision, db_push, market_of};
use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store, db_user, now};

const MERCHANT: &str = "30000001";
const CARD: &str = "100000001";
const HOSTILE: &str = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&";

/// A product whose price of now is 10 000, with limits on both sides.
async fn shop(app: &mut TestApp, name: &str) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, MERCHANT);
    let new = NewProduct {
        name,
        floor: Some(9_300),
        ceiling: Some(12_500),
        ..NewProduct::default()
    };
    (client, store, db_product(conn, store, &new))
}

/// The price of a product that became another one some hours ago.
fn db_change(conn: &mut PgConnection, product: ProductId, hours: i64, before: Option<i64>, after: i64) {
    db_changes(conn, product, &[(now() - TimeDelta::hours(hours), before, after)]);
}

fn db_changes(
    conn: &mut PgConnection,
    product: ProductId,
    changes: &[(chrono::DateTime<chrono::Utc>, Option<i64>, i64)],
) {
    let rows: Vec<_> = changes
        .iter()
        .map(|(at, before, after)| {
            (
                price_changes::id.eq(Uuid::now_v7()),
                price_changes::product_id.eq(product.0),
                price_changes::city_id.eq(CITY),
                price_changes::at.eq(*at),
                price_changes::before_tenge.eq(*before),
                price_changes::price_tenge.eq(Some(*after)),
            )
        })
        .collect();
    diesel::insert_into(price_changes::table)
        .values(rows)
        .execute(conn)
        .unwrap();
}

/// The table's cells of one column, newest first.
fn column(page: &Answer, number: usize) -> Vec<String> {
    page.texts(&format!("#chart .history tbody tr > :nth-child({number})"))
}

#[tokio::test]
async fn drawing_sentence_and_table_tell_the_same() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, "Kettle").await;
    let conn = &mut app.conn();
    db_change(conn, product, 240, None, 11_490);
    db_change(conn, product, 120, Some(11_490), 11_000);
    db_change(conn, product, 48, Some(11_000), 9_381);

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(page.attribute("#chart .seg a[aria-current]", "id"), "chart-7d");
    let said = "За 7 дней цена снизилась с 11 490 ₸ до 10 000 ₸, минимум 9 381 ₸, максимум 11 490 ₸.";
    assert_eq!(page.text("#chart svg desc"), said);
    assert_eq!(page.text("#chart .card-body > p.dim"), said);
    assert_eq!(page.attribute("#chart svg.wide", "role"), "img");
    assert_eq!(
        page.attribute("#chart svg.wide", "aria-labelledby"),
        "chart-t chart-d"
    );
    assert_eq!(page.attribute("#chart svg.wide", "viewBox"), "0 0 1000 290");
    assert_eq!(column(&page, 2), ["10 000 ₸", "9 381 ₸", "11 000 ₸", "11 490 ₸"]);
    // What held before the period stands at its beginning.
    assert_eq!(column(&page, 1)[3], "16.11.2026 12:00");
    // Three changes in the line, and its way to the end.
    let path = page.attribute("#chart svg.wide path.own", "d");
    assert_eq!(
        (path.matches('V').count(), path.matches('H').count()),
        (3, 4),
        "{path}"
    );
    assert_eq!(page.count("#chart svg.wide path.lim"), 2);
    // Where it stands now is seen, however short its line is.
    assert_eq!(page.attribute("#chart svg.wide circle.pin", "cx"), "844.0");
    assert_eq!(
        page.texts("#chart svg.wide text:not(.t-s):not(.end)"),
        ["потолок 12 500", "вы 10 000", "пол 9 300"]
    );

    // A shorter period begins with what held then.
    let day = client
        .get(&format!("/products/{product}?range=24h"))
        .await
        .expect(200);
    assert_eq!(column(&day, 2), ["10 000 ₸", "9 381 ₸"]);
    assert!(
        day.text("#chart desc")
            .starts_with("За 24 часа цена выросла с 9 381 ₸ до 10 000 ₸")
    );
    // A longer one with the first that is known.
    let month = client
        .get(&format!("/products/{product}?range=30d"))
        .await
        .expect(200);
    assert_eq!(column(&month, 1)[3], "13.11.2026 12:00");
    assert!(
        month
            .text("#chart desc")
            .ends_with("Цена известна с 13.11.2026 12:00.")
    );
}

#[tokio::test]
async fn a_link_to_another_range_brings_the_chart_alone() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, "Kettle").await;
    let page = client
        .get(&format!("/products/{product}?range=nonsense"))
        .await
        .expect(200);
    let href = page.attribute("#chart-90d", "hx-get");
    assert_eq!(page.attribute("#chart-90d", "hx-target"), "#chart");
    assert_eq!(page.attribute("#chart-90d", "href"), format!("{href}#chart"));

    let part = client.htmx().get(&href).await.expect(200);
    assert!(
        part.body_text()
            .starts_with("<section class=\"card\" id=\"chart\"")
    );
    assert_eq!(part.count("html > head > *"), 0);
    assert_eq!(part.attribute("#chart .seg a[aria-current]", "id"), "chart-90d");
    // The same address without htmx is a whole page.
    assert_eq!(
        client
            .get(&href)
            .await
            .expect(200)
            .count("main #chart-90d[aria-current]"),
        1
    );
}

#[tokio::test]
async fn the_best_rival_is_the_cheapest_that_counts() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, "Kettle").await;
    let conn = &mut app.conn();
    let readings = [
        (96, vec![("7001", 10_900), ("7002", 11_000), ("7003", 1_000)]),
        (72, vec![("7001", 10_500), ("7002", 11_000), ("7003", 1_000)]),
        (24, vec![("7002", 11_000), ("7003", 1_000)]),
    ];
    for (hours, rivals) in readings {
        let market = market_of(MERCHANT, 10_000, &rivals);
        let reading = Reading {
            card_id: CARD,
            city_id: CITY,
            market: &market,
            taken_at: now() - TimeDelta::hours(hours),
        };
        market_record(conn, &[reading]).unwrap();
    }
    // The last decision leaves the one far below the others out.
    db_decision(
        conn,
        product,
        MERCHANT,
        &[("7002", 9_900), ("7003", 1_000), ("7004", 9_950)],
    );

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    let rivals: Vec<String> = column(&page, 3);
    assert_eq!(rivals, ["9 900 ₸", "11 000 ₸", "10 500 ₸", "10 900 ₸"]);
    assert!(
        page.text("#chart desc")
            .ends_with("Лучший соперник сейчас 9 900 ₸.")
    );
    assert_eq!(page.count("#chart svg.wide path.rv"), 1);
}

#[tokio::test]
async fn writes_are_marked_by_what_became_of_them() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app, "Kettle").await;
    let conn = &mut app.conn();
    for (price, state, reason) in [
        (9_900, PushState::Confirmed, None),
        (9_800, PushState::Rejected, Some("rejected")),
        (9_700, PushState::Held, Some("below_floor")),
        (9_600, PushState::Superseded, None),
    ] {
        db_push(conn, (store, product), None, (10_000, price), (state, reason));
    }
    let page = client.get(&format!("/products/{product}")).await.expect(200);
    let marks =
        ["circle.mk", "path.mk-x", "rect.mk-h"].map(|kind| page.count(&format!("#chart svg.wide {kind}")));
    assert_eq!(marks, [1, 1, 1]);
    assert_eq!(
        column(&page, 4),
        ["принято, 9 900 ₸; отказ, 9 800 ₸; удержано, 9 700 ₸"]
    );
    assert!(
        page.text("#chart desc")
            .contains("Отправки цены: принято 1, отказов 1, удержано 1.")
    );
    assert_eq!(
        page.text("#chart rect.mk-h > title"),
        "23.11.2026 12:00: удержано, 9 700 ₸"
    );
}

#[tokio::test]
async fn of_many_changes_the_extremes_stay() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, "Kettle").await;
    let changes: Vec<_> = (0..2_000_i64)
        .map(|index| {
            let price = match index {
                777 => 9_301,
                1_333 => 12_499,
                _ => 10_000 + index % 97,
            };
            (now() - TimeDelta::seconds(86_000 - index * 40), None, price)
        })
        .collect();
    db_changes(&mut app.conn(), product, &changes);
    let page = client
        .get(&format!("/products/{product}?range=24h"))
        .await
        .expect(200);
    let prices = column(&page, 2);
    assert!(prices.len() <= 151, "{}", prices.len());
    for extreme in ["9 301 ₸", "12 499 ₸"] {
        assert!(prices.iter().any(|price| price == extreme), "{extreme}");
    }
    assert!(
        page.text("#chart desc")
            .contains("минимум 9 301 ₸, максимум 12 499 ₸")
    );
    let path = page.attribute("#chart svg.wide path.own", "d");
    assert_eq!(path.matches('V').count() + 1, prices.len());
}

#[tokio::test]
async fn hostile_names_are_text() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, HOSTILE).await;
    db_decision(&mut app.conn(), product, MERCHANT, &[("7001", 9_900)]);
    for client in [client.htmx(), client] {
        let page = client
            .get(&format!("/products/{product}?range=24h"))
            .await
            .expect(200);
        assert_eq!(page.text("#chart-t"), format!("{HOSTILE}: цена за 24 часа"));
        let body = page.body_text();
        assert!(
            !body.contains("<script>alert") && !body.contains("<img src=x"),
            "{body}"
        );
        assert_eq!(
            page.count("#chart script, #chart img, #chart [style], #chart style"),
            0
        );
    }
}

#[tokio::test]
async fn without_a_price_there_is_a_sentence_instead() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, "Kettle").await;
    let conn = &mut app.conn();
    diesel::delete(product_prices::table).execute(conn).unwrap();
    diesel::delete(price_changes::table).execute(conn).unwrap();
    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(page.count("#chart svg"), 0);
    assert!(
        page.text("#chart .card-body > p")
            .starts_with("За этот период цену ещё не читали")
    );
    assert_eq!(page.count("#chart .seg a"), 4);
}

#[tokio::test]
async fn the_history_is_for_those_who_see_the_product() {
    let mut app = TestApp::new();
    let (_, store, product) = shop(&mut app, "Kettle").await;
    let path = format!("/products/{product}?range=30d");
    let stranger = app.signed_in("askar", Role::Manager).await;
    stranger.get(&path).await.expect(404);
    stranger.htmx().get(&path).await.expect(404);

    let viewer = db_user(&mut app.conn(), "dana", Role::Viewer);
    db_access(&mut app.conn(), store, viewer, Role::Viewer);
    let viewer = app.sign_in("dana").await;
    viewer.htmx().get(&path).await.expect(200);
}

#[tokio::test]
async fn sales_by_the_stock_are_bars_a_sentence_and_a_table_of_the_same() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app, HOSTILE).await;
    let path = format!("/products/{product}?range=7d");
    let none = client.get(&path).await.expect(200);
    assert_eq!((none.count("rect.bar-sold"), none.count("table.sold")), (0, 0));
    assert!(none.body_text().contains("За 7 дней остаток не уменьшался."));

    for (hours, units) in [(2, 3), (30, 5), (31, 1), (24 * 20, 90)] {
        diesel::insert_into(stock_falls::table)
            .values((
                stock_falls::id.eq(Uuid::now_v7()),
                stock_falls::product_id.eq(product),
                stock_falls::at.eq(now() - TimeDelta::hours(hours)),
                stock_falls::units.eq(units),
            ))
            .execute(&mut app.conn())
            .unwrap();
    }
    // It is noon in Almaty: two hours ago was today, thirty and thirty-one were yesterday.
    let week = client.get(&path).await.expect(200);
    assert_eq!(
        week.texts("rect.bar-sold title"),
        ["22.11.2026: 6", "23.11.2026: 3"]
    );
    assert_eq!(week.texts("table.sold tbody td"), ["3", "6"]);
    let said = week.text("#sales-d");
    assert!(
        said.contains("уменьшился на 9 штук, больше всего — 6 (22.11.2026)"),
        "{said}"
    );
    let day = client.htmx().get(&format!("/products/{product}?range=24h")).await;
    assert_eq!(day.expect(200).texts("table.sold tbody td"), ["3"]);

    // What the longest chart shows outlives what is forgotten now and then.
    let old = diesel::update(stock_falls::table.filter(stock_falls::units.eq(90)))
        .set(stock_falls::at.eq(now() - TimeDelta::days(89)));
    assert_eq!(old.execute(&mut app.conn()).unwrap(), 1);
    kaspi_panel::app::retention::forget_old(&app.services)
        .await
        .unwrap();
    let quarter = client.get(&format!("/products/{product}?range=90d")).await;
    assert_eq!(quarter.expect(200).texts("table.sold tbody td"), ["3", "6", "90"]);
}
