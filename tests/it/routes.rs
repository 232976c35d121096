//! The route table against everybody who might knock: nobody, the wrong role, somebody else's user, a forged
//! form. A new address is covered the moment it stands in the table.

mod doubled;
mod forged;
mod hostile;
mod noise;
mod smuggled;

use diesel::prelude::*;
use kaspi_panel::{
    domain::{JobKind, Role},
    schema::{imports, reports, users},
    web::routes::{Access, Kind, Route, all},
};
use uuid::Uuid;

use crate::support::{
    Answer, Client, NewProduct, TestApp, db_job_run, db_preorder, db_product, db_rule, db_store, db_user, now,
};

/// The address with things that exist, so that "not found" is never the easy answer.
pub struct Things {
    pub store: Uuid,
    pub product: Uuid,
    preorder: Uuid,
    job: Uuid,
    pub rule: Uuid,
    report: Uuid,
    import: Uuid,
}

impl Things {
    /// A store of `askar` with something of everything.
    pub fn of_askar(conn: &mut PgConnection) -> Self {
        let askar = db_user(conn, "askar", Role::Manager);
        let store = db_store(conn, askar, "30000002");
        let product = db_product(conn, store, &NewProduct::default());
        let preorder = db_preorder(conn, store, product, "Kettle").0;
        let job = db_job_run(conn, JobKind::SyncStore, store, &serde_json::json!({})).0;
        let rule = db_rule(conn, store, "a rule").0;
        let report = Uuid::now_v7();
        diesel::insert_into(reports::table)
            .values((
                reports::id.eq(report),
                reports::user_id.eq(askar),
                reports::kind.eq("products"),
                reports::name.eq("products_2026-11-23_1200.xlsx"),
                reports::created_at.eq(now()),
                reports::expires_at.eq(now() + chrono::TimeDelta::days(7)),
            ))
            .execute(conn)
            .unwrap();
        let import = Uuid::now_v7();
        diesel::insert_into(imports::table)
            .values((
                imports::id.eq(import),
                imports::store_id.eq(store),
                imports::user_name.eq("askar"),
                imports::file_name.eq("a.xlsx"),
                imports::sha256.eq(vec![0_u8; 32]),
                imports::kind.eq("table"),
                imports::layout.eq(serde_json::json!({})),
                imports::rows_changed.eq(1),
                imports::rows_unchanged.eq(0),
                imports::rows_wrong.eq(0),
                imports::created_at.eq(now()),
            ))
            .execute(conn)
            .unwrap();
        Self {
            store: store.0,
            product: product.0,
            preorder,
            job,
            rule,
            report,
            import,
        }
    }

    pub fn address(&self, route: &Route) -> String {
        let parts: Vec<&str> = route.path.split('/').collect();
        let thing = match parts
            .iter()
            .find(|part| !["", "api", "v1", "kaspi", "admin"].contains(part))
        {
            Some(&"stores") => self.store,
            Some(&"products") => self.product,
            Some(&"preorders") => self.preorder,
            Some(&"jobs") => self.job,
            Some(&"rules") => self.rule,
            Some(&"reports") => self.report,
            Some(&"imports") => self.import,
            _ => Uuid::nil(),
        };
        let known = |part: &str| match part {
            "{model}" => "products".to_owned(),
            _ if part.starts_with('{') => thing.to_string(),
            _ => part.to_owned(),
        };
        parts.into_iter().map(known).collect::<Vec<_>>().join("/")
    }
}

async fn ask(client: &Client, route: &Route, address: &str) -> Answer {
    match route.method.as_str() {
        "GET" => client.get(address).await,
        "POST" if route.kind != Kind::Api => client.post(address, &[]).await,
        method => {
            let token = client.token().await;
            let headers = [("x-csrf-token", token.as_str())];
            let method = method.parse().unwrap();
            client.raw(method, address, &headers, Vec::new()).await
        }
    }
}

/// Pages, fragments and API: all that needs somebody.
fn guarded() -> impl Iterator<Item = &'static Route> {
    all().filter(|route| route.access != Access::Anonymous)
}

