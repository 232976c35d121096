//! Honest files with wounds: whatever a byte more or less makes of them, the answer is rows or a refusal. A thousand
//! in each run, ten thousand in the long form.

use std::sync::atomic::{AtomicUsize, Ordering};

use kaspi_panel::{
    domain::{Tenge, imports::ImportRefusal},
    sheets::{
        import_form::{ImportFormRow, write_import_form},
        preorder_form::{PreorderFormRow, write_preorder_form},
    },
};

use super::{files::Book, hostile::confined};
use crate::support::long;

fn count() -> usize {
    if long() { 10_000 } else { 1_000 }
}

/// A generator whose numbers are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

fn form() -> Vec<u8> {
    let heads = [
        "Артикул",
        "Товар",
        "Пол",
        "Потолок",
        "Закупка",
        "Правило",
        "Вкл",
        "Предзаказ",
    ]
    .map(str::to_owned);
    let rows: Vec<ImportFormRow> = (0..20)
        .map(|n| ImportFormRow {
            sku: format!("A{n}"),
            name: "Чайник".into(),
            floor: Some(Tenge(5_000)),
            ceiling: None,
            unit_cost: Some(Tenge(3_000)),
            rule: Some("Декабрь".into()),
            enabled: n % 2 == 0,
            preorder_days: Some(n),
        })
        .collect();
    write_import_form(&heads, ("да", "нет"), &rows).unwrap()
}

fn list() -> Vec<u8> {
    let row = PreorderFormRow {
        sku: "A1".into(),
        model: "Kettle".into(),
        brand: None,
        price: Tenge(15_990),
        points: Vec::new(),
        days: 7,
    };
    write_preorder_form(&vec![row; 20]).unwrap()
}

/// The parts of a packed workbook, so that wounds inside of them are not only wrong checksums.
fn unpacked(file: &[u8]) -> Book {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    let mut book = Book(Vec::new());
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut part, &mut bytes).unwrap();
        book.0.push((name, bytes));
    }
    book
}

/// Words that mean something to somebody.
const WORDS: &[&[u8]] = &[
    b"<",
    b">",
    b"\"",
    b"&",
    b"&#0;",
    b"]]>",
    b"<!--",
    b"-->",
    b"<f>",
    b"</c>",
    b"</row>",
    b"r=\"",
    b"XFD1048576",
    b"99999999999999999999",
    b"-1",
    b"1e308",
    b"t=\"s\"",
    b"t=\"e\"",
    b"\xFF\xFE",
    b"\0",
    b"PK\x03\x04",
    b"<v>",
    b";",
    b"\n",
    b"<si>",
    b"count=\"4294967295\"",
    b"ref=\"A1:XFD1048576\"",
    b"<sheetData>",
    b"</worksheet>",
];

fn wound(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(6) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            1 => bytes.truncate(at),
            2 => {
                let end = (at + numbers.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + numbers.below(256)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            4 => {
                let end = (at + numbers.below(8)).min(bytes.len());
                bytes[at..end].fill(u8::try_from(numbers.below(256)).unwrap());
            }
            _ => {
                let word = WORDS[numbers.below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
}

fn file(number: usize, seeds: &[Vec<u8>; 2], books: &[Book; 2]) -> (&'static str, Vec<u8>) {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15 ^ (u64::try_from(number).unwrap() << 17 | 1));
    for _ in 0..8 {
        numbers.below(2);
    }
    match number % 5 {
        0 => {
            let mut bytes = seeds[numbers.below(2)].clone();
            wound(&mut bytes, &mut numbers);
            ("a.xlsx", bytes)
        }
        1 | 2 => {
            let mut book = books[numbers.below(2)].clone();
            let part = numbers.below(book.0.len());
            wound(&mut book.0[part].1, &mut numbers);
            ("a.xlsx", book.pack())
        }
        3 => {
            let mut bytes = "Артикул;Пол;Вкл;Предзаказ\r\nA1;5 000;да;7\r\n\"A;2\";\"6000\";нет;\r\n"
                .as_bytes()
                .to_vec();
            wound(&mut bytes, &mut numbers);
            ("a.csv", bytes)
        }
        _ => {
            let mut bytes = br#"<?xml version="1.0"?><kaspi_catalog date="2026-09-01"><merchantid>30000001</merchantid><offers><offer sku="A1"><model>K &amp; T</model><availabilities><availability available="yes" storeId="PP1" preOrder="7"/></availabilities><price>15990</price></offer></offers></kaspi_catalog>"#.to_vec();
            wound(&mut bytes, &mut numbers);
            ("a.xml", bytes)
        }
    }
}

#[test]
fn wounded_files_are_read_or_refused_and_nothing_falls() {
    let count = count();
    let seeds = [form(), list()];
    let books = [unpacked(&seeds[0]), unpacked(&seeds[1])];
    let (next, read, heavy) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let (name, bytes) = file(number, &seeds, &books);
                    match confined(name, &bytes) {
                        Ok(_) => read.fetch_add(1, Ordering::Relaxed),
                        Err(refused) if refused.code == ImportRefusal::TooHeavy => {
                            std::fs::write(
                                format!("{}/heavy-{number}-{name}", env!("CARGO_TARGET_TMPDIR")),
                                &bytes,
                            )
                            .unwrap();
                            heavy.fetch_add(1, Ordering::Relaxed)
                        }
                        Err(_) => 0,
                    };
                }
            });
        }
    });
    // Wounds that nobody feels exist, and so do deadly ones; a test whose files were all of one kind would show little.
    let read = read.into_inner();
    assert!(
        read > count / 20 && read < count * 19 / 20,
        "{read} of {count} were read"
    );
    // The process that reads fell over none of them: whatever broke it off would have been told so.
    assert_eq!(heavy.into_inner(), 0, "files in {}", env!("CARGO_TARGET_TMPDIR"));
}
