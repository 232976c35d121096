//! Dated tariffs: who may change them, what is refused, and that products are looked at again.

use chrono::NaiveDate;
use diesel::prelude::*;
use kaspi_panel::{
    app::{
        edit::EditError,
        tariffs::{TariffEditError, add_tariff, delete_tariff, edit_tariff},
        terms::set_terms,
    },
    domain::{
        Actor, Role, TariffKind,
        percent::Percent,
        tariffs::{Rate, Tariff},
        terms::Terms,
    },
    schema::{audit_log, products},
    store::{
        tariffs::{TariffRow, tariff_fetch, tariff_list},
        terms::TermsPlace,
    },
};
use serde_json::{Value, json};

use crate::support::{NewProduct, TestApp, db_product, db_store, db_user};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tax(name: &str, percent: i32, from: &str) -> Tariff {
    Tariff {
        kind: TariffKind::Tax,
        name: name.to_owned(),
        valid_from: day(from),
        rate: Rate::Share(Percent::whole(percent)),
    }
}

fn seeded(app: &TestApp, kind: TariffKind, name: &str) -> TariffRow {
    let rows = tariff_list(&mut app.conn()).unwrap();
    rows.into_iter()
        .find(|row| row.kind == kind && row.name == name)
        .unwrap()
}

fn codes(result: Result<impl std::fmt::Debug, TariffEditError>) -> Vec<(&'static str, &'static str)> {
    match result {
        Err(EditError::Invalid(errors)) => errors.iter().map(|error| (error.field, error.code)).collect(),
        other => panic!("{other:?}"),
    }
}

/// Action, name, before and after of each line about a tariff.
fn audited(app: &TestApp) -> Vec<(String, String, Option<Value>, Option<Value>)> {
    audit_log::table
        .filter(audit_log::object_kind.eq("tariff"))
        .order(audit_log::id)
        .select((
            audit_log::action,
            audit_log::object_name,
            audit_log::before,
            audit_log::after,
        ))
        .load(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_tariff_is_added_changed_and_removed_and_everything_is_told() {
    let app = TestApp::new();
    let admin = Actor::system();
    let conn = &mut app.conn();
    let owner = db_user(conn, "aigul", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    db_product(conn, store, &NewProduct::default());
    let later = app.services.now() + chrono::TimeDelta::hours(1);
    let put_off = || {
        diesel::update(products::table)
            .set((
                products::repricing_enabled.eq(true),
                products::next_check_at.eq(later),
            ))
            .execute(&mut app.conn())
            .unwrap()
    };
    let due = || -> i64 {
        let due = products::table.filter(products::next_check_at.le(app.services.now()));
        due.count().get_result(&mut app.conn()).unwrap()
    };

    put_off();
    let id = add_tariff(&app.services, &admin, tax("simplified", 4, "2027-01-01"))
        .await
        .unwrap();
    assert_eq!(due(), 1, "looked at again at once");
    put_off();
    let rate = Rate::Share(Percent::from_hundredths(450));
    edit_tariff(&app.services, &admin, (id, 1), (day("2027-02-01"), rate.clone()))
        .await
        .unwrap();
    assert_eq!(due(), 1);
    let stale = edit_tariff(&app.services, &admin, (id, 1), (day("2027-03-01"), rate.clone())).await;
    assert!(matches!(stale, Err(EditError::Conflict(row)) if row.version == 2));
    edit_tariff(&app.services, &admin, (id, 2), (day("2027-02-01"), rate))
        .await
        .unwrap();
    let stale = delete_tariff(&app.services, &admin, (id, 1)).await;
    assert!(matches!(stale, Err(EditError::Conflict(_))));
    delete_tariff(&app.services, &admin, (id, 2)).await.unwrap();
    assert!(tariff_fetch(conn, id).unwrap().is_none());

    let first = json!({"valid_from": "2027-01-01", "percent": "4"});
    let second = json!({"valid_from": "2027-02-01", "percent": "4.5"});
    let name = "tax: simplified".to_owned();
    let line = |action: &str, before: &Value, after: &Value| {
        (
            action.to_owned(),
            name.clone(),
            Some(before.clone()),
            Some(after.clone()),
        )
    };
    assert_eq!(
        audited(&app),
        [
            line("create", &json!({}), &first),
            line("update", &first, &second),
            line("delete", &second, &json!({})),
        ],
        "a change to the same writes nothing"
    );
}

#[tokio::test]
async fn only_administrators_change_tariffs() {
    let app = TestApp::new();
    let user = db_user(&mut app.conn(), "aigul", Role::Manager);
    let manager = Actor {
        user_id: Some(user),
        role: Role::Manager,
        ..Actor::system()
    };
    let row = seeded(&app, TariffKind::Tax, "none");
    let refused = |result: Result<(), TariffEditError>| assert!(matches!(result, Err(EditError::Forbidden)));
    refused(
        add_tariff(&app.services, &manager, tax("mine", 1, "2027-01-01"))
            .await
            .map(|_| ()),
    );
    let change = (day("2027-01-01"), Rate::Share(Percent::whole(1)));
    refused(edit_tariff(&app.services, &manager, (row.id, 1), change).await);
    refused(delete_tariff(&app.services, &manager, (row.id, 1)).await);
    assert_eq!(audited(&app), []);
}

#[tokio::test]
async fn what_nobody_could_count_with_is_refused() {
    let app = TestApp::new();
    let admin = Actor::system();
    let add = async |tariff| codes(add_tariff(&app.services, &admin, tariff).await);
    assert_eq!(
        add(tax("simplified", 4, "2026-01-01")).await,
        [("valid_from", "tariff-error-day-taken")]
    );
    assert_eq!(
        add(tax("Упрощённый", 4, "2027-01-01")).await,
        [("name", "tariff-error-name")]
    );
    assert_eq!(
        add(tax("", 4, "2027-01-01")).await,
        [("name", "tariff-error-name")]
    );
    assert_eq!(
        add(tax("simplified", 101, "2027-01-01")).await,
        [("percent", "tariff-error-percent")]
    );
    assert_eq!(
        add(tax("simplified", -1, "2027-01-01")).await,
        [("percent", "tariff-error-percent")]
    );

    // The last of a name that somebody counts with stays.
    let delete = async |kind, name| {
        let row = seeded(&app, kind, name);
        delete_tariff(&app.services, &admin, (row.id, row.version)).await
    };
    for (kind, name) in [
        (TariffKind::Commission, "usual"),
        (TariffKind::Delivery, "country"),
        (TariffKind::DeliveryVat, "standard"),
    ] {
        assert_eq!(codes(delete(kind, name).await), [("name", "tariff-error-in-use")]);
    }
    let conn = &mut app.conn();
    let owner = db_user(conn, "aigul", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let terms = Terms {
        tax: Some("none".to_owned()),
        ..Terms::default()
    };
    set_terms(&app.services, &admin, TermsPlace::Store(store), 0, terms)
        .await
        .unwrap();
    assert_eq!(
        codes(delete(TariffKind::Tax, "none").await),
        [("name", "tariff-error-in-use")]
    );
    delete(TariffKind::Tax, "simplified").await.unwrap();
}
