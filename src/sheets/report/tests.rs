//! The report as other programs read it: cells by calamine, and what it does not tell by the file's own XML.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};

use super::*;

fn columns(headers: &[&str]) -> Vec<Column> {
    headers.iter().map(|header| Column::new(*header, 20)).collect()
}

fn about() -> About {
    About {
        name: "Параметры".into(),
        lines: vec![
            ("Отчёт".into(), Cell::text("Товары")),
            ("Создан".into(), Cell::At(at("2026-11-22T09:05:00Z"))),
        ],
        made_at: at("2026-11-22T09:05:00Z"),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn bytes_of(report: Report) -> Vec<u8> {
    let mut bytes = Vec::new();
    report.finish(&about(), &mut bytes).unwrap();
    bytes
}

fn made(headers: &[&str], rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut report = Report::new("Товары", columns(headers)).unwrap();
    for row in rows {
        report.push(row).unwrap();
    }
    bytes_of(report)
}

fn cells(bytes: &[u8], sheet: &str) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert!(
        book.worksheet_formula(sheet)
            .unwrap()
            .used_cells()
            .next()
            .is_none(),
        "no cell is a formula"
    );
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn numbers_dates_and_shares_are_values_and_not_texts() {
    let bytes = made(
        &["a", "b", "c", "d", "e", "f", "g"],
        &[vec![
            Cell::Tenge(Tenge(12_480)),
            Cell::Integer(-3),
            Cell::Percent(Percent::from_hundredths(-325)),
            // Half past four in the night of the 23rd in Almaty.
            Cell::At(at("2026-11-22T23:30:00Z")),
            Cell::Day("2026-11-22".parse().unwrap()),
            Cell::Hundredths(487),
            Cell::Empty,
        ]],
    );
    let rows = cells(&bytes, "Товары");
    assert_eq!(rows[1][5], Data::Float(4.87));
    assert_eq!(rows[1][0], Data::Float(12_480.0));
    assert_eq!(rows[1][1], Data::Float(-3.0));
    assert_eq!(rows[1][2], Data::Float(-0.0325));
    let Data::DateTime(moment) = &rows[1][3] else {
        panic!("{:?}", rows[1][3])
    };
    assert_eq!(moment.to_ymd_hms_milli(), (2026, 11, 23, 4, 30, 0, 0));
    let Data::DateTime(day) = &rows[1][4] else {
        panic!("{:?}", rows[1][4])
    };
    assert_eq!(day.to_ymd_hms_milli(), (2026, 11, 22, 0, 0, 0, 0));
    assert_eq!(rows[1].get(6).unwrap_or(&Data::Empty), &Data::Empty);
    let styles = part(&bytes, "xl/styles.xml");
    assert!(styles.contains("dd.mm.yyyy hh:mm"), "{styles}");
    assert!(styles.contains("₸"), "{styles}");
}

#[test]
fn what_looks_like_a_formula_stays_a_text() {
    let texts = [
        "=1+2",
        "+7 700 000 00 01",
        "-5",
        "@SUM(A1)",
        "＝1+2",
        "＋1",
        "－1",
        "＠a",
        "\t=1",
        "\r=1",
        "\n=1",
        "=HYPERLINK(\"https://example.kz\",\"x\")",
    ];
    let rows: Vec<Vec<Cell>> = texts
        .iter()
        .map(|text| vec![Cell::text(*text), Cell::text("usual")])
        .collect();
    let bytes = made(&["a", "b"], &rows);
    for (row, text) in cells(&bytes, "Товары")[1..].iter().zip(texts) {
        let Data::String(read) = &row[0] else {
            panic!("{row:?}")
        };
        // A carriage return comes back as its escape, which calamine leaves as it is.
        assert_eq!(read.replace("_x000D_", "\r"), text);
    }
    // Editing such a cell must not turn it into a formula: it carries the mark of a text.
    let styles = part(&bytes, "xl/styles.xml");
    let marked = styles
        .split("<cellXfs")
        .nth(1)
        .unwrap()
        .split("<xf ")
        .skip(1)
        .position(|style| style.contains("quotePrefix=\"1\""))
        .expect("a style with the mark");
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "no formulas");
    for line in 2..=texts.len() + 1 {
        let cell = sheet
            .split(&format!("<c r=\"A{line}\""))
            .nth(1)
            .unwrap()
            .split('>')
            .next()
            .unwrap();
        assert!(cell.contains(&format!("s=\"{marked}\"")), "A{line}: {cell}");
        let usual = sheet
            .split(&format!("<c r=\"B{line}\""))
            .nth(1)
            .unwrap()
            .split('>')
            .next()
            .unwrap();
        assert!(!usual.contains(&format!("s=\"{marked}\"")), "B{line}: {usual}");
    }
}

#[test]
fn the_header_is_frozen_and_filtered_and_columns_have_widths() {
    let bytes = made(&["Артикул", "=Цена"], &[vec![Cell::text("x"), Cell::Empty]]);
    assert_eq!(
        cells(&bytes, "Товары")[0],
        [Data::String("Артикул".into()), Data::String("=Цена".into())]
    );
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains("<pane ySplit=\"1\" topLeftCell=\"A2\"") && sheet.contains("state=\"frozen\""),
        "{sheet}"
    );
    assert!(sheet.contains("<autoFilter ref=\"A1:B2\""), "{sheet}");
    assert_eq!(
        sheet.matches("<col ").count(),
        1,
        "two columns of one width: {sheet}"
    );
    assert!(sheet.contains("customWidth=\"1\""), "{sheet}");
}

