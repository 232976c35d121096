//! Alerts outside of the panel: what arrives at real receivers on loopback, what is tried again, and what never leaves.

use std::collections::HashMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use kaspi_panel::{
    app::{
        alerts::{NewAlert, raise},
        job_runs::retry_run,
    },
    domain::{Actor, AlertKind, JobKind, JobRunId, JobState, Role, StoreId},
    notify::signature,
    schema::{alert_channels, audit_log, job_runs},
    secrets::Secret,
    store::StoreError,
    worker::jobs::send_alert,
};
use serde_json::{Value, json};

use crate::support::{Client, HttpListener, MailListener, TestApp, db_store, db_user, db_waiting_runs, now};

const KEY: &str = "a key of the signature";

/// An app whose receivers may be on this machine, with the bots' host at `telegram`.
fn app(telegram: Option<&HttpListener>) -> TestApp {
    let url = telegram.map(|listener| listener.url("/").parse().unwrap());
    TestApp::builder()
        .settings(move |config| {
            config.kaspi.private_proxies = true;
            if let Some(url) = url {
                config.telegram_url = url;
            }
        })
        .build()
}

async fn set(client: &Client, channel: &str, version: &str, fields: &[(&str, &str)]) -> u16 {
    let mut form = vec![
        ("version", version),
        ("enabled", "yes"),
        ("language", "ru"),
        ("kind-mismatch", "yes"),
    ];
    form.extend_from_slice(fields);
    let answer = client.post(&format!("/settings/alerts/{channel}"), &form).await;
    answer.status.as_u16()
}

async fn tell(app: &TestApp, kind: AlertKind, store: Option<StoreId>, minutes: i64) {
    let alert = NewAlert {
        kind,
        store_id: store,
        product_id: None,
        data: json!({ "product": "Kettle", "store": "x", "who": "aigul", "reason": "test" }),
        times: 1,
    };
    let at = now() + TimeDelta::minutes(minutes);
    let done: Result<(), StoreError> = app.services.db.tx(move |conn| raise(conn, &alert, at)).await;
    done.unwrap();
}

/// Runs of deliveries that wait, the oldest first.
fn waiting(app: &TestApp) -> Vec<JobRunId> {
    db_waiting_runs(&mut app.conn(), JobKind::SendAlert)
}

/// Does what waits as a worker would.
async fn work(app: &TestApp) {
    for run in waiting(app) {
        // What came of it stands in the run.
        let _outcome = send_alert::run(app.services.clone(), run).await;
    }
}

