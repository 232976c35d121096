//! Outgoing proxies: entering them, what the workers do with them, and that nobody gets credentials back.

use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    app::{
        edit::EditError,
        proxies::{add_proxies, check_proxy_now, delete_proxy, environment_id, upkeep::ProxyUpkeep},
    },
    config::Config,
    domain::{Actor, ProxyFault, ProxyId, Role, proxy::parse_line},
    schema::{audit_log, proxies},
    secrets::Secret,
    store::proxies::Proxy,
};
use serde_json::Value;

use crate::support::{TestApp, TestProxy};

fn with_private_proxies(more: impl FnOnce(&mut Config) + 'static) -> TestApp {
    TestApp::builder()
        .settings(|config| {
            config.kaspi.private_proxies = true;
            more(config);
        })
        .build()
}

fn rows(app: &TestApp) -> Vec<Proxy> {
    proxies::table
        .order((proxies::created_at, proxies::port))
        .select(Proxy::as_select())
        .load(&mut app.conn())
        .unwrap()
}

async fn add(app: &TestApp, lines: &str) -> ProxyId {
    let added = add_proxies(&app.services, &Actor::system(), &Secret::from(lines), "")
        .await
        .unwrap();
    assert_eq!((added.added, &added.faults), (1, &Vec::new()), "{lines}");
    rows(app).last().unwrap().id
}

/// The audit log's lines about proxies: action, before and after.
fn audited(app: &TestApp) -> Vec<(String, String)> {
    audit_log::table
        .filter(audit_log::object_kind.eq("proxy"))
        .order((audit_log::at, audit_log::id))
        .select((audit_log::action, audit_log::before, audit_log::after))
        .load::<(String, Option<Value>, Option<Value>)>(&mut app.conn())
        .unwrap()
        .into_iter()
        .map(|(action, before, after)| (action, format!("{before:?} {after:?}")))
        .collect()
}

const GOOD: &str = "http://canary-user:canary-pass@proxy.example.kz:8080";

#[tokio::test]
async fn an_administrator_pastes_proxies_and_sees_what_was_not_taken() {
    let mut app = TestApp::new();
    let root = app.signed_in("root", Role::Admin).await;
    let page = root.get("/settings").await.expect(200);
    assert!(page.text("#proxies .blank").contains("запросы идут напрямую"));

    let lines = format!(
        "{GOOD}\n\n10.0.0.1:3128:canary-user:canary-pass\nsocks5://proxy.example.kz:1080\nproxy.example.kz"
    );
    let form = [("lines", lines.as_str()), ("label", "Алматы")];
    let answer = root.post("/settings/proxies", &form).await.expect(422);
    let told = answer.texts(".errors li");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("Строка 3:") && told[0].contains("внутри своей сети"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("Строка 5:") && told[1].contains("порт"),
        "{told:?}"
    );
    assert!(answer.text(".errors p").contains("Добавлено 2 прокси"));
    assert!(answer.text("title").starts_with("Ошибка:"));
    assert!(
        !answer.body_text().contains("canary"),
        "pasted credentials do not come back"
    );

    let all = rows(&app);
    let addresses: Vec<String> = all.iter().map(Proxy::address).collect();
    assert_eq!(
        addresses,
        ["socks5://proxy.example.kz:1080", "http://proxy.example.kz:8080"]
    );
    assert!(all.iter().all(|proxy| proxy.enabled && proxy.label == "Алматы"));
    assert!(all[0].credentials_sealed.is_none() && all[1].credentials_sealed.is_some());

    // The corrected list adds only what is missing.
    let form = [(
        "lines",
        lines
            .replace("10.0.0.1", "93.184.216.34")
            .replace("\nproxy.example.kz", ""),
    )];
    let form = [("lines", form[0].1.as_str())];
    root.post("/settings/proxies", &form).await.expect(303);
    let page = root.get("/settings").await.expect(200);
    assert!(page.text(".flash").contains("Добавлен 1 прокси") && page.text(".flash").contains("2 уже были"));
    assert_eq!(page.texts("#proxies tbody tr").len(), 3);
    assert!(
        page.text("#proxies")
            .contains("логин и пароль сохранены 23.11.2026")
    );
    assert!(!page.body_text().contains("canary"));
    // The same address with other credentials is another proxy.
    let other = [("lines", "http://other:canary-pass@proxy.example.kz:8080")];
    root.post("/settings/proxies", &other).await.expect(303);
    assert_eq!(rows(&app).len(), 4);

    for (lines, label, field) in [("", "", "lines"), (GOOD, &*"x".repeat(101), "label")] {
        let answer = root
            .post("/settings/proxies", &[("lines", lines), ("label", label)])
            .await
            .expect(422);
        assert_eq!(answer.attribute(".errors li a", "href"), format!("#{field}"));
        assert_eq!(answer.count(&format!("#{field}-error")), 1);
    }
    let lines = audited(&app);
    assert_eq!(lines.len(), 4);
    assert!(
        lines
            .iter()
            .all(|(action, change)| action == "create" && !change.contains("canary")),
        "{lines:?}"
    );
    assert!(
        root.get("/log")
            .await
            .expect(200)
            .body_text()
            .contains("http://proxy.example.kz:8080")
    );
}

