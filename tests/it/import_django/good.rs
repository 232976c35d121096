//! Good rows: keys, money and times stay, and nothing becomes active by itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use kaspi_panel::{
    app::{
        api_tokens::create_api_token,
        import_django::{Counts, OwnerOutcome},
    },
    domain::{RepricingMode, Role, SessionState, Tenge},
    schema::{audit_log, price_pushes, product_prices, products, stores, users},
    store::{products::Product, stores::Store, users::User},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::support::{CITY, db_user};

fn whole(read: usize) -> Counts {
    Counts {
        read,
        taken: read,
        ..Counts::default()
    }
}

/// Two owners: the first one with two stores, three products and two preorders.
async fn moved() -> (Move, ImportTotals, Vec<ImportEvent>) {
    let moving = Move::new();
    db_user(&mut moving.app.conn(), "anna", Role::Manager);
    moving.change("update users set external_id = id::text");
    let old = &moving.old;
    old.store(
        1,
        &[(
            "guid",
            r#"'{"cookies": {"a": "b"}, "email": "a@b.kz", "password": "secret-1"}'"#,
        )],
    );
    old.store(2, &[("is_active", "false"), ("api_key", "null")]);
    old.store(3, &[("user_id", "'7c9e6679-7425-40de-944b-e07fc1f90ae7'")]);
    old.product(1, &[]);
    old.product(
        2,
        &[
            ("kaspi_sku", "null"),
            ("bot_active", "false"),
            ("min_profit", "null"),
        ],
    );
    let third = format!("'{}'", store(3));
    old.product(
        3,
        &[
            ("store_id", &third),
            ("kaspi_sku", "'S1'"),
            ("max_profit", "null"),
        ],
    );
    old.preorder(1, &[]);
    old.preorder(
        2,
        &[("price", "null"), ("warehouses", "'{}'"), ("delivery_days", "30")],
    );
    let options = ImportOptions {
        owners: vec![("user-1".into(), "Anna@example.kz".into())],
        ..ImportOptions::default()
    };
    let (totals, told) = moving.run(options).await;
    (moving, totals, told)
}

#[tokio::test]
async fn everything_comes_with_its_keys() {
    let (mut moving, totals, told) = moved().await;
    assert!(totals.is_complete());
    assert_eq!(
        (totals.kaspi_stores, totals.products, totals.preorders),
        (whole(3), whole(3), whole(2))
    );
    assert_eq!((totals.owners_made, totals.owners_known), (1, 1));
    let owner = |user_id: &str, email: &str, outcome| ImportEvent::Owner {
        user_id: user_id.into(),
        email: email.into(),
        outcome,
    };
    let uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    assert_eq!(
        told,
        [
            owner(uuid, &format!("{uuid}@imported.invalid"), OwnerOutcome::Made),
            owner("user-1", "anna@example.kz", OwnerOutcome::Named),
        ]
    );

    // As the predecessor's clients know it.
    let (_, key) = create_api_token(&moving.app.services, &Actor::system(), "anna@example.kz", "old")
        .await
        .unwrap();
    let client = moving.app.api(key.expose_secret());
    let list = client
        .get("/api/v1/kaspi/stores/?user_id=user-1")
        .await
        .expect(200)
        .json();
    let shops = list["results"].as_array().unwrap();
    assert_eq!(shops.len(), 2);
    let shop = shops
        .iter()
        .find(|shop| shop["id"] == store(1).to_string())
        .unwrap();
    assert_eq!(
        *shop,
        json!({"id": store(1), "created_at": "2026-11-01T10:00:00.123456+05:00",
            "updated_at": "2026-11-02T10:00:00.200000+05:00", "user_id": "user-1", "merchant_id": "30000001",
            "name": "Магазин 1", "api_key": "demo_key", "products_count": 7, "last_sync": null, "is_active": true})
    );
    let item = client
        .get(&format!("/api/v1/products/{}/", product(1)))
        .await
        .expect(200)
        .json();
    assert_eq!(
        item,
        json!({"id": product(1), "kaspi_product_id": "K1", "kaspi_sku": "S1", "store": store(1), "price": 1_248_000,
            "price_in_tenge": "12480.00", "name": "Чайник Barys белый", "external_kaspi_id": "100000001",
            "category": "Кухня", "image_url": "https://img.example.invalid/p/51.jpg", "bot_active": true,
            "last_check_time": "2026-11-04T09:00:00.000009+05:00", "min_profit": "10900.00", "max_profit": "13000.00",
            "strategy": null, "created_at": "2026-11-03T10:00:00.654321+05:00",
            "updated_at": "2026-11-04T10:00:00.000004+05:00"})
    );
    let promise = client
        .get(&format!("/api/v1/preorders/{}/", preorder(1)))
        .await
        .expect(200)
        .json();
    assert_eq!(
        promise,
        json!({"id": preorder(1), "product": product(1), "store": store(1), "article": "ART1", "name": "Предзаказ",
            "brand": "Tulpar", "status": "completed", "price": 107_900,
            "warehouses": {"1": {"id": 1, "quantity": 3}}, "delivery_days": 2,
            "created_at": "2026-11-05T10:00:00.000005+05:00", "updated_at": "2026-11-06T10:00:00.000006+05:00"})
    );
}

