//! Models with something of their own: rows found by typing, roles and access, what is written and never shown, fields
//! by kind, settings, views under names, the command box.

use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    domain::Role,
    schema::{alert_channels, audit_log, preorders, proxies, settings, store_access, users},
    store::alert_channels::channel_list,
};

use super::{panel, product};
use crate::support::{Answer, Client, PASSWORD, TestApp, db_store, db_user};

/// Posts what the form holds, with these fields instead of its own.
async fn fill(client: &Client, page: &Answer, path: &str, typed: &[(&str, &str)]) -> Answer {
    let mut fields = page.form_fields("main form[aria-label]");
    fields.retain(|(name, _)| !typed.iter().any(|(known, _)| name == known));
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(typed.iter().copied())
        .collect();
    client.post(path, &fields).await
}

#[tokio::test]
async fn a_row_of_another_table_is_typed_into_a_form_and_chosen_where_several_are_meant() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "K-white", "Kettle white", 9_000);
    let black = product(&app, store, "K-black", "Kettle black", 9_000);
    let add = "/admin/preorders/add/";
    let offered = root
        .get("/admin/preorders/choices/product_id/?product_id=kettle+black")
        .await
        .expect(200);
    let called = offered.attribute("option", "value");
    assert!(
        called.starts_with("Kettle black \u{b7} ") && called.ends_with("Store 30000001"),
        "{called}"
    );
    let page = root.get(add).await.expect(200);
    let none = fill(&root, &page, add, &[("product_id", "toaster")])
        .await
        .expect(422);
    assert_eq!(none.count("main .found input"), 0);
    assert_eq!(none.attribute("#f-product_id", "value"), "toaster");
    let several = fill(&root, &page, add, &[("product_id", "kettle")])
        .await
        .expect(422);
    assert_eq!(several.texts("main .errors a").len(), 1);
    assert_eq!(several.count("main .found input[type=radio]"), 2);
    // Without a script: choosing one of those found, and saving once more.
    let chosen = [("product_id", "kettle"), ("product_id.key", &*black.to_string())];
    let added = fill(&root, &several, add, &chosen).await.expect(303);
    assert_eq!(added.location(), "/admin/preorders/");
    let of = |app: &TestApp| -> Vec<kaspi_panel::domain::ProductId> {
        preorders::table
            .select(preorders::product_id)
            .load(&mut app.conn())
            .unwrap()
    };
    assert_eq!(of(&app), [black]);
    diesel::delete(preorders::table).execute(&mut app.conn()).unwrap();
    // What was chosen for another text does not count.
    let other = [
        ("product_id", called.as_str()),
        ("product_id.asked", "kettle"),
        ("product_id.key", &*store.to_string()),
        ("delivery_days", "five"),
    ];
    let again = fill(&root, &page, add, &other).await.expect(422);
    assert_eq!(again.attribute("#f-product_id", "value"), called);
    fill(&root, &again, add, &[("delivery_days", "5")])
        .await
        .expect(303);
    assert_eq!(of(&app), [black]);
}

