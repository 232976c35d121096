//! What honest files of every kind become, and what is said of those that are no tables. Harm is tried in a process
//! of its own, by the integration tests.

use rust_xlsxwriter::Workbook;

use super::*;
use crate::{
    domain::{Tenge, imports::ImportKind},
    sheets::{
        import_form::{ImportFormRow, write_import_form},
        preorder_form::{PreorderFormRow, write_preorder_form},
    },
};

fn all(name: &str, bytes: &[u8]) -> Result<(FileLayout, Vec<Row>), Refused> {
    let mut rows = Vec::new();
    let layout = read(name, bytes, &mut |row| rows.push(row))?;
    Ok((layout, rows))
}

fn csv(text: &str) -> Vec<Row> {
    all("a.csv", text.as_bytes()).unwrap().1
}

fn refused(name: &str, bytes: &[u8]) -> ImportRefusal {
    all(name, bytes).unwrap_err().code
}

fn cell(rows: &[Row], column: ImportColumn) -> Wanted {
    rows[0]
        .cells
        .iter()
        .find(|(known, _)| *known == column)
        .unwrap_or_else(|| panic!("{column} of {rows:?}"))
        .1
        .clone()
}

#[test]
fn headings_are_known_in_three_languages() {
    for heads in [
        "Артикул;Минимальная цена;Максимальная цена;Себестоимость;Правило;Автоцена;Дни предзаказа",
        "Артикул;Ең төменгі баға;Ең жоғары баға;Өзіндік құн;Ереже;Автобаға;Алдын ала тапсырыс күндері",
        "SKU;Floor;Ceiling;Unit cost;Rule;Enabled;Preorder days",
        " sku ;МИН.  ЦЕНА, ₸ *;потолок:;Закупка (₸);Выборка;Вкл/Выкл;Предзаказ",
    ] {
        let (layout, rows) = all("a.csv", format!("{heads}\nA1;1;2;3;r;да;4\n").as_bytes()).unwrap();
        let columns: Vec<ImportColumn> = layout.columns.iter().map(|(column, _)| *column).collect();
        assert_eq!(columns, ImportColumn::ALL, "{heads}");
        assert_eq!(
            rows[0]
                .cells
                .iter()
                .map(|(_, wanted)| wanted.clone())
                .collect::<Vec<_>>(),
            [
                Wanted::Amount(1),
                Wanted::Amount(2),
                Wanted::Amount(3),
                Wanted::Name("r".into()),
                Wanted::Switch(true),
                Wanted::Amount(4)
            ]
        );
        assert_eq!((rows[0].number, rows[0].sku.as_str()), (2, "A1"));
        assert_eq!(layout.place(ImportColumn::Ceiling, 2), "C2");
    }
}

#[test]
fn columns_may_stand_in_any_order_below_a_title_and_unknown_ones_are_told() {
    let (layout, rows) = all(
        "a.csv",
        "Цены на декабрь\n\nПотолок;Цвет;Артикул\n5000;красный;A1\n".as_bytes(),
    )
    .unwrap();
    assert_eq!(layout.ignored, ["Цвет"]);
    assert_eq!(layout.place(ImportColumn::Ceiling, rows[0].number), "A4");
    assert_eq!(
        rows,
        [Row {
            number: 4,
            sku: "A1".into(),
            cells: vec![(ImportColumn::Ceiling, Wanted::Amount(5000))]
        }]
    );
}

#[test]
fn amounts_are_taken_as_people_write_them_and_never_rounded() {
    use ImportTrouble::{Fraction, NotANumber, NotPositive, TooHigh};
    for (typed, wanted) in [
        ("12480", Wanted::Amount(12_480)),
        ("12 480", Wanted::Amount(12_480)),
        ("12\u{a0}480 ₸", Wanted::Amount(12_480)),
        ("12480,00", Wanted::Amount(12_480)),
        ("12480.00", Wanted::Amount(12_480)),
        ("12480 тг", Wanted::Amount(12_480)),
        ("-", Wanted::Nothing),
        ("—", Wanted::Nothing),
        ("12480,5", Wanted::Wrong(Fraction)),
        ("0", Wanted::Wrong(NotPositive)),
        ("-5", Wanted::Wrong(NotPositive)),
        ("99999999999", Wanted::Wrong(TooHigh)),
        ("дорого", Wanted::Wrong(NotANumber)),
    ] {
        let rows = csv(&format!("sku;floor\nA1;\"{typed}\"\n"));
        assert_eq!(cell(&rows, ImportColumn::Floor), wanted, "{typed}");
    }
    let empty = csv("sku;floor;ceiling\nA1;;5\n");
    assert_eq!(empty[0].cells, [(ImportColumn::Ceiling, Wanted::Amount(5))]);
}

