//! Everybody against every address of the API, taken from the route table: nobody, a stranger, viewers, managers, an
//! administrator, a revoked key, a user switched off. What is foreign neither shows nor changes.

use diesel::{prelude::*, sql_query, sql_types::Text};
use kaspi_panel::{
    app::{
        api_tokens::{list_api_tokens, revoke_api_token},
        kill_switch::stop_prices,
    },
    domain::{Actor, JobKind, ProductId, Role, StopTarget, StoreId, UserId},
    schema::{alerts, price_pushes, products, store_access, stores, users},
    web::routes::{Access, Kind, Route, all},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{program, seller, send};
use crate::support::{
    Answer, Client, NewProduct, TestApp, db_job_run, db_preorder, db_product, db_rule, db_user, now,
};

/// Stands in everything that belongs to Askar, and in nothing else.
const MARK: &str = "Секрет-Аскара";

/// A store of Askar with something of everything.
struct Things {
    owner: UserId,
    store: StoreId,
    product: ProductId,
    preorder: Uuid,
    push: Uuid,
    job: Uuid,
    rule: Uuid,
    alert: Uuid,
    stop: Uuid,
}

impl Things {
    async fn of_askar(app: &mut TestApp) -> Self {
        let (owner, store, _) = seller(app, "askar", "30000002").await;
        let conn = &mut app.conn();
        diesel::update(stores::table.find(store))
            .set(stores::name.eq(MARK))
            .execute(conn)
            .unwrap();
        let product = db_product(
            conn,
            store,
            &NewProduct {
                name: MARK,
                sku: "ASKAR-1",
                ..NewProduct::default()
            },
        );
        let preorder = db_preorder(conn, store, product, MARK).0;
        let job = db_job_run(conn, JobKind::MakeReport, store, &json!({ "of": MARK })).0;
        let rule = db_rule(conn, store, MARK).0;
        let push = Uuid::now_v7();
        diesel::insert_into(price_pushes::table)
            .values((
                price_pushes::id.eq(push),
                price_pushes::store_id.eq(store),
                price_pushes::product_id.eq(product),
                price_pushes::sequence.eq(1_i64),
                price_pushes::state.eq("rejected"),
                price_pushes::origin.eq("person"),
                price_pushes::reason.eq(MARK),
                price_pushes::build_id.eq("test"),
                price_pushes::planned_at.eq(now()),
                price_pushes::finished_at.eq(now()),
                price_pushes::worth.eq("place"),
                price_pushes::gain_tenge.eq(0_i64),
            ))
            .execute(conn)
            .unwrap();
        let alert = Uuid::now_v7();
        diesel::insert_into(alerts::table)
            .values((
                alerts::id.eq(alert),
                alerts::kind.eq("mismatch"),
                alerts::severity.eq("critical"),
                alerts::store_id.eq(store),
                alerts::product_id.eq(product),
                alerts::data.eq(json!({ "product": MARK })),
                alerts::created_at.eq(now()),
                alerts::last_at.eq(now()),
                alerts::told_at.eq(now()),
            ))
            .execute(conn)
            .unwrap();
        let askar = users::table
            .find(owner)
            .select(kaspi_panel::store::users::User::as_select())
            .first(conn)
            .unwrap();
        let actor = askar.actor(kaspi_panel::domain::ActorKind::Person, None);
        let stop = stop_prices(&app.services, &actor, StopTarget::Product(product), MARK)
            .await
            .unwrap()
            .0;
        Self {
            owner,
            store,
            product,
            preorder,
            push,
            job,
            rule,
            alert,
            stop,
        }
    }

    fn address(&self, route: &Route) -> String {
        let kinds: [(&str, Uuid); 8] = [
            ("/stores/", self.store.0),
            ("/products/", self.product.0),
            ("/preorders/", self.preorder),
            ("/price-pushes/", self.push),
            ("/jobs/", self.job),
            ("/rules/", self.rule),
            ("/alerts/", self.alert),
            ("/stops/", self.stop),
        ];
        let id = kinds
            .iter()
            .find(|(area, _)| route.path.contains(area))
            .map_or(Uuid::nil(), |(_, id)| *id);
        let address = route.path.replace("{id}", &id.to_string());
        match route.path {
            "/api/v1/preorders/list_by_store/" => format!("{address}?store_id={}", self.store),
            _ if route.method == Method::GET.as_str() => address,
            _ => format!("{address}?wait=0"),
        }
    }

    /// A body that would do something, about Askar's things.
    fn body(&self, route: &Route) -> Value {
        let (store, product) = (self.store, self.product);
        match route.path {
            "/api/v1/kaspi/stores/" | "/api/v1/kaspi/stores/{id}/" => {
                json!({ "user_id": "askar", "merchant_id": "30000002", "name": "changed" })
            }
            "/api/v1/kaspi/auth/authenticate/" => {
                json!({ "user_id": "askar", "email": "a@b.kz", "password": "x" })
            }
            "/api/v1/kaspi/auth/sms_start/" => json!({ "user_id": "askar", "phone": "+77000000009" }),
            "/api/v1/kaspi/auth/sms_verify/" => {
                json!({ "user_id": "askar", "session_id": Uuid::nil(), "code": "1234" })
            }
            "/api/v1/products/" | "/api/v1/products/{id}/" => json!({
                "kaspi_product_id": "changed", "store": store, "price": 100_000, "name": "changed",
            }),
            "/api/v1/products/offers_by_product/" => json!({ "sku": "ASKAR-1" }),
            "/api/v1/products/update_price/" => json!({ "product_id": product, "price": "9000" }),
            "/api/v1/products/batch_enable/" | "/api/v1/products/batch_disable/" => {
                json!({ "store_id": store, "product_ids": ["ASKAR-1"] })
            }
            "/api/v1/preorders/" | "/api/v1/preorders/{id}/" => {
                json!({ "product": product, "store": store, "name": "changed" })
            }
            "/api/v1/preorders/generate_excel/" | "/api/v1/preorders/upload/" => json!({ "store_id": store }),
            "/api/v1/rules/" | "/api/v1/rules/{id}/" => json!({
                "store": store, "name": "changed", "definition": { "strategy": { "kind": "match_lowest" } },
            }),
            "/api/v1/stops/" => json!({ "target": format!("store:{store}"), "reason": "changed" }),
            "/api/v1/stops/{id}/release/" => {
                json!({ "reason": "changed", "password": crate::support::PASSWORD })
            }
            _ => json!({}),
        }
    }
}

fn guarded() -> impl Iterator<Item = &'static Route> {
    all().filter(|route| route.kind == Kind::Api && route.access != Access::Anonymous)
}