#[tokio::test]
async fn an_administrator_changes_switches_and_removes_a_proxy() {
    let mut app = TestApp::new();
    let root = app.signed_in("root", Role::Admin).await;
    let id = add(&app, GOOD).await;
    let (page, row) = (format!("/settings/proxies/{id}"), || rows(&app).remove(0));
    let sealed = row().credentials_sealed.clone();

    let shown = root.get(&page).await.expect(200);
    assert!(!shown.body_text().contains("canary"));
    assert_eq!(shown.attribute("input[name=version]", "value"), "1");
    let edit = |version: &'static str, more: &[(&'static str, &'static str)]| {
        let mut form = vec![
            ("version", version),
            ("label", "Астана"),
            ("username", ""),
            ("password", ""),
        ];
        form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        form.extend(more);
        form
    };
    // Empty fields keep the credentials.
    root.post(&page, &edit("1", &[])).await.expect(303);
    assert_eq!(
        (row().label.as_str(), &row().credentials_sealed),
        ("Астана", &sealed)
    );
    // Somebody else was faster.
    let conflict = root
        .post(&page, &edit("1", &[("label", "Шымкент")]))
        .await
        .expect(409);
    assert!(conflict.text("[role=alert]").contains("кто-то другой"));
    assert_eq!(
        conflict.attribute("#label", "value"),
        "Шымкент",
        "what was typed stays"
    );
    // A password alone belongs to nobody.
    let wrong = root
        .post(&page, &edit("2", &[("password", "canary-new")]))
        .await
        .expect(422);
    assert_eq!(wrong.count("#username-error"), 1);
    assert!(!wrong.body_text().contains("canary"));
    let new = [("username", "canary-other"), ("password", "canary-new")];
    root.post(&page, &edit("2", &new)).await.expect(303);
    assert_ne!(row().credentials_sealed, sealed);
    root.post(&page, &edit("3", &[("forget", "yes")]))
        .await
        .expect(303);
    assert_eq!((row().credentials_sealed, row().credentials_set_at), (None, None));

    root.post(&format!("{page}/enabled"), &[("enabled", "off")])
        .await
        .expect(303);
    assert!(!row().enabled);
    assert!(
        root.get("/settings")
            .await
            .expect(200)
            .text("#proxies tbody")
            .contains("выключен")
    );
    root.post(&format!("{page}/enabled"), &[("enabled", "maybe")])
        .await
        .expect(400);

    let confirm = root.get(&format!("{page}/delete")).await.expect(200);
    assert!(confirm.text("form.dlg").contains("http://proxy.example.kz:8080"));
    assert_eq!(rows(&app).len(), 1, "asked, not done");
    root.post(&format!("{page}/delete"), &[]).await.expect(303);
    assert!(rows(&app).is_empty());
    root.get(&page).await.expect(404);
    let lines = audited(&app);
    let actions: Vec<&str> = lines.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(
        actions,
        ["create", "update", "update", "update", "update", "delete"]
    );
    assert!(!format!("{lines:?}").contains("canary"), "{lines:?}");
}

#[tokio::test]
async fn only_administrators_come_near_proxies() {
    let mut app = TestApp::new();
    let id = add(&app, GOOD).await;
    let manager = app.signed_in("aigul", Role::Manager).await;
    manager.get("/settings").await.expect(403);
    assert_eq!(manager.get("/").await.count("nav a[href='/settings']"), 0);
    let actor = Actor {
        role: Role::Manager,
        ..Actor::system()
    };
    let services = &app.services;
    for refused in [
        add_proxies(services, &actor, &Secret::from(GOOD), "")
            .await
            .map(drop),
        delete_proxy(services, &actor, id).await,
        check_proxy_now(services, &actor, id).await,
        kaspi_panel::app::proxies::set_proxy_enabled(services, &actor, id, false).await,
        kaspi_panel::app::proxies::edit_proxy(services, &actor, (id, 1), Default::default()).await,
    ] {
        assert!(matches!(refused, Err(EditError::Forbidden)), "{refused:?}");
    }
    assert_eq!(audited(&app).len(), 1);
}

