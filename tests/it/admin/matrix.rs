//! Every declared model, whatever it is: what each role may do with it, what its pages show, what they cost. A new model
//! is covered without a new test.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use diesel::{
    Connection, PgConnection, QueryDsl, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
};
use kaspi_panel::{
    admin::{
        Staff,
        framework::{TypedRows, Verb},
        site,
    },
    domain::{Actor, ActorKind, Role, StoreId, UserId},
    schema::users,
    store::users::user_fetch,
};
use uuid::Uuid;

use super::{panel, product};
use crate::support::{TestApp, db_preorder, now};

const ROLES: [Role; 3] = [Role::Admin, Role::Manager, Role::Viewer];
/// Nobody's key.
const NOWHERE: &str = "00000000-0000-0000-0000-00000000dead";
const SECRETS: [&str; 5] = [
    "seal-of-a-token",
    "seal-of-a-password",
    "hash-of-a-key",
    "seal-of-credentials",
    "seal-of-a-code",
];

/// Rows of every model, made by SQL: at least one, with secrets where a table has any.
fn furnish(app: &TestApp, store: StoreId, rows: usize) {
    let conn = &mut app.conn();
    for number in 0..rows {
        let kettle = product(
            app,
            store,
            &format!("S-{number}"),
            &format!("Kettle {number}"),
            10_000,
        );
        db_preorder(conn, store, kettle, &format!("Kettle {number}, ordered"));
    }
    conn.batch_execute(&format!(
        "insert into rules (id, store_id, name, definition, created_at, updated_at)
           select gen_random_uuid(), '{store}', 'Rule', '{{\"strategy\": {{\"kind\": \"beat_lowest\"}}}}', now(), now();
         insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at)
           select gen_random_uuid(), store_id, id, 1, 'confirmed', 'person', 'test', now() from products;
         insert into price_decisions (id, store_id, product_id, city_id, decided_at, decision_version, outcome,
             current_tenge, competitors, reasons, flags, input, shadow)
           select gen_random_uuid(), store_id, id, '750000000', now(), 1, 'keep', 10000, 1, '[]', '[]', '{{}}', false
           from products;
         insert into market_snapshots (card_id, city_id, taken_at, total, complete)
           select '1000' || n, '750000000', now(), 1, true from generate_series(1, {rows}) n;
         insert into market_offers (id, card_id, city_id, merchant_id, merchant_name, price_tenge, reviews, preorder_days,
             first_seen_at, last_seen_at)
           select gen_random_uuid(), '1000' || n, '750000000', '4000', 'Rival', 9000, 3, 0, now(), now()
           from generate_series(1, {rows}) n;
         insert into alerts (id, kind, severity, store_id, product_id, created_at, last_at, told_at)
           select gen_random_uuid(), 'mismatch', 'critical', store_id, id, now(), now(), now() from products;
         insert into job_runs (id, kind, store_id, state, created_at)
           select gen_random_uuid(), 'sync_store', '{store}', 'succeeded', now() from generate_series(1, {rows});
         insert into connection_attempts (id, user_id, login, password_sealed, answer_sealed, state, deadline_at,
             created_at, updated_at, finished_at)
           select gen_random_uuid(), (select id from users where email like 'anna%'), 'shop' || n || '@example.kz',
             'seal-of-a-password', 'seal-of-a-code', 'done', now(), now(), now(), now() from generate_series(1, {rows}) n;
         insert into preorder_uploads (id, store_id, run_id, state, format, file_name, file, lines, created_at, finished_at)
           select gen_random_uuid(), '{store}', id, 'applied', 'xlsx', 'preorders.xlsx', 'x', 1, now(), now() from job_runs;
         insert into api_tokens (id, user_id, name, key_hash, created_at)
           select gen_random_uuid(), (select id from users where email like 'anna%'), 'Key ' || n,
             rpad('hash-of-a-key' || n, 32, '.')::bytea, now() from generate_series(1, {rows}) n;
         insert into proxies (id, origin, label, scheme, host, port, credentials_sealed, created_at, updated_at)
           select gen_random_uuid(), 'panel', 'Proxy', 'http', 'proxy' || n || '.example.kz', 8080,
             'seal-of-credentials', now(), now() from generate_series(1, {rows}) n;
         insert into store_access (id, store_id, user_id, role, created_at)
           select gen_random_uuid(), '{store}', id, 'viewer', now() from users where role = 'admin'
           on conflict do nothing;
         insert into alert_channels (id, channel, enabled, language, settings, secret_sealed, secret_set_at, kinds, version,
             updated_at)
           select gen_random_uuid(), 'telegram', false, 'ru', '{{}}', 'seal-of-a-token', now(), '[]', 1, now()
           on conflict do nothing;
         insert into audit_log (id, at, actor_kind, actor_name, object_kind, object_name, action, build_id)
           select gen_random_uuid(), now(), 'system', 'system', 'store', 'Store', 'update', 'test'
           from generate_series(1, {rows}) n"
    ))
    .unwrap();
}

fn slugs() -> Vec<&'static str> {
    site().resources().map(|resource| resource.slug()).collect()
}

