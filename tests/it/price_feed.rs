//! The XML price list: valid by the marketplace's rules, whole or refused, behind a secret address.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    app::price_feed::{FeedError, build_feed},
    domain::{FeedRefusal, PushState, Role, StoreId, Tenant, UserId},
    schema::{alerts, audit_log, feed_fetches, price_feeds, price_pushes, users},
    store::pushes::{push_list_next, push_stores_with_work},
};
use reqwest::header::{HeaderMap, HeaderValue};

use crate::{
    pages::seed::{CITY, db_push},
    support::{Client, NewProduct, TestApp, db_product, db_store, db_user, now},
};

/// What `xmllint` says of a document; empty: it is valid.
fn complaints(xml: &[u8]) -> String {
    let mut check = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kaspi-price-list.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint (package libxml2-utils)");
    check.stdin.take().unwrap().write_all(xml).unwrap();
    let done = check.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.success() {
        String::new()
    } else {
        told
    }
}

/// A store that was synced a moment ago, with two products on sale at two points and one off sale.
struct Shop {
    app: TestApp,
    store: StoreId,
    owner: UserId,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::new();
        let conn = &mut app.conn();
        let owner = db_user(conn, "aigul", Role::Manager);
        let store = db_store(conn, owner, "30000001");
        for (sku, name) in [
            ("S-1", "Чайник «Kitfort» <1.7 л> & \"К'\""),
            ("S-2", "Kettle"),
            ("S-3", "Gone"),
        ] {
            let new = NewProduct {
                sku,
                name,
                ..NewProduct::default()
            };
            db_product(conn, store, &new);
        }
        conn.batch_execute(&format!(
            "update stores set last_sync_at = '2026-11-23T06:00:00Z';
             insert into store_points (store_id, point_id, name, enabled) values ('{store}', '30000001_PP1', 'PP1', true),
               ('{store}', '30000001_PP9', 'PP9', false);
             update products set brand = 'Kitfort', availabilities = '[
               {{\"point_id\": \"30000001_PP1\", \"available\": true, \"stock_count\": 4, \"preorder_days\": 0, \"stock_enabled\": true}},
               {{\"point_id\": \"30000001_PP27\", \"available\": false, \"stock_count\": null, \"preorder_days\": 7, \"stock_enabled\": null}}]'
             where sku <> 'S-3';
             update products set on_sale = false where sku = 'S-3';
             insert into product_prices (product_id, city_id, price_tenge, read_at)
             select id, '710000000', 11000, now() from products where sku = 'S-1'"
        ))
        .unwrap();
        Self { app, store, owner }
    }

    fn sql(&self, change: &str) {
        self.app.conn().batch_execute(change).unwrap();
    }

    /// The list, or why there is none.
    async fn list(&self) -> Result<String, FeedRefusal> {
        match build_feed(&self.app.services, Tenant::All, self.store).await {
            Ok(list) => Ok(String::from_utf8(list.bytes).unwrap()),
            Err(FeedError::Refused(refused)) => Err(refused.why),
            Err(other) => panic!("{other}"),
        }
    }

    /// Sets a way of publishing and makes an address; returns its path.
    async fn address(&self, client: &Client, publishing: &str) -> String {
        let page = format!("/stores/{}/feed", self.store);
        client
            .post(&page, &[("publishing", publishing)])
            .await
            .expect(303);
        let told = client.post(&format!("{page}/address"), &[]).await.expect(200);
        let address = told.text("#feed-address");
        let path = &address[address.find("/feeds/").unwrap()..];
        path.to_owned()
    }
}

#[tokio::test]
async fn the_list_is_valid_by_the_marketplaces_rules() {
    let shop = Shop::open();
    let xml = shop.list().await.unwrap();
    assert_eq!(complaints(xml.as_bytes()), "", "{xml}");
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><kaspi_catalog date=\"2026-11-23\""),
        "{xml}"
    );
    assert!(
        xml.contains("<company>Store 30000001</company><merchantid>30000001</merchantid>"),
        "{xml}"
    );
    assert!(
        xml.contains(
            "<availabilities><availability available=\"yes\" storeId=\"30000001_PP1\" stockCount=\"4\"/>\
             <availability available=\"no\" storeId=\"30000001_PP27\" preOrder=\"7\"/></availabilities>\
             <cityprices><cityprice cityId=\"710000000\">11000</cityprice><cityprice cityId=\"750000000\">10000</cityprice></cityprices>"
        ),
        "{xml}"
    );
    assert!(
        xml.contains("<offer sku=\"S-3\"><model>Gone</model><availabilities><availability available=\"no\" storeId=\"30000001_PP1\"/>"),
        "off sale is said and not left out: {xml}"
    );
    shop.sql("update products set name = E'a\\u0001b \\uFFFE c', brand = '' where sku = 'S-2'");
    let odd = shop.list().await.unwrap();
    assert_eq!(complaints(odd.as_bytes()), "");
    assert!(odd.contains("<model>ab  c</model><availabilities>"), "{odd}");

    // The rules can be broken.
    for (good, bad) in [
        ("<model>Kettle</model>", "<model></model>"),
        ("sku=\"S-2\"", "sku=\"S-1\""),
        (">11000<", ">11 000<"),
        ("<brand>Kitfort</brand><availabilities>", "<availabilities>"),
        ("available=\"no\"", "available=\"maybe\""),
        ("preOrder=\"7\"", "preOrder=\"31\""),
        ("merchantid>", "merchantId>"),
    ] {
        let broken = xml.replace(good, bad);
        let broken = if good.starts_with("<brand>") {
            xml.replace("<cityprices>", "<cityprices/><cityprices>")
        } else {
            broken
        };
        assert_ne!(complaints(broken.as_bytes()), "", "{bad}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_whole_or_safe_is_refused() {
    for (change, refusal) in [
        ("update stores set active = false", FeedRefusal::StoreOff),
        (
            "update stores set last_sync_at = '2026-11-22T06:59:59Z'",
            FeedRefusal::NotSynced,
        ),
        ("update stores set last_sync_at = null", FeedRefusal::NotSynced),
        ("delete from products", FeedRefusal::Empty),
        ("update products set archived_at = now()", FeedRefusal::Empty),
        (
            "update products set sku = null where sku = 'S-3'",
            FeedRefusal::NoSku,
        ),
        (
            "update products set sku = repeat('x', 65) where sku = 'S-2'",
            FeedRefusal::NoSku,
        ),
        (
            "update products set name = ' ' where sku = 'S-2'",
            FeedRefusal::NoModel,
        ),
        (
            "delete from product_prices where product_id = (select id from products where sku = 'S-2')",
            FeedRefusal::NoPrice,
        ),
        (
            "update products set availabilities = null where sku = 'S-2'",
            FeedRefusal::NoPoints,
        ),
        (
            "update products set availabilities = '[{\"odd\": 1}]' where sku = 'S-2'",
            FeedRefusal::NoPoints,
        ),
        ("delete from store_points", FeedRefusal::NoPoints),
        (
            "update products set floor_tenge = 10001 where sku = 'S-2'",
            FeedRefusal::BelowFloor,
        ),
        (
            "update products set ceiling_tenge = 10999 where sku = 'S-1'",
            FeedRefusal::AboveCeiling,
        ),
        (
            "insert into pricing_terms (id, store_id, unit_cost_tenge, tax, goal_kind, goal_value, created_at, updated_at)
             select gen_random_uuid(), id, 9000, 'simplified', 'profit', 100000, now(), now() from stores",
            FeedRefusal::BelowGoal,
        ),
        (
            "insert into products (id, store_id, kaspi_product_id, sku, name, created_at, updated_at)
             select gen_random_uuid(), stores.id, 'o' || n, 'N-' || n, 'N', now(), now()
             from stores, generate_series(1, 100001) n",
            FeedRefusal::TooMany,
        ),
        (
            "update product_prices set price_tenge = 9",
            FeedRefusal::BelowFloor,
        ),
    ] {
        let shop = Shop::open();
        shop.sql(change);
        assert_eq!(shop.list().await, Err(refusal), "{change}");
    }
    let shop = Shop::open();
    for fine in [
        "update stores set last_sync_at = '2026-11-22T07:00:00Z'",
        "update products set floor_tenge = 10000, ceiling_tenge = 11000",
        "update products set floor_tenge = 99999, ceiling_tenge = null where sku = 'S-3'",
        "update products set floor_tenge = null, ceiling_tenge = null",
    ] {
        shop.sql(fine);
        shop.list().await.expect(fine);
    }
}

#[tokio::test]
async fn a_list_that_would_lose_more_than_a_fifth_is_refused() {
    let shop = Shop::open();
    shop.sql(&format!(
        "insert into price_feeds (store_id, offers, content_hash, modified_at, updated_at)
         values ('{}', 4, decode(repeat('00', 32), 'hex'), now(), now())",
        shop.store
    ));
    assert_eq!(shop.list().await, Err(FeedRefusal::Shrunk), "3 of 4");
    for offers in [1, 3] {
        shop.sql(&format!("update price_feeds set offers = {offers}"));
        shop.list().await.unwrap();
    }
    shop.sql(
        "insert into products (id, store_id, kaspi_product_id, sku, name, on_sale, created_at, updated_at)
      select gen_random_uuid(), store_id, 'S-4', 'S-4', 'four', false, now(), now() from products limit 1;
      insert into product_prices (product_id, city_id, price_tenge, read_at)
      select id, '750000000', 10000, now() from products where sku = 'S-4';
      update price_feeds set offers = 5",
    );
    shop.list().await.expect("4 of 5 is a fifth and not more");
}

#[tokio::test]
async fn the_address_is_secret_tagged_and_noted() {
    let mut shop = Shop::open();
    let client = shop.app.sign_in("aigul").await;
    let path = shop.address(&client, "both_cabinet_leads").await;
    let nobody = shop.app.anonymous();
    let first = nobody.get(&path).await.expect(200);
    assert_eq!(complaints(&first.body), "");
    assert_eq!(first.header("content-type"), "application/xml; charset=utf-8");
    assert_eq!(first.header("last-modified"), "Mon, 23 Nov 2026 07:00:00 GMT");
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");
    assert!(first.headers.get("set-cookie").is_none());

    // A day later it says the same: its bytes are the same.
    shop.sql("update stores set last_sync_at = '2026-11-24T06:00:00Z'");
    shop.app.advance(24 * 3600).await;
    let again = nobody.get(&path).await.expect(200);
    assert_eq!((again.header("etag"), &again.body), (tag.clone(), &first.body));
    let ask = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    };
    let known = nobody
        .get_with(&path, ask("if-none-match", &format!("\"x\", {tag}")))
        .await
        .expect(304);
    assert!(known.body.is_empty());
    assert_eq!(known.header("etag"), tag);
    nobody
        .get_with(&path, ask("if-none-match", "\"x\""))
        .await
        .expect(200);
    nobody
        .get_with(&path, ask("if-modified-since", "Mon, 23 Nov 2026 07:00:00 GMT"))
        .await
        .expect(304);
    nobody
        .get_with(&path, ask("if-modified-since", "Mon, 23 Nov 2026 06:59:59 GMT"))
        .await
        .expect(200);

    // Another price: other bytes, another tag, another time.
    shop.sql("update product_prices set price_tenge = 10001");
    let changed = nobody
        .get_with(&path, ask("if-none-match", &tag))
        .await
        .expect(200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.header("last-modified"), "Tue, 24 Nov 2026 07:00:00 GMT");

    // Refused: nothing of the list, a plain sentence, an alert, and the last one stays what it was.
    shop.sql("update products set floor_tenge = 10002 where sku = 'S-2'");
    let refused = nobody.get(&path).await.expect(503);
    assert!(
        refused.body_text().starts_with("S-2: цена ниже пола"),
        "{}",
        refused.body_text()
    );
    assert_eq!(
        alerts::table
            .filter(alerts::resolved_at.is_null())
            .count()
            .get_result::<i64>(&mut shop.app.conn()),
        Ok(1)
    );
    let page = client_page(&mut shop).await;
    assert!(page.contains("цена ниже пола"), "{page}");
    shop.sql("update products set floor_tenge = 10001 where sku = 'S-2'");
    nobody
        .get_with(&path, ask("if-none-match", &changed.header("etag")))
        .await
        .expect(304);
    assert_eq!(
        alerts::table
            .filter(alerts::resolved_at.is_null())
            .count()
            .get_result::<i64>(&mut shop.app.conn()),
        Ok(0)
    );

    let noted: Vec<(i32, Option<String>)> = feed_fetches::table
        .order(feed_fetches::id)
        .select((feed_fetches::status, feed_fetches::detail))
        .load(&mut shop.app.conn())
        .unwrap();
    let statuses: Vec<i32> = noted.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 200, 304, 200, 304, 200, 200, 503, 304]);
    assert_eq!(noted[7].1.as_deref(), Some("below_floor"));