#[tokio::test]
async fn who_may_what_in_a_store_is_decided_here() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let guest = app.signed_in("boris", Role::Manager).await;
    let shop = format!("/stores/{store}");
    guest.get(&shop).await.expect(404);
    let add = "/admin/store-access/add/";
    let page = root.get(add).await.expect(200);
    let typed = [
        ("store", "30000001"),
        ("email", "boris"),
        ("role", "viewer"),
        ("stay", "yes"),
    ];
    let path = fill(&root, &page, add, &typed).await.expect(303).location();
    guest.get(&shop).await.expect(200);
    guest
        .post(&format!("{shop}/mode"), &[("mode", "off")])
        .await
        .expect(403);

    let page = root.get(&path).await.expect(200);
    assert_eq!(
        page.count("#f-store, #f-email"),
        0,
        "another store or person is another sharing"
    );
    fill(&root, &page, &path, &[("role", "admin")]).await.expect(422);
    fill(&root, &page, &path, &[("role", "manager")])
        .await
        .expect(303);
    guest
        .post(&format!("{shop}/mode"), &[("mode", "off")])
        .await
        .expect(303);
    let conflict = fill(&root, &page, &path, &[("role", "viewer")]).await.expect(409);
    assert!(
        conflict.text("main .note.warn").contains("менеджер"),
        "{}",
        conflict.text("main .note")
    );

    let history = root.get(&format!("{path}history/")).await.expect(200);
    assert_eq!(history.count("main .hist > li"), 2);
    let form = "main .hist form";
    let (target, fields) = (history.attribute(form, "action"), history.form_fields(form));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    root.post(&target, &fields).await.expect(303);
    guest
        .post(&format!("{shop}/mode"), &[("mode", "off")])
        .await
        .expect(403);
    root.post(&format!("{path}delete/"), &[]).await.expect(303);
    guest.get(&shop).await.expect(404);
    let acts: Vec<String> = audit_log::table
        .filter(audit_log::object_kind.eq("store_access"))
        .order(audit_log::id)
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(acts, ["share", "share", "share", "unshare"]);
    let left: i64 = store_access::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn rights_are_given_by_whoever_knows_his_password() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    let add = "/admin/users/add/";
    let page = root.get(add).await.expect(200);
    let new = |own: &'static str, password: &'static str| {
        [
            ("email", "saule@example.kz"),
            ("person", "Сауле"),
            ("role", "viewer"),
            ("new_password", password),
            ("own_password", own),
            ("stay", "yes"),
        ]
    };
    for (own, password, field) in [
        ("", "a long enough one", "own_password"),
        ("not my password", "a long enough one", "own_password"),
        (PASSWORD, "short", "new_password"),
    ] {
        let refused = fill(&root, &page, add, &new(own, password)).await.expect(422);
        assert_eq!(refused.attribute("main .errors a", "href"), format!("#f-{field}"));
        assert!(!refused.text("main").contains("$n"));
        assert_eq!(
            refused.attribute("#f-new_password", "value"),
            "",
            "a secret never comes back"
        );
    }
    let path = fill(&root, &page, add, &new(PASSWORD, "a long enough one"))
        .await
        .expect(303)
        .location();
    let page = root.get(&path).await.expect(200);
    assert_eq!((page.count("#f-email"), page.count("#f-new_password")), (0, 0));
    let manager = [("role", "manager"), ("own_password", PASSWORD)];
    fill(&root, &page, &path, &[("role", "manager")])
        .await
        .expect(422);
    fill(&root, &page, &path, &manager).await.expect(303);
    fill(&root, &page, &path, &manager).await.expect(409);
    let role = |app: &TestApp, email: &str| -> (Role, bool) {
        users::table
            .filter(users::email.eq(email.to_owned()))
            .select((users::role, users::active))
            .first(&mut app.conn())
            .unwrap()
    };
    assert_eq!(role(&app, "saule@example.kz"), (Role::Manager, true));
    // The last administrator stays one, and nobody shuts himself out.
    let own = root.get("/admin/users/?q=root").await.expect(200);
    let own = own.page_links("main tbody th a").remove(0);
    let page = root.get(&own).await.expect(200);
    for typed in [
        vec![("role", "viewer"), ("own_password", PASSWORD)],
        vec![("active", ""), ("own_password", PASSWORD)],
    ] {
        fill(&root, &page, &own, &typed).await.expect(422);
    }
    assert_eq!(role(&app, "root@example.kz"), (Role::Admin, true));
}

#[tokio::test]
async fn a_proxys_password_is_written_and_never_shown() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    let lines = [
        ("lines", "http://user:secret-pass@proxy.example.kz:8080"),
        ("label", "Office"),
    ];
    root.post("/settings/proxies", &lines).await.expect(303);
    app.conn()
        .batch_execute(
            "insert into proxies (id, origin, label, scheme, host, port, created_at, updated_at) values
             (gen_random_uuid(), 'environment', '', 'http', 'other.example.kz', 8080, now(), now())",
        )
        .unwrap();
    let list = root.get("/admin/proxies/?q=proxy.example").await.expect(200);
    let path = list.page_links("main tbody th a").remove(0);
    let page = root.get(&path).await.expect(200);
    assert!(!page.body_text().contains("secret-pass"));
    let sealed = |app: &TestApp| -> (Option<Vec<u8>>, bool, String) {
        proxies::table
            .filter(proxies::host.eq("proxy.example.kz"))
            .select((proxies::credentials_sealed, proxies::enabled, proxies::label))
            .first(&mut app.conn())
            .unwrap()
    };
    let before = sealed(&app);
    fill(&root, &page, &path, &[("label", "Home")]).await.expect(303);
    assert_eq!(
        sealed(&app),
        (before.0.clone(), true, "Home".to_owned()),
        "an empty field keeps them"
    );
    let page = root.get(&path).await.expect(200);
    let refused = fill(&root, &page, &path, &[("password", "another-pass")])
        .await
        .expect(422);
    assert_eq!(refused.attribute("main .errors a", "href"), "#f-username");
    assert!(!refused.body_text().contains("another-pass"));
    let both = [("username", "me"), ("password", "another-pass"), ("enabled", "")];
    fill(&root, &page, &path, &both).await.expect(303);
    let after = sealed(&app);
    assert!(after.0 != before.0 && after.0.is_some() && !after.1);
    let history = root.get(&format!("{path}history/")).await.expect(200).body_text();
    assert!(!history.contains("another-pass") && history.contains("Home"));
    let page = root.get(&path).await.expect(200);
    fill(&root, &page, &path, &[("forget_credentials", "on")])
        .await
        .expect(303);
    assert_eq!(sealed(&app).0, None);
    assert_eq!(
        root.get(&path).await.expect(200).count("#f-forget_credentials"),
        0
    );
    // Those of the environment are shown alone.
    let list = root.get("/admin/proxies/?q=other.example").await.expect(200);
    let path = list.page_links("main tbody th a").remove(0);
    let page = root.get(&path).await.expect(200);
    assert_eq!(page.count("main form input:not([type=hidden]), main .save"), 0);
    root.post(&path, &[("version", "1"), ("label", "Mine")])
        .await
        .expect(403);
}

