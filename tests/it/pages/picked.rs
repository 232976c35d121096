//! A rule for products that were chosen in their list: which are taken, whose, and what the form begins with.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, RuleScope, StoreId, Tenant, UserId},
    schema::users,
    store::{
        rule_reach::rule_product_skus,
        rules::{rule_list, rule_products_list},
    },
};

use super::seed::db_access;
use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store, db_user};

struct Shop {
    app: TestApp,
    client: Client,
    store: StoreId,
    products: Vec<ProductId>,
}

impl Shop {
    /// A store of `aigul` with three products.
    async fn open() -> Self {
        let mut app = TestApp::new();
        let client = app.signed_in("aigul", Role::Manager).await;
        let owner: UserId = users::table.select(users::id).first(&mut app.conn()).unwrap();
        let store = db_store(&mut app.conn(), owner, "30000001");
        let mut shop = Self {
            app,
            client,
            store,
            products: Vec::new(),
        };
        for sku in ["A-1", "A-2", "B-1"] {
            let id = shop.product(shop.store, sku);
            shop.products.push(id);
        }
        shop
    }

    fn product(&self, store: StoreId, sku: &str) -> ProductId {
        let new = NewProduct {
            sku,
            name: sku,
            ..NewProduct::default()
        };
        db_product(&mut self.app.conn(), store, &new)
    }

    async fn pick(&self, of: &str, ids: &[ProductId], filter: &[(&str, &str)]) -> Answer {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut fields = vec![("of", of)];
        fields.extend(ids.iter().map(|id| ("product", id.as_str())));
        fields.extend(filter);
        self.client.post("/rules/chosen", &fields).await
    }