    // A new address ends the old one; the cabinet alone has none.
    let client = shop.app.sign_in("aigul").await;
    let new = shop.address(&client, "both_cabinet_leads").await;
    nobody.get(&path).await.expect(404);
    nobody.get(&new).await.expect(200);
    nobody.get("/feeds/guess.xml").await.expect(404);
    let page = format!("/stores/{}/feed", shop.store);
    client.post(&page, &[("publishing", "cabinet")]).await.expect(303);
    nobody.get(&new).await.expect(404);
    let told: Vec<String> = audit_log::table
        .filter(audit_log::object_kind.eq("price_feed"))
        .select(diesel::dsl::sql::<diesel::sql_types::Text>("after::text"))
        .load(&mut shop.app.conn())
        .unwrap();
    assert!(told.len() >= 4, "{told:?}");
    let secret = &new[7..50];
    assert!(
        told.iter().all(|line| !line.contains(secret)),
        "no secret in the log"
    );
}

async fn client_page(shop: &mut Shop) -> String {
    let client = shop.app.sign_in("aigul").await;
    client
        .get(&format!("/stores/{}/feed", shop.store))
        .await
        .expect(200)
        .text("#refusal")
}

#[tokio::test]
async fn name_and_password_are_asked_for_where_they_are_wanted() {
    let mut shop = Shop::open();
    let client = shop.app.sign_in("aigul").await;
    let path = shop.address(&client, "both_cabinet_leads").await;
    let told = client
        .post(&format!("/stores/{}/feed/password", shop.store), &[])
        .await
        .expect(200);
    let (name, word) = (told.text("#feed-username"), told.text("#feed-password"));
    assert_eq!(word.len(), 43);
    let nobody = shop.app.anonymous();
    let asked = nobody.get(&path).await.expect(401);
    assert!(
        asked.header("www-authenticate").starts_with("Basic "),
        "{:?}",
        asked.headers
    );
    let basic = |name: &str, word: &str| {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{word}"));
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::from_str(&format!("Basic {text}")).unwrap(),
        );
        headers
    };
    nobody.get_with(&path, basic(&name, "wrong")).await.expect(401);
    nobody.get_with(&path, basic("other", &word)).await.expect(401);
    nobody.get_with(&path, basic(&name, &word)).await.expect(200);
    client
        .post(
            &format!("/stores/{}/feed/password", shop.store),
            &[("forget", "yes")],
        )
        .await
        .expect(303);
    nobody.get(&path).await.expect(200);
    for _ in 5..20 {
        nobody.get(&path).await.expect(200);
    }
    nobody.get(&path).await.expect(429);
    shop.app.advance(60).await;
    nobody.get(&path).await.expect(200);
}

