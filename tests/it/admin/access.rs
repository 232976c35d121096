//! Who may use the administration area.

use kaspi_panel::domain::Role;

use super::{panel, product};
use crate::support::TestApp;

#[tokio::test]
async fn it_is_for_administrators_alone() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let id = product(&app, store, "S-1", "Kettle", 10_000);
    let paths = [
        "/admin/".to_owned(),
        "/admin/products/".to_owned(),
        format!("/admin/products/{id}/"),
        format!("/admin/products/{id}/delete/"),
        format!("/admin/products/{id}/history/"),
        "/admin/preorders/add/".to_owned(),
    ];
    let manager = app.sign_in("anna").await;
    let viewer = app.signed_in("vera", Role::Viewer).await;
    let stranger = app.anonymous();
    for path in &paths {
        root.get(path).await.expect(200);
        manager.get(path).await.expect(403);
        viewer.get(path).await.expect(403);
        let answer = stranger.get(path).await.expect(303);
        assert!(answer.location().starts_with("/login"), "{path}");
    }
    let target = format!("/admin/products/{id}/delete/");
    manager.post(&target, &[]).await.expect(403);
    root.post_bare(&target, &[]).await.expect(403);
    root.get(&format!("/admin/products/{id}/")).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    for path in [
        "/admin/secrets/",
        "/admin/products/00000000-0000-0000-0000-000000000000/",
        "/admin/products/no-key/",
        "/admin/stores/add/",
    ] {
        root.get(path).await.expect(404);
    }
    assert_eq!(
        root.get("/admin/stores").await.expect(301).location(),
        "/admin/stores/"
    );
}

#[tokio::test]
async fn every_model_has_a_front_page_entry_and_a_list() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "S-1", "Kettle", 10_000);
    let front = root.get("/admin/").await.expect(200);
    assert_eq!(
        front.count("aside.env"),
        1,
        "whoever acts sees that these are no real stores"
    );
    let mut empty = 0;
    for resource in kaspi_panel::admin::site().resources() {
        let path = format!("/admin/{}/", resource.slug());
        assert_eq!(front.count(&format!("main tbody a[href='{path}']")), 1, "{path}");
        let list = root.get(&path).await.expect(200);
        assert_eq!(list.count("main h1"), 1);
        assert!(!list.text("main").contains("admin-"), "{path}: a text is missing");
        if list.count("main tbody th") == 0 {
            empty += 1;
            assert_eq!(list.text("main .blank"), "Записей пока нет", "{path}");
        }
        if list.count("#f-q") == 1 {
            let nothing = root.get(&format!("{path}?q=zzzzzz")).await.expect(200);
            assert!(
                nothing.text("main .blank p").starts_with("Ничего не нашлось"),
                "{path}"
            );
            assert_eq!(nothing.attribute("main .blank a", "href"), path);
        }
        for head in list.page_links("main thead a") {
            root.get(&format!("{path}{head}")).await.expect(200);
        }
        for link in list.page_links("main .facet a") {
            root.get(&format!("{path}{link}")).await.expect(200);
        }
        for link in list.page_links("main tbody th a") {
            let page = root.get(&link).await.expect(200);
            assert!(!page.text("main").contains("admin-"), "{link}: a text is missing");
        }
    }
    assert!(empty > 5, "{empty}");
}
