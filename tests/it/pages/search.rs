//! The search over everything: what it finds, for whom, and where a key leads.

use diesel::prelude::*;
use kaspi_panel::{domain::Role, schema::preorders};

use crate::support::{
    Answer, NewProduct, TestApp, db_job_run, db_preorder, db_product, db_rule, db_store, db_user,
};

/// Titles of the groups.
fn groups(answer: &Answer) -> Vec<String> {
    answer.texts("[data-of] h2")
}

/// Where the hits lead.
fn hits(answer: &Answer) -> Vec<String> {
    answer.page_links(".hits a")
}

#[tokio::test]
async fn products_stores_preorders_and_pages_are_found_by_name_and_number() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let kettle = NewProduct {
        sku: "CH-100",
        name: "Чайник Tefal",
        ..NewProduct::default()
    };
    let product = db_product(&mut conn, store, &kettle);
    let preorder = db_preorder(&mut conn, store, product, "Чайник на заказ");
    diesel::update(preorders::table.find(preorder))
        .set(preorders::article.eq("CH-100"))
        .execute(&mut conn)
        .unwrap();
    let browser = app.sign_in("aigul").await;
    let client = browser.htmx();
    let (product, preorder) = (format!("/products/{product}"), format!("/preorders/{preorder}"));

    let found = client.get("/search?q=чайник").await.expect(200);
    assert_eq!(groups(&found), ["Товары", "Предзаказы"]);
    assert_eq!(hits(&found), [product.as_str(), preorder.as_str()]);
    assert_eq!(found.attribute("[data-of]", "data-of"), "чайник");
    assert_eq!(found.text("#box-count"), "Найдено: 2");
    let by_article = client.get("/search?q=CH-10").await.expect(200);
    assert_eq!(hits(&by_article), [product.as_str(), preorder.as_str()]);
    let by_card = client.get("/search?q=100000001").await.expect(200);
    assert_eq!(hits(&by_card), [product.as_str()]);
    let by_store = client.get("/search?q=30000001").await.expect(200);
    assert_eq!(hits(&by_store), [format!("/stores/{store}")]);
    // A page is found in any of the languages, whatever the panel speaks.
    for words in ["правил", "ереже", "rules", "ПРАВИЛ"] {
        let found = client.get(&format!("/search?q={words}")).await.expect(200);
        assert!(hits(&found).contains(&"/rules".to_owned()), "{words}");
    }
    // Signs of patterns mean themselves.
    for nothing in ["%25%25", "__", "no%20such%20thing"] {
        let found = client.get(&format!("/search?q={nothing}")).await.expect(200);
        assert_eq!(hits(&found), [""; 0], "{nothing}");
        assert_eq!(found.text("#box-count"), "Ничего не найдено");
    }
    let pages = client.get("/search").await.expect(200);
    assert!(hits(&pages).contains(&"/stop".to_owned()));

    // By itself it is a page; the article of one product alone leads to it.
    let page = browser.get("/search?q=чайник").await.expect(200);
    assert_eq!(hits(&page), [product.as_str(), preorder.as_str()]);
    assert_eq!(page.attribute("#search-again", "value"), "чайник");
    assert_eq!(
        browser.get("/search?q=CH-100").await.expect(303).location(),
        product
    );
    assert_eq!(
        browser.get("/search?q=nothing").await.expect(200).count(".blank"),
        1
    );
    assert!(browser.get("/keys").await.expect(200).count("main kbd") > 20);
}

#[tokio::test]
async fn a_pasted_key_leads_to_its_object_and_only_to_ones_own() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let askar = db_user(&mut conn, "askar", Role::Manager);
    db_store(&mut conn, aigul, "30000001");
    let store = db_store(&mut conn, askar, "30000002");
    let product = db_product(&mut conn, store, &NewProduct::default());
    let preorder = db_preorder(&mut conn, store, product, "Kettle");
    let run = db_job_run(
        &mut conn,
        kaspi_panel::domain::JobKind::SyncStore,
        store,
        &serde_json::json!({}),
    );
    let rule = db_rule(&mut conn, store, "Kettles first");
    let (owner, other) = (app.sign_in("askar").await, app.sign_in("aigul").await);
    for (key, path) in [
        (product.to_string(), "/products"),
        (store.to_string(), "/stores"),
        (preorder.to_string(), "/preorders"),
        (run.to_string(), "/jobs"),
        (rule.to_string(), "/rules"),
    ] {
        let search = format!("/search?q=%20{key}%20");
        let object = format!("{path}/{key}");
        assert_eq!(owner.get(&search).await.expect(303).location(), object);
        let found = owner.htmx().get(&search).await.expect(200);
        assert_eq!(hits(&found), [object.as_str()]);
        let found = other.get(&search).await.expect(200);
        assert_eq!(found.page_links("main .hits a"), [""; 0], "{path}");
    }
    for words in ["Kettle", "SKU-1", "30000002"] {
        let found = other.htmx().get(&format!("/search?q={words}")).await.expect(200);
        assert_eq!(hits(&found), [""; 0], "{words}");
    }
}

#[tokio::test]
async fn pages_are_offered_to_those_who_may_open_them() {
    let mut app = TestApp::new();
    for (role, words, there) in [
        (Role::Viewer, "правило", false),
        (Role::Manager, "правило", true),
        (Role::Manager, "настройки", false),
        (Role::Admin, "настройки", true),
        (Role::Manager, "пользователи", false),
        (Role::Admin, "пользователи", true),
    ] {
        let name = format!("{}-{}", role.as_str(), words.chars().count());
        let client = app.signed_in(&name, role).await.htmx();
        let found = client.get(&format!("/search?q={words}")).await.expect(200);
        assert_eq!(!hits(&found).is_empty(), there, "{role:?} {words}");
        for href in hits(&found) {
            client.get(&href).await.expect(200);
        }
    }
}

#[tokio::test]
async fn more_hits_than_fit_are_on_the_list_that_has_them_all() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    for number in 0..7 {
        let sku = format!("K-{number}");
        let new = NewProduct {
            sku: &sku,
            ..NewProduct::default()
        };
        db_product(&mut conn, store, &new);
    }
    let client = app.sign_in("aigul").await;
    let found = client.htmx().get("/search?q=kettle").await.expect(200);
    assert_eq!(hits(&found).len(), 6, "five and the way to all");
    assert_eq!(hits(&found).last().unwrap(), "/products?q=kettle");
    assert_eq!(found.text("#box-count"), "Показаны первые: 5");
    // What is called exactly so comes first.
    let exact = client.htmx().get("/search?q=K-6").await.expect(200);
    assert_eq!(exact.texts(".hits span").first().unwrap(), "K-6 · Store 30000001");
    let page = client.get("/search?q=kettle").await.expect(200);
    assert_eq!(page.page_links("main .hits a").len(), 7);
}
