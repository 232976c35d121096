//! The pages of the tariffs: what holds, forms of shares and of delivery tables, and what coming tariffs will do.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use diesel::prelude::*;
use kaspi_panel::{
    domain::{
        Role, StoreId, TariffId, TariffKind, Tenge, UserId,
        tariffs::{Rate, Tariffs},
        terms::Terms,
    },
    schema::users,
    store::{
        tariffs::{tariff_list, tariffs_load},
        terms::{PricingTerms, TermsPlace, terms_insert},
    },
};

use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store, now};

fn id_of(app: &TestApp, kind: TariffKind, name: &str) -> TariffId {
    let rows = tariff_list(&mut app.conn()).unwrap();
    let row = rows.iter().find(|row| row.kind == kind && row.name == name);
    row.unwrap().id
}

fn tariffs(app: &TestApp) -> Tariffs {
    tariffs_load(&mut app.conn()).unwrap()
}

/// Adds `commission usual` with this share from this day on.
async fn commission(admin: &Client, percent: &str, from: &str) -> Answer {
    let form = [
        ("kind", "commission"),
        ("name", "usual"),
        ("valid_from", from),
        ("percent", percent),
    ];
    admin.post("/tariffs/new", &form).await
}

/// A manager's store with one product at 12 250 ₸ that earns 76 ₸ today (see `it::tariffs`).
async fn shop(app: &mut TestApp) -> (Client, StoreId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table
        .filter(users::name.eq("aigul"))
        .select(users::id)
        .first(conn)
        .unwrap();
    let store = db_store(conn, owner, "30000001");
    let new = NewProduct {
        sku: "=1+1",
        name: "Kettle <b>&",
        price: 12_250,
        floor: None,
        ceiling: None,
        repricing: true,
        ..NewProduct::default()
    };
    db_product(conn, store, &new);
    let terms = Terms {
        unit_cost: Some(Tenge(9_000)),
        tax: Some("simplified".to_owned()),
        delivery: Some("city".to_owned()),
        weight_grams: Some(900),
        ..Terms::default()
    };
    let row = PricingTerms::new(&TermsPlace::Store(store), &terms, now());
    terms_insert(conn, &row).unwrap();
    (client, store)
}

#[tokio::test]
async fn everybody_sees_what_holds_and_administrators_change_it() {
    let mut app = TestApp::new();
    let admin = app.signed_in("root", Role::Admin).await;
    let looking = app.signed_in("looking", Role::Viewer).await;
    let page = looking.get("/tariffs").await.expect(200);
    assert_eq!(page.texts("section h2").len(), 4);
    let names = page.texts("table.tariffs > tbody > tr > th");
    assert_eq!(names.len(), 9);
    assert!(names.iter().any(|name| name.starts_with("обычная")), "{names:?}");
    let told = page.text("#of-commission");
    assert!(told.contains("12,5 %") && told.contains("01.01.2026"), "{told}");
    assert_eq!(page.count("a[href^='/tariffs/new']"), 0);
    assert_eq!(page.text("nav.side [aria-current=page]"), "Тарифы");

    commission(&admin, "13 %", "2027-01-01").await.expect(303);
    let page = looking.get("/tariffs").await.expect(200);
    let told = page.text("#of-commission");
    assert!(told.contains("13 %") && told.contains("01.01.2027"), "{told}");
    assert!(page.text(".note").contains("01.01.2027"));
    // On that day it holds, and the other one is history.
    app.advance(60 * 86_400).await;
    let admin = app.sign_in("root").await;
    let page = admin.get("/tariffs").await.expect(200);
    let now = page.texts("#of-commission td b");
    assert!(now.contains(&"13 %".to_owned()), "{now:?}");
    assert_eq!(page.text("details ul a"), "12,5 %");

    // A name of one's own is shown as typed.
    let form = [
        ("kind", "commission"),
        ("name", "bags_2027"),
        ("valid_from", "2027-06-01"),
        ("percent", "20"),
    ];
    admin.post("/tariffs/new", &form).await.expect(303);
    let page = admin.get("/tariffs").await.expect(200);
    assert!(
        page.texts("table.tariffs > tbody > tr > th")
            .contains(&"bags_2027".to_owned())
    );
    assert!(page.body_text().contains("сегодня не действует"));
}

