//! The log: whose lines are shown, and paging into the past.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{Actor, Role, UserId},
    schema::users,
    store::audit::{AuditEntry, audit_insert},
};
use serde_json::json;

use crate::support::{NewProduct, TestApp, db_product, db_store, now};

#[tokio::test]
async fn older_lines_follow_without_gaps_or_repeats() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    for number in 0..120_i64 {
        // Several lines at the same moment: the key decides between them.
        let at = now() + chrono::TimeDelta::microseconds(number / 7);
        let object = ("product", product.0, "Kettle");
        let entry = AuditEntry::new(&Actor::robot(), at, Some(store), object, "update").change(
            json!({"floor_tenge": 10_000}),
            json!({"floor_tenge": 10_001 + number}),
        );
        audit_insert(conn, &entry).unwrap();
    }
    let mut seen = Vec::new();
    let mut next = format!("/log?object=product&id={product}");
    for rows in [50, 50, 20] {
        let page = client.get(&next).await.expect(200);
        let lines = page.texts(".changes ins");
        assert_eq!(lines.len(), rows);
        seen.extend(lines);
        if rows == 50 {
            next = page.attribute("a[rel=next]", "href");
        } else {
            assert_eq!(page.count("a[rel=next]"), 0);
        }
    }
    let newest_first: Vec<String> = (0..120)
        .rev()
        .map(|number| format!("10 {:03} ₸", 1 + number))
        .collect();
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 120);
    assert_eq!(seen[0], newest_first[0]);

    let stranger = app.signed_in("stranger", Role::Manager).await;
    let page = stranger
        .get(&format!("/log?object=product&id={product}"))
        .await
        .expect(200);
    assert_eq!(page.count("table"), 0);
}

#[tokio::test]
async fn nobody_hides_behind_the_name_of_another() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let owner: UserId = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    let named = async |name: &str| {
        client
            .post("/profile", &[("name", name), ("language", "ru")])
            .await
    };
    for unseen in ["ro\u{200b}ot", "\u{202e}toor", "ro\u{ad}ot"] {
        let refused = named(unseen).await.expect(422);
        assert_eq!(refused.page_links("[role=alert] a"), ["#name"], "{unseen:?}");
    }
    named("root").await.expect(303);
    let form = [("mode", "off")];
    client
        .post(&format!("/stores/{store}/mode"), &form)
        .await
        .expect(303);
    let page = client.get("/log").await.expect(200);
    let who = page.texts("tbody td[data-l='Кто']");
    assert_eq!(who, ["root aigul@example.kz"]);
}