#[tokio::test]
async fn every_page_of_every_model_is_for_its_roles_alone() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    furnish(&app, store, 1);
    let others = [
        app.sign_in("anna").await,
        app.signed_in("vera", Role::Viewer).await,
    ];
    let stranger = app.anonymous();
    for slug in slugs() {
        let list = root.get(&format!("/admin/{slug}/")).await.expect(200);
        let row = list.page_links("main tbody th a").first().cloned();
        let row = row.unwrap_or_else(|| panic!("{slug} has no row"));
        let pages = [
            format!("/admin/{slug}/"),
            format!("/admin/{slug}/export/"),
            format!("{row}history/"),
            format!("{row}delete/"),
            row.clone(),
            format!("/admin/{slug}/add/"),
        ];
        let writes = [
            row.clone(),
            format!("{row}delete/"),
            format!("{row}history/{NOWHERE}/"),
            format!("/admin/{slug}/add/"),
            format!("/admin/{slug}/actions/"),
            format!("/admin/{slug}/inline/"),
        ];
        let before = root.get(&row).await.expect(200).body_text().len();
        for other in &others {
            for page in &pages {
                other.get(page).await.expect(403);
            }
            for page in &writes {
                other
                    .post(
                        page,
                        &[("action", "delete"), ("confirmed", "yes"), ("version", "1")],
                    )
                    .await
                    .expect(403);
            }
        }
        for page in &pages {
            assert!(
                stranger
                    .get(page)
                    .await
                    .expect(303)
                    .location()
                    .starts_with("/login"),
                "{page}"
            );
        }
        assert_eq!(
            root.get(&row).await.expect(200).body_text().len(),
            before,
            "{row}"
        );
        root.get(&format!("/admin/{slug}/{NOWHERE}/")).await.expect(404);
    }
}

#[tokio::test]
async fn what_a_role_may_not_do_is_refused_below_the_pages_too() {
    let mut app = TestApp::new();
    let (_, store) = panel(&mut app).await;
    furnish(&app, store, 1);
    let (mut looked, site) = (0, site());
    for role in ROLES {
        let staff = Staff {
            services: app.services.clone(),
            actor: Actor {
                role,
                ..actor_of(&app)
            },
            address: String::new(),
        };
        for resource in site.resources() {
            for verb in [Verb::View, Verb::Add, Verb::Change, Verb::Delete] {
                looked += 1;
                assert!(
                    role == Role::Admin || !resource.allows(&staff, verb),
                    "{} {role}",
                    resource.slug()
                );
            }
            let may = resource.actions(&staff);
            assert!(
                role == Role::Admin || may.is_empty(),
                "{} {role}",
                resource.slug()
            );
            for action in [
                "delete",
                "repricing-off",
                "acknowledge",
                "revoke",
                "proxy-off",
                "explode",
            ] {
                let done = resource.run(&staff, action, vec![Uuid::nil()]).await.unwrap();
                assert_eq!(
                    done.is_some(),
                    may.contains(&action),
                    "{} {role} {action}",
                    resource.slug()
                );
            }
        }
    }
    assert!(looked >= 3 * 4 * 21, "{looked}");
}

fn actor_of(app: &TestApp) -> Actor {
    let id: UserId = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let user = user_fetch(&mut app.conn(), id).unwrap().unwrap();
    user.actor(ActorKind::Person, None)
}

#[tokio::test]
async fn no_page_of_any_model_shows_a_secret_and_each_leads_to_where_the_panel_shows_the_row() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    furnish(&app, store, 1);
    let mut followed = 0;
    for slug in slugs() {
        let path = format!("/admin/{slug}/");
        let list = root.get(&path).await.expect(200);
        let mut pages = vec![list.body_text()];
        for link in list.page_links("main tbody th a") {
            let page = root.get(&link).await.expect(200);
            for link in page.page_links("main .head .acts a:not([href^='/admin/'])") {
                let path = link.split('#').next().unwrap();
                root.get(path).await.expect(200);
                followed += 1;
            }
            pages.push(page.body_text());
        }
        for page in pages {
            assert!(!page.contains("password_hash"), "{slug}");
            for secret in SECRETS {
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(
                    !page.contains(secret) && !page.contains(&hex),
                    "{slug} shows {secret}"
                );
            }
        }
    }
    assert!(followed >= 15, "{followed}");
}

/// Statements that a list takes.
fn statements(conn: &mut PgConnection, slug: &str) -> usize {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let site = site();
    let list = site
        .get(slug)
        .unwrap()
        .list(conn, "", &TypedRows::new(), now())
        .unwrap();
    assert!(!list.lines.is_empty(), "{slug}");
    asked.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_list_asks_no_more_for_many_rows_than_for_few() {
    let mut app = TestApp::new();
    let (_, store) = panel(&mut app).await;
    furnish(&app, store, 1);
    let few: Vec<usize> = slugs()
        .iter()
        .map(|slug| statements(&mut app.conn(), slug))
        .collect();
    furnish_more(&app);
    for (slug, few) in slugs().into_iter().zip(few) {
        assert_eq!(statements(&mut app.conn(), slug), few, "{slug}");
    }
}

/// Thirty rows more of the tables whose lists show something of other tables.
fn furnish_more(app: &TestApp) {
    let conn = &mut app.conn();
    conn.batch_execute(
        "insert into products (id, store_id, kaspi_product_id, sku, name, created_at, updated_at)
           select gen_random_uuid(), store_id, 'M-' || n, 'M-' || n, 'More ' || n, now(), now()
           from products, generate_series(1, 30) n;
         insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at)
           select gen_random_uuid(), store_id, id, 2, 'confirmed', 'person', 'test', now() from products;
         insert into alerts (id, kind, severity, store_id, product_id, created_at, last_at, told_at)
           select gen_random_uuid(), 'not_shown', 'notice', store_id, id, now(), now(), now() from products;
         insert into job_runs (id, kind, store_id, state, created_at)
           select gen_random_uuid(), kind, store_id, state, now() from job_runs, generate_series(1, 30) n;
         insert into api_tokens (id, user_id, name, key_hash, created_at)
           select gen_random_uuid(), user_id, name || n, sha256((id::text || n)::bytea), now()
           from api_tokens, generate_series(1, 30) n",
    )
    .unwrap();
}