#[tokio::test]
async fn wrong_shares_stay_in_the_form_with_a_sentence() {
    let mut app = TestApp::new();
    let admin = app.signed_in("root", Role::Admin).await;
    admin.get("/tariffs/new").await.expect(303);
    let form = admin
        .get("/tariffs/new?kind=commission&name=usual")
        .await
        .expect(200);
    assert_eq!(form.attribute("#percent", "value"), "12,5");
    for (name, day, percent, field) in [
        ("usual", "2027-01-01", "101", "percent"),
        ("usual", "2027-01-01", "-1", "percent"),
        ("usual", "2027-01-01", "", "percent"),
        ("usual", "some day", "5", "valid_from"),
        ("usual", "2026-01-01", "5", "reason"),
        ("Обычная", "2027-01-01", "5", "name"),
    ] {
        let typed = [
            ("kind", "commission"),
            ("name", name),
            ("valid_from", day),
            ("percent", percent),
        ];
        let page = admin.post("/tariffs/new", &typed).await.expect(422);
        assert_eq!(
            page.attribute(".errors a", "href"),
            format!("#{field}"),
            "{typed:?}"
        );
        assert!(page.text("title").starts_with("Ошибка"));
        assert_eq!(page.count(&format!("#{field}[aria-invalid]")), 1, "{typed:?}");
        assert_eq!(page.attribute("#percent", "value"), percent);
        assert_eq!(page.attribute("#name", "value"), name);
    }
    let taken = [
        ("kind", "commission"),
        ("name", "usual"),
        ("valid_from", "2026-01-01"),
        ("percent", "5"),
        ("reason", "a test"),
    ];
    let page = admin.post("/tariffs/new", &taken).await.expect(422);
    assert!(page.text(".errors").contains("уже есть"));
    admin
        .post("/tariffs/new", &[("kind", "nonsense")])
        .await
        .expect(400);
    assert_eq!(tariffs(&app).0.len(), 9);
}

#[tokio::test]
async fn a_delivery_table_is_typed_as_rows() {
    let mut app = TestApp::new();
    let admin = app.signed_in("root", Role::Admin).await;
    let id = id_of(&app, TariffKind::Delivery, "city");
    let form = admin.get(&format!("/tariffs/{id}")).await.expect(200);
    let rows = form.count("input[name=fee]");
    assert_eq!(rows, 6 + 3, "the six of the table, and some to spare");
    assert_eq!(form.attribute("#price-1", "value"), "999");
    assert_eq!(form.attribute("#weight-5", "value"), "1\u{a0}000");
    assert_eq!(form.attribute("#fee-6", "value"), "6\u{a0}449");

    let mut typed = vec![
        ("kind", "delivery"),
        ("name", "city"),
        ("valid_from", "2027-01-01"),
    ];
    for (price, weight, fee) in [("999", "", "59"), ("", "1 000", "1 200"), ("", "", "7 000")] {
        typed.extend([("price_up_to", price), ("weight_up_to", weight), ("fee", fee)]);
    }
    // More rows: nothing is saved, nothing typed is lost.
    let mut more = typed.clone();
    more.push(("more", "yes"));
    let page = admin.post("/tariffs/new", &more).await.expect(200);
    assert_eq!(page.count("input[name=fee]"), 8);
    assert_eq!(page.attribute("#fee-3", "value"), "7 000");
    assert_eq!(page.attribute("#valid_from", "value"), "2027-01-01");
    assert_eq!(tariffs(&app).0.len(), 9);

    let mut wrong = typed.clone();
    wrong[5].1 = "free";
    let page = admin.post("/tariffs/new", &wrong).await.expect(422);
    assert_eq!(page.attribute(".errors a", "href"), "#fee-1");
    assert_eq!(page.attribute("#fee-1", "aria-invalid"), "true");
    let open = &typed[..6];
    let page = admin.post("/tariffs/new", open).await.expect(422);
    assert_eq!(page.attribute(".errors a", "href"), "#fees");

    admin.post("/tariffs/new", &typed).await.expect(303);
    let all = tariffs(&app);
    let rate = all.on(TariffKind::Delivery, "city", "2027-01-01".parse().unwrap());
    let Some(Rate::Fees(table)) = rate else {
        panic!("{rate:?}")
    };
    let fees: Vec<(Option<Tenge>, Vec<i64>)> = table
        .steps()
        .iter()
        .map(|step| (step.up_to, step.fees.iter().map(|fee| fee.fee.0).collect()))
        .collect();
    assert_eq!(fees, [(Some(Tenge(999)), vec![59]), (None, vec![1_200, 7_000])]);
    // The log tells the table in words.
    let log = admin.get("/log").await.expect(200).body_text();
    assert!(log.contains("до 999\u{a0}₸, любой вес: 59\u{a0}₸"), "{log}");
}

