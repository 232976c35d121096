//! Requests that are sent more than once and have one effect; too many requests; other sites' scripts.

use std::num::NonZeroU32;

use diesel::prelude::*;
use futures_util::future::join_all;
use kaspi_panel::{
    app::retention::forget_old,
    schema::{idempotency_keys, products},
};
use reqwest::Method;

use super::{post, program, seller};
use crate::support::{Answer, Client, TestApp, db_store};

const LIST: &str = "/api/v1/products/";

async fn keyed(client: &Client, key: &str, path: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    client
        .raw(Method::POST, path, &headers, body.as_bytes().to_vec())
        .await
}

fn product(store: impl std::fmt::Display, sku: &str) -> String {
    format!(
        r#"{{"kaspi_product_id":"{sku}","kaspi_sku":"{sku}","price":100000,"name":"a","store":"{store}"}}"#
    )
}

fn count(app: &TestApp) -> i64 {
    products::table.count().get_result(&mut app.conn()).unwrap()
}

#[tokio::test]
async fn the_first_answer_is_given_again_for_a_day() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body = product(store, "A");
    let first = keyed(&anna, "k1", LIST, &body).await.expect(201);
    assert!(first.headers.get("idempotent-replayed").is_none());
    let again = keyed(&anna, "k1", LIST, &body).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(count(&app), 1);

    // Another body, another address: another request.
    for (path, body) in [
        (LIST, product(store, "B")),
        ("/api/v1/kaspi/stores/", body.clone()),
    ] {
        let answer = keyed(&anna, "k1", path, &body).await.expect(422).json();
        assert_eq!(answer["code"], "idempotency-other");
    }
    // What was refused is refused again with the same words.
    let refused = keyed(&anna, "k2", LIST, "{}").await.expect(400);
    assert_eq!(
        keyed(&anna, "k2", LIST, "{}").await.expect(400).body,
        refused.body
    );

    app.advance(24 * 3600 + 1).await;
    let late = keyed(&anna, "k1", LIST, &body).await.expect(400);
    assert!(late.body_text().contains("non_field_errors"), "it is done anew");
    forget_old(&app.services).await.unwrap();
    let kept: Vec<String> = idempotency_keys::table
        .select(idempotency_keys::key)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(kept, ["k1"]);
    for key in ["", " "] {
        keyed(&anna, key, LIST, &body).await.expect(400);
    }
    keyed(&anna, &"k".repeat(256), LIST, &body).await.expect(400);
}

#[tokio::test]
async fn a_key_is_its_users_own_and_tells_nothing_of_bodies() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, other, boris) = seller(&mut app, "boris", "30000002").await;
    keyed(&anna, "k", LIST, &product(store, "A")).await.expect(201);
    keyed(&boris, "k", LIST, &product(other, "A")).await.expect(201);
    assert_eq!(count(&app), 2);
    let prints: Vec<Vec<u8>> = idempotency_keys::table
        .select(idempotency_keys::fingerprint)
        .load(&mut app.conn())
        .unwrap();
    assert_ne!(prints[0], prints[1]);
}

#[tokio::test]
async fn thirty_two_at_once_have_one_effect() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body = product(store, "A");
    let answers = join_all((0..32).map(|_| keyed(&anna, "k", LIST, &body))).await;
    let mut made = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            201 => made.push(answer.body),
            409 => assert!(answer.body_text().contains("idempotency-running")),
            other => panic!("{other}: {}", answer.body_text()),
        }
    }
    assert!(!made.is_empty());
    made.dedup();
    assert_eq!(made.len(), 1, "all answers are the same");
    assert_eq!(count(&app), 1);
}

#[tokio::test]
async fn a_request_that_is_being_done_is_told_and_one_that_was_lost_is_done_again() {
    let mut app = TestApp::new();
    let (owner, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body = product(store, "A");
    keyed(&anna, "k", LIST, &body).await.expect(201);
    diesel::update(idempotency_keys::table.filter(idempotency_keys::user_id.eq(owner)))
        .set((
            idempotency_keys::status.eq(None::<i32>),
            idempotency_keys::body.eq(None::<Vec<u8>>),
            idempotency_keys::finished_at.eq(None::<chrono::DateTime<chrono::Utc>>),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let answer = keyed(&anna, "k", LIST, &body).await.expect(409).json();
    assert_eq!(answer["code"], "idempotency-running");
    app.advance(601).await;
    keyed(&anna, "k", LIST, &body).await.expect(400);
}

#[tokio::test]
async fn too_many_requests_of_a_key_are_told_when_to_come_again() {
    let mut app = TestApp::builder()
        .settings(|config| config.http.api_per_minute = NonZeroU32::new(3).unwrap())
        .build();
    let (owner, _, anna) = seller(&mut app, "anna", "30000001").await;
    db_store(&mut app.conn(), owner, "30000005");
    for _ in 0..3 {
        anna.get(LIST).await.expect(200);
    }
    let answer = anna.get(LIST).await.expect(429);
    // However the header is written.
    let key = anna.api_key.clone().unwrap();
    for header in [format!("tOKEN {key}"), format!("Token   {key} ")] {
        let spelt = [("authorization", header.as_str())];
        app.anonymous()
            .raw(Method::GET, LIST, &spelt, Vec::new())
            .await
            .expect(429);
    }
    let after: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&after), "{after}");
    assert_eq!(answer.json()["code"], "too-many");
    // Another key has its own measure.
    let other = program(&mut app, "anna").await;
    other.get(LIST).await.expect(200);
    post(&anna, LIST, "{}").await.expect(429);
}

#[tokio::test]
async fn scripts_of_other_sites_are_let_in_by_name_alone() {
    let preflight = [
        ("origin", "https://app.example.kz"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type,idempotency-key",
        ),
    ];
    let mut app = TestApp::new();
    let answer = app
        .anonymous()
        .raw(Method::OPTIONS, LIST, &preflight, Vec::new())
        .await;
    assert!(
        answer.headers.get("access-control-allow-origin").is_none(),
        "off by itself"
    );

    let mut app = TestApp::builder()
        .settings(|config| config.http.cors_origins = vec!["https://app.example.kz".to_owned()])
        .build();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    let answer = app
        .anonymous()
        .raw(Method::OPTIONS, LIST, &preflight, Vec::new())
        .await
        .expect(200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example.kz"
    );
    assert!(answer.headers.get("access-control-allow-credentials").is_none());
    let read = async |origin: &'static str, path: &'static str| {
        anna.raw(Method::GET, path, &[("origin", origin)], Vec::new())
            .await
    };
    let ours = read("https://app.example.kz", LIST).await.expect(200);
    assert_eq!(
        ours.header("access-control-allow-origin"),
        "https://app.example.kz"
    );
    let other = read("https://evil.example", LIST).await.expect(200);
    assert!(other.headers.get("access-control-allow-origin").is_none());
    let page = read("https://app.example.kz", "/login").await;
    assert!(
        page.headers.get("access-control-allow-origin").is_none(),
        "pages never"
    );
}
