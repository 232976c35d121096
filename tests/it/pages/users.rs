//! The people of the panel: what an administrator sees of them and does with their accounts.

use diesel::prelude::*;
use kaspi_panel::{
    domain::Role,
    schema::{audit_log, users},
};
use uuid::Uuid;

use super::seed::db_access;
use crate::support::{Client, PASSWORD, TestApp, db_store, db_user};

fn id_of(app: &TestApp, name: &str) -> Uuid {
    users::table
        .filter(users::external_id.eq(name))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap()
}

fn role_of(app: &TestApp, id: Uuid) -> Role {
    users::table
        .find(id)
        .select(users::role)
        .first(&mut app.conn())
        .unwrap()
}

async fn open(app: &mut TestApp) -> (Client, Client, Uuid) {
    let root = app.signed_in("root", Role::Admin).await;
    let aigul = app.signed_in("aigul", Role::Manager).await;
    let id = id_of(app, "aigul");
    (root, aigul, id)
}

#[tokio::test]
async fn everybody_is_listed_with_rights_stores_and_state() {
    let mut app = TestApp::new();
    let (root, aigul, id) = open(&mut app).await;
    let mut conn = app.conn();
    let dana = db_user(&mut conn, "dana", Role::Viewer);
    let own = db_store(&mut conn, id.into(), "30000001");
    db_access(&mut conn, own, dana, Role::Viewer);

    aigul.get("/users").await.expect(403);
    let list = root.get("/users").await.expect(200);
    assert_eq!(
        list.texts("section:first-child tbody th a"),
        ["aigul@example.kz", "dana@example.kz", "root@example.kz"]
    );
    assert_eq!(
        list.texts("section:first-child tbody td:nth-child(5)"),
        ["1", "1", "все"]
    );
    let seen = list.texts("section:first-child tbody td:nth-child(6)");
    assert!(seen[0] != "—" && seen[1] == "—", "dana has no session: {seen:?}");
    let found = root.get("/users?q=DANA").await.expect(200);
    assert_eq!(found.count("section:first-child tbody tr"), 1);
    assert_eq!(root.get("/users?q=nobody").await.count(".blank"), 1);
    // What the table of rights says is what the route table does.
    let yes = list.texts("section.rights tbody tr:last-child td");
    assert_eq!(yes, ["нет", "нет", "да"]);

    let page = root.get(&format!("/users/{dana}")).await.expect(200);
    assert_eq!(page.texts(".links li span"), ["Наблюдатель"]);
    let page = root.get(&format!("/users/{id}")).await.expect(200);
    assert_eq!(page.texts(".links li span"), ["владелец"]);
    root.get(&format!("/users/{}", Uuid::nil())).await.expect(404);
}

#[tokio::test]
async fn a_user_is_added_with_a_first_password_and_wrong_forms_say_what_to_do() {
    let mut app = TestApp::new();
    let (root, _, _) = open(&mut app).await;
    let add = async |email: &str, first: &str, own: &str| {
        let fields = [
            ("email", email),
            ("name", "Dana"),
            ("role", "viewer"),
            ("new_password", first),
            ("password", own),
        ];
        root.post("/users/new", &fields).await
    };
    let first = "a first password";
    for (email, new, own, field) in [
        ("dana@example.kz", first, "wrong", "password"),
        ("dana", first, PASSWORD, "email"),
        ("Aigul@example.kz", first, PASSWORD, "email"),
        ("dana@example.kz", "short", PASSWORD, "new_password"),
    ] {
        let wrong = add(email, new, own).await.expect(422);
        assert_eq!(
            wrong.attribute(".errors a", "href"),
            format!("#{field}"),
            "{email}"
        );
        assert_eq!(
            wrong.attribute("#email", "value"),
            email,
            "what was typed is kept"
        );
        assert_eq!(wrong.attribute("#name", "value"), "Dana");
        assert_eq!(wrong.count("input[type=password][value]"), 0, "no secret is");
        assert_eq!(wrong.attribute("input[name=role][checked]", "value"), "viewer");
    }
    let made = add("Dana@example.kz", first, PASSWORD).await.expect(303);
    let page = root.get(&made.location()).await.expect(200);
    assert!(page.text(".flash").contains("dana@example.kz"));
    let dana = app.anonymous();
    dana.sign_in_with("dana@example.kz", first).await.expect(303);
    assert_eq!(dana.get("/products").await.expect(303).location(), "/profile");
    dana.get("/users").await.expect(403);
}

