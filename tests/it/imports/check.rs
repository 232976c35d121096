//! The check of a file: rows judged with sentence and cell, unchanged ones skipped, nothing written; and its pages.

use calamine::{Data, Reader, Xlsx};
use diesel::prelude::*;
use kaspi_panel::{
    app::{imports::ImportError, retention::IMPORTS_LIFE},
    domain::{
        ImportId, JobKind, Role, UserId,
        imports::{ImportRefusal, ImportTrouble},
    },
    schema::{audit_log, import_rows, imports, products, store_access, users},
    store::imports::imports_prune,
};
use serde_json::{Value, json};

use super::{files::Book, seed::Seed};
use crate::support::{Answer, db_waiting_runs, now};

fn rows(seed: &Seed, id: ImportId) -> Vec<(i32, String, Value, Value, Value)> {
    import_rows::table
        .filter(import_rows::import_id.eq(id))
        .order(import_rows::row_number)
        .select((
            import_rows::row_number,
            import_rows::state,
            import_rows::before,
            import_rows::after,
            import_rows::troubles,
        ))
        .load(&mut seed.app.conn())
        .unwrap()
}

async fn uploaded(seed: &mut Seed, name: &str, bytes: &[u8]) -> Answer {
    let client = seed.client().await;
    let store = seed.store.to_string();
    let answer = client
        .upload("/imports", &[("store", &store)], (name, bytes))
        .await
        .expect(303);
    client.get(&answer.location()).await.expect(200)
}

#[tokio::test]
async fn every_row_is_judged_and_nothing_is_written() {
    let seed = Seed::new().await;
    let file = "sku;floor;ceiling;cost;rule;enabled;preorder\n\
        A1;5000;;;;да;7\n\
        A2;6500;9000;3000;Summer;;0\n\
        A3;-;;;winter;нет;\n\
        A9;1;;;;;\n\
        A2;7000;;;;;\n\
        ;7000;;;;;\n\
        A3;5000,5;x;;Autumn;;31\n";
    let id = seed.check("a.csv", file).await.unwrap();
    let import = seed.import(id);
    assert_eq!(
        (import.rows_changed, import.rows_unchanged, import.rows_wrong),
        (2, 1, 4)
    );
    let found = rows(&seed, id);
    let of = |number| found.iter().find(|row| row.0 == number).unwrap();
    let (winter, summer) = (json!([seed.rules[0], "Winter"]), json!([seed.rules[1], "Summer"]));
    assert_eq!(
        of(3).2,
        json!({"floor": 6000, "ceiling": null, "unit_cost": null, "rule": [winter]})
    );
    assert_eq!(
        of(3).3,
        json!({"floor": 6500, "ceiling": 9000, "unit_cost": 3000, "rule": [summer]})
    );
    assert_eq!(
        (&of(4).2, &of(4).3),
        (&json!({"rule": [summer]}), &json!({"rule": [winter]}))
    );
    let trouble = |column, trouble: ImportTrouble| json!({"column": column, "code": format!("import-trouble-{trouble}")});
    assert_eq!(of(5).4, json!([trouble("sku", ImportTrouble::UnknownSku)]));
    assert_eq!(of(6).4, json!([trouble("sku", ImportTrouble::RepeatedSku)]));
    assert_eq!(of(7).4, json!([trouble("sku", ImportTrouble::NoSku)]));
    assert_eq!(
        of(8).4,
        json!([
            trouble("sku", ImportTrouble::RepeatedSku),
            trouble("floor", ImportTrouble::Fraction),
            trouble("ceiling", ImportTrouble::NotANumber),
            trouble("rule", ImportTrouble::UnknownRule),
            trouble("preorder_days", ImportTrouble::Days),
        ])
    );
    assert_eq!(seed.limits(1), (Some(6_000), None, false));
    let audited: Vec<String> = audit_log::table
        .filter(audit_log::object_id.eq(id.0))
        .select(audit_log::action)
        .load(&mut seed.app.conn())
        .unwrap();
    assert_eq!(audited, ["check"]);
}

#[tokio::test]
async fn what_a_form_would_refuse_is_refused_here_with_the_same_words() {
    let seed = Seed::new().await;
    let file = "sku;floor;ceiling;enabled\nA1;9;;\nA2;;100;\nA3;;;да\n";
    let id = seed.check("a.csv", file).await.unwrap();
    let codes: Vec<Value> = rows(&seed, id)
        .into_iter()
        .map(|row| row.4[0]["code"].clone())
        .collect();
    assert_eq!(
        codes,
        [
            "product-error-floor-low",
            "product-error-ceiling-low",
            "product-error-floor-needed"
        ]
    );
    // With a cost the robot may be switched on.
    let id = seed
        .check("a.csv", "sku;cost;enabled\nA3;3000;да\n")
        .await
        .unwrap();
    assert_eq!(seed.import(id).rows_changed, 1);
}