#[tokio::test]
async fn the_second_of_two_administrators_sees_what_the_first_saved() {
    let mut app = TestApp::new();
    let admin = app.signed_in("root", Role::Admin).await;
    let id = id_of(&app, TariffKind::Tax, "simplified");
    let path = format!("/tariffs/{id}");
    let form = |percent| {
        [
            ("version", "1"),
            ("valid_from", "2026-01-01"),
            ("percent", percent),
            ("reason", "a test"),
        ]
    };
    admin.post(&path, &form("4")).await.expect(303);
    let page = admin.post(&path, &form("5")).await.expect(409);
    let told = page.text(".conflict");
    assert!(told.contains("root") && told.contains("4 %"), "{told}");
    assert_eq!(page.attribute("#percent", "value"), "5");
    assert_eq!(page.attribute("input[name=version]", "value"), "2");

    let question = admin.get(&format!("{path}/delete")).await.expect(200);
    assert_eq!(question.attribute("input[name=version]", "value"), "2");
    admin
        .post(
            &format!("{path}/delete"),
            &[("version", "1"), ("reason", "a test")],
        )
        .await
        .expect(409);
    let page = admin
        .post(&format!("{path}/delete"), &[("version", "2")])
        .await
        .expect(422);
    assert!(page.text(".errors").contains("причину"));
    admin
        .post(
            &format!("{path}/delete"),
            &[("version", "2"), ("reason", "a test")],
        )
        .await
        .expect(303);
    admin.get(&path).await.expect(404);
    let usual = id_of(&app, TariffKind::Commission, "usual");
    let page = admin
        .post(
            &format!("/tariffs/{usual}/delete"),
            &[("version", "1"), ("reason", "a test")],
        )
        .await
        .expect(422);
    assert!(page.text(".errors").contains("С этим тарифом считают"));
}

#[tokio::test]
async fn before_a_change_it_is_told_which_products_turn_loss_making() {
    let mut app = TestApp::new();
    let admin = app.signed_in("root", Role::Admin).await;
    let (client, _) = shop(&mut app).await;
    let page = client.get("/tariffs/changes").await.expect(200);
    assert!(page.text(".blank").contains("Изменений не предвидится"));
    // Fifteen days away: on the page, not yet on the dashboard.
    commission(&admin, "15", "2026-12-08").await.expect(303);
    let page = client.get("/tariffs/changes").await.expect(200);
    assert_eq!(page.text(".changed li"), "Комиссия Kaspi, обычная: 12,5 % → 15 %");
    assert_eq!(page.text("tbody th a"), "Kettle <b>&");
    let cells = page.texts("tbody td");
    // As in `it::tariffs`: 76 ₸ become a loss of 230 ₸, and 12 531 ₸ the lowest price.
    for (cell, part) in cells.iter().zip(["12 250", "76", "230", "12 160", "12 531"]) {
        assert!(cell.replace('\u{a0}', " ").contains(part), "{cells:?}");
    }
    assert!(client.get("/").await.texts("#issues li").is_empty());

    let file = client
        .get("/tariffs/changes.xlsx?day=2026-12-08")
        .await
        .expect(200);
    assert!(
        file.header("content-disposition")
            .contains("tariffs_2026-12-08.xlsx")
    );
    file.keep_sheet("tariff_losses");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.body.to_vec())).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let line: Vec<String> = sheet
        .rows()
        .nth(1)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        line[1..],
        ["=1+1", "Kettle <b>&", "12250", "76", "-230", "12160", "12531"]
    );
    let formulas = book.worksheet_formula("Sheet1").unwrap();
    assert!(formulas.used_cells().next().is_none(), "a text stays a text");
    for day in ["2026-12-09", "nonsense", ""] {
        client
            .get(&format!("/tariffs/changes.xlsx?day={day}"))
            .await
            .expect(404);
    }

    // Another seller has none of it.
    let other = app.signed_in("other", Role::Manager).await;
    let page = other.get("/tariffs/changes").await.expect(200);
    assert_eq!((page.count("tbody"), page.count(".changed li")), (0, 1));
    let file = other
        .get("/tariffs/changes.xlsx?day=2026-12-08")
        .await
        .expect(200);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.body.to_vec())).unwrap();
    assert_eq!(book.worksheet_range_at(0).unwrap().unwrap().height(), 1);

    app.advance(86_400).await;
    let client = app.sign_in("aigul").await;
    let page = client.get("/").await.expect(200);
    let told = page.text("#issues li");
    assert!(
        told.contains("С 08.12.2026 изменятся тарифы") && told.contains("1 товар заработает"),
        "{told}"
    );
    assert_eq!(
        page.attribute("#issues li a", "href"),
        "/tariffs/changes#day-2026-12-08"
    );
}
