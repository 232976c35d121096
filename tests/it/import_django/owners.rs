//! Who the predecessor's user ids are: told by the administrator, and refused where it does not fit, before anything is
//! written.

use diesel::prelude::*;
use kaspi_panel::{domain::Role, schema::users, store::users::User};

use super::*;
use crate::support::db_user;

fn options(pairs: &[(&str, &str)]) -> ImportOptions {
    ImportOptions {
        owners: pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect(),
        ..ImportOptions::default()
    }
}

fn people(moving: &Move) -> Vec<(String, String)> {
    let all: Vec<User> = users::table
        .order(users::email)
        .select(User::as_select())
        .load(&mut moving.app.conn())
        .unwrap();
    all.into_iter()
        .map(|user| (user.external_id, user.email))
        .collect()
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[tokio::test]
async fn a_made_account_gets_its_address_later() {
    let moving = Move::new();
    moving.old.store(1, &[]);
    moving.old.store(2, &[("user_id", "'user-2'")]);
    moving.run(options(&[("user-2", "boris@example.kz")])).await;
    let made = [
        pair("user-2", "boris@example.kz"),
        pair("user-1", "user-1@imported.invalid"),
    ];
    assert_eq!(people(&moving), made);

    moving
        .run(options(&[
            ("user-1", "anna@example.kz"),
            ("user-2", "boris@example.kz"),
        ]))
        .await;
    let addressed = [
        pair("user-1", "anna@example.kz"),
        pair("user-2", "boris@example.kz"),
    ];
    assert_eq!(people(&moving), addressed);
    moving.run(options(&[])).await;
    assert_eq!(people(&moving), addressed);
}

#[tokio::test]
async fn owners_that_do_not_fit_are_refused_before_anything_is_written() {
    let moving = Move::new();
    moving.old.store(1, &[]);
    db_user(&mut moving.app.conn(), "anna", Role::Manager);
    let before = moving.counts();
    for (pairs, said) in [
        (
            &[("user-1", "anna@example.kz")][..],
            "anna@example.kz is anna to API clients already, and cannot be user-1 too",
        ),
        (
            &[("user-7", "boris@example.kz")],
            "user-7 owns no store of the predecessor that can be taken",
        ),
        (&[("user-1", "boris")], "boris is not an e-mail address"),
        (
            &[("user-1", "b@example.kz"), ("user-2", "B@example.kz")],
            "b@example.kz stands for two user ids; a person has one",
        ),
    ] {
        let error = moving.try_run(options(pairs)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("--owner: {said}"));
    }
    assert_eq!(moving.counts(), before);

    moving.run(options(&[("user-1", "boris@example.kz")])).await;
    for email in ["anna@example.kz", "carl@example.kz"] {
        let error = moving.try_run(options(&[("user-1", email)])).await.unwrap_err();
        let said = format!("--owner: user-1 is boris@example.kz here, not {email}");
        assert_eq!(error.to_string(), said);
    }
}