#[tokio::test]
async fn the_downloaded_table_is_filled_in_and_changes_nothing_when_it_comes_back() {
    let mut seed = Seed::new().await;
    for (at, ceiling) in [(0, None), (1, Some(9_000_i64))] {
        diesel::update(products::table.find(seed.products[at]))
            .set(products::ceiling_tenge.eq(ceiling))
            .execute(&mut seed.app.conn())
            .unwrap();
    }
    let client = seed.client().await;
    for language in ["ru", "kk", "en"] {
        client
            .post("/preferences", &[("language", language), ("next", "/imports")])
            .await
            .expect(303);
        let file = client
            .get(&format!("/imports/form?store={}", seed.store))
            .await
            .expect(200);
        assert!(
            file.header("content-disposition")
                .starts_with("attachment; filename=\"import_30000001_")
        );
        file.keep_sheet("import_form");
        let mut book = Xlsx::new(std::io::Cursor::new(file.body.as_slice())).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let line = |row: u32| {
            (0..8)
                .map(|column| sheet.get_value((row, column)).cloned().unwrap_or(Data::Empty))
                .collect::<Vec<_>>()
        };
        let text = |text: &str| Data::String(text.to_owned());
        let line_of_a1 = line(1);
        assert_eq!(line_of_a1[..3], [text("A1"), text("A1"), Data::Float(5_000.0)]);
        assert_eq!(line_of_a1[7], Data::Float(7.0));
        assert_eq!(
            (line(2)[3].clone(), line(2)[5].clone()),
            (Data::Float(9_000.0), text("Winter"))
        );
        assert_eq!(line(3)[2], Data::Empty);

        let id = seed
            .check(&format!("{language}.xlsx"), file.body.clone())
            .await
            .unwrap();
        let import = seed.import(id);
        assert_eq!(
            (import.rows_changed, import.rows_unchanged, import.rows_wrong),
            (0, 3, 0),
            "{language}"
        );
    }
}

#[tokio::test]
async fn the_page_tells_cells_and_sentences_counts_and_the_same_file() {
    let mut seed = Seed::new().await;
    let file = Book::with_heads(
        r#"<row r="2"><c r="A2" t="inlineStr"><is><t>A1</t></is></c><c r="B2"><v>5500</v></c></row><row r="3"><c r="A3" t="inlineStr"><is><t>A2</t></is></c><c r="B3"><v>1.5</v></c></row>"#,
    )
    .pack();
    let page = uploaded(&mut seed, "prices.xlsx", &file).await;
    assert_eq!(
        (page.text("#changed"), page.text("#wrong")),
        ("1".into(), "1".into())
    );
    assert!(
        page.texts("tbody")[0].contains("5 000 ₸ → 5 500 ₸")
            || page.texts("tbody")[0].replace('\u{a0}', " ").contains("5 500"),
        "{:?}",
        page.texts("tbody")
    );
    assert!(page.texts("#same-file").is_empty());
    let first: String = imports::table
        .select(imports::id)
        .first::<ImportId>(&mut seed.app.conn())
        .unwrap()
        .to_string();

    let client = seed.client().await;
    let wrong = client
        .get(&format!("/imports/{first}?view=wrong"))
        .await
        .expect(200);
    assert!(
        wrong.texts("tbody")[0].contains("B3: Нужно целое число"),
        "{:?}",
        wrong.texts("tbody")
    );

    let again = uploaded(&mut seed, "other name.xlsx", &file).await;
    assert!(again.text("#same-file").contains("уже загружали"));
    assert_eq!(
        again.attribute("#same-file a", "href"),
        format!("/imports/{first}")
    );
    let list = client.get("/imports").await.expect(200);
    assert_eq!(list.texts("tbody tr").len(), 2);
}

#[tokio::test]
async fn a_refused_file_is_told_on_the_form_and_leaves_nothing() {
    let mut seed = Seed::new().await;
    let client = seed.client().await;
    let store = seed.store.to_string();
    let formula = Book::with_heads(r#"<row r="7"><c r="C7"><f>1+1</f><v>2</v></c></row>"#).pack();
    let large = vec![b'x'; (6 << 20) + 1];
    for (name, bytes, words) in [
        ("a.xlsx", formula.as_slice(), "C7"),
        ("a.pdf", b"%PDF", ".xlsx, .csv или .xml"),
        ("a.csv", large.as_slice(), "больше 5 МБ"),
        ("", b"", "Выберите файл"),
    ] {
        let answer = client
            .upload("/imports", &[("store", &store)], (name, bytes))
            .await
            .expect(422);
        assert!(
            answer.text("#file-error").contains(words),
            "{name}: {}",
            answer.text("#file-error")
        );
    }
    let answer = client
        .upload("/imports", &[], ("a.csv", b"sku;floor\nA1;1\n"))
        .await
        .expect(422);
    assert!(answer.text("#file-error").contains("Выберите магазин"));
    let kept: i64 = imports::table.count().get_result(&mut seed.app.conn()).unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn the_price_list_of_the_cabinet_sets_days_and_says_that_prices_stay() {
    let mut seed = Seed::new().await;
    let xml = |merchant: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><kaspi_catalog date="2026-09-01" xmlns="kaspiShopping"><company>S</company><merchantid>{merchant}</merchantid><offers><offer sku="A1"><model>K</model><availabilities><availability available="yes" storeId="PP1" preOrder="3"/></availabilities><price>99</price></offer><offer sku="A2"><model>K</model><availabilities><availability available="yes" storeId="PP1"/></availabilities><price>99</price></offer></offers></kaspi_catalog>"#
        )
    };
    let page = uploaded(&mut seed, "list.xml", xml("30000001").as_bytes()).await;
    assert!(page.text("#price-list").contains("Цены из него не берутся"));
    assert_eq!(
        (page.text("#changed"), page.text("#unchanged")),
        ("1".into(), "1".into())
    );
    let other = seed.check("list.xml", xml("30000002")).await;
    assert!(matches!(other, Err(ImportError::Refused(why)) if why.code == ImportRefusal::OtherStore));
}

