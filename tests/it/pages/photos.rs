//! Pictures of products through our own server: from the image host alone, small, really pictures, and only for
//! those who see the product.

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        photos::Photos,
        proxies::{add_proxies, upkeep::ProxyUpkeep},
    },
    config::Config,
    domain::{Actor, ProductId, Role, StoreId, UserId, proxy::parse_line},
    schema::{products, proxies, users},
    secrets::Secret,
    services::Services,
};
use reqwest::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use serde_json::json;

use super::seed::db_access;
use crate::support::{Answer, Client, NewProduct, TestApp, TestProxy, db_product, db_store, db_user};

async fn kettle(app: &mut TestApp) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    let picture = picture(app, "kettle-1.jpg");
    db_image(app, product, Some(&picture));
    (client, store, product)
}

/// An address on the image host.
fn picture(app: &TestApp, name: &str) -> String {
    let host = &app.services.config.kaspi.cdn;
    host.join(&format!("/img/m/p/{name}")).unwrap().to_string()
}

fn db_image(app: &TestApp, product: ProductId, address: Option<&str>) {
    diesel::update(products::table.find(product))
        .set(products::image_url.eq(address))
        .execute(&mut app.conn())
        .unwrap();
}

async fn photo(client: &Client, product: ProductId) -> Answer {
    client
        .get(&format!("/products/{product}/photo"))
        .await
        .expect(200)
}

fn is_box(answer: &Answer) -> bool {
    answer.header("content-type") == "image/svg+xml"
        && answer.header("cache-control") == "private, max-age=60"
}

#[tokio::test]
async fn a_picture_is_fetched_once_and_kept() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let page = client.get(&format!("/products/{product}")).await.expect(200);
    let address = format!("/products/{product}/photo");
    assert_eq!(page.attribute(".hero img.ph", "src"), address);
    let list = client.get("/products").await.expect(200);
    assert_eq!(list.attribute(".goods img.ph", "src"), address);
    assert_eq!(list.attribute(".goods img.ph", "loading"), "lazy");
    assert_eq!(app.market.calls("image").await.len(), 0);

    let first = photo(&client, product).await;
    assert_eq!(first.header("content-type"), "image/png");
    assert_eq!(first.header("cache-control"), "private, max-age=86400");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    assert!(first.body.starts_with(b"\x89PNG"));
    let again = photo(&client, product).await;
    assert_eq!(again.body, first.body);
    let mut known = HeaderMap::new();
    known.insert(
        IF_NONE_MATCH,
        HeaderValue::from_str(&first.header("etag")).unwrap(),
    );
    let unchanged = client.get_with(&address, known).await.expect(304);
    assert!(unchanged.body.is_empty());
    assert_eq!(app.market.calls("image").await.len(), 1);
}

#[tokio::test]
async fn what_is_no_small_picture_is_a_box_and_is_not_asked_again_at_once() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let faults = [
        ("large", json!({"bytes": 1_100_000})),
        ("html", json!({})),
        ("empty_body", json!({})),
        ("redirect_loop", json!({})),
        ("status", json!({"status": 404})),
    ];
    for (number, (kind, more)) in faults.into_iter().enumerate() {
        db_image(&app, product, Some(&picture(&app, &format!("{number}.jpg"))));
        app.market.fault("image", kind, more).await;
        let before = app.market.calls("image").await.len();
        for _ in 0..2 {
            let answer = photo(&client, product).await;
            assert!(is_box(&answer), "{kind}: {answer:?}");
        }
        assert_eq!(app.market.calls("image").await.len(), before + 1, "{kind}");
        app.market.clear_faults().await;
    }
    // Later it is asked for again.
    app.advance(11 * 60).await;
    assert_eq!(photo(&client, product).await.header("content-type"), "image/png");
}

#[tokio::test]
async fn a_host_that_does_not_answer_gives_a_box() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    app.market.fault("image", "reset", json!({})).await;
    assert!(is_box(&photo(&client, product).await));
    app.market.clear_faults().await;
    app.advance(31).await;
    assert_eq!(photo(&client, product).await.header("content-type"), "image/png");
}

#[tokio::test]
async fn no_other_host_is_asked() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let kaspi = app.services.config.kaspi.clone();
    let cdn = kaspi.cdn.as_str();
    let elsewhere = [
        kaspi.public.join("/img/m/p/1.jpg").unwrap().to_string(),
        kaspi.cabinet.join("/s/m").unwrap().to_string(),
        format!("{}@127.0.0.1:1/1.jpg", cdn.trim_end_matches('/')),
        cdn.replace("http://", "http://name:word@"),
        cdn.replace("http://", "https://"),
        "javascript:alert(1)".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//a.example.kz/1.jpg".to_owned(),
    ];
    let before = app.market.journal().await.len();
    for address in elsewhere {
        db_image(&app, product, Some(&address));
        assert!(is_box(&photo(&client, product).await), "{address}");
    }
    assert_eq!(app.market.journal().await.len(), before);
}