#[tokio::test]
async fn a_channel_has_the_fields_of_its_kind() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    app.conn()
        .batch_execute(
            "insert into alert_channels (id, channel, enabled, language, settings, kinds, version, updated_at) values
             (gen_random_uuid(), 'telegram', false, 'ru', '{}', '[\"mismatch\"]', 1, now()),
             (gen_random_uuid(), 'email', false, 'ru', '{\"port\": \"465\", \"security\": \"tls\"}', '[]', 1, now())",
        )
        .unwrap();
    let paths = root
        .get("/admin/alert-channels/")
        .await
        .expect(200)
        .page_links("main tbody th a");
    let mail = root.get(&paths[0]).await.expect(200);
    assert_eq!(
        (
            mail.count("#f-host"),
            mail.count("#f-chat_id"),
            mail.count("#f-url")
        ),
        (1, 0, 0)
    );
    let bot = root.get(&paths[1]).await.expect(200);
    assert_eq!((bot.count("#f-host"), bot.count("#f-chat_id")), (0, 1));
    let refused = fill(&root, &bot, &paths[1], &[("enabled", "on")])
        .await
        .expect(422);
    assert_eq!(refused.texts("main .errors a").len(), 2, "a chat and a token");
    let typed = [
        ("enabled", "on"),
        ("chat_id", "-100"),
        ("secret", "42:token-of-a-bot"),
    ];
    fill(&root, &bot, &paths[1], &typed).await.expect(303);
    fill(&root, &bot, &paths[1], &typed).await.expect(409);
    let row = channel_list(&mut app.conn()).unwrap().remove(1);
    assert!(row.enabled && row.secret_sealed.is_some());
    assert_eq!(
        row.kinds,
        serde_json::json!(["mismatch"]),
        "what the form does not have stays"
    );
    let shown = root.get(&paths[1]).await.expect(200).body_text();
    assert!(!shown.contains("token-of-a-bot"));
    let kept: i64 = alert_channels::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn the_safety_limits_are_one_object_with_a_history() {
    let mut app = TestApp::new();
    let (root, _) = panel(&mut app).await;
    let list = root.get("/admin/safety-limits/").await.expect(200);
    let path = list.page_links("main tbody th a").remove(0);
    let page = root.get(&path).await.expect(200);
    assert_eq!(
        page.attribute("#f-collar_low_percent", "value"),
        "70",
        "what the program brings along"
    );
    let wrong = [("collar_low_percent", "100"), ("reason", "")];
    let refused = fill(&root, &page, &path, &wrong).await.expect(422);
    assert_eq!(refused.texts("main .errors a").len(), 2);
    assert!(
        refused.text("main .errors").contains("99"),
        "{}",
        refused.text("main .errors")
    );
    let right = [("collar_low_percent", "60"), ("reason", "sale")];
    fill(&root, &page, &path, &right).await.expect(303);
    let conflict = fill(
        &root,
        &page,
        &path,
        &[("collar_low_percent", "50"), ("reason", "again")],
    )
    .await
    .expect(409);
    assert!(conflict.text("main .note.warn").contains("60"));
    let stored = |app: &TestApp| -> (serde_json::Value, i32) {
        settings::table
            .find("safety_limits")
            .select((settings::value, settings::version))
            .first(&mut app.conn())
            .unwrap()
    };
    let (value, version) = stored(&app);
    assert_eq!((value["collar_low_percent"].as_i64(), version), (Some(60), 1));
    // The page of the settings raises the version too.
    let brakes = root.get("/settings/brakes").await.expect(200);
    let mut fields = brakes.form_fields("main form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "drops_per_day" => "7".clone_into(value),
            "reason" => "fewer".clone_into(value),
            _ => {}
        }
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    root.post("/settings/brakes", &fields).await.expect(303);
    assert_eq!(stored(&app).1, 2);
    let history = root.get(&format!("{path}history/")).await.expect(200);
    assert_eq!(history.count("main .hist > li"), 2);
    // Bringing back what was before needs a reason, as every change of them.
    let form = "main .hist form";
    let (target, fields) = (history.attribute(form, "action"), history.form_fields(form));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let asked = root.post(&target, &fields).await.expect(422);
    assert_eq!(asked.attribute("main .errors a", "href"), "#f-reason");
    assert_eq!(asked.attribute("#f-drops_per_day", "value"), "20");
}

