//! Files that mean harm, read by the program itself in a process with limits. Each has an answer of its own, and is
//! answered within two seconds on a processor: a release build is given no more here.

use std::{path::Path, time::Duration};

use kaspi_panel::{
    domain::imports::{FileLayout, ImportRefusal as R},
    os::{Confinement, run_confined},
    sheets::intake::{Refused, Row, wire},
};
use rust_xlsxwriter::Workbook;

use super::files::{Book, TYPES, row};

const LIMITS: Confinement = Confinement {
    memory: 512 << 20,
    // Without the compiler's help the same work takes several times as long.
    processor: Duration::from_secs(if cfg!(debug_assertions) { 12 } else { 2 }),
    time: Duration::from_secs(120),
    output: 24 << 20,
};

/// Reads a file as the panel does.
pub fn confined(name: &str, bytes: &[u8]) -> Result<(FileLayout, Vec<Row>), Refused> {
    let program = Path::new(env!("CARGO_BIN_EXE_kaspi-panel"));
    let arguments = ["sheet", "read", "--name", name];
    let mut rows = Vec::new();
    let layout = run_confined(program, &arguments, LIMITS, bytes, |lines| {
        wire::understand(lines, &mut |row| rows.push(row))
    })
    .unwrap()?;
    Ok((layout, rows))
}

fn refusal(bytes: &[u8]) -> Refused {
    confined("a.xlsx", bytes).expect_err("a refusal")
}

fn code(book: &Book) -> R {
    refusal(&book.pack()).code
}

fn honest() -> Book {
    Book::with_heads(
        r#"<row r="2"><c r="A2" t="inlineStr"><is><t>A1</t></is></c><c r="B2"><v>5000</v></c></row>"#,
    )
}

#[test]
fn an_honest_workbook_is_read() {
    let (layout, rows) = confined("a.xlsx", &honest().pack()).unwrap();
    assert_eq!((layout.rows, rows.len(), rows[0].sku.as_str()), (1, 1, "A1"));
    // A link of a cell to a page is fetched by nobody.
    let linked = honest().part(
        "xl/worksheets/_rels/sheet1.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://kaspi.kz/" TargetMode="External"/></Relationships>"#,
    );
    assert!(confined("a.xlsx", &linked.pack()).is_ok());
}

/// 1.5 KB that would make a grid of sixteen billion cells, and 0.5 MB that would unfold to 512 MiB.
#[test]
fn the_two_bombs_are_refused() {
    let corner = Book::with_heads(&row(1_048_576, &[("XFD", "x")]));
    assert!(corner.pack().len() < 2_000);
    assert_eq!(code(&corner), R::Columns);
    let deep = Book::with_heads(&row(1_048_576, &[("A", "x")]));
    assert_eq!(code(&deep), R::Rows);

    let heavy = honest()
        .part("xl/sharedStrings.xml", vec![b' '; 512 << 20])
        .pack();
    assert!(heavy.len() < 600 * 1024, "{}", heavy.len());
    assert_eq!(refusal(&heavy).code, R::Bomb);
}

#[test]
fn parts_that_unfold_to_much_together_are_refused_though_each_is_modest() {
    // Repetitive enough to be small, and not so repetitive that the ratio of one part tells.
    let noise: String = (0..8_000_u32)
        .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761)))
        .collect();
    let part = format!("<!--{noise}-->{}", "<abcd/>".repeat(270_000));
    let book = |parts: u32| {
        (0..parts).fold(honest(), |book, number| {
            book.part(&format!("xl/theme/t{number}.xml"), part.as_str())
        })
    };
    assert!(confined("a.xlsx", &book(3).pack()).is_ok());
    let file = book(30).pack();
    assert!(file.len() < 5 << 20, "{}", file.len());
    assert_eq!(refusal(&file).code, R::Bomb);
}

#[test]
fn an_archive_inside_of_an_archive_is_never_opened() {
    let inner = honest().part("x", vec![0; 64 << 20]).pack();
    let nested = honest().part("xl/media/inner.zip", inner.clone());
    assert!(confined("a.xlsx", &nested.pack()).is_ok());
    let alone = Book(vec![("lib 0.zip".into(), inner)]);
    assert_eq!(code(&alone), R::TypeMismatch);
}