async fn ask(client: &Client, things: &Things, route: &Route) -> Answer {
    let method: Method = route.method.as_str().parse().unwrap();
    let body = if method == Method::GET {
        String::new()
    } else {
        things.body(route).to_string()
    };
    send(client, method, &things.address(route), &body).await
}

/// Everything that Askar has, as one text.
fn state(app: &TestApp) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    [
        "stores",
        "products",
        "product_prices",
        "preorders",
        "rules",
        "kill_switches",
        "alerts",
        "job_runs",
        "price_pushes",
        "connection_attempts",
        "preorder_uploads",
    ]
    .iter()
    .map(|table| {
        let query =
            format!("select coalesce(string_agg(t::text, '|' order by t::text), '') as text from {table} t");
        let row: Row = sql_query(query).get_result(&mut app.conn()).unwrap();
        format!("{table}: {}", row.text)
    })
    .collect()
}

#[tokio::test]
async fn without_a_living_key_nothing_is_answered() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app).await;
    let revoked = program(&mut app, "askar").await;
    for token in list_api_tokens(&app.services, things.owner).await.unwrap() {
        revoke_api_token(&app.services, &Actor::system(), things.owner, token.id)
            .await
            .unwrap();
    }
    let off = db_user(&mut app.conn(), "off", Role::Admin);
    let disabled = program(&mut app, "off").await;
    diesel::update(users::table.find(off))
        .set(users::active.eq(false))
        .execute(&mut app.conn())
        .unwrap();
    let before = state(&app);
    for client in [app.anonymous(), app.api("no-such-key"), revoked, disabled] {
        for route in guarded() {
            let answer = ask(&client, &things, route).await;
            assert_eq!(
                answer.status,
                401,
                "{} {}: {}",
                route.method,
                route.path,
                answer.body_text()
            );
            assert!(!answer.body_text().contains(MARK));
        }
    }
    assert_eq!(state(&app), before);
    assert!(guarded().count() > 45);
}

