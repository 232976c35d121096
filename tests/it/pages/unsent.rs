//! Forms whose session ends while somebody fills them in: they wait through the login page and can be sent then.

use kaspi_panel::{
    app::user_accounts::set_password,
    domain::{Actor, Role, UserId},
    schema::users,
    secrets::Secret,
};

use diesel::prelude::*;

use crate::support::{Client, NewProduct, PASSWORD, TestApp, db_product, db_rule, db_store};

/// The session of `client` ends; its page does not know.
async fn end_session(app: &mut TestApp, client: &Client) {
    client.token().await;
    let other = app.sign_in("aigul").await;
    other
        .post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
}

/// Signs in with the form of a login page, as it stands there.
async fn sign_in(client: &Client, page: &crate::support::Answer, password: &str) -> crate::support::Answer {
    let mut fields = page.form_fields("form[action='/login']");
    for (name, value) in &mut fields {
        match name.as_str() {
            "email" => "aigul@example.kz".clone_into(value),
            "password" => password.clone_into(value),
            _ => {}
        }
    }
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.post_bare("/login", &fields).await
}

#[tokio::test]
async fn what_was_typed_waits_while_one_signs_in_again() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    let rule = db_rule(conn, store, "Lowest");
    let mut client = client;
    for (page, form, field) in [
        (format!("/rules/{rule}"), format!("/rules/{rule}"), "name"),
        (
            format!("/products/{product}/edit"),
            format!("/products/{product}/edit"),
            "floor_tenge",
        ),
    ] {
        let open = client.get(&page).await.expect(200);
        let css = format!("main form[action='{form}']");
        let mut fields = open.form_fields(&css);
        let typed = fields.iter_mut().find(|(name, _)| name == field);
        let typed = typed.unwrap_or_else(|| panic!("{page} has no {field}: {:?}", open.form_fields(&css)));
        "ninety & nine".clone_into(&mut typed.1);
        end_session(&mut app, &client).await;

        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let login = client.post_bare(&form, &fields).await.expect(401);
        assert_eq!(login.count("#email"), 1, "{page}");
        // A wrong password first: it waits on.
        let again = sign_in(&client, &login, "wrong").await.expect(422);
        let led = sign_in(&client, &again, PASSWORD).await.expect(303);
        assert_eq!(led.location(), "/unsent", "{page}");
        client.forget_token();

        let waits = client.get("/unsent").await.expect(200);
        assert!(
            waits.texts("main li").contains(&"ninety & nine".to_owned()),
            "{page}"
        );
        let sent = waits.form_fields(&css);
        let kept = |all: &[(String, String)]| -> Vec<(String, String)> {
            all.iter()
                .filter(|(name, _)| name != "csrf_token")
                .cloned()
                .collect()
        };
        let were: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(kept(&sent), kept(&were), "{page}");
        let sent: Vec<(&str, &str)> = sent
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = client.post_bare(&form, &sent).await;
        let taken = answer.status == 303;
        assert!(
            taken || answer.status == 422 && answer.body_text().contains("ninety &"),
            "{page}: {}",
            answer.status
        );
        // The next form waits in a session of its own.
        client = app.sign_in("aigul").await;
    }
}

#[tokio::test]
async fn secrets_and_forms_from_elsewhere_do_not_wait() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let token = client.token().await;
    let actor = Actor::system();
    set_password(
        &app.services,
        &actor,
        "aigul@example.kz",
        Secret::from("another-long-word"),
    )
    .await
    .unwrap();
    let login = [
        ("csrf_token", token.as_str()),
        ("email", "seller@example.kz"),
        ("password", "kept to ourselves"),
    ];
    let led = client.post_bare("/stores/new/email", &login).await.expect(303);
    assert!(led.location().starts_with("/login"));
    assert!(!led.body_text().contains("kept to ourselves"));
    let stop = [("csrf_token", token.as_str()), ("details", "a reason")];
    let from = [("Sec-Fetch-Site", "cross-site")];
    client.post_with("/stop", &stop, &from).await.expect(403);

    // Nothing that may not wait is kept, whatever a login form says.
    let stranger = app.anonymous();
    let other = [
        ("email", "aigul@example.kz"),
        ("password", "another-long-word"),
        ("unsent_to", "/profile/password"),
        ("unsent_form", "password=x"),
    ];
    assert_eq!(stranger.post("/login", &other).await.expect(303).location(), "/");
    stranger.forget_token();
    assert_eq!(stranger.get("/unsent").await.expect(303).location(), "/");
}