#[tokio::test]
async fn viewers_look_and_a_forged_upload_is_refused() {
    let mut seed = Seed::new().await;
    let id = seed.check("a.csv", "sku;floor\nA1;5500\n").await.unwrap();
    let admin = seed.app.signed_in("root", Role::Admin).await;
    let page = admin.get(&format!("/imports/{id}")).await.expect(200);
    assert!(!page.texts("form[action$='/apply']").is_empty());
    let viewer = seed.app.signed_in("guest", Role::Viewer).await;
    viewer.get("/imports/new").await.expect(403);
    viewer
        .upload("/imports", &[("store", &seed.store.to_string())], ("a.csv", b"x"))
        .await
        .expect(403);
    viewer.get(&format!("/imports/{id}")).await.expect(404);
    let guest: UserId = users::table
        .filter(users::name.eq("guest"))
        .select(users::id)
        .first(&mut seed.app.conn())
        .unwrap();
    diesel::insert_into(store_access::table)
        .values((
            store_access::store_id.eq(seed.store),
            store_access::user_id.eq(guest),
            store_access::role.eq(Role::Viewer),
            store_access::created_at.eq(now()),
        ))
        .execute(&mut seed.app.conn())
        .unwrap();
    let page = viewer.get(&format!("/imports/{id}")).await.expect(200);
    assert!(page.texts("form[action$='/apply']").is_empty());
    viewer
        .post(&format!("/imports/{id}/apply"), &[])
        .await
        .expect(403);

    let owner = seed.client().await;
    owner.upload_bare("/imports", "guessed", b"x").await.expect(403);
    seed.app
        .anonymous()
        .upload_bare("/imports", "guessed", b"x")
        .await
        .expect(303);
}

#[tokio::test]
async fn old_imports_are_forgotten_with_their_rows() {
    let seed = Seed::new().await;
    let old = seed.check("a.csv", "sku;floor\nA1;5500\n").await.unwrap();
    seed.app.clock.advance(IMPORTS_LIFE);
    let young = seed.check("b.csv", "sku;floor\nA1;5600\n").await.unwrap();
    let just_after = seed.app.services.now() - IMPORTS_LIFE + chrono::TimeDelta::seconds(1);
    assert_eq!(imports_prune(&mut seed.app.conn(), just_after, 10).unwrap(), 1);
    let kept: Vec<ImportId> = imports::table
        .select(imports::id)
        .load(&mut seed.app.conn())
        .unwrap();
    assert_eq!(kept, [young]);
    assert!(rows(&seed, old).is_empty());
}

#[tokio::test]
async fn the_command_checks_a_file_and_writes_nothing_before_a_job_does() {
    let seed = Seed::new().await;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("limits.csv");
    let run = |text: &str, more: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let store = seed.store.to_string();
        let mut arguments = vec!["preorders", "import", "--store", &store, path.to_str().unwrap()];
        arguments.extend(more);
        let output = seed.app.program(&arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (ok, said) = run("sku;floor\nA1;5500\nA2;6000\n", &["--dry-run"]);
    assert!(
        ok && said.contains("1 row(s) change something, 1 change nothing, 0 are wrong"),
        "{said}"
    );
    assert!(said.contains("Nothing was written"), "{said}");
    let (ok, said) = run("sku;floor\nA1;many\n", &[]);
    assert!(
        !ok && said.contains("B2") && said.contains("nothing was written"),
        "{said}"
    );
    let waiting = || db_waiting_runs(&mut seed.app.conn(), JobKind::ApplyImport).len();
    assert_eq!(waiting(), 0);
    let (ok, said) = run("sku;floor\nA1;5600\n", &[]);
    assert!(ok, "{said}");
    assert_eq!(waiting(), 1);
    assert_eq!(seed.limits(0).0, Some(5_000), "a worker writes");
    seed.work().await;
    assert_eq!(seed.limits(0).0, Some(5_600));
}
