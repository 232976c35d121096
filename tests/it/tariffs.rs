//! Dated tariffs: who may change them, what is refused, that products are looked at again, and what coming tariffs
//! will do.

use chrono::NaiveDate;
use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    app::{
        edit::EditError,
        tariff_changes::coming_changes,
        tariffs::{TariffEditError, add_tariff, delete_tariff, edit_tariff},
        terms::set_terms,
    },
    domain::{
        Actor, Role, StoreId, TariffKind, Tenant, Tenge, UserId,
        percent::Percent,
        tariffs::{Rate, Tariff},
        terms::Terms,
    },
    schema::{audit_log, product_checks, users},
    store::{
        tariffs::{TariffRow, tariff_fetch, tariff_list},
        terms::{PricingTerms, TermsPlace, terms_insert},
    },
};
use serde_json::{Value, json};

use crate::support::{NewProduct, TestApp, db_product, db_store, db_user, now};

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
        diesel::update(product_checks::table)
            .set(product_checks::next_check_at.eq(later))
            .execute(&mut app.conn())
            .unwrap()
    };
    let due = || -> i64 {
        let due = product_checks::table.filter(product_checks::next_check_at.le(app.services.now()));
        due.count().get_result(&mut app.conn()).unwrap()
    };

    put_off();
    let id = add_tariff(&app.services, &admin, tax("simplified", 4, "2027-01-01"), "")
        .await
        .unwrap();
    assert_eq!(due(), 0, "today everything is as it was");
    let rate = Rate::Share(Percent::from_hundredths(450));
    let change = |day_from: &str| (day(day_from), rate.clone());
    edit_tariff(&app.services, &admin, (id, 1), change("2027-02-01"), "")
        .await
        .unwrap();
    let stale = edit_tariff(&app.services, &admin, (id, 1), change("2027-03-01"), "").await;
    assert!(matches!(stale, Err(EditError::Conflict(row)) if row.version == 2));
    edit_tariff(&app.services, &admin, (id, 2), change("2027-02-01"), "")
        .await
        .unwrap();
    let stale = delete_tariff(&app.services, &admin, (id, 1), "").await;
    assert!(matches!(stale, Err(EditError::Conflict(_))));
    assert_eq!(due(), 0);

    // From today on: prices are decided about at once, and again when it goes.
    edit_tariff(
        &app.services,
        &admin,
        (id, 2),
        change("2026-11-23"),
        "the decree is in force",
    )
    .await
    .unwrap();
    assert_eq!(due(), 1, "looked at again at once");
    put_off();
    delete_tariff(&app.services, &admin, (id, 3), "the decree is not in force")
        .await
        .unwrap();
    assert_eq!(due(), 1);
    assert!(tariff_fetch(conn, id).unwrap().is_none());

    let first = json!({"valid_from": "2027-01-01", "percent": "4"});
    let second = json!({"valid_from": "2027-02-01", "percent": "4.5"});
    let third = json!({"valid_from": "2026-11-23", "percent": "4.5"});
    let (second_day, third_day) = (
        json!({"valid_from": "2027-02-01"}),
        json!({"valid_from": "2026-11-23"}),
    );
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
            line("update", &second_day, &third_day),
            line("delete", &third, &json!({})),
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
        add_tariff(&app.services, &manager, tax("mine", 1, "2027-01-01"), "x")
            .await
            .map(|_| ()),
    );
    let change = (day("2027-01-01"), Rate::Share(Percent::whole(1)));
    refused(edit_tariff(&app.services, &manager, (row.id, 1), change, "x").await);
    refused(delete_tariff(&app.services, &manager, (row.id, 1), "x").await);
    assert_eq!(audited(&app), []);
}