#[test]
fn a_report_without_rows_is_a_whole_file() {
    let bytes = made(&["a"], &[]);
    assert_eq!(cells(&bytes, "Товары"), [[Data::String("a".into())]]);
}

#[test]
fn the_last_sheet_tells_the_parameters() {
    let bytes = made(&["a"], &[]);
    let rows = cells(&bytes, "Параметры");
    assert_eq!(
        rows[0],
        [Data::String("Отчёт".into()), Data::String("Товары".into())]
    );
    assert!(
        matches!(&rows[1][1], Data::DateTime(made) if made.to_ymd_hms_milli() == (2026, 11, 22, 14, 5, 0, 0))
    );
    assert!(part(&bytes, "docProps/core.xml").contains("2026-11-22T09:05:00Z"));
}

#[test]
fn rows_beyond_a_sheet_go_on_in_another() {
    let mut report = Report::with_sheet_rows("Товары", columns(&["n"]), 2).unwrap();
    for number in 1..=5 {
        report.push(&[Cell::Integer(number)]).unwrap();
    }
    let bytes = bytes_of(report);
    let book = Xlsx::new(Cursor::new(&bytes)).unwrap();
    assert_eq!(
        book.sheet_names(),
        ["Товары", "Товары 2", "Товары 3", "Параметры"]
    );
    let header = Data::String("n".into());
    assert_eq!(cells(&bytes, "Товары 3"), [[header.clone()], [Data::Float(5.0)]]);
    assert_eq!(
        cells(&bytes, "Товары"),
        [[header], [Data::Float(1.0)], [Data::Float(2.0)]]
    );
}

#[test]
fn odd_texts_and_numbers_do_not_break_the_file() {
    let long = "я".repeat(40_000);
    let bytes = made(
        &["a"],
        &[
            vec![Cell::text(long.as_str())],
            vec![Cell::text("<b> & \u{1} \u{fffe} _x0041_")],
            vec![Cell::Integer(i64::MAX)],
            vec![Cell::text("😀".repeat(20_000))],
        ],
    );
    let rows = cells(&bytes, "Товары");
    assert_eq!(rows[1][0], Data::String("я".repeat(32_767)));
    assert!(matches!(&rows[2][0], Data::String(text) if text.starts_with("<b> & ")));
    assert_eq!(rows[3][0], Data::String(i64::MAX.to_string()));
    assert_eq!(rows[4][0], Data::String("😀".repeat(16_383)));
}

#[test]
fn names_of_sheets_are_made_to_fit() {
    assert_eq!(sheet_name("a/b:c[d]*?'\\e", 1), "abcde");
    assert_eq!(sheet_name(&"я".repeat(40), 12), format!("{} 12", "я".repeat(28)));
}