/// Every address that needs somebody refuses this client: pages lead to the login, those of `also` may answer so, too.
async fn gets_nowhere(client: &Client, things: &Things, also: &[u16]) {
    for route in guarded() {
        let address = things.address(route);
        let answer = ask(client, route, &address).await;
        let what = format!("{} {address}", route.method);
        if route.kind == Kind::Api {
            assert_eq!(answer.status, 401, "{what}");
            assert!(
                answer.header("content-type").starts_with("application/json"),
                "{what}"
            );
        } else if answer.status == 303 {
            assert!(answer.location().starts_with("/login"), "{what}");
        } else {
            assert!(
                also.contains(&answer.status.as_u16()),
                "{what}: {}",
                answer.status
            );
        }
    }
    assert!(guarded().count() > 30);
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let nobody = app.anonymous();
    gets_nowhere(&nobody, &things, &[]).await;
}

#[tokio::test]
async fn who_is_switched_off_gets_nowhere_with_the_session_he_has() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let client = app.sign_in("askar").await;
    client.get("/products").await.expect(200);
    client.token().await;
    diesel::update(users::table)
        .set(users::active.eq(false))
        .execute(&mut app.conn())
        .unwrap();
    // A form that was open is refused, and waits for the login where it may.
    gets_nowhere(&client, &things, &[401]).await;
}

#[tokio::test]
async fn a_session_that_is_over_leads_nowhere() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let client = app.sign_in("askar").await;
    client.get("/products").await.expect(200);
    client.token().await;
    app.advance(12 * 3_600 + 1).await;
    // A form that was open is refused, and waits for the login where it may.
    gets_nowhere(&client, &things, &[401]).await;
}

#[tokio::test]
async fn roles_open_what_is_theirs_and_nothing_else() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    for (role, refused) in [
        (Role::Viewer, &[Access::Manager, Access::Admin][..]),
        (Role::Manager, &[Access::Admin][..]),
    ] {
        let client = app.signed_in(role.as_str(), role).await;
        for route in guarded().filter(|route| refused.contains(&route.access)) {
            let address = things.address(route);
            let answer = ask(&client, route, &address).await;
            assert_eq!(answer.status, 403, "{role:?}: {} {address}", route.method);
        }
    }
}

#[tokio::test]
async fn what_is_somebody_elses_does_not_exist() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let client = app.signed_in("aigul", Role::Manager).await;
    let mut looked_at = 0;
    for route in guarded().filter(|route| route.access != Access::Admin && route.path.contains('{')) {
        let address = things.address(route);
        let answer = ask(&client, route, &address).await;
        let told = answer.body_text();
        assert!(
            [303, 400, 404, 422].contains(&answer.status.as_u16()) && !told.contains("30000002"),
            "{} {address}: {} {told}",
            route.method,
            answer.status
        );
        if answer.status == 303 {
            // A part of a page, asked for without htmx: the way to the whole page, which shows only what is ours.
            assert_eq!(
                (route.kind, route.method.as_str()),
                (Kind::Fragment, "GET"),
                "{address}"
            );
        } else if route.method == "GET" {
            assert_eq!(answer.status, 404, "{address}");
        }
        looked_at += 1;
    }
    assert!(looked_at > 10);
}

#[tokio::test]
async fn a_form_without_the_sessions_token_changes_nothing() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let client = app.sign_in("askar").await;
    for route in all().filter(|route| route.method != "GET" && route.kind != Kind::Api) {
        let address = things.address(route);
        let answer = client.post_bare(&address, &[("csrf_token", "guessed")]).await;
        assert_eq!(answer.status, 403, "{address}");
    }
    for route in all().filter(|route| route.method != "GET" && route.kind == Kind::Api) {
        let address = things.address(route);
        let method = route.method.as_str().parse().unwrap();
        let body = serde_json::json!({});
        let answer = client.json(method, &address, Some(&body)).await;
        assert_eq!(answer.status, 403, "{address}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let client = app.sign_in("askar").await;
    for route in all().filter(|route| route.method == "GET" && !route.path.contains("{path")) {
        let address = things.address(route);
        let answer = client.get(&address).await;
        // The clock of the tests stands still, which is a reason not to be ready.
        let fine = answer.status.as_u16() < 500 || address == "/health/ready";
        assert!(fine, "{address}: {}", answer.body_text());
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{address}");
        assert!(!answer.header("x-request-id").is_empty(), "{address}");
    }
}