#[tokio::test]
async fn what_nobody_could_count_with_is_refused() {
    let app = TestApp::new();
    let admin = Actor::system();
    let add = async |tariff| codes(add_tariff(&app.services, &admin, tariff, "a test").await);
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
        delete_tariff(&app.services, &admin, (row.id, row.version), "a test").await
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

#[tokio::test]
async fn whoever_touches_a_day_that_has_begun_says_why() {
    let app = TestApp::new();
    let admin = Actor::system();
    let needed = [("reason", "tariff-error-reason")];
    // The test's day is the 23rd.
    for from in ["2026-11-23", "2020-01-01"] {
        let added = add_tariff(&app.services, &admin, tax("mine", 1, from), " ").await;
        assert_eq!(codes(added), needed, "{from}");
    }
    let id = add_tariff(&app.services, &admin, tax("mine", 1, "2026-11-24"), "")
        .await
        .unwrap();
    let rate = || Rate::Share(Percent::whole(2));
    // Into the past, and out of it.
    let moved = edit_tariff(&app.services, &admin, (id, 1), (day("2026-11-23"), rate()), "").await;
    assert_eq!(codes(moved), needed);
    let seeded = seeded(&app, TariffKind::Tax, "none");
    let moved = edit_tariff(
        &app.services,
        &admin,
        (seeded.id, 1),
        (day("2027-01-01"), rate()),
        "",
    );
    assert_eq!(codes(moved.await), needed);
    assert_eq!(
        codes(delete_tariff(&app.services, &admin, (seeded.id, 1), "").await),
        needed
    );
    let long = "x".repeat(501);
    let added = add_tariff(&app.services, &admin, tax("mine", 1, "2027-01-01"), &long).await;
    assert_eq!(codes(added), [("reason", "error-too-long")]);

    delete_tariff(
        &app.services,
        &admin,
        (seeded.id, 1),
        "  nobody trades without tax ",
    )
    .await
    .unwrap();
    let reason: Option<String> = audit_log::table
        .filter(audit_log::action.eq("delete"))
        .select(audit_log::reason)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(reason.as_deref(), Some("nobody trades without tax"));
    // A day that has not begun needs none.
    delete_tariff(&app.services, &admin, (id, 1), "").await.unwrap();
}

#[tokio::test]
async fn a_rate_that_is_counted_with_is_not_moved_away() {
    let app = TestApp::new();
    let admin = Actor::system();
    let row = seeded(&app, TariffKind::Commission, "usual");
    let later = (day("2027-01-01"), Rate::Share(Percent::whole(13)));
    let moved = edit_tariff(&app.services, &admin, (row.id, 1), later.clone(), "a test").await;
    assert_eq!(codes(moved), [("valid_from", "tariff-error-in-use")]);
    assert_eq!(tariff_fetch(&mut app.conn(), row.id).unwrap().unwrap().version, 1);
    // Nobody counts with this one.
    let row = seeded(&app, TariffKind::Commission, "raised");
    edit_tariff(&app.services, &admin, (row.id, 1), later, "a test")
        .await
        .unwrap();
}

/// A store of `user` with three products at 12 250 ₸ and more, whose costs are known.
fn shop(app: &TestApp, user: &str, merchant: &str) -> StoreId {
    let conn = &mut app.conn();
    let owner = db_user(conn, user, Role::Manager);
    let store = db_store(conn, owner, merchant);
    for (sku, price) in [("A", 12_250), ("B", 12_300), ("C", 15_000)] {
        let new = NewProduct {
            sku,
            name: sku,
            price,
            floor: None,
            ceiling: None,
            repricing: true,
            ..NewProduct::default()
        };
        db_product(conn, store, &new);
    }
    let terms = Terms {
        unit_cost: Some(Tenge(9_000)),
        tax: Some("simplified".to_owned()),
        delivery: Some("city".to_owned()),
        weight_grams: Some(900),
        ..Terms::default()
    };
    let row = PricingTerms::new(&TermsPlace::Store(store), &terms, now());
    terms_insert(conn, &row).unwrap();
    store
}

#[tokio::test]
async fn a_coming_tariff_names_the_products_that_it_makes_loss_making() {
    let app = TestApp::new();
    let admin = Actor::system();
    shop(&app, "aigul", "30000001");
    shop(&app, "erlan", "30000002");
    let aigul: UserId = users::table
        .filter(users::name.eq("aigul"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let none = coming_changes(&app.services, Tenant::All, None).await.unwrap();
    assert!(none.is_empty());
    let commission = |percent, from: &str| Tariff {
        kind: TariffKind::Commission,
        name: "usual".to_owned(),
        ..tax("", percent, from)
    };
    for tariff in [commission(15, "2027-01-01"), commission(12, "2027-03-01")] {
        add_tariff(&app.services, &admin, tariff, "").await.unwrap();
    }

    let all = coming_changes(&app.services, Tenant::All, None).await.unwrap();
    let losses: Vec<usize> = all.iter().map(|change| change.losses.len()).collect();
    // The cheaper commission of March hurts nobody.
    assert_eq!(losses, [4, 0]);
    assert_eq!(all[0].rates.len(), 1);
    assert_eq!(
        (&all[0].rates[0].before, &all[1].rates[0].before),
        (
            &Some(Rate::Share(Percent::from_hundredths(1_250))),
            &Some(Rate::Share(Percent::whole(15)))
        )
    );

    // Costs besides the shares: 9 000 + 1 099 · 1.16 = 10 274.84. With 12.5 % + 3 % a sale at 12 250 ₸ leaves
    // 10 351.25 − 10 274.84 = 76.41, with 15 % + 3 % 10 045 − 10 274.84 = −229.84; at 12 300 ₸ 118.66 and −188.84.
    // It pays from 10 274.84 / 0.845 = 12 159.6 on, then from 10 274.84 / 0.82 = 12 530.3. At 15 000 ₸ both are fine.
    let own = coming_changes(&app.services, Tenant::User(aigul), Some(day("2027-01-01")))
        .await
        .unwrap();
    assert_eq!(own.len(), 1, "not beyond the last day asked for");
    let figures: Vec<_> = own[0]
        .losses
        .iter()
        .map(|loss| {
            let (now, then) = (loss.shortfall.now.unwrap(), loss.shortfall.then);
            (
                loss.product.name.as_str(),
                (now.profit.0, then.profit.0),
                (now.lowest.unwrap().0, then.lowest.unwrap().0),
            )
        })
        .collect();
    assert_eq!(
        figures,
        [
            ("A", (76, -230), (12_160, 12_531)),
            ("B", (118, -189), (12_160, 12_531)),
        ]
    );

    // Without automatic prices, off sale or archived: none of the robot's business.
    for condition in [
        "repricing_enabled = false",
        "on_sale = false",
        "archived_at = now()",
    ] {
        let sql = format!(
            "update products set repricing_enabled = true, on_sale = true, archived_at = null;
             update products set {condition} where name = 'A'"
        );
        app.conn().batch_execute(&sql).unwrap();
        let own = coming_changes(&app.services, Tenant::User(aigul), Some(day("2027-01-01")));
        assert_eq!(own.await.unwrap()[0].losses.len(), 1, "{condition}");
    }
}
