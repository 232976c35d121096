//! Who may read what: keys, sessions, other people's objects, methods and addresses.

use diesel::prelude::*;
use kaspi_panel::{
    app::api_tokens::{list_api_tokens, revoke_api_token},
    domain::{Actor, Role},
    schema::users,
};
use reqwest::Method;

use super::{program, seller};
use crate::support::{NewProduct, TestApp, db_product, db_user};

const NO_CREDENTIALS: &str = r#"{"detail":"Учетные данные не были предоставлены."}"#;
const NOT_FOUND: &str = r#"{"detail":"Страница не найдена."}"#;

#[tokio::test]
async fn strangers_are_asked_who_they_are() {
    let mut app = TestApp::new();
    for client in [app.anonymous(), app.api("no-such-key")] {
        for path in [
            "/api/v1/",
            "/api/v1/products/",
            "/api/v1/preorders/",
            "/api/v1/kaspi/stores/",
        ] {
            let answer = client.get(path).await.expect(401);
            assert_eq!(answer.body_text(), NO_CREDENTIALS);
        }
    }
}

#[tokio::test]
async fn a_revoked_key_and_a_user_switched_off_are_refused_at_once() {
    let mut app = TestApp::new();
    let (owner, _, client) = seller(&mut app, "anna", "30000001").await;
    client.get("/api/v1/products/").await.expect(200);
    let token = list_api_tokens(&app.services, owner).await.unwrap().remove(0);
    assert!(token.last_used_at.is_some());
    revoke_api_token(&app.services, &Actor::system(), owner, token.id)
        .await
        .unwrap();
    client.get("/api/v1/products/").await.expect(401);

    let client = program(&mut app, "anna").await;
    client.get("/api/v1/products/").await.expect(200);
    diesel::update(users::table.find(owner))
        .set(users::active.eq(false))
        .execute(&mut app.conn())
        .unwrap();
    client.get("/api/v1/products/").await.expect(401);
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, _, boris) = seller(&mut app, "boris", "30000002").await;
    db_user(&mut app.conn(), "root", Role::Admin);
    let root = program(&mut app, "root").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());

    for path in [
        format!("/api/v1/products/{product}/"),
        format!("/api/v1/kaspi/stores/{store}/"),
    ] {
        anna.get(&path).await.expect(200);
        root.get(&path).await.expect(200);
        let answer = boris.get(&path).await.expect(404);
        assert_eq!(answer.body_text(), NOT_FOUND);
    }
    for (path, count) in [
        (format!("/api/v1/products/?store={store}"), 0),
        ("/api/v1/kaspi/stores/".to_owned(), 1),
        ("/api/v1/kaspi/stores/?user_id=anna".to_owned(), 0),
    ] {
        assert_eq!(
            boris.get(&path).await.expect(200).json()["count"],
            count,
            "{path}"
        );
    }
    let all = root.get("/api/v1/kaspi/stores/").await.expect(200).json();
    assert_eq!(all["count"], 2);
    let answer = root.get(&format!("/api/v1/kaspi/stores/{store}/")).await.json();
    assert!(answer["api_key"].is_null(), "the key is for its owner alone");
}

#[tokio::test]
async fn a_session_of_the_panel_reads_too() {
    let mut app = TestApp::new();
    let (_, _, _) = seller(&mut app, "anna", "30000001").await;
    let browser = app.sign_in("anna").await;
    let list = browser.get("/api/v1/kaspi/stores/").await.expect(200).json();
    assert_eq!(list["count"], 1);
}

#[tokio::test]
async fn addresses_and_methods_answer_as_the_predecessor_did() {
    let mut app = TestApp::new();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    for path in [
        "/api/v1/nope/",
        "/api/v1/products/00000000-0000-0000-0000-000000000000/",
        "/api/v1/products/no-uuid/",
    ] {
        assert_eq!(anna.get(path).await.expect(404).body_text(), NOT_FOUND, "{path}");
    }
    let answer = anna.get("/api/v1/products?page=2").await.expect(301);
    assert_eq!(answer.location(), "/api/v1/products/?page=2");
    assert_eq!(answer.body_text(), "");
    let answer = anna
        .json(Method::PUT, "/api/v1/products/", None)
        .await
        .expect(405);
    assert_eq!(answer.body_text(), r#"{"detail":"Метод \"PUT\" не разрешен."}"#);
    let answer = anna.get("/api/v1/products/").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("vary"), "Cookie, origin");
    let answer = anna
        .json(Method::HEAD, "/api/v1/products/", None)
        .await
        .expect(200);
    assert!(answer.body.is_empty());
}