#[tokio::test]
async fn what_is_foreign_neither_shows_nor_changes() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app).await;
    // A stranger who may change his own, and one who only reads.
    let (boris, own, stranger) = seller(&mut app, "boris", "30000003").await;
    db_user(&mut app.conn(), "vera", Role::Viewer);
    let reader = program(&mut app, "vera").await;
    let before = state(&app);
    for (reads, client) in [(false, &stranger), (true, &reader)] {
        for route in guarded() {
            let what = format!("{} {}", route.method, route.path);
            let answer = ask(client, &things, route).await;
            let (status, told) = (answer.status.as_u16(), answer.body_text());
            assert!(
                !told.contains(MARK) && !told.contains("30000002"),
                "{what}: {told}"
            );
            assert!(status < 500, "{what}: {status} {told}");
            if reads && route.access == Access::Manager {
                assert_eq!(status, 403, "{what}: {told}");
            } else if route.path.contains("{id}") {
                assert_eq!(status, 404, "{what}: {told}");
            }
        }
    }
    // Filters and lists by somebody else's keys are empty.
    for path in [
        format!("/api/v1/products/?store={}", things.store),
        format!("/api/v1/products/?store_id={}", things.store),
        "/api/v1/products/?search=ASKAR-1".to_owned(),
        format!("/api/v1/preorders/?store_id={}", things.store),
        "/api/v1/kaspi/stores/?user_id=askar".to_owned(),
        format!("/api/v1/price-pushes/?product={}", things.product),
        format!("/api/v1/price-pushes/?store={}", things.store),
        format!("/api/v1/jobs/?store={}", things.store),
        format!("/api/v1/rules/?store={}", things.store),
        "/api/v1/alerts/".to_owned(),
        "/api/v1/stops/".to_owned(),
    ] {
        let list = stranger.get(&path).await.expect(200).json();
        let foreign = list["results"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row.to_string().contains(MARK) || row["store"] == json!(things.store));
        assert!(!foreign, "{path}");
    }
    // One's own store with somebody else's things in it.
    let mine = json!(own);
    for (path, body) in [
        (
            "/api/v1/preorders/",
            json!({ "product": things.product, "store": mine, "name": "x" }),
        ),
        (
            "/api/v1/rules/",
            json!({ "store": mine, "scope": "product", "product": things.product, "name": "x",
                "definition": { "strategy": { "kind": "match_lowest" } } }),
        ),
        (
            "/api/v1/stops/",
            json!({ "target": format!("product:{}", things.product), "reason": "x" }),
        ),
        (
            "/api/v1/products/",
            json!({ "store": mine, "store_id": things.store, "kaspi_product_id": "x", "price": 1_000, "name": "x" }),
        ),
    ] {
        let answer = super::post(&stranger, path, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body_text());
        assert!(!answer.body_text().contains(MARK));
    }
    let batch = json!({ "store_id": mine, "product_ids": ["ASKAR-1"] }).to_string();
    let none = super::post(&stranger, "/api/v1/products/batch_disable/", &batch)
        .await
        .expect(200);
    assert_eq!(none.json()["updated_count"], 0);
    let selection = json!({ "store": mine, "scope": "selection", "products": [things.product], "name": "x",
        "definition": { "strategy": { "kind": "match_lowest" } } });
    let made = super::post(&stranger, "/api/v1/rules/", &selection.to_string()).await;
    if made.status == 201 {
        let made = made.json();
        assert_eq!(made["products"], json!([]), "foreign products are left out");
        let path = format!("/api/v1/rules/{}/", made["id"].as_str().unwrap());
        send(&stranger, Method::DELETE, &path, "").await.expect(204);
    }
    let mut after = state(&app);
    // A stranger's login of his own account is his own.
    after.retain(|table| !table.starts_with("connection_attempts") && !table.starts_with("job_runs"));
    let before: Vec<_> = before
        .into_iter()
        .filter(|table| !table.starts_with("connection_attempts") && !table.starts_with("job_runs"))
        .collect();
    assert_eq!(after, before, "boris is {boris}");
}

#[tokio::test]
async fn who_may_look_sees_and_who_may_change_changes() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app).await;
    let mut shared = Vec::new();
    for (name, role, on_store) in [
        ("vera", Role::Viewer, "viewer"),
        ("misha", Role::Manager, "manager"),
        ("oleg", Role::Manager, "viewer"),
    ] {
        let id = db_user(&mut app.conn(), name, role);
        diesel::insert_into(store_access::table)
            .values((
                store_access::store_id.eq(things.store),
                store_access::user_id.eq(id),
                store_access::role.eq(on_store),
                store_access::created_at.eq(now()),
            ))
            .execute(&mut app.conn())
            .unwrap();
        shared.push((name, program(&mut app, name).await));
    }
    db_user(&mut app.conn(), "root", Role::Admin);
    shared.push(("root", program(&mut app, "root").await));
    for (name, client) in &shared {
        for route in
            guarded().filter(|route| route.method == Method::GET.as_str() && route.path.contains("{id}"))
        {
            let answer = ask(client, &things, route).await;
            assert_eq!(
                answer.status,
                200,
                "{name}: {} {}",
                route.path,
                answer.body_text()
            );
        }
        let store = client
            .get(&format!("/api/v1/kaspi/stores/{}/", things.store))
            .await
            .json();
        assert_eq!(
            store["api_key"],
            Value::Null,
            "{name}: the key is for its owner alone"
        );
    }
    let product = format!("/api/v1/products/{}/", things.product);
    for (name, status) in [("vera", 403), ("oleg", 403), ("misha", 200), ("root", 200)] {
        let client = &shared.iter().find(|(who, _)| *who == name).unwrap().1;
        let answer = send(
            client,
            Method::PATCH,
            &product,
            &format!(r#"{{"category":"{name}"}}"#),
        )
        .await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body_text());
        let body = json!({ "store_id": things.store, "product_ids": ["ASKAR-1"] }).to_string();
        let answer = super::post(client, "/api/v1/products/batch_enable/", &body).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body_text());
    }
    let category: Option<String> = products::table
        .find(things.product)
        .select(products::category)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(category.as_deref(), Some("root"));
}