#[tokio::test]
async fn nothing_becomes_active_by_itself() {
    let (moving, ..) = moved().await;
    let conn = &mut moving.app.conn();
    let shops: Vec<Store> = stores::table
        .order(stores::id)
        .select(Store::as_select())
        .load(conn)
        .unwrap();
    for shop in &shops {
        assert_eq!(shop.session_state, SessionState::Never);
        assert_eq!(shop.repricing_mode, RepricingMode::Off);
        assert_eq!(
            (shop.last_sync_at, shop.account_id, shop.logged_in_at),
            (None, None, None)
        );
        assert!(!shop.api_key.is_empty());
    }
    let active: Vec<bool> = shops.iter().map(|shop| shop.active).collect();
    assert_eq!(active, [true, false, true]);
    let items: Vec<Product> = products::table
        .order(products::id)
        .select(Product::as_select())
        .load(conn)
        .unwrap();
    let told: Vec<_> = items
        .iter()
        .map(|item| (item.repricing_enabled, item.floor_tenge, item.ceiling_tenge))
        .collect();
    assert_eq!(
        told,
        [
            (true, Some(Tenge(10_900)), Some(Tenge(13_000))),
            (false, None, Some(Tenge(13_000))),
            (true, Some(Tenge(10_900)), None),
        ]
    );
    // The price is as old as the row it comes from, so that each reading of ours is newer.
    let prices: Vec<(String, Tenge, DateTime<Utc>)> = product_prices::table
        .order(product_prices::product_id)
        .select((
            product_prices::city_id,
            product_prices::price_tenge,
            product_prices::read_at,
        ))
        .load(conn)
        .unwrap();
    let price = (
        CITY.to_owned(),
        Tenge(12_480),
        "2026-11-04T05:00:00.000004Z".parse().unwrap(),
    );
    assert_eq!(prices, vec![price; 3]);

    // Even where somebody switches the store on: it has no session.
    moving.change("update stores set repricing_mode = 'live'");
    let pass = moving.app.program(&["demper", "--once"]).output().unwrap();
    assert!(pass.status.success(), "{pass:?}");
    assert_eq!(moving.app.market.calls("process").await, Vec::<Value>::new());
    let pushes: i64 = price_pushes::table.count().get_result(conn).unwrap();
    assert_eq!(pushes, 0);
    assert_eq!(moving.count("cabinet_accounts"), 0, "passwords are not wanted");
}

#[tokio::test]
async fn a_made_account_opens_to_nobody_until_it_gets_a_password() {
    let (mut moving, ..) = moved().await;
    let user: User = users::table
        .filter(users::external_id.eq("7c9e6679-7425-40de-944b-e07fc1f90ae7"))
        .select(User::as_select())
        .first(&mut moving.app.conn())
        .unwrap();
    assert_eq!((user.role, user.active), (Role::Manager, true));
    assert!(user.password_hash.starts_with("$argon2id$"));
    let nobody = moving.app.anonymous();
    let refused = nobody.sign_in_with(&user.email, "").await;
    assert_ne!(refused.status, 303);

    let services = &moving.app.services;
    let password = Secret::from("a password of his own");
    kaspi_panel::app::user_accounts::set_password(services, &Actor::system(), &user.email, password)
        .await
        .unwrap();
    let somebody = moving.app.anonymous();
    let answer = somebody
        .sign_in_with(&user.email, "a password of his own")
        .await
        .expect(303);
    assert_eq!(answer.location(), "/");
}

#[tokio::test]
async fn each_store_has_its_lines_in_the_log() {
    let (moving, ..) = moved().await;
    let lines: Vec<(String, Option<Uuid>, Option<Value>)> = audit_log::table
        .filter(audit_log::reason.eq("import-django"))
        .order(audit_log::id)
        .select((audit_log::action, audit_log::object_id, audit_log::after))
        .load(&mut moving.app.conn())
        .unwrap();
    let of = |n: u32| -> Vec<Value> {
        let id = Some(store(n));
        lines
            .iter()
            .filter(|line| line.1 == id)
            .map(|line| line.2.clone().unwrap())
            .collect()
    };
    assert_eq!(of(1).len(), 3);
    assert_eq!(of(1)[0]["repricing_mode"], "off");
    assert_eq!(
        of(1)[1],
        json!({"products": 2, "first": product(1), "last": product(2)})
    );
    assert_eq!(
        of(1)[2],
        json!({"preorders": 2, "first": preorder(1), "last": preorder(2)})
    );
    assert_eq!(
        of(3)[1],
        json!({"products": 1, "first": product(3), "last": product(3)})
    );
    let actions: Vec<&str> = lines.iter().map(|line| line.0.as_str()).collect();
    assert_eq!(
        &actions[..2],
        ["create", "update"],
        "a person is made, another one gets his id"
    );
    assert!(
        actions[2..].iter().all(|action| *action == "import"),
        "{actions:?}"
    );
}
