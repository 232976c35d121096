//! Lists: search, filters, order, pages, and what they refuse.

use super::{panel, product};
use crate::support::{Client, TestApp, db_preorder};

async fn names(client: &Client, path: &str) -> Vec<String> {
    client.get(path).await.expect(200).texts("main tbody th")
}

#[tokio::test]
async fn products_are_searched_filtered_and_ordered() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "A-1", "Kettle white", 300);
    product(&app, store, "A-2", "Kettle black", 100);
    let iron = product(&app, store, "B%1", "Iron", 200);
    for (query, expected) in [
        ("o=price", vec!["Kettle black", "Iron", "Kettle white"]),
        ("o=-price", vec!["Kettle white", "Iron", "Kettle black"]),
        ("q=kettle&o=name", vec!["Kettle black", "Kettle white"]),
        ("q=kettle+WHITE", vec!["Kettle white"]),
        ("q=%25", vec!["Iron"]),
        ("q=nothing", vec![]),
        ("repricing_enabled=no", vec![]),
        (
            "created_at=today&o=sku",
            vec!["Kettle white", "Kettle black", "Iron"],
        ),
    ] {
        let path = format!("/admin/products/?{query}");
        assert_eq!(names(&root, &path).await, expected, "{query}");
    }
    let list = root.get("/admin/products/?q=iron").await.expect(200);
    assert_eq!(
        list.attribute("main tbody th a", "href"),
        format!("/admin/products/{iron}/")
    );
    assert_eq!(list.texts("main tbody td[data-l=Цена]"), ["200 ₸"]);
    let sorted = root.get("/admin/products/?o=-price").await.expect(200);
    assert_eq!(sorted.attribute("main th[aria-sort]", "aria-sort"), "descending");
}

#[tokio::test]
async fn a_parameter_that_the_list_does_not_know_is_refused() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    for query in [
        "colour=red",
        "o=password",
        "o=version",
        "p=0",
        "p=two",
        "repricing_enabled=perhaps",
        "n=7",
        "c=password",
        "after=no-key",
        "price-from=cheap",
        "updated_at-until=yesterday",
        "created_at=ever",
        "floor_tenge__gt=1",
    ] {
        root.get(&format!("/admin/products/?{query}")).await.expect(400);
    }
    root.get("/admin/job-runs/?q=word").await.expect(400);
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    for number in 0..51 {
        product(
            &app,
            store,
            &format!("S{number:02}"),
            &format!("Kettle {number:02}"),
            100,
        );
    }
    let first = root.get("/admin/products/?o=name&q=kettle").await.expect(200);
    assert_eq!(first.texts("main tbody th").len(), 50);
    let next = first.attribute("main .pager a[rel=next]", "href");
    let second = root.get(&format!("/admin/products/{next}")).await.expect(200);
    assert_eq!(second.texts("main tbody th"), ["Kettle 50"]);
    assert_eq!(second.count("main .pager a[rel=next]"), 0);
    let beyond = root.get("/admin/products/?o=name&p=99").await.expect(200);
    assert_eq!(
        beyond.texts("main tbody th").len(),
        50,
        "whoever asks beyond begins anew"
    );
    // A list with a count ends where it ends.
    let users = root.get("/admin/users/?o=email&p=99").await.expect(200);
    assert_eq!(users.texts("main tbody th").len(), 2);
}

#[tokio::test]
async fn stores_and_preorders_have_their_filters() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let kettle = product(&app, store, "S-1", "Kettle", 10_000);
    db_preorder(&mut app.conn(), store, kettle, "Kettle, ordered");
    assert_eq!(
        names(&root, "/admin/stores/?repricing_mode=live").await,
        ["Store 30000001"]
    );
    assert!(names(&root, "/admin/stores/?repricing_mode=off").await.is_empty());
    assert_eq!(names(&root, "/admin/stores/?q=anna").await, ["Store 30000001"]);
    let path = format!("/admin/preorders/?store={store}&status=processing");
    assert_eq!(names(&root, &path).await, ["Kettle, ordered"]);
    assert!(
        names(&root, "/admin/preorders/?status=completed")
            .await
            .is_empty()
    );
}
