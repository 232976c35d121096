//! Passwords of the cabinet: only where they are wanted, sealed, never told; cookies never.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{AccountKind, SessionState},
    schema::{cabinet_accounts, stores},
    secrets::Place,
    store::{accounts::CabinetAccount, stores::Store},
};
use secrecy::ExposeSecret;

use super::*;

const PASSWORD: &str = "Canary-Old-Password-4be1";
const COOKIE: &str = "Canary-Old-Cookie-77ac";

fn kept(email: &str, password: &str) -> String {
    format!(r#"'{{"cookies": {{"mc-session": "{COOKIE}"}}, "email": "{email}", "password": "{password}"}}'"#)
}

fn with_passwords() -> ImportOptions {
    ImportOptions {
        with_passwords: true,
        ..ImportOptions::default()
    }
}

fn accounts(moving: &Move) -> Vec<CabinetAccount> {
    let all = cabinet_accounts::table.order(cabinet_accounts::login);
    all.select(CabinetAccount::as_select())
        .load(&mut moving.app.conn())
        .unwrap()
}

/// Two stores on one login; the third one has another owner, the others have something wrong.
fn shops() -> Move {
    let moving = Move::new();
    let old = &moving.old;
    old.store(1, &[("guid", &kept("Shop@Example.kz", PASSWORD))]);
    old.store(2, &[("guid", &kept("shop@example.kz", PASSWORD))]);
    let other = kept("shop@example.kz", "Canary-Old-Password-9999");
    old.store(3, &[("guid", &other), ("user_id", "'user-2'")]);
    old.store(4, &[("guid", &kept("two@example.kz", PASSWORD))]);
    old.store(
        5,
        &[("guid", &kept("two@example.kz", "Canary-Old-Password-1111"))],
    );
    old.store(6, &[("guid", "'\"text\"'")]);
    old.store(7, &[("guid", &kept("no address", PASSWORD))]);
    old.store(8, &[("guid", r#"'{"cookies": {}}'"#)]);
    old.store(9, &[("guid", "'null'")]);
    moving
}

#[tokio::test]
async fn passwords_come_sealed_and_only_where_they_are_wanted() {
    let moving = shops();
    moving.run(ImportOptions::default()).await;
    assert_eq!(moving.count("cabinet_accounts"), 0);

    // Wanted later: they come for stores that are here.
    let (totals, told) = moving.run(with_passwords()).await;
    assert_eq!(
        (
            totals.passwords_taken,
            totals.passwords_known,
            totals.passwords_left_out
        ),
        (2, 0, 4)
    );
    let left_out: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            ImportEvent::PasswordLeftOut { store_id, doubt } => Some((store_id.0, doubt.field, doubt.reason)),
            _ => None,
        })
        .collect();
    assert_eq!(
        left_out,
        [
            (store(6), "guid", Reason::Unreadable),
            (store(7), "guid.email", Reason::NotAnEmail),
            (store(4), "guid", Reason::Differing),
            (store(5), "guid", Reason::Differing),
        ]
    );

    let accounts = accounts(&moving);
    let shops: Vec<Store> = stores::table
        .order(stores::id)
        .select(Store::as_select())
        .load(&mut moving.app.conn())
        .unwrap();
    assert_eq!(accounts.len(), 2);
    assert!(shops.iter().all(|shop| shop.session_state == SessionState::Never));
    assert_eq!(shops[0].account_id, shops[1].account_id);
    assert!(shops[3..].iter().all(|shop| shop.account_id.is_none()));
    for (shop, password) in [(&shops[0], PASSWORD), (&shops[2], "Canary-Old-Password-9999")] {
        let account = accounts
            .iter()
            .find(|account| Some(account.id) == shop.account_id)
            .unwrap();
        assert_eq!(
            (account.kind, account.login.as_str()),
            (AccountKind::Email, "shop@example.kz")
        );
        assert_eq!(account.owner_id, shop.owner_id);
        assert_eq!((&account.cookies_sealed, account.session_id), (&None, None));
        let sealed = account.password_sealed.as_deref().unwrap();
        assert!(!String::from_utf8_lossy(sealed).contains("Canary"));
        let place = Place {
            column: "cabinet_accounts.password_sealed",
            row: account.id.0,
            tenant: Some(account.owner_id.0),
        };
        let opened = moving.app.services.vault.open(place, sealed).unwrap();
        assert_eq!(opened.expose_secret(), password);
    }

    // Once more: what is here stays, as a person may have changed it.
    let before = moving.counts();
    let (totals, _) = moving.run(with_passwords()).await;
    assert_eq!((totals.passwords_taken, totals.passwords_known), (0, 2));
    assert_eq!(moving.counts(), before);
}

#[tokio::test]
async fn a_store_that_a_person_has_connected_keeps_its_account() {
    let moving = Move::new();
    moving
        .old
        .store(1, &[("guid", &kept("shop@example.kz", PASSWORD))]);
    moving.run(ImportOptions::default()).await;
    moving.change(
        "insert into cabinet_accounts (id, owner_id, kind, login, created_at, updated_at)
           select gen_random_uuid(), owner_id, 'phone', '+77000000001', now(), now() from stores;
         update stores set account_id = (select id from cabinet_accounts)",
    );
    for dry_run in [true, false] {
        let options = ImportOptions {
            dry_run,
            ..with_passwords()
        };
        let (totals, _) = moving.run(options).await;
        assert_eq!((totals.passwords_taken, totals.passwords_known), (0, 1));
    }
    let logins: Vec<String> = accounts(&moving)
        .into_iter()
        .map(|account| account.login)
        .collect();
    assert_eq!(logins, ["+77000000001"]);
}

#[tokio::test]
async fn nothing_of_it_is_told_anywhere() {
    let moving = shops();
    let run = moving
        .app
        .program(&["import-django", "--with-passwords"])
        .env("KASPI_PANEL_DJANGO_URL", moving.old.db.url())
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2), "{run:?}");
    assert_eq!(moving.count("cabinet_accounts"), 2);
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(
        said.contains("passwords: 2 taken, 0 with an account here already, 4 left out"),
        "{said}"
    );
    assert!(!said.contains("Canary"), "{said}");
    let logged = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!logged.contains("Canary"), "{logged}");

    // Nor does our database hold it outside of the vault.
    for table in ["audit_log", "stores", "cabinet_accounts", "users"] {
        let found = moving.count(&format!("{table} t where t::text ~ '[cC]anary'"));
        assert_eq!(found, 0, "{table}");
    }
}
