//! The panel without JavaScript: plain links and forms lead through everything.

use kaspi_panel::domain::Role;

use crate::support::{NewProduct, TestApp, db_product, db_store, db_user};

#[tokio::test]
async fn plain_forms_set_limits_and_stop_prices() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let product = db_product(&mut conn, store, &NewProduct::default());
    let client = app.sign_in("aigul").await;

    let list = client.get("/products").await.expect(200);
    assert_eq!(list.count("#found tbody tr"), 1);
    let edit = list.attribute("#found a.cell-limits", "href");
    let form = client.get(&edit).await.expect(200);
    let version = form.attribute("form[action*='/edit'] input[name=version]", "value");
    let fields = [
        ("version", version.as_str()),
        ("back", "/products"),
        ("floor_tenge", "9 000"),
        ("ceiling_tenge", "11 000"),
        ("repricing_enabled", "1"),
    ];
    let path = format!("/products/{product}/edit");
    assert_eq!(
        client.post(&path, &fields).await.expect(303).location(),
        "/products"
    );
    let list = client.get("/products").await.expect(200);
    let limits = list.text("#found .corr").replace(['\u{a0}', '\u{202f}'], " ");
    assert!(limits.contains("9 000") && limits.contains("11 000"), "{limits}");

    // The form was made before that change: somebody else's work is not overwritten.
    client.post(&path, &fields).await.expect(409);
    let wrong = [
        ("version", "2"),
        ("floor_tenge", "many"),
        ("ceiling_tenge", "1"),
        ("back", "/products"),
    ];
    let again = client.post(&path, &wrong).await.expect(422);
    assert_eq!(
        again.attribute("#floor", "value"),
        "many",
        "what was typed is kept"
    );
    assert_eq!(again.count("[role=alert]"), 1);

    let scope = client.get("/stop").await.attribute("input[name=scope]", "value");
    let stop = [("scope", scope.as_str()), ("details", "wrong prices")];
    client.post("/stop", &stop).await.expect(303);
    let stop = client.get("/stop").await.expect(200).body_text();
    assert!(stop.contains("wrong prices"), "{stop}");
}

#[tokio::test]
async fn an_unknown_address_is_a_page_with_a_way_back() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let page = client.get("/no-such-page").await.expect(404);
    assert_eq!(page.count("h1"), 1);
    assert!(page.count("a[href='/']") > 0);
    assert!(page.body_text().contains(&page.header("x-request-id")));
}