    /// Sends the first step as it stands, for a store.
    async fn begin(&self, step: &Answer, store: StoreId) -> Answer {
        let mut fields = step.form_fields("main form.card");
        fields.retain(|(name, _)| name != "csrf_token" && name != "store");
        fields.push(("store".to_owned(), store.to_string()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.client.post("/rules/new", &fields).await.expect(200)
    }
}

#[tokio::test]
async fn the_chosen_products_become_a_selection() {
    let shop = Shop::open().await;
    let list = shop.client.get("/products?sort=name").await.expect(200);
    assert_eq!(list.count("tbody .pick input[name=product][form=pick]"), 3);
    assert_eq!(list.attribute("#pick", "action"), "/rules/chosen");

    let step = shop.pick("chosen", &shop.products[..2], &[]).await.expect(200);
    assert_eq!(step.count("input[name=kind]"), 12);
    assert_eq!(step.attribute("input[name=scope]", "value"), "selection");
    let form = shop.begin(&step, shop.store).await;
    assert_eq!(form.text("#skus"), "A-1 A-2");
    assert_eq!(form.count("#enabled[checked]"), 1);
    assert_eq!(form.count("#allow_up[checked]"), 1, "the careful defaults");
    let mut fields = form.form_fields("main form.card");
    fields.retain(|(name, _)| name != "csrf_token" && name != "name");
    fields.push(("name".to_owned(), "Two".to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    shop.client.post("/rules/new", &fields).await.expect(303);
    let conn = &mut shop.app.conn();
    let rules = rule_list(conn, Tenant::All, Some(shop.store)).unwrap();
    assert_eq!((rules.len(), rules[0].scope), (1, RuleScope::Selection));
    assert_eq!(
        rule_products_list(conn, rules[0].id).unwrap(),
        shop.products[..2].to_vec()
    );
}

#[tokio::test]
async fn all_that_the_filter_finds_can_be_chosen() {
    let shop = Shop::open().await;
    let step = shop
        .pick("found", &shop.products[2..], &[("q", "A-")])
        .await
        .expect(200);
    assert_eq!(shop.begin(&step, shop.store).await.text("#skus"), "A-1 A-2");
    // Nothing chosen leads back to the same list.
    let answer = shop
        .pick("chosen", &[], &[("q", "A-"), ("view", "auto")])
        .await
        .expect(303);
    assert_eq!(answer.location(), "/products?q=A-&view=auto");
}

#[tokio::test]
async fn products_of_others_are_left_out_and_a_rule_is_of_one_store() {
    let mut shop = Shop::open().await;
    let stranger = db_user(&mut shop.app.conn(), "askar", Role::Manager);
    let foreign_store = db_store(&mut shop.app.conn(), stranger, "30000002");
    let foreign = shop.product(foreign_store, "ALIEN");
    let seen_store = db_store(&mut shop.app.conn(), stranger, "30000003");
    let seen = shop.product(seen_store, "SEEN");
    let aigul: UserId = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut shop.app.conn())
        .unwrap();
    db_access(&mut shop.app.conn(), seen_store, aigul, Role::Viewer);
    shop.pick("chosen", &[foreign, seen], &[]).await.expect(303);
    let step = shop
        .pick("chosen", &[foreign, seen, shop.products[0]], &[])
        .await
        .expect(200);
    assert!(!step.body_text().contains("ALIEN") && !step.body_text().contains("SEEN"));
    assert_eq!(step.count("#store option"), 1);

    let second_store = db_store(&mut shop.app.conn(), aigul, "30000004");
    let second = shop.product(second_store, "C-1");
    let step = shop
        .pick("chosen", &[second, shop.products[0]], &[])
        .await
        .expect(200);
    assert_eq!(step.count("#store option"), 2);
    assert_eq!(step.count(".note.warn"), 1);
    assert_eq!(shop.begin(&step, second_store).await.text("#skus"), "C-1");
    assert_eq!(shop.begin(&step, shop.store).await.text("#skus"), "A-1");

    // Who may not change anything chooses nothing.
    let viewer = db_user(&mut shop.app.conn(), "viewer", Role::Viewer);
    db_access(&mut shop.app.conn(), shop.store, viewer, Role::Viewer);
    let viewer = shop.app.sign_in("viewer").await;
    let list = viewer.get("/products").await.expect(200);
    assert_eq!((list.count("tbody tr"), list.count(".pick")), (3, 0));
}

#[tokio::test]
async fn a_selection_stays_what_was_shown_while_products_come_and_go() {
    const FOUND: usize = 4_318;
    let shop = Shop::open().await;
    let conn = &mut shop.app.conn();
    diesel::sql_query(format!(
        "insert into products (id, store_id, kaspi_product_id, sku, name, created_at, updated_at)
         select gen_random_uuid(), '{}', 'offer-' || n, 'MANY-' || n, 'MANY-' || n, now(), now()
         from generate_series(1, {FOUND}) n",
        shop.store
    ))
    .execute(conn)
    .unwrap();
    let list = shop.client.get("/products?q=MANY").await.expect(200);
    assert!(
        list.text("#pick button[value=found]")
            .replace('\u{a0}', " ")
            .contains("4 318")
    );
    let step = shop.pick("found", &[], &[("q", "MANY")]).await.expect(200);

    // One more is found now, one no more, and one is gone.
    shop.product(shop.store, "MANY-late");
    diesel::sql_query("update products set name = 'another', version = version + 1 where sku = 'MANY-7'")
        .execute(conn)
        .unwrap();
    diesel::sql_query("delete from products where sku = 'MANY-9'")
        .execute(conn)
        .unwrap();

    let form = shop.begin(&step, shop.store).await;
    assert_eq!(form.text("#skus").split_whitespace().count(), FOUND);
    let save = async |form: &Answer, skus: &str| {
        let mut fields = form.form_fields("main form.card");
        fields.retain(|(name, _)| !["csrf_token", "name", "skus"].contains(&name.as_str()));
        fields.push(("name".to_owned(), "Many".to_owned()));
        fields.push(("skus".to_owned(), skus.to_owned()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        shop.client.post("/rules/new", &fields).await
    };
    let fields = form.form_fields("main form.card");
    let (_, shown) = fields.into_iter().find(|(name, _)| name == "skus").unwrap();
    let refused = save(&form, &shown).await.expect(422);
    assert!(
        refused.texts(".err").join(" ").contains("MANY-9"),
        "what is gone is told"
    );
    let without = shown.replace("MANY-9\n", "");
    save(&refused, &without).await.expect(303);
    let rules = rule_list(conn, Tenant::All, Some(shop.store)).unwrap();
    let taken: Vec<String> = rule_product_skus(conn, rules[0].id).unwrap();
    let mut shown: Vec<&str> = without.split_whitespace().collect();
    shown.sort_unstable();
    assert_eq!((taken.len(), rules.len()), (FOUND - 1, 1));
    let mut taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    taken.sort_unstable();
    assert_eq!(taken, shown);
}
