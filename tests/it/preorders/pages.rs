//! The pages of uploads: what would be sent, where it stands, who may.

use kaspi_panel::{app::preorder_edit::delete_preorder, domain::Role, schema::preorders};

use super::*;

#[actix_web::test]
async fn an_upload_is_previewed_asked_for_followed_and_called_off() {
    let mut shop = Shop::open().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let store = shop.store;
    let list = admin.get(&format!("/preorders?store={store}")).await.expect(200);
    assert!(
        list.body_text()
            .contains(&format!("/preorders/uploads/new?store={store}"))
    );
    let preview = admin
        .get(&format!("/preorders/uploads/new?store={store}"))
        .await
        .expect(200);
    assert_eq!(preview.count("tbody tr"), 2);
    assert!(preview.text("form.card").contains("В файле 2 предзаказа"));
    let answer = admin
        .post("/preorders/uploads", &[("store", &store.to_string())])
        .await
        .expect(303);
    let page = admin.get(&answer.location()).await.expect(200);
    assert!(page.text("#upload").contains("ждёт очереди"));
    assert_eq!(page.attribute("#upload", "hx-trigger"), "every 3s");
    // The next one joins it.
    let preview = admin
        .get(&format!("/preorders/uploads/new?store={store}"))
        .await
        .expect(200);
    assert_eq!(preview.attribute(".note a", "href"), answer.location());

    let file = admin
        .get(&format!("{}/file", answer.location()))
        .await
        .expect(200);
    assert!(file.header("content-disposition").ends_with(".xlsx\""));

    admin
        .post(&format!("{}/cancel", answer.location()), &[])
        .await
        .expect(303);
    let page = admin.get(&answer.location()).await.expect(200);
    assert!(page.text("#upload").contains("отменена"));
    let again = admin
        .post(&format!("{}/cancel", answer.location()), &[])
        .await
        .expect(303);
    assert!(
        admin
            .get(&again.location())
            .await
            .text(".flash")
            .contains("отменить его нельзя")
    );
    assert_eq!(shop.app.market.calls("upload").await.len(), 0);
    assert_eq!(
        admin
            .get("/preorders/uploads")
            .await
            .expect(200)
            .count("tbody tr"),
        1
    );
}

#[actix_web::test]
async fn nothing_to_send_says_what_to_do() {
    let mut shop = Shop::open().await;
    let ids: Vec<PreorderId> = preorders::table
        .select(preorders::id)
        .load(&mut shop.app.conn())
        .unwrap();
    for id in ids {
        delete_preorder(&shop.app.services, &Actor::system(), id)
            .await
            .unwrap();
    }
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let preview = admin
        .get(&format!("/preorders/uploads/new?store={}", shop.store))
        .await
        .expect(200);
    assert!(preview.text(".note").contains("нет предзаказов в работе"));
    let refused = admin
        .post("/preorders/uploads", &[("store", &shop.store.to_string())])
        .await
        .expect(303);
    assert!(
        admin
            .get(&refused.location())
            .await
            .text(".flash")
            .contains("нет предзаказов в работе")
    );
    assert_eq!(shop.product.to_string().len(), 36);
}

#[actix_web::test]
async fn uploads_of_others_do_not_exist() {
    let mut shop = Shop::open().await;
    let id = shop.ask().await;
    let stranger = shop.app.signed_in("stranger", Role::Manager).await;
    let store = shop.store.to_string();
    for path in [
        format!("/preorders/uploads/{id}"),
        format!("/preorders/uploads/{id}/file"),
        format!("/preorders/uploads/new?store={store}"),
    ] {
        stranger.get(&path).await.expect(404);
    }
    stranger
        .post("/preorders/uploads", &[("store", &store)])
        .await
        .expect(404);
    stranger
        .post(&format!("/preorders/uploads/{id}/cancel"), &[])
        .await
        .expect(404);
    assert_eq!(
        stranger
            .get("/preorders/uploads")
            .await
            .expect(200)
            .count("tbody tr"),
        0
    );
}
