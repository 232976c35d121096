//! Any bytes as an uploaded file of each kind: rows or a refusal come back.
#![no_main]

use kaspi_panel::sheets::intake::{read, wire};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Some((kind, bytes)) = file.split_first() else { return };
    let name = ["a.xlsx", "a.csv", "a.xml"][usize::from(kind % 3)];
    let mut rows = 0_u32;
    let direct = read(name, bytes, &mut |_| rows += 1);
    let mut lines = Vec::new();
    wire::answer(name, bytes, &mut lines).expect("a vector takes everything");
    let mut told = 0_u32;
    let understood = wire::understand(lines.as_slice(), &mut |_| told += 1);
    assert_eq!(understood, direct);
    assert_eq!(told, rows);
});