#[tokio::test]
async fn the_list_shows_decided_prices_only_where_it_leads() {
    let mut shop = Shop::open();
    let client = shop.app.sign_in("aigul").await;
    let product = kaspi_panel::schema::products::table
        .filter(kaspi_panel::schema::products::sku.eq("S-2"))
        .select(kaspi_panel::schema::products::id)
        .first(&mut shop.app.conn())
        .unwrap();
    db_push(
        &mut shop.app.conn(),
        (shop.store, product),
        None,
        (10_000, 9_499),
        (PushState::Planned, None),
    );
    shop.sql("update stores set repricing_mode = 'live', session_state = 'connected'");
    shop.sql("update price_pushes set market_taken_at = '2026-11-23T07:00:00Z', fingerprint = decision_fingerprint(product_id)");
    assert!(
        !shop.list().await.unwrap().contains("9499"),
        "confirmed prices alone"
    );
    let (store, owner) = (shop.store, uuid::Uuid::now_v7());
    for (publishing, shown, sent) in [
        ("cabinet", false, true),
        ("both_cabinet_leads", false, true),
        ("both_feed_leads", true, true),
        ("feed", true, false),
    ] {
        let page = format!("/stores/{store}/feed");
        client
            .post(&page, &[("publishing", publishing)])
            .await
            .expect(303);
        let xml = shop.list().await.unwrap();
        assert_eq!(complaints(xml.as_bytes()), "");
        let price = format!("cityId=\"{CITY}\">9499<");
        assert_eq!(
            xml.matches(&price).count(),
            usize::from(shown),
            "{publishing}: {xml}"
        );
        let conn = &mut shop.app.conn();
        assert_eq!(
            push_stores_with_work(conn, owner, now()).unwrap().len(),
            usize::from(sent),
            "{publishing}"
        );
        let gap = chrono::TimeDelta::zero();
        assert_eq!(
            push_list_next(conn, store, gap, 8, now()).unwrap().len(),
            usize::from(sent),
            "{publishing}"
        );
        let state: PushState = price_pushes::table
            .select(price_pushes::state)
            .first(conn)
            .unwrap();
        assert_eq!(state, PushState::Planned);
    }
    // Whatever holds a write holds the price that would be shown; the confirmed one stays.
    let price = format!("cityId=\"{CITY}\">9499<");
    for (hold, let_go) in [
        (
            "update products set locked_until = now() + interval '100 years' where sku = 'S-2'",
            "update products set locked_until = null",
        ),
        (
            "update price_pushes set market_taken_at = market_taken_at - interval '11 minutes'",
            "update price_pushes set market_taken_at = market_taken_at + interval '11 minutes'",
        ),
        (
            "update stores set repricing_mode = 'shadow'",
            "update stores set repricing_mode = 'live'",
        ),
        (
            "update products set push_sequence = push_sequence + 1 where sku = 'S-2'",
            "update products set push_sequence = push_sequence - 1 where sku = 'S-2'",
        ),
        (
            "update price_pushes set fingerprint = 'of other rules'",
            "update price_pushes set fingerprint = decision_fingerprint(product_id)",
        ),
        (
            "insert into kill_switches (id, scope, reason, stopped_by, stopped_at) values (gen_random_uuid(), 'all', 'x', 'x', now())",
            "update kill_switches set released_at = now(), released_by = 'x', release_reason = 'x'",
        ),
        (
            "insert into settings (key, value, updated_at) values ('safety_limits', '{\"drops_per_day\": 0}', now())",
            "delete from settings where key = 'safety_limits'",
        ),
    ] {
        shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
        assert_eq!(
            shop.list().await.unwrap().matches(&price).count(),
            1,
            "before {hold}"
        );
        shop.sql(hold);
        if hold.contains("safety_limits") {
            // The limits are part of the rules.
            shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
        }
        assert_eq!(shop.list().await.unwrap().matches(&price).count(), 0, "{hold}");
        shop.sql(let_go);
    }
    // A price that may not be asked is not shown, whoever decided it.
    shop.sql("update products set floor_tenge = 9500 where sku = 'S-2'");
    assert_eq!(
        shop.list().await.unwrap().matches(&price).count(),
        0,
        "the rules are others now"
    );
    shop.sql("update price_pushes set fingerprint = decision_fingerprint(product_id)");
    assert_eq!(shop.list().await, Err(FeedRefusal::BelowFloor));
}