#[tokio::test]
async fn a_product_without_a_picture_has_a_box() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    db_image(&app, product, None);
    assert!(is_box(&photo(&client, product).await));
    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!((page.count("img.ph"), page.count(".hero svg.ph")), (0, 1));
    assert_eq!(app.market.calls("image").await.len(), 0);
}

#[tokio::test]
async fn a_picture_is_for_those_who_see_the_product() {
    let mut app = TestApp::new();
    let (client, store, product) = kettle(&mut app).await;
    let path = format!("/products/{product}/photo");
    photo(&client, product).await;
    app.anonymous().get(&path).await.expect(303);
    // Although it is kept already.
    let stranger = app.signed_in("askar", Role::Manager).await;
    stranger.get(&path).await.expect(404);
    let viewer = db_user(&mut app.conn(), "dana", Role::Viewer);
    db_access(&mut app.conn(), store, viewer, Role::Viewer);
    let viewer = app.sign_in("dana").await;
    assert_eq!(photo(&viewer, product).await.header("content-type"), "image/png");
}

#[tokio::test]
async fn with_proxies_no_picture_is_fetched_directly() {
    let mut app = TestApp::builder()
        .settings(|config| config.kaspi.private_proxies = true)
        .build();
    let (client, _, product) = kettle(&mut app).await;
    let proxy = TestProxy::start(None).await;
    let lines = Secret::from(format!("http://{}", proxy.address));
    let added = add_proxies(&app.services, &Actor::system(), &lines, "")
        .await
        .unwrap();
    assert_eq!(added.added, 1, "{:?}", added.faults);
    assert_eq!(photo(&client, product).await.header("content-type"), "image/png");
    assert_eq!((proxy.forwarded(), app.market.calls("image").await.len()), (1, 1));

    proxy.break_down();
    db_image(&app, product, Some(&picture(&app, "other.jpg")));
    assert!(is_box(&photo(&client, product).await));
    assert_eq!(app.market.calls("image").await.len(), 1);
}

#[tokio::test]
async fn a_host_that_hangs_is_left_alone_for_a_while() {
    let app = TestApp::new();
    app.market
        .fault("image", "slow", json!({"delay_ms": 600_000}))
        .await;
    let photos = Photos::with_patience(Duration::from_millis(200));
    let address = picture(&app, "kettle-1.jpg");
    for _ in 0..2 {
        assert!(photos.photo(&app.services, &address).await.is_none());
    }
    assert_eq!(app.market.calls("image").await.len(), 1);
    app.advance(31).await;
    assert!(photos.photo(&app.services, &address).await.is_none());
    assert_eq!(app.market.calls("image").await.len(), 2);
}

#[tokio::test]
async fn what_the_environment_of_workers_names_is_left_to_them() {
    let proxy = TestProxy::start(Some("user:pass")).await;
    let line = parse_line(&format!("http://user:pass@{}", proxy.address), true).unwrap();
    let mut app = TestApp::builder()
        .settings(|config| config.kaspi.private_proxies = true)
        .build();
    let worker = Config {
        proxies: vec![line],
        ..Config::clone(&app.services.config)
    };
    let worker = Services::new(worker, &Secret::from(app.db.url())).unwrap();
    let upkeep = ProxyUpkeep::default();
    upkeep.load(&worker).await.unwrap();
    let rows = |app: &TestApp| -> i64 { proxies::table.count().get_result(&mut app.conn()).unwrap() };
    assert_eq!(rows(&app), 1);

    // The panel does not know the way: it fetches nothing, and it leaves the row alone.
    let (client, _, product) = kettle(&mut app).await;
    assert!(is_box(&photo(&client, product).await));
    assert_eq!((rows(&app), app.market.calls("image").await.len()), (1, 0));
    upkeep.load(&worker).await.unwrap();
    worker
        .kaspi
        .market_offers("100000001", "750000000")
        .await
        .unwrap();
    assert_eq!(proxy.take_seen().len(), 1, "the worker goes through it still");
}

#[tokio::test]
async fn a_host_of_pictures_in_trouble_takes_no_proxy_from_the_accounts() {
    let app = TestApp::builder()
        .settings(|config| config.kaspi.private_proxies = true)
        .build();
    let kaspi = &app.services.kaspi;
    let proxy = TestProxy::start(Some("user:pass")).await;
    let failures = |credentials: &'static str| {
        let told = proxy.told(kaspi_panel::domain::ProxyScheme::Http, Some(credentials));
        kaspi.set_proxies(vec![told]).unwrap();
        async {
            for name in ["1.jpg", "2.jpg"] {
                kaspi.picture(&picture(&app, name)).await.unwrap_err();
            }
            let counts = kaspi.take_proxy_counts().remove(0);
            (counts.failures, counts.last_error, counts.cooling_for.is_some())
        }
    };
    app.market.fault("image", "reset", json!({})).await;
    assert_eq!(failures("user:pass").await, (0, None, false));
    kaspi.market_offers("100000001", "750000000").await.unwrap();
    // What the proxy itself says does count.
    app.market.clear_faults().await;
    let refused = (2, Some("proxy_refused"), true);
    assert_eq!(failures("user:wrong").await, refused);
}
