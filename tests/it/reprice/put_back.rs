//! Putting earlier prices back: shown first, then sent through the same journal, gate and read-back as the robot's.

use chrono::{DateTime, Utc};
use kaspi_panel::{
    app::{
        kill_switch::stop_prices,
        put_back::{Planned, Preview, PutBackError, Wish, preview_put_back, put_back},
    },
    domain::{Actor, PushId, PutBackId, Role, StopTarget},
    schema::price_changes,
};

use super::*;

fn wish(shop: &Shop, at: DateTime<Utc>) -> Wish {
    Wish {
        store_id: shop.store,
        products: None,
        at,
    }
}

async fn preview(shop: &Shop) -> Preview {
    preview_put_back(&shop.app.services, &Actor::system(), wish(shop, now()))
        .await
        .unwrap()
}

async fn act(shop: &Shop, id: PutBackId) -> Planned {
    put_back(&shop.app.services, &Actor::system(), id, wish(shop, now()))
        .await
        .unwrap()
}

/// A shop whose price the robot has lowered from 15 990 ₸ to 15 979 ₸.
async fn lowered() -> Shop {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.push().await;
    shop.later(130).await;
    assert_eq!(shop.push().await.confirmed, 1);
    shop
}

#[actix_web::test]
async fn the_prices_of_then_come_back_and_the_robot_leaves_them() {
    let shop = lowered().await;
    let found = preview(&shop).await;
    assert_eq!((found.planned(), found.same, found.unknown), (1, 0, 0));
    assert_eq!(found.lines[0].biggest(), (Tenge(15_979), Tenge(15_990)));
    assert_eq!(shop.pushes().len(), 1, "a preview plans nothing");

    let id = PutBackId::new();
    let planned = act(&shop, id).await;
    assert_eq!((planned.planned, planned.refused), (1, 0));
    assert_eq!(act(&shop, id).await, planned, "the same form again");
    let again = act(&shop, PutBackId::new()).await;
    assert_eq!((again.planned, again.refused), (0, 1), "on its way already");
    assert_eq!(shop.pushes().len(), 2);

    assert_eq!(shop.push().await.sent, 1);
    let asked = shop.asked().await;
    assert_eq!(
        asked[1]["cityPrices"],
        json!([{ "cityId": ASTANA, "value": 16_490 }, { "cityId": "750000000", "value": 15_990 }])
    );
    shop.later(130).await;
    assert_eq!(shop.push().await.confirmed, 1);
    assert_eq!(db_price(&mut shop.app.conn(), shop.product), Tenge(15_990));
    let found = preview(&shop).await;
    assert_eq!((found.lines.len(), found.same), (0, 1));

    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 0, "hands off for an hour");
    shop.later(3_600).await;
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 1);

    let acts: Vec<(String, String)> = audit_log::table
        .filter(audit_log::action.eq("put_back"))
        .order(audit_log::id)
        .select((audit_log::object_kind, audit_log::actor_name))
        .load(&mut shop.app.conn())
        .unwrap();
    let by = |kind: &str| (kind.to_owned(), "system".to_owned());
    assert_eq!(acts[..2], [by("store"), by("price_push")]);
}

#[actix_web::test]
async fn each_change_of_a_price_is_kept_with_the_write_behind_it() {
    let shop = lowered().await;
    shop.sql("update product_prices set price_tenge = 15500, read_at = '2026-11-23T08:00:00Z' where city_id = '750000000'");
    shop.sql("update product_prices set read_at = read_at + interval '1 minute'");
    let kept: Vec<(Option<i64>, Option<i64>, bool)> = price_changes::table
        .filter(price_changes::city_id.eq("750000000"))
        .order(price_changes::at)
        .select((
            price_changes::before_tenge,
            price_changes::price_tenge,
            price_changes::push_id.is_not_null(),
        ))
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(
        kept,
        [
            (None, Some(15_990), false),
            (Some(15_990), Some(15_979), true),
            (Some(15_979), Some(15_500), false),
        ]
    );
    let pushes: Vec<PushId> = price_pushes::table
        .select(price_pushes::id)
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(pushes.len(), 1);
}