#[tokio::test]
async fn rights_change_from_the_next_request_on_and_the_last_administrator_stays() {
    let mut app = TestApp::new();
    let (root, aigul, id) = open(&mut app).await;
    let path = format!("/users/{id}/role");
    aigul.get("/rules/new").await.expect(200);
    let wrong = root
        .post(&path, &[("role", "viewer"), ("password", "wrong")])
        .await;
    assert_eq!(wrong.expect(422).count("#role-password-error"), 1);
    assert_eq!(role_of(&app, id), Role::Manager);
    root.post(&path, &[("role", "viewer"), ("password", PASSWORD)])
        .await
        .expect(303);
    aigul.get("/rules/new").await.expect(403);
    root.post(&path, &[("role", "king"), ("password", PASSWORD)])
        .await
        .expect(400);

    let own = id_of(&app, "root");
    let last = root
        .post(
            &format!("/users/{own}/role"),
            &[("role", "manager"), ("password", PASSWORD)],
        )
        .await
        .expect(422);
    assert_eq!(last.count("#role-error"), 1);
    assert_eq!(role_of(&app, own), Role::Admin);
    // With another administrator there it goes.
    root.post(&path, &[("role", "admin"), ("password", PASSWORD)])
        .await
        .expect(303);
    root.post(
        &format!("/users/{own}/role"),
        &[("role", "manager"), ("password", PASSWORD)],
    )
    .await
    .expect(303);
    root.get("/users").await.expect(403);
    aigul.get("/users").await.expect(200);
    let told: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("user"))
        .filter(audit_log::action.eq("update"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(told, 3);
}

#[tokio::test]
async fn access_is_closed_and_opened_sessions_end_and_passwords_are_given() {
    let mut app = TestApp::new();
    let (root, aigul, id) = open(&mut app).await;
    let act = |what: &str| format!("/users/{id}/{what}");
    root.post(&act("sessions"), &[]).await.expect(303);
    aigul.get("/products").await.expect(303);
    aigul.sign_in("aigul@example.kz").await.expect(303);
    aigul.get("/products").await.expect(200);

    root.post(&act("active"), &[("active", "off")]).await.expect(303);
    aigul.get("/products").await.expect(303);
    let page = root.get(&format!("/users/{id}")).await.expect(200);
    assert_eq!(page.count("button[name=active][value=on]"), 1);
    root.post(&act("active"), &[("active", "on")]).await.expect(303);

    let next = "a new password here";
    let short = root
        .post(&act("password"), &[("new_password", "x"), ("password", PASSWORD)])
        .await;
    assert_eq!(short.expect(422).count("#new_password-error"), 1);
    let wrong = root
        .post(&act("password"), &[("new_password", next), ("password", "wrong")])
        .await;
    assert_eq!(wrong.expect(422).count("#own-password-error"), 1);
    root.post(
        &act("password"),
        &[("new_password", next), ("password", PASSWORD)],
    )
    .await
    .expect(303);
    let again = app.anonymous();
    again.sign_in_with("aigul@example.kz", next).await.expect(303);

    // Nobody shuts himself out, and the second step that is not there cannot be switched off.
    let own = id_of(&app, "root");
    for what in ["active", "sessions", "password", "second-factor"] {
        root.post(&format!("/users/{own}/{what}"), &[]).await.expect(303);
    }
    root.get("/users").await.expect(200);
    root.post(&act("second-factor"), &[]).await.expect(303);
    root.post(&format!("/users/{}/active", Uuid::nil()), &[])
        .await
        .expect(404);
}