#[test]
fn switches_and_names_are_told_apart_from_what_they_are_not() {
    for (typed, wanted) in [
        ("Да", Wanted::Switch(true)),
        ("иә", Wanted::Switch(true)),
        ("ON", Wanted::Switch(true)),
        ("нет", Wanted::Switch(false)),
        ("Жоқ", Wanted::Switch(false)),
        ("0", Wanted::Switch(false)),
        ("может быть", Wanted::Wrong(ImportTrouble::NotASwitch)),
        ("-", Wanted::Wrong(ImportTrouble::NotClearable)),
    ] {
        let rows = csv(&format!("sku;enabled\nA1;{typed}\n"));
        assert_eq!(cell(&rows, ImportColumn::Enabled), wanted, "{typed}");
    }
}

#[test]
fn separators_and_letters_are_found_by_themselves() {
    let text = "Артикул;Пол\nА-1;5000\n";
    let (utf16, cyrillic) = (
        text.encode_utf16().fold(vec![0xFF, 0xFE], |mut bytes, unit| {
            bytes.extend(unit.to_le_bytes());
            bytes
        }),
        encoding_rs::WINDOWS_1251.encode(text).0.into_owned(),
    );
    let bom = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    let (comma, tab) = (text.replace(';', ","), text.replace(';', "\t"));
    for bytes in [
        text.as_bytes(),
        &utf16,
        &cyrillic,
        &bom,
        comma.as_bytes(),
        tab.as_bytes(),
    ] {
        let rows = all("a.csv", bytes).unwrap().1;
        assert_eq!(rows[0].sku, "А-1");
        assert_eq!(cell(&rows, ImportColumn::Floor), Wanted::Amount(5000));
    }
}

#[test]
fn a_text_that_is_no_table_is_refused_with_its_reason() {
    use ImportRefusal as R;
    for (text, code) in [
        ("", R::Empty),
        ("\n\n", R::Empty),
        ("sku;floor\n", R::Empty),
        ("floor;ceiling\n1;2\n", R::NoSkuColumn),
        ("sku;name\nA1;Kettle\n", R::NoValueColumns),
        ("sku;floor;пол\nA1;1;2\n", R::ColumnTwice),
        ("sku;floor\nA1;=1+1\n", R::Formula),
        ("sku;floor\nA\u{1}1;1\n", R::NotText),
    ] {
        assert_eq!(refused("a.csv", text.as_bytes()), code, "{text:?}");
    }
    let long = format!("sku;floor\n{};1\n", "я".repeat(1_001));
    assert_eq!(
        all("a.csv", long.as_bytes()).unwrap_err(),
        Refused {
            code: R::LongCell,
            at: "A2".into()
        }
    );
    let wide = format!("sku;floor\nA1;1{}x\n", ";".repeat(100));
    assert_eq!(refused("a.csv", wide.as_bytes()), R::Columns);
    let formula = all("a.csv", b"sku;floor\nA1;1\nA2;=SUM(A1)\n").unwrap_err();
    assert_eq!(formula.at, "B3");
    assert_eq!(refused("a.pdf", b"%PDF-1.7"), R::Type);
    assert_eq!(refused("a.xlsx", b"sku;floor"), R::TypeMismatch);
    assert_eq!(refused("a.csv", b"PK\x03\x04 and so on"), R::TypeMismatch);
    assert_eq!(refused("a.xlsx", &[0xD0, 0xCF, 0x11, 0xE0, 1]), R::OldOrLocked);
    assert_eq!(refused("a.csv", &vec![b'a'; FILE_BYTES_MAX + 1]), R::TooLarge);
}

#[test]
fn a_hundred_thousand_rows_are_read_and_one_more_is_refused() {
    let rows = |count: u32| {
        let mut text = "sku;floor\n".to_owned();
        for number in 0..count {
            text.push_str(&format!("A{number};{}\n", 1_000 + number));
        }
        all("a.csv", text.as_bytes()).map(|(layout, rows)| (layout.rows, rows.len()))
    };
    assert_eq!(rows(100_000), Ok((100_000, 100_000)));
    assert_eq!(rows(100_001), Err(ImportRefusal::Rows.into()));
}

#[test]
fn our_own_form_reads_back_as_it_was_written() {
    let row = ImportFormRow {
        sku: "00123_A".into(),
        name: "=1+1".into(),
        floor: Some(Tenge(5_000)),
        ceiling: Some(Tenge(1_000_000_000)),
        unit_cost: None,
        rule: Some("Декабрь".into()),
        enabled: true,
        preorder_days: Some(0),
    };
    let heads = [
        "Артикул",
        "Товар",
        "Минимальная цена",
        "Максимальная цена",
        "Себестоимость",
        "Правило",
        "Автоцена",
        "Дни предзаказа",
    ]
    .map(str::to_owned);
    let bytes = write_import_form(&heads, ("да", "нет"), &[row]).unwrap();
    let (layout, rows) = all("товары.XLSX", &bytes).unwrap();
    assert_eq!(
        (layout.kind, layout.ignored),
        (ImportKind::Table, vec!["Товар".to_owned()])
    );
    assert_eq!(
        rows,
        [Row {
            number: 2,
            sku: "00123_A".into(),
            cells: vec![
                (ImportColumn::Floor, Wanted::Amount(5_000)),
                (ImportColumn::Ceiling, Wanted::Amount(1_000_000_000)),
                (ImportColumn::Rule, Wanted::Name("Декабрь".into())),
                (ImportColumn::Enabled, Wanted::Switch(true)),
                (ImportColumn::PreorderDays, Wanted::Amount(0)),
            ]
        }]
    );
}