#[actix_web::test]
async fn what_is_forbidden_now_stays_and_is_told() {
    let shop = lowered().await;
    for (change, back, code) in [
        (
            "update products set floor_tenge = 15991",
            "update products set floor_tenge = 15000",
            "below_floor",
        ),
        (
            "update products set ceiling_tenge = 15985",
            "update products set ceiling_tenge = 20000",
            "above_ceiling",
        ),
        (
            "update products set ceiling_tenge = null",
            "update products set ceiling_tenge = 20000",
            "no_ceiling",
        ),
        (
            "update products set floor_tenge = null",
            "update products set floor_tenge = 15000",
            "no_floor",
        ),
        (
            "insert into pricing_terms (id, store_id, unit_cost_tenge, tax, created_at, updated_at)
             select gen_random_uuid(), id, 15900, 'none', now(), now() from stores",
            "delete from pricing_terms",
            "below_goal",
        ),
        (
            "update products set on_sale = false",
            "update products set on_sale = true",
            "not_on_sale",
        ),
        (
            "update stores set session_state = 'needs_login'",
            "update stores set session_state = 'connected'",
            "store_not_connected",
        ),
        (
            "update stores set frozen_until = '2026-11-24T00:00:00Z'",
            "update stores set frozen_until = null",
            "store_frozen",
        ),
        (
            "insert into kill_switches (id, scope, strategy, reason, stopped_by, stopped_at)
             values (gen_random_uuid(), 'strategy', 'beat_lowest', 'test', 'test', now())",
            "update kill_switches set released_at = now()",
            "",
        ),
        (
            "insert into kill_switches (id, scope, reason, stopped_by, stopped_at)
             values (gen_random_uuid(), 'all', 'test', 'test', now())",
            "update kill_switches set released_at = now()",
            "stopped",
        ),
    ] {
        shop.sql(change);
        let found = preview(&shop).await;
        let told: Vec<&str> = found.refused().iter().map(|(code, _)| *code).collect();
        let expected: Vec<&str> = Some(code).filter(|code| !code.is_empty()).into_iter().collect();
        assert_eq!(told, expected, "{change}");
        if !code.is_empty() {
            let planned = act(&shop, PutBackId::new()).await;
            assert_eq!((planned.planned, planned.refused), (0, 1), "{change}");
        }
        shop.sql(back);
    }
    assert_eq!(shop.pushes().len(), 1, "nothing was planned");

    // What is forbidden after it was planned is the last gate's to see.
    act(&shop, PutBackId::new()).await;
    stop_prices(&shop.app.services, &Actor::system(), StopTarget::All, "test")
        .await
        .unwrap();
    assert_eq!(shop.push().await.sent, 0);
    assert_eq!(shop.pushes()[1], (PushState::Held, Some("stopped".to_owned())));

    let ahead = wish(&shop, now() + chrono::TimeDelta::days(1));
    let refused = preview_put_back(&shop.app.services, &Actor::system(), ahead).await;
    assert!(matches!(refused, Err(PutBackError::Ahead)));
}

#[actix_web::test]
async fn a_person_sees_what_would_change_confirms_and_follows_it() {
    let mut shop = lowered().await;
    let admin = shop.app.signed_in("admin", Role::Admin).await;
    let log = admin.get("/log").await.expect(200);
    let href = log.attribute("td a[href*=put-back]", "href");
    let page = admin.get(&href).await.expect(200);
    assert_eq!(page.texts("#preview tbody tr").len(), 1);
    assert!(
        page.text("#preview tbody tr").contains("15 990"),
        "{}",
        page.text("#preview")
    );
    let action = format!("/stores/{}/put-back", shop.store);
    let field = |name: &str| page.attribute(&format!("#preview input[name={name}]"), "value");
    let (id, at, product) = (field("id"), field("at"), field("product"));
    let form = [("id", id.as_str()), ("at", &at), ("product", &product)];
    let answer = admin.post(&action, &form).await.expect(303);
    let progress = answer.location();
    assert_eq!(progress, format!("/put-backs/{id}"));
    let second = admin.post(&action, &form).await.expect(303);
    assert_eq!(second.location(), progress);
    let page = admin.get(&progress).await.expect(200);
    assert!(page.text("#put-back").contains("Завершено 0 из 1."));
    assert_eq!(page.attribute("#put-back", "hx-get"), progress);
    shop.push().await;
    shop.later(130).await;
    shop.push().await;
    let part = admin.htmx().get(&progress).await.expect(200);
    assert!(part.text("#put-back").contains("Завершено 1 из 1."));
    assert_eq!(part.count("[hx-get]"), 0, "over");

    for (query, status) in [
        ("?at=nonsense", 422),
        ("?at=2099-01-01T00:00", 422),
        ("?at=2026-11-23T11:00&skus=no-such", 422),
        ("?at=2026-11-23T11:00&skus=100000001_200000002", 200),
        ("", 200),
    ] {
        admin.get(&format!("{action}{query}")).await.expect(status);
    }
    let viewer = shop.app.signed_in("dana", Role::Viewer).await;
    viewer.get(&action).await.expect(403);
    viewer.post(&action, &form).await.expect(403);
    viewer.get(&progress).await.expect(404);
    let other = shop.app.signed_in("askar", Role::Manager).await;
    other.get(&action).await.expect(404);
    other.post(&action, &form).await.expect(404);
}

#[actix_web::test]
async fn the_command_line_puts_prices_back_and_only_says_so_where_it_is_asked_to() {
    let shop = lowered().await;
    let store = shop.store.to_string();
    let run = |more: &[&str]| {
        let arguments = ["prices", "put-back", "--store", &store];
        let output = shop
            .app
            .program(&[&arguments[..], more].concat())
            .output()
            .expect("the program runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let at = "2026-11-23T12:01";
    let (status, said) = run(&["--at", at, "--dry-run", "--json"]);
    assert_eq!(status, Some(0), "{said}");
    let answer: Value = serde_json::from_str(&said).expect("one object and nothing else");
    assert_eq!(answer["planned"], 1, "{answer}");
    assert_eq!(answer["id"], Value::Null, "{answer}");
    assert_eq!(shop.pushes().len(), 1);
    let (status, said) = run(&["--at", at]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.starts_with("1 price(s) wait for a worker"), "{said}");
    assert_eq!(shop.pushes().len(), 2);
    let (status, said) = run(&["--at", "tomorrow"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("write 14:05"), "{said}");
}