#[tokio::test]
async fn a_list_is_saved_under_a_name_and_is_an_address() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    product(&app, store, "A", "Kettle", 9_000);
    product(&app, store, "B", "Iron", 9_000);
    let query = "?repricing_enabled=yes&q=kettle&c=name&c=sku";
    let list = root.get(&format!("/admin/products/{query}")).await.expect(200);
    let save = "/admin/products/views/";
    let fields = list.form_fields(&format!("main form[action='{save}']"));
    let query = fields
        .iter()
        .find(|(name, _)| name == "list")
        .map(|(_, value)| value.clone())
        .unwrap();
    let named = |name: &'static str| [("list", query.clone()), ("name", name.to_owned())];
    for (name, saved) in [("  Мой вид  ", true), ("мой вид", false), ("", false)] {
        let form = named(name);
        let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let back = root.post(save, &fields).await.expect(303).location();
        let page = root.get(&back).await.expect(200);
        assert_eq!(page.count(".flash.bad"), usize::from(!saved), "{name:?}");
        assert_eq!(page.texts("main tbody th"), ["Kettle"]);
    }
    let page = root.get("/admin/products/").await.expect(200);
    assert_eq!(page.texts("main .own-view a"), ["Мой вид"]);
    assert_eq!(page.count("main .own-view a[aria-current]"), 0);
    let address = format!("/admin/products/{}", page.attribute("main .own-view a", "href"));
    let view = root.get(&address).await.expect(200);
    assert_eq!(view.texts("main tbody th"), ["Kettle"]);
    assert_eq!(view.count("main .own-view a[aria-current]"), 1);
    // Another list, and another person, have views of their own; the address is everybody's.
    let other = app.signed_in("aliya", Role::Admin).await;
    assert_eq!(other.get(&address).await.expect(200).count("main .own-view"), 0);
    for path in ["/admin/stores/", "/products/views"] {
        assert!(
            !root.get(path).await.expect(200).text("main").contains("Мой вид"),
            "{path}"
        );
    }
    let form = page.attribute("main .own-view form", "action");
    other.post(&form, &[]).await.expect(404);
    root.post(&form, &[]).await.expect(303);
    assert_eq!(
        root.get("/admin/products/")
            .await
            .expect(200)
            .count("main .own-view"),
        0
    );
}

#[tokio::test]
async fn the_command_box_finds_models_and_rows_of_all_of_them() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let kettle = product(&app, store, "CH-100", "Чайник Tefal", 9_000);
    let guest = db_user(&mut app.conn(), "boris", Role::Viewer);
    let other = db_store(&mut app.conn(), guest, "30000009");
    let find = async |client: &Client, text: &str| {
        let path = format!("/search?q={text}");
        client.htmx().get(&path).await.expect(200).page_links(".hits a")
    };
    let user = format!("/admin/users/{guest}/");
    assert!(find(&root, "boris").await.contains(&user));
    assert!(
        find(&root, "CH-100")
            .await
            .contains(&format!("/admin/products/{kettle}/"))
    );
    assert!(
        find(&root, "30000009")
            .await
            .contains(&format!("/admin/stores/{other}/"))
    );
    assert!(
        find(&root, "%D0%A1%D0%B5%D0%B0%D0%BD%D1%81%D1%8B")
            .await
            .contains(&"/admin/sessions/".to_owned())
    );
    // A key leads straight to what only the administration area shows.
    let key = root.get(&format!("/search?q={guest}")).await.expect(303);
    assert_eq!(key.location(), user);
    let manager = app.sign_in("anna").await;
    for text in ["boris", "CH-100", &guest.to_string()] {
        let links = find(&manager, text).await;
        assert!(
            !links.iter().any(|link| link.starts_with("/admin/")),
            "{text}: {links:?}"
        );
    }
}