#[test]
fn numbers_of_a_workbook_are_no_floating_guesses() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, head) in (0_u16..).zip(["sku", "floor", "ceiling"]) {
        sheet.write_string(0, column, head).unwrap();
    }
    for (row, sku, floor) in [(1, 123_456_789.0, 5_000.0), (2, 12.5, 5_000.5), (3, 1e16, 1e300)] {
        sheet.write_number(row, 0, sku).unwrap();
        sheet.write_number(row, 1, floor).unwrap();
    }
    let rows = all("a.xlsx", &book.save_to_buffer().unwrap()).unwrap().1;
    assert_eq!(rows[0].sku, "123456789");
    assert_eq!(cell(&rows, ImportColumn::Floor), Wanted::Amount(5_000));
    assert_eq!(
        cell(&rows[1..], ImportColumn::Floor),
        Wanted::Wrong(ImportTrouble::Fraction)
    );
    assert_eq!(
        cell(&rows[2..], ImportColumn::Sku),
        Wanted::Wrong(ImportTrouble::RoundedSku)
    );
    assert_eq!(
        cell(&rows[2..], ImportColumn::Floor),
        Wanted::Wrong(ImportTrouble::TooHigh)
    );
}

#[test]
fn the_cabinets_own_price_list_gives_preorder_days_and_no_prices() {
    let line = PreorderFormRow {
        sku: "A1".into(),
        model: "Kettle".into(),
        brand: None,
        price: Tenge(15_990),
        points: Vec::new(),
        days: 7,
    };
    let (layout, rows) = all("a.xlsx", &write_preorder_form(&[line]).unwrap()).unwrap();
    assert_eq!(layout.kind, ImportKind::PriceList);
    assert_eq!(rows[0].cells, [(ImportColumn::PreorderDays, Wanted::Amount(7))]);

    let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<kaspi_catalog date="2026-09-01" xmlns="kaspiShopping"><company>A &amp; B</company><merchantid>30000001</merchantid>
<offers><offer sku="A1"><model>Kettle</model><availabilities><availability available="yes" storeId="PP1" preOrder="7"/>
<availability available="no" storeId="PP2" preOrder="3"/></availabilities><price>15990</price></offer>
<offer sku="A2"><model>Iron</model><availabilities><availability available="yes" storeId="PP1" preOrder="7"/>
<availability available="yes" storeId="PP2"/></availabilities></offer>
<offer sku="A3"><model>Pan</model><availabilities/></offer></offers></kaspi_catalog>"#;
    let (layout, rows) = all("a.xml", xml.as_bytes()).unwrap();
    assert_eq!(
        (layout.kind, layout.merchant.as_deref()),
        (ImportKind::PriceList, Some("30000001"))
    );
    assert_eq!(rows.len(), 3);
    assert_eq!(cell(&rows, ImportColumn::PreorderDays), Wanted::Amount(7));
    assert_eq!(
        cell(&rows[1..], ImportColumn::PreorderDays),
        Wanted::Wrong(ImportTrouble::DaysDiffer)
    );
    assert_eq!(rows[2].cells, []);
    assert_eq!(layout.place(ImportColumn::PreorderDays, 2), "№ 2");

    for (text, code) in [
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><kaspi_catalog>&x;</kaspi_catalog>",
            ImportRefusal::Entities,
        ),
        (
            "<kaspi_catalog><company>&x;</company></kaspi_catalog>",
            ImportRefusal::Entities,
        ),
        ("<html></html>", ImportRefusal::TypeMismatch),
        ("<kaspi_catalog><offers>", ImportRefusal::Damaged),
        ("<kaspi_catalog></kaspi_catalog>", ImportRefusal::Empty),
    ] {
        assert_eq!(refused("a.xml", text.as_bytes()), code, "{text}");
    }
}

#[test]
fn lines_between_processes_carry_everything_and_their_end() {
    let mut out = Vec::new();
    wire::answer("a.csv", "sku;floor\nA1;5\nA\"2;x\n".as_bytes(), &mut out).unwrap();
    let mut rows = Vec::new();
    let layout = wire::understand(out.as_slice(), &mut |row| rows.push(row)).unwrap();
    assert_eq!((layout.rows, rows.len(), rows[1].sku.as_str()), (2, 2, "A\"2"));

    let short = &out[..out.len() - 2];
    let early = wire::understand(short, &mut |_| {}).unwrap_err();
    assert_eq!(early.code, ImportRefusal::TooHeavy);
    let mut out = Vec::new();
    wire::answer("a.csv", b"sku;floor\nA1;=1\n", &mut out).unwrap();
    let refused = wire::understand(out.as_slice(), &mut |_| {}).unwrap_err();
    assert_eq!(
        (refused.code, refused.at.as_str()),
        (ImportRefusal::Formula, "B2")
    );
}