fn runs(app: &TestApp) -> Vec<(JobState, Option<String>, i32)> {
    job_runs::table
        .filter(job_runs::kind.eq(JobKind::SendAlert))
        .order(job_runs::id)
        .select((job_runs::state, job_runs::failure, job_runs::attempts))
        .load(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_signed_webhook_arrives_once_with_what_happened() {
    let receiver = HttpListener::start().await;
    let mut app = app(None);
    let admin = app.signed_in("admin", Role::Admin).await;
    let owner = db_user(&mut app.conn(), "aigul", Role::Manager);
    let store = db_store(&mut app.conn(), owner, "30000001");
    let fields = [("url", receiver.url("/hook")), ("secret", KEY.to_owned())];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(set(&admin, "webhook", "0", &fields).await, 303);

    tell(&app, AlertKind::Mismatch, Some(store), 0).await;
    tell(&app, AlertKind::Mismatch, Some(store), 9).await;
    tell(&app, AlertKind::WorkerLost, Some(store), 0).await;
    assert_eq!(waiting(&app).len(), 1, "told once, and only what is wanted");
    work(&app).await;
    assert_eq!(runs(&app), [(JobState::Succeeded, None, 1)]);
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /hook HTTP/1.1");
    let unix = seen[0].header("x-kaspi-panel-time").parse().unwrap();
    assert_eq!(
        seen[0].header("x-kaspi-panel-signature"),
        format!("sha256={}", signature(&Secret::from(KEY), unix, &seen[0].body))
    );
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!((&body["kind"], &body["times"]), (&json!("mismatch"), &json!(2)));
    assert_eq!(body["store"], "Store 30000001");
    tell(&app, AlertKind::Mismatch, Some(store), 10).await;
    work(&app).await;
    assert_eq!(receiver.seen().len(), 2, "it goes on");
}

#[tokio::test]
async fn a_receiver_in_trouble_is_asked_again_and_one_that_refuses_is_not() {
    let receiver = HttpListener::start().await;
    let mut app = app(None);
    let admin = app.signed_in("admin", Role::Admin).await;
    let (url, key) = (receiver.url("/"), KEY.to_owned());
    assert_eq!(
        set(&admin, "webhook", "0", &[("url", &url), ("secret", &key)]).await,
        303
    );
    tell(&app, AlertKind::Mismatch, None, 0).await;
    receiver.answer(503, "later");
    work(&app).await;
    let failed = Some("alert_webhook_refused".to_owned());
    assert_eq!(runs(&app), [(JobState::Queued, failed.clone(), 1)]);
    work(&app).await;
    assert_eq!(runs(&app), [(JobState::Succeeded, None, 2)]);

    tell(&app, AlertKind::Mismatch, None, 20).await;
    receiver.answer(403, "no");
    work(&app).await;
    assert_eq!(runs(&app)[1], (JobState::Failed, failed.clone(), 1));
    // A person asks once more, from the page or the command line.
    let run = job_runs::table
        .filter(job_runs::state.eq(JobState::Failed))
        .select(job_runs::id)
        .first(&mut app.conn())
        .unwrap();
    retry_run(&app.services, &Actor::system(), run).await.unwrap();
    for _ in 0..6 {
        receiver.answer(500, "");
        work(&app).await;
    }
    assert_eq!(
        runs(&app)[2],
        (JobState::Failed, failed, 6),
        "given up in the end"
    );
    assert_eq!(receiver.seen().len(), 9);
}

#[tokio::test]
async fn a_bot_and_a_mail_server_get_the_words() {
    let (telegram, mail) = (HttpListener::start().await, MailListener::start(false).await);
    let mut app = app(Some(&telegram));
    let admin = app.signed_in("admin", Role::Admin).await;
    let token = "123:the-token";
    assert_eq!(
        set(
            &admin,
            "telegram",
            "0",
            &[("chat_id", "-100200"), ("secret", token)]
        )
        .await,
        303
    );
    let port = mail.address.port().to_string();
    let fields = [
        ("host", "127.0.0.1"),
        ("port", &*port),
        ("security", "none"),
        ("from", "panel@example.kz"),
        ("to", "aigul@example.kz, askar@example.kz"),
    ];
    assert_eq!(set(&admin, "email", "0", &fields).await, 303);
    tell(&app, AlertKind::Mismatch, None, 0).await;
    work(&app).await;
    assert_eq!(runs(&app).len(), 2);
    assert!(
        runs(&app).iter().all(|run| run.0 == JobState::Succeeded),
        "{:?}",
        runs(&app)
    );
    let told = &telegram.seen()[0];
    assert_eq!(told.line, "POST /bot123:the-token/sendMessage HTTP/1.1");
    let body: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["chat_id"], "-100200");
    let text = body["text"].as_str().unwrap();
    for words in ["срочно", "Kettle", "/alerts"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let letter = &mail.letters()[0];
    for words in [
        "MAIL FROM:<panel@example.kz>",
        "RCPT TO:<askar@example.kz>",
        "Subject:",
    ] {
        assert!(letter.contains(words), "{words}: {letter}");
    }

    // What went wrong is said plainly, without the token.
    telegram.answer(401, r#"{"ok":false,"description":"Unauthorized"}"#);
    admin
        .post("/settings/alerts/telegram/test", &[])
        .await
        .expect(303);
    let page = admin.get("/settings/alerts").await.expect(200);
    let said = page.texts(".flash").pop().unwrap();
    assert!(said.contains("HTTP 401 Unauthorized"), "{said}");
    assert!(!page.body_text().contains("the-token"));
    admin
        .post("/settings/alerts/telegram/test", &[])
        .await
        .expect(303);
    let said = admin.get("/settings/alerts").await.text(".flash");
    assert_eq!(said, "Проверочное сообщение принято.");
    let refusing = MailListener::start(true).await;
    let port = refusing.address.port().to_string();
    let fields: HashMap<&str, &str> = fields.into_iter().chain([("port", &*port)]).collect();
    let fields: Vec<(&str, &str)> = fields.into_iter().collect();
    assert_eq!(set(&admin, "email", "1", &fields).await, 303);
    admin.post("/settings/alerts/email/test", &[]).await.expect(303);
    let said = admin.get("/settings/alerts").await.texts(".flash").pop().unwrap();
    assert!(said.contains("nobody of that name"), "{said}");
}

#[tokio::test]
async fn settings_are_checked_secrets_stay_and_nothing_leads_inside() {
    let mut app = TestApp::new();
    let admin = app.signed_in("admin", Role::Admin).await;
    for (channel, fields, wrong) in [
        (
            "webhook",
            vec![("url", "http://example.kz/"), ("secret", KEY)],
            "#webhook-url-error",
        ),
        (
            "webhook",
            vec![("url", "https://127.0.0.1/"), ("secret", KEY)],
            "#webhook-url-error",
        ),
        (
            "webhook",
            vec![("url", "https://[::1]/"), ("secret", KEY)],
            "#webhook-url-error",
        ),
        (
            "webhook",
            vec![("url", "https://localhost/"), ("secret", KEY)],
            "#webhook-url-error",
        ),
        (
            "webhook",
            vec![("url", "https://a:b@example.kz/"), ("secret", KEY)],
            "#webhook-url-error",
        ),
        (
            "webhook",
            vec![("url", "https://example.kz/"), ("secret", "short")],
            "#webhook-secret-error",
        ),
        (
            "webhook",
            vec![("url", "https://example.kz/")],
            "#webhook-secret-error",
        ),
        ("telegram", vec![("chat_id", "1")], "#telegram-secret-error"),
        ("telegram", vec![("secret", "1:a")], "#telegram-chat_id-error"),
        (
            "email",
            vec![("host", "mail.example.kz"), ("port", "0x"), ("security", "tls")],
            "#email-port-error",
        ),
        (
            "email",
            vec![("host", "m"), ("port", "25"), ("security", "tls"), ("from", "no")],
            "#email-from-error",
        ),
    ] {
        let mut form = vec![("version", "0"), ("enabled", "yes"), ("language", "ru")];
        form.extend(fields.iter().copied());
        let answer = admin
            .post(&format!("/settings/alerts/{channel}"), &form)
            .await
            .expect(422);
        assert_eq!(answer.texts(wrong).len(), 1, "{channel} {fields:?}");
        assert!(!answer.body_text().contains(KEY));
    }
    let good = [("url", "https://example.kz/hook"), ("secret", KEY)];
    assert_eq!(set(&admin, "webhook", "0", &good).await, 303);
    let page = admin.get("/settings/alerts").await.expect(200);
    assert_eq!(page.attribute("#webhook-url", "value"), "https://example.kz/hook");
    assert!(!page.body_text().contains(KEY), "a secret comes back");
    assert_eq!(
        set(&admin, "webhook", "0", &good).await,
        409,
        "somebody else was faster"
    );
    // Without a new secret the old one stays.
    assert_eq!(
        set(&admin, "webhook", "1", &[("url", "https://example.kz/other")]).await,
        303
    );
    let sealed: Option<Vec<u8>> = alert_channels::table
        .select(alert_channels::secret_sealed)
        .first(&mut app.conn())
        .unwrap();
    assert!(sealed.is_some());
    let told: Vec<Option<Value>> = audit_log::table
        .filter(audit_log::object_kind.eq("alert_channel"))
        .select(audit_log::after)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(told.len(), 2);
    assert!(!format!("{told:?}").contains(KEY));
    let manager = app.signed_in("aigul", Role::Manager).await;
    manager.get("/settings/alerts").await.expect(403);
    manager
        .post("/settings/alerts/webhook/test", &[])
        .await
        .expect(403);
    admin.post("/settings/alerts/pigeon", &[]).await.expect(404);
}