#[tokio::test]
async fn what_is_enabled_is_used_and_counted() {
    let app = with_private_proxies(|_| {});
    let upkeep = ProxyUpkeep::default();
    let services = &app.services;
    upkeep.load(services).await.unwrap();
    let read = || services.kaspi.market_offers("100000001", "750000000");
    let proxy = TestProxy::start(Some("user:pa:ss")).await;
    read().await.unwrap();
    assert!(proxy.take_seen().is_empty(), "no proxy means directly");

    let id = add(&app, &format!("http://user:pa:ss@{}", proxy.address)).await;
    upkeep.load(services).await.unwrap();
    read().await.unwrap();
    let seen = proxy.take_seen();
    assert!(
        !seen.is_empty() && seen[0].starts_with(app.market.host("public").as_str()),
        "{seen:?}"
    );
    upkeep.count(services).await.unwrap();
    let row = rows(&app).remove(0);
    assert_eq!(
        (row.requests, row.failures, row.last_used_at),
        (i64::try_from(seen.len()).unwrap(), 0, Some(services.now()))
    );

    proxy.answer_bad_gateway();
    let _no_answer = read().await;
    upkeep.count(services).await.unwrap();
    assert!(rows(&app)[0].requests > row.requests, "sums grow");

    // Credentials of another row open nothing: the client keeps what it had, nothing goes out directly.
    proxy.take_seen();
    app.conn()
        .batch_execute(
            "update proxies set credentials_sealed = credentials_sealed || '\\x00', version = version + 1",
        )
        .unwrap();
    assert!(upkeep.load(services).await.is_err());
    let _no_answer = read().await;
    assert!(!proxy.take_seen().is_empty());
    let fresh = ProxyUpkeep::default();
    assert!(fresh.load(services).await.is_err(), "a new worker waits");

    kaspi_panel::app::proxies::set_proxy_enabled(services, &Actor::system(), id, false)
        .await
        .unwrap();
    upkeep.load(services).await.unwrap();
    read().await.unwrap();
    assert!(proxy.take_seen().is_empty(), "switched off");
}

#[tokio::test]
async fn a_check_says_what_is_wrong() {
    let mut app = with_private_proxies(|_| {});
    let root = app.signed_in("root", Role::Admin).await;
    let upkeep = ProxyUpkeep::default();
    let proxy = TestProxy::start(Some("user:pass")).await;
    let broken = TestProxy::start(None).await;
    broken.answer_bad_gateway();
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    assert!(!upkeep.check_next(&app.services).await.unwrap(), "nobody asked");
    for (line, code, text) in [
        (format!("http://user:pass@{}", proxy.address), None, "отвечает за"),
        (
            format!("http://user:wrong@{}", proxy.address),
            Some("proxy_refused"),
            "не принял логин и пароль",
        ),
        (
            format!("http://{}", broken.address),
            Some("proxy_no_answer"),
            "отвечает ошибкой",
        ),
        (
            format!("http://{nobody}"),
            Some("proxy_unreachable"),
            "не отвечает",
        ),
        (
            format!("socks5://{nobody}"),
            Some("proxy_unreachable"),
            "не отвечает",
        ),
    ] {
        let id = add(&app, &line).await;
        let id_row = || rows(&app).into_iter().find(|row| row.id == id).unwrap();
        root.post(&format!("/settings/proxies/{id}/check"), &[])
            .await
            .expect(303);
        let waiting = root.get("/settings").await.expect(200);
        assert_eq!(waiting.attribute("#proxies", "hx-get"), "/settings/proxies");
        assert!(upkeep.check_next(&app.services).await.unwrap());
        assert_eq!(id_row().check_error.as_deref(), code, "{line}");
        let part = root.htmx().get("/settings/proxies").await.expect(200);
        assert_eq!(part.count("#proxies[hx-get]"), 0, "nothing to wait for any more");
        assert!(part.text("#proxies tbody").contains(text), "{line}");
        delete_proxy(&app.services, &Actor::system(), id).await.unwrap();
    }
    assert_eq!(
        root.get("/settings/proxies").await.expect(303).location(),
        "/settings"
    );
    assert!(
        app.market
            .journal()
            .await
            .iter()
            .all(|call| call["method"] == "GET"),
        "harmless"
    );
}

#[tokio::test]
async fn a_check_of_a_proxy_inside_is_refused_without_a_connection() {
    // Entered when it was allowed; the program then runs without the switch.
    let app = with_private_proxies(|_| {});
    let proxy = TestProxy::start(None).await;
    let id = add(&app, &format!("http://{}", proxy.address)).await;
    let strict = Config {
        kaspi: kaspi_panel::config::Kaspi {
            private_proxies: false,
            ..app.services.config.kaspi.clone()
        },
        ..Config::clone(&app.services.config)
    };
    let services = kaspi_panel::services::Services::new(strict, &Secret::from(app.db.url())).unwrap();
    check_proxy_now(&services, &Actor::system(), id).await.unwrap();
    assert!(ProxyUpkeep::default().check_next(&services).await.unwrap());
    assert_eq!(rows(&app)[0].check_error.as_deref(), Some("proxy_not_public"));
    assert!(
        ProxyUpkeep::default().load(&services).await.is_err(),
        "not used either"
    );
    assert!(proxy.take_seen().is_empty());
    let added = add_proxies(&services, &Actor::system(), &Secret::from("127.0.0.1:1"), "")
        .await
        .unwrap();
    assert_eq!(added.faults, [(1, ProxyFault::NotPublic)]);
}

