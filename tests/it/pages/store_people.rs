//! Sharing a store: who may, what the others may then, and that it ends at once.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{Role, StoreId},
    schema::{audit_log, users},
};

use crate::support::{Client, TestApp, db_store};

async fn shop(app: &mut TestApp) -> (Client, StoreId) {
    let owner = app.signed_in("aigul", Role::Manager).await;
    let id = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    (owner, db_store(&mut app.conn(), id, "30000001"))
}

#[tokio::test]
async fn a_store_is_shared_for_looking_then_for_changing_and_no_more() {
    let mut app = TestApp::new();
    let (owner, store) = shop(&mut app).await;
    let guest = app.signed_in("boris", Role::Manager).await;
    let (path, page) = (format!("/stores/{store}/people"), format!("/stores/{store}"));
    guest.get(&page).await.expect(404);
    let share = |role: &'static str| [("email", " Boris@Example.kz"), ("role", role)];

    assert_eq!(owner.get(&page).await.count(&format!("a[href=\"{path}\"]")), 1);
    owner.post(&path, &share("viewer")).await.expect(303);
    let seen = guest.get(&page).await.expect(200);
    assert_eq!(
        seen.count(&format!("a[href=\"{path}\"]")),
        0,
        "he decides nothing about others"
    );
    let mode = format!("/stores/{store}/mode");
    guest.post(&mode, &[("mode", "off")]).await.expect(403);
    guest.get(&path).await.expect(403);
    guest
        .post(&path, &[("email", "root@example.kz"), ("role", "viewer")])
        .await
        .expect(403);

    owner.post(&path, &share("manager")).await.expect(303);
    guest.post(&mode, &[("mode", "off")]).await.expect(303);
    guest.get(&path).await.expect(403);
    let list = owner.get(&path).await.expect(200);
    assert_eq!(list.count("tbody tr"), 1);
    let user = list.attribute("tbody input[name=user_id]", "value");

    owner
        .post(&format!("{path}/remove"), &[("user_id", &user)])
        .await
        .expect(303);
    guest.get(&page).await.expect(404);
    owner
        .post(&format!("{path}/remove"), &[("user_id", &user)])
        .await
        .expect(404);
    let acts: Vec<String> = audit_log::table
        .filter(audit_log::store_id.eq(store))
        .filter(audit_log::action.eq_any(["share", "unshare"]))
        .order(audit_log::id)
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(acts, ["share", "share", "unshare"]);
}

#[tokio::test]
async fn a_store_is_shared_with_people_who_are_there_and_do_not_own_it() {
    let mut app = TestApp::new();
    let (owner, store) = shop(&mut app).await;
    let root = app.signed_in("root", Role::Admin).await;
    let path = format!("/stores/{store}/people");
    for email in ["", "nobody@example.kz", "aigul@example.kz"] {
        let answer = owner
            .post(&path, &[("email", email), ("role", "viewer")])
            .await
            .expect(422);
        assert_eq!(answer.count("#email-error"), 1, "{email}");
        assert_eq!(answer.attribute("#email", "value"), email);
    }
    owner
        .post(&path, &[("email", "root@example.kz"), ("role", "admin")])
        .await
        .expect(422);
    owner
        .post(&path, &[("email", "root@example.kz"), ("role", "king")])
        .await
        .expect(400);
    assert_eq!(owner.get(&path).await.count("tbody tr"), 0);
    // An administrator decides for everybody.
    root.post(&path, &[("email", "root@example.kz"), ("role", "viewer")])
        .await
        .expect(303);
    assert_eq!(owner.get(&path).await.count("tbody tr"), 1);
}

#[tokio::test]
async fn who_signs_in_here_cannot_be_asked_address_by_address() {
    let mut app = TestApp::new();
    let (owner, store) = shop(&mut app).await;
    app.signed_in("boris", Role::Manager).await;
    let path = format!("/stores/{store}/people");
    let asks = async |email: &str| {
        let form = [("email", email), ("role", "viewer")];
        owner.post(&path, &form).await
    };
    for number in 0..20 {
        let refused = asks(&format!("guess{number}@example.kz")).await.expect(422);
        assert!(
            refused.text("#email-error").contains("никто не входит"),
            "{number}"
        );
    }
    // Neither yes nor no, for whomever.
    for email in ["boris@example.kz", "guess@example.kz"] {
        let refused = asks(email).await.expect(422);
        assert!(refused.text("#email-error").contains("через час"), "{email}");
    }
    app.advance(3_601).await;
    asks("boris@example.kz").await.expect(303);
}

#[tokio::test]
async fn somebody_who_may_not_sign_in_any_more_is_shown_and_taken_out() {
    let mut app = TestApp::new();
    let (owner, store) = shop(&mut app).await;
    app.signed_in("boris", Role::Manager).await;
    let path = format!("/stores/{store}/people");
    owner
        .post(&path, &[("email", "boris@example.kz"), ("role", "viewer")])
        .await
        .expect(303);
    diesel::update(users::table.filter(users::external_id.eq("boris")))
        .set(users::active.eq(false))
        .execute(&mut app.conn())
        .unwrap();
    let list = owner.get(&path).await.expect(200);
    assert!(list.text("tbody th").contains("вход закрыт"));
    let user = list.attribute("tbody input[name=user_id]", "value");
    owner
        .post(&format!("{path}/remove"), &[("user_id", &user)])
        .await
        .expect(303);
    assert_eq!(owner.get(&path).await.count("tbody tr"), 0);
}
