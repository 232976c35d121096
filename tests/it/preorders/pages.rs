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

#[actix_web::test]
async fn chosen_products_get_preorders_and_those_that_have_one_stay_as_they_are() {
    let mut shop = Shop::open().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let mut ids = vec![shop.product.to_string()];
    for sku in ["new-1", "new-2"] {
        let new = NewProduct {
            sku,
            price: 5_000,
            ..NewProduct::default()
        };
        ids.push(db_product(&mut shop.app.conn(), shop.store, &new).to_string());
    }
    let mut fields = vec![("of", "chosen")];
    fields.extend(ids.iter().map(|id| ("product", id.as_str())));
    let step = admin.post("/preorders/chosen", &fields).await.expect(200);
    assert_eq!(step.attribute("#delivery_days", "value"), "30");
    assert_eq!(step.count("input[name=product]"), 3);
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("product", id.as_str())).collect();
    fields.extend([("delivery_days", "31"), ("pp1", "да")]);
    let wrong = admin.post("/preorders/chosen/create", &fields).await.expect(422);
    assert_eq!(wrong.attribute("#delivery_days", "value"), "31");
    assert_eq!(wrong.count("input[name=product]"), 3, "nothing is lost");
    fields.retain(|(name, _)| *name != "delivery_days");
    fields.push(("delivery_days", "12"));
    admin.post("/preorders/chosen/create", &fields).await.expect(303);
    let flash = admin.get("/preorders").await.text(".flash");
    assert!(
        flash.contains("Создано предзаказов: 2") && flash.contains("уже было: 1"),
        "{flash}"
    );
    let days: Vec<i32> = preorders::table
        .order(preorders::delivery_days)
        .select(preorders::delivery_days)
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(days, [7, 12, 12, 14]);
    // Of others: nothing at all.
    let stranger = shop.app.signed_in("stranger", Role::Manager).await;
    stranger
        .post("/preorders/chosen/create", &fields)
        .await
        .expect(404);
}

#[actix_web::test]
async fn what_the_spreadsheet_cannot_hold_goes_as_xml() {
    let mut shop = Shop::open().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    shop.sql(
        "update preorders set warehouses = '{\"6\": {\"id\": 6, \"quantity\": 2}}' where delivery_days = 14",
    );
    shop.sql("insert into product_prices (product_id, city_id, price_tenge, read_at) select id, '710000000', 16990, now() from products");
    let store = shop.store;
    let refused = admin
        .get(&format!("/preorders/export?store={store}"))
        .await
        .expect(303);
    let preview = admin.get(&refused.location()).await.expect(200);
    assert!(preview.text("form.card").contains("XML"));
    let xml = admin
        .get(&format!("/preorders/export?store={store}&format=xml"))
        .await
        .expect(200);
    assert!(xml.header("content-type").starts_with("application/xml"));
    let text = xml.body_text();
    for part in [
        "storeId=\"PP6\"",
        "preOrder=\"14\"",
        "stockCount=\"2\"",
        "cityId=\"710000000\">16990",
        "cityId=\"750000000\">15990",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // The simulated shop has no sixth point; prices that differ by city are reason enough for XML.
    shop.sql("update preorders set warehouses = '{\"1\": {\"id\": 1, \"quantity\": 2}}'");
    let id = shop.ask().await;
    assert_eq!(shop.to_its_end(id).await, UploadState::Applied);
    assert_eq!(shop.upload(id).format, ListFormat::Xml);
}