/// Many entries of the list of contents that all mean the same bytes.
#[test]
fn entries_that_overlap_count_each_time() {
    let text: String = (0..300_000_u64)
        .map(|n| format!("{} ", n * 7919 % 100_003))
        .collect();
    let file = Book(vec![
        ("[Content_Types].xml".into(), TYPES.into()),
        ("xl/aa.xml".into(), text.into()),
    ])
    .pack();
    let start = file.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let end = file.windows(4).rposition(|four| four == b"PK\x05\x06").unwrap();
    let second = start
        + 4
        + file[start + 4..]
            .windows(4)
            .position(|four| four == b"PK\x01\x02")
            .unwrap();
    let mut forged = file[..second].to_vec();
    for number in 0..90_u8 {
        let mut entry = file[second..end].to_vec();
        let name = entry.windows(2).position(|two| two == b"aa").unwrap();
        entry[name..name + 2].copy_from_slice(&[b'a' + number / 26, b'a' + number % 26]);
        forged.extend(entry);
    }
    let size = u32::try_from(forged.len() - start).unwrap();
    let mut tail = file[end..].to_vec();
    tail[8..10].copy_from_slice(&91_u16.to_le_bytes());
    tail[10..12].copy_from_slice(&91_u16.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    forged.extend(tail);
    let code = refusal(&forged).code;
    assert!([R::Bomb, R::Damaged].contains(&code), "{code}");
}

#[test]
fn too_many_parts_and_names_that_lead_elsewhere_are_refused() {
    let mut many = honest();
    for number in 0..100 {
        many = many.part(&format!("xl/x{number}"), "x");
    }
    assert_eq!(code(&many), R::OddParts);
    for name in ["../../etc/passwd", "/etc/passwd", "xl/../../x", "xl\\x", "C:x"] {
        assert_eq!(code(&honest().part(name, "x")), R::OddParts, "{name}");
    }
}

#[test]
fn encrypted_parts_are_refused() {
    let mut file = honest().pack();
    let starts: Vec<(usize, usize)> = (0..file.len() - 4)
        .filter_map(|at| match &file[at..at + 4] {
            b"PK\x03\x04" => Some((at, 6)),
            b"PK\x01\x02" => Some((at, 8)),
            _ => None,
        })
        .collect();
    for (at, flags) in starts {
        file[at + flags] |= 1;
    }
    assert_eq!(refusal(&file).code, R::Encrypted);
}

/// Nine million formats of nothing: within every limit of bytes, but for each of them there is a large record in memory.
pub fn heavy() -> Book {
    let noise: String = (0..120_000_u32)
        .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761)))
        .collect();
    let formats = "<xf/>".repeat(9_000_000);
    honest().part(
        "xl/styles.xml",
        format!("<styleSheet><!--{noise}--><cellXfs>{formats}</cellXfs></styleSheet>"),
    )
}

#[test]
fn what_takes_too_much_memory_ends_with_its_process() {
    let code = code(&heavy());
    assert_eq!(code, R::TooHeavy);
    // The number of a shared formula is the length of a list.
    let formula = Book::with_heads(
        r#"<row r="2"><c r="A2"><f t="shared" si="4294967290" ref="A2:A3">1</f><v>1</v></c></row>"#,
    );
    let code = refusal(&formula.pack()).code;
    assert!([R::TooHeavy, R::Formula].contains(&code), "{code}");
}

