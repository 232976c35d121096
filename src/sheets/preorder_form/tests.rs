//! The form as another program reads it.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::*;

fn row() -> PreorderFormRow {
    PreorderFormRow {
        sku: "00123".into(),
        model: "Чайник Kitfort KT-6140".into(),
        brand: None,
        price: Tenge(12_480),
        points: vec![],
        days: 7,
    }
}

fn point(number: u16, quantity: Option<u32>) -> PointStock {
    PointStock { number, quantity }
}

/// Cells of the only sheet, and whether any of them holds a formula.
fn read(rows: &[PreorderFormRow]) -> (Vec<Vec<Data>>, bool) {
    let bytes = write_preorder_form(rows).unwrap();
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    assert_eq!(names.len(), 1);
    let formulas = book.worksheet_formula(&names[0]).unwrap();
    let cells = book.worksheet_range(&names[0]).unwrap();
    (
        cells.rows().map(<[Data]>::to_vec).collect(),
        formulas.used_cells().next().is_some(),
    )
}

fn text(value: &str) -> Data {
    Data::String(value.into())
}

#[test]
fn columns_stand_in_the_order_of_the_form() {
    let full = PreorderFormRow {
        brand: Some("Kitfort".into()),
        points: vec![point(1, Some(3)), point(3, None), point(5, Some(0))],
        ..row()
    };
    let (cells, formulas) = read(&[full]);
    let headers: Vec<Data> = [
        "SKU", "model", "brand", "price", "PP1", "PP2", "PP3", "PP4", "PP5", "preorder",
    ]
    .map(text)
    .to_vec();
    let line = vec![
        text("00123"),
        text("Чайник Kitfort KT-6140"),
        text("Kitfort"),
        Data::Float(12_480.0),
        Data::Float(3.0),
        text("no"),
        text("yes"),
        text("no"),
        text("no"),
        Data::Float(7.0),
    ];
    assert_eq!(cells, [headers, line]);
    assert!(!formulas);
}

#[test]
fn goods_without_a_brand_and_without_points_fill_every_column() {
    let (cells, _) = read(&[row()]);
    assert_eq!(cells[1][2], text("Без бренда"));
    assert_eq!(cells[1][4..9], ["no", "no", "no", "no", "no"].map(text));
}

#[test]
fn hostile_texts_stay_texts() {
    let names = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "=HYPERLINK(\"http://a\")",
        "<b>&\"'",
    ];
    let rows: Vec<_> = names
        .iter()
        .map(|name| PreorderFormRow {
            sku: (*name).into(),
            model: (*name).into(),
            brand: Some((*name).into()),
            ..row()
        })
        .collect();
    let (cells, formulas) = read(&rows);
    assert!(!formulas);
    for (name, line) in names.iter().zip(&cells[1..]) {
        assert_eq!(line[..3], [text(name), text(name), text(name)]);
    }
}

#[test]
fn a_sixth_point_needs_the_xml_form() {
    let far = PreorderFormRow {
        points: vec![point(6, Some(1))],
        ..row()
    };
    let error = write_preorder_form(&[row(), far]).unwrap_err();
    assert!(
        matches!(error, SheetError::NeedsXml { point: 6, .. }),
        "{error:?}"
    );
}