#[tokio::test]
async fn the_command_writes_the_whole_list_or_one_sentence() {
    let shop = Shop::open();
    // The program goes by the machine's clock.
    shop.sql("update stores set last_sync_at = now()");
    let id = shop.store.to_string();
    let done = shop.app.program(&["feed", "--store", &id]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(complaints(&done.stdout), "");
    shop.sql("update products set name = ' ' where sku = 'S-2'");
    for store in [id.as_str(), "0199c0de-0000-7000-8000-000000000001"] {
        let done = shop.app.program(&["feed", "--store", store]).output().unwrap();
        assert!(!done.status.success());
        assert!(done.stdout.is_empty());
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(told.trim().lines().count(), 1, "{told}");
        assert!(!told.contains('_'), "a sentence and no code: {told}");
    }
}

#[tokio::test]
async fn others_see_nothing_of_a_stores_list() {
    let mut shop = Shop::open();
    let other = shop.app.signed_in("other", Role::Manager).await;
    let page = format!("/stores/{}/feed", shop.store);
    other.get(&page).await.expect(404);
    for act in ["", "/address", "/password"] {
        other
            .post(&format!("{page}{act}"), &[("publishing", "feed")])
            .await
            .expect(404);
    }
    diesel::update(users::table.find(shop.owner))
        .set(users::role.eq(Role::Viewer))
        .execute(&mut shop.app.conn())
        .unwrap();
    let viewer = shop.app.sign_in("aigul").await;
    assert_eq!(viewer.get(&page).await.expect(200).count("#publishing button"), 0);
    viewer.post(&page, &[("publishing", "feed")]).await.expect(403);
    assert_eq!(
        price_feeds::table.count().get_result::<i64>(&mut shop.app.conn()),
        Ok(0)
    );
}