#[test]
fn formulas_are_refused_with_their_cell() {
    for formula in [
        "<f>1+1</f><v>2</v>",
        "<f/><v>2</v>",
        r#"<f t="shared" si="0"/><v>2</v>"#,
    ] {
        let book = Book::with_heads(&format!(r#"<row r="7"><c r="C7">{formula}</c></row>"#));
        let refused = refusal(&book.pack());
        assert_eq!(
            (refused.code, refused.at.as_str()),
            (R::Formula, "C7"),
            "{formula}"
        );
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "sku").unwrap();
    sheet.write_string(0, 1, "floor").unwrap();
    sheet.write_formula(1, 1, "=1000*2").unwrap();
    assert_eq!(refusal(&book.save_to_buffer().unwrap()).at, "B2");
}

#[test]
fn macros_are_refused() {
    assert_eq!(code(&honest().part("xl/vbaProject.bin", "x")), R::Macros);
    let enabled = honest().replace(
        "[Content_Types].xml",
        "openxmlformats-officedocument.spreadsheetml.sheet.main",
        "ms-excel.sheet.macroEnabled.main",
    );
    assert_eq!(code(&enabled), R::Macros);
    assert_eq!(confined("a.xlsm", &honest().pack()).unwrap_err().code, R::Macros);
}

#[test]
fn links_to_other_files_are_refused() {
    assert_eq!(
        code(&honest().part("xl/externalLinks/externalLink1.xml", "<a/>")),
        R::ExternalLinks
    );
    assert_eq!(
        code(&honest().part("xl/connections.xml", "<a/>")),
        R::ExternalLinks
    );
    let relation = honest().part(
        "xl/worksheets/_rels/sheet1.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="http://10.0.0.1/x" TargetMode="External"/></Relationships>"#,
    );
    assert_eq!(code(&relation), R::ExternalLinks);
}

#[test]
fn entities_are_refused_wherever_they_are_declared() {
    let xxe = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"#;
    for name in [
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/sharedStrings.xml",
        "docProps/app.xml",
    ] {
        let book = honest();
        let old = book
            .0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, bytes)| bytes.clone());
        let text = [xxe.as_bytes(), &old.unwrap_or_default()].concat();
        assert_eq!(code(&book.part(name, text)), R::Entities, "{name}");
    }
    // A declaration across the border of two pieces of the stream.
    for shift in 0..12 {
        let text = format!("{}{xxe}", " ".repeat(16 * 1024 - shift));
        assert_eq!(code(&honest().part("xl/a.xml", text)), R::Entities, "{shift}");
    }
    // Ten times ten times ten: the laughs.
    let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><kaspi_catalog>&b;</kaspi_catalog>"#;
    assert_eq!(
        confined("a.xml", laughs.as_bytes()).unwrap_err().code,
        R::Entities
    );
    // Wide letters would hide the word.
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(xxe.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(code(&honest().part("xl/workbook.xml", wide)), R::Damaged);
}

#[test]
fn wrong_kinds_and_torn_files_are_refused() {
    assert_eq!(refusal(b"%PDF-1.7").code, R::TypeMismatch);
    assert_eq!(refusal(b"sku;floor\nA1;1\n").code, R::TypeMismatch);
    assert_eq!(
        confined("a.csv", &honest().pack()).unwrap_err().code,
        R::TypeMismatch
    );
    assert_eq!(
        refusal(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).code,
        R::OldOrLocked
    );
    let word = honest().replace(
        "[Content_Types].xml",
        "spreadsheetml.sheet",
        "wordprocessingml.document",
    );
    assert_eq!(code(&word), R::TypeMismatch);
    let whole = honest().pack();
    for length in (30..whole.len() - 1).step_by(97) {
        let code = refusal(&whole[..length]).code;
        assert!([R::Damaged, R::TypeMismatch].contains(&code), "{length}: {code}");
    }
    assert_eq!(refusal(&vec![b'x'; (5 << 20) + 1]).code, R::TooLarge);
}

#[test]
fn tables_without_end_are_refused() {
    let rows: String = (2..100_003)
        .map(|n| format!(r#"<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>"#))
        .collect();
    assert_eq!(code(&Book::with_heads(&rows)), R::Rows);
    let wide: String = (0..120).map(|_| "<c><v>1</v></c>").collect();
    assert_eq!(
        code(&Book::with_heads(&format!(r#"<row r="2">{wide}</row>"#))),
        R::Columns
    );
    let long = Book::with_heads(&row(2, &[("A", &"x".repeat(1_001))]));
    assert_eq!(refusal(&long.pack()).at, "A2");
    // Rows that go back and forth would be told under wrong numbers.
    let back = Book::with_heads(&format!("{}{}", row(5, &[("A", "x")]), row(3, &[("A", "y")])));
    assert_eq!(code(&back), R::Damaged);
    let deep = format!("<kaspi_catalog>{}", "<a>".repeat(1_000_000));
    assert_eq!(confined("a.xml", deep.as_bytes()).unwrap_err().code, R::Cells);
}
