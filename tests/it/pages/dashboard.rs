//! The dashboard: problems first, figures, decisions with their reason.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{Role, SessionState},
    schema::{stores, users},
};

use crate::support::{NewProduct, TestApp, db_product, db_store};

#[tokio::test]
async fn problems_come_first_each_with_one_act() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let owner = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    let quiet = client.get("/").await.expect(200);
    assert!(quiet.texts("#issues li").is_empty());
    let product = NewProduct {
        floor: None,
        repricing: true,
        ..NewProduct::default()
    };
    db_product(&mut app.conn(), store, &product);
    diesel::update(stores::table)
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    let page = client.get("/").await.expect(200);
    assert_eq!(page.texts("#issues li .st"), ["нужен вход", "без пола"]);
    assert_eq!(page.texts("#issues li a.btn").len(), 2);
    assert_eq!(page.texts(".figs > div").len(), 5);
    assert_eq!(page.text("nav.side [aria-current=page]"), "Обзор");
    assert_eq!(page.text(".top .pip .n.bad"), "2");
    // Another seller sees nothing of it.
    let other = app.signed_in("other", Role::Manager).await;
    assert!(other.get("/").await.texts("#issues").is_empty());
}