#[tokio::test]
async fn proxies_of_the_environment_are_shown_and_left_alone() {
    let proxy = TestProxy::start(Some("canary-env:canary-pass")).await;
    let line = parse_line(&format!("http://canary-env:canary-pass@{}", proxy.address), true).unwrap();
    let id = environment_id(&line);
    let named = line.clone();
    let mut app = with_private_proxies(move |config| config.proxies = vec![named]);
    let root = app.signed_in("root", Role::Admin).await;
    let page = root.get("/settings").await.expect(200);
    assert!(
        page.text("#proxies tbody").contains("из окружения"),
        "before a worker took it up"
    );
    assert_eq!(
        page.count("#proxies tbody a, #proxies tbody button[name=enabled]"),
        0
    );

    let upkeep = ProxyUpkeep::default();
    upkeep.load(&app.services).await.unwrap();
    app.services
        .kaspi
        .market_offers("100000001", "750000000")
        .await
        .unwrap();
    assert!(!proxy.take_seen().is_empty());
    upkeep.count(&app.services).await.unwrap();
    let row = rows(&app).remove(0);
    assert!(row.id == id && row.requests > 0 && row.credentials_sealed.is_none());
    let page = root.get("/settings").await.expect(200);
    assert_eq!(page.count("#proxies tbody tr"), 1, "not twice");
    assert!(!page.body_text().contains("canary"));

    root.get(&format!("/settings/proxies/{id}")).await.expect(404);
    root.post(&format!("/settings/proxies/{id}/delete"), &[])
        .await
        .expect(403);
    root.post(&format!("/settings/proxies/{id}/enabled"), &[("enabled", "off")])
        .await
        .expect(403);
    root.post(&format!("/settings/proxies/{id}/check"), &[])
        .await
        .expect(303);
    assert!(upkeep.check_next(&app.services).await.unwrap());
    assert_eq!(
        (
            rows(&app)[0].check_error.clone(),
            rows(&app)[0].checked_at.is_some()
        ),
        (None, true)
    );

    // A worker that starts without the variable forgets it.
    let without = Config {
        proxies: Vec::new(),
        ..Config::clone(&app.services.config)
    };
    let services = kaspi_panel::services::Services::new(without, &Secret::from(app.db.url())).unwrap();
    ProxyUpkeep::default().load(&services).await.unwrap();
    assert!(rows(&app).is_empty());
    let actions: Vec<String> = audited(&app).into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["create", "check", "delete"]);
}

#[tokio::test]
async fn another_process_that_forgets_a_proxy_sends_nobody_out_directly() {
    let proxy = TestProxy::start(None).await;
    let line = parse_line(&format!("http://{}", proxy.address), true).unwrap();
    let app = with_private_proxies(move |config| config.proxies = vec![line]);
    let upkeep = ProxyUpkeep::default();
    upkeep.load(&app.services).await.unwrap();
    let without = Config {
        proxies: Vec::new(),
        ..Config::clone(&app.services.config)
    };
    let other = kaspi_panel::services::Services::new(without, &Secret::from(app.db.url())).unwrap();
    ProxyUpkeep::default().load(&other).await.unwrap();
    assert!(rows(&app).is_empty());
    upkeep.load(&app.services).await.unwrap();
    let read = app.services.kaspi.market_offers("100000001", "750000000");
    read.await.unwrap();
    assert_eq!(proxy.take_seen().len(), 1);
}

#[test]
fn every_trouble_of_a_proxy_has_a_text() {
    for code in [
        "proxy_unreachable",
        "proxy_refused",
        "proxy_no_answer",
        "proxy_not_public",
        "proxy_credentials",
        "marketplace_blocked",
    ] {
        let texts = kaspi_panel::web::texts::Texts::new(kaspi_panel::web::texts::Language::Ru);
        assert!(texts.has(&format!("proxy-trouble-{code}")), "{code}");
    }
    for fault in ProxyFault::ALL {
        let texts = kaspi_panel::web::texts::Texts::new(kaspi_panel::web::texts::Language::Ru);
        assert!(texts.has(&format!("proxy-error-{fault}")), "{fault}");
    }
}
