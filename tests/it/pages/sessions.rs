//! One's own sessions: seen, ended one by one and all at once, and nobody else's.

use diesel::prelude::*;
use kaspi_panel::{
    app::user_accounts::set_password,
    domain::{Actor, Role},
    schema::{api_tokens, audit_log, sessions, users},
    secrets::Secret,
};

use crate::support::{Client, PASSWORD, TestApp};

const PAGE: &str = "/profile/sessions";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1";

/// Signs in as a browser that names itself so.
async fn browser(app: &mut TestApp, name: &str, agent: &str) -> Client {
    let client = app.anonymous();
    let token = client.token().await;
    let email = format!("{name}@example.kz");
    let fields = [
        ("email", email.as_str()),
        ("password", PASSWORD),
        ("csrf_token", token.as_str()),
    ];
    client
        .post_with("/login", &fields, &[("User-Agent", agent)])
        .await
        .expect(303);
    client.forget_token();
    client
}

fn audited(app: &TestApp) -> i64 {
    audit_log::table
        .filter(audit_log::action.eq("session_end"))
        .count()
        .get_result(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_session_that_its_owner_ends_is_refused_on_its_next_request() {
    let mut app = TestApp::new();
    let desk = app.signed_in("aigul", Role::Viewer).await;
    let phone = browser(&mut app, "aigul", IPHONE).await;
    let office = browser(&mut app, "aigul", WINDOWS).await;
    app.advance(3600).await;
    office.get("/").await.expect(200);

    let page = office.get(PAGE).await.expect(200);
    let devices = page.texts("tbody th");
    assert_eq!(devices.len(), 3);
    assert_eq!(devices[0], "Chrome, Windows", "last used first");
    assert!(devices.contains(&"Safari, iPhone".to_owned()), "{devices:?}");
    assert!(
        devices.contains(&"Неизвестное устройство".to_owned()),
        "{devices:?}"
    );
    assert_eq!(page.count("tbody tr:first-child .st.ok"), 1, "this one");
    assert_eq!(page.count("tbody .st.ok"), 1);
    assert_eq!(page.count("tbody time"), 6);

    let row = devices
        .iter()
        .position(|device| device == "Safari, iPhone")
        .unwrap()
        + 1;
    let path = page.attribute(&format!("tbody tr:nth-child({row}) button"), "formaction");
    assert_eq!(
        office
            .post(&path, &[("password", PASSWORD)])
            .await
            .expect(303)
            .location(),
        PAGE
    );
    assert_eq!(phone.get("/").await.expect(303).location(), "/login");
    desk.get("/").await.expect(200);
    office.post(&path, &[("password", PASSWORD)]).await.expect(404);
    assert_eq!(audited(&app), 1);

    let page = office.get(PAGE).await.expect(200);
    assert_eq!(page.count("tbody tr"), 2);
    office
        .post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
    desk.get("/").await.expect(303);
    let page = office.get(PAGE).await.expect(200);
    assert_eq!((page.count("tbody tr"), page.count("#end")), (1, 0));
    assert!(page.text(".note.flash").contains('1'));
    assert_eq!(audited(&app), 2);
    // The name of a session opens nothing, and its key stands nowhere.
    let keys: Vec<Vec<u8>> = sessions::table
        .filter(sessions::user_id.is_not_null())
        .select(sessions::key_hash)
        .load(&mut app.conn())
        .unwrap();
    let hex: String = keys[0].iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!page.body_text().contains(&hex));
}

#[tokio::test]
async fn a_session_from_before_sessions_had_names_knows_itself() {
    let mut app = TestApp::new();
    let other = app.signed_in("aigul", Role::Viewer).await;
    let own = app.sign_in("aigul").await;
    diesel::sql_query("update sessions set state = state - 'id'")
        .execute(&mut app.conn())
        .unwrap();
    let page = own.get(PAGE).await.expect(200);
    assert_eq!(page.count("tbody .st.ok"), 1);
    own.post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
    other.get("/").await.expect(303);
    let page = own.get(PAGE).await.expect(200);
    assert_eq!(page.count("tbody tr"), 1);
    let id: uuid::Uuid = sessions::table
        .filter(sessions::user_id.is_not_null())
        .select(sessions::id)
        .first(&mut app.conn())
        .unwrap();
    let path = format!("/profile/sessions/{id}/end");
    assert_eq!(
        own.post(&path, &[("password", PASSWORD)])
            .await
            .expect(303)
            .location(),
        "/login"
    );
}

#[tokio::test]
async fn a_form_that_is_open_in_an_ended_session_leads_to_the_login_page() {
    let mut app = TestApp::new();
    let one = app.signed_in("aigul", Role::Manager).await;
    let two = app.sign_in("aigul").await;
    two.token().await;
    one.post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
    let answer = two.post("/tokens", &[("name", "script")]).await;
    assert!([303, 403].contains(&answer.status.as_u16()), "{}", answer.status);
    let made: i64 = api_tokens::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(made, 0);
    let answer = two.htmx().get("/stores").await.expect(401);
    assert_eq!(answer.header("hx-redirect"), "/login");
}

#[tokio::test]
async fn nobody_sees_or_ends_the_sessions_of_others() {
    let mut app = TestApp::new();
    let aigul = app.signed_in("aigul", Role::Manager).await;
    let boris = app.signed_in("boris", Role::Admin).await;
    let id: uuid::Uuid = sessions::table
        .inner_join(users::table)
        .filter(users::email.eq("aigul@example.kz"))
        .select(sessions::id)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(boris.get(PAGE).await.count("tbody tr"), 1);
    boris
        .post(&format!("/profile/sessions/{id}/end"), &[("password", PASSWORD)])
        .await
        .expect(404);
    boris
        .post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
    aigul.get("/").await.expect(200);
    assert_eq!(audited(&app), 0, "nothing was ended");

    // One's own is signing out.
    let own = format!("/profile/sessions/{id}/end");
    assert_eq!(
        aigul
            .post(&own, &[("password", PASSWORD)])
            .await
            .expect(303)
            .location(),
        "/login"
    );
    aigul.get("/").await.expect(303);
}

#[tokio::test]
async fn an_administrator_ends_the_sessions_of_a_user() {
    let mut app = TestApp::new();
    let aigul = app.signed_in("aigul", Role::Manager).await;
    let root = app.signed_in("root", Role::Admin).await;
    let id: uuid::Uuid = users::table
        .filter(users::email.eq("aigul@example.kz"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let id = id.to_string();
    let fields = [
        ("action", "end-sessions"),
        ("ids", id.as_str()),
        ("confirmed", "yes"),
    ];
    aigul.post("/admin/users/actions/", &fields).await.expect(403);
    root.post("/admin/users/actions/", &fields).await.expect(303);
    aigul.get("/").await.expect(303);
    root.get("/").await.expect(200);
    assert_eq!(audited(&app), 1);
}

#[tokio::test]
async fn sessions_that_are_over_are_not_listed() {
    let mut app = TestApp::new();
    app.signed_in("aigul", Role::Manager).await;
    app.advance(13 * 3600).await;
    let client = app.sign_in("aigul").await;
    assert_eq!(client.get(PAGE).await.count("tbody tr"), 1);
    let new = Secret::from("another long password");
    set_password(&app.services, &Actor::system(), "aigul@example.kz", new)
        .await
        .unwrap();
    let other = app.anonymous();
    other
        .sign_in_with("aigul@example.kz", "another long password")
        .await
        .expect(303);
    assert_eq!(other.get(PAGE).await.expect(200).count("tbody tr"), 1);
}

#[tokio::test]
async fn a_page_that_is_only_read_does_not_write_the_session() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    client.get("/products").await.expect(200);
    // A row that is written gets another transaction's number.
    let row = || {
        sessions::table
            .select(diesel::dsl::sql::<diesel::sql_types::Text>("xmin::text"))
            .load::<String>(&mut app.conn())
            .unwrap()
    };
    let before = row();
    for page in ["/", "/products", "/stores", "/log"] {
        client.get(page).await.expect(200);
    }
    assert_eq!(row(), before);
}
