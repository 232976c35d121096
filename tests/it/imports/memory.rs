//! Hostile files through the front door of a panel that runs as a process of its own: it answers each with a sentence,
//! grows by no more than 64 MiB and is still there afterwards.

use crate::support::{Client, Process};

use super::{
    files::{Book, row},
    hostile::heavy,
    seed::Seed,
};

/// A line of the process's status, in KiB.
fn memory(process: &Process, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':')
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn the_panel_answers_bombs_with_sentences_and_does_not_grow() {
    let seed = Seed::new().await;
    let panel = Process::serve(&seed.app, "127.0.0.1:0");
    let client = Client::anonymous(&panel.address().await);
    client.sign_in("aigul@example.kz").await.expect(303);
    let store = seed.store.to_string();
    let fields = [("store", store.as_str())];
    let honest = || Book::with_heads(&row(2, &[("A", "A1"), ("B", "5500")]));
    // Everything that a first upload makes once is there before it is measured.
    client
        .upload("/imports", &fields, ("a.xlsx", &honest().pack()))
        .await
        .expect(303);
    let before = memory(&panel, "VmRSS");
    std::fs::write(format!("/proc/{}/clear_refs", panel.id()), "5").unwrap();

    let corner = Book::with_heads(&row(1_048_576, &[("XFD", "x")])).pack();
    let blanks = honest()
        .part("xl/sharedStrings.xml", vec![b' '; 512 << 20])
        .pack();
    let records = heavy().pack();
    let mut table = "sku;floor\n".to_owned();
    for number in 0..100_000 {
        table.push_str(&format!("{number}{};1\n", "x".repeat(30)));
    }
    let large = vec![b'x'; 20 << 20];
    for (name, bytes, times) in [
        ("corner.xlsx", &corner, 3),
        ("blanks.xlsx", &blanks, 3),
        ("records.xlsx", &records, 1),
        ("large.csv", &large, 3),
    ] {
        for _ in 0..times {
            let answer = client
                .upload("/imports", &fields, (name, bytes))
                .await
                .expect(422);
            assert_eq!(answer.texts("#file-error").len(), 1, "{name}");
        }
    }
    // A table of a hundred thousand rows of which every one is wrong is honest work.
    client
        .upload("/imports", &fields, ("table.csv", table.as_bytes()))
        .await
        .expect(303);
    let peak = memory(&panel, "VmHWM");
    assert!(
        peak < before + 64 * 1024,
        "{before} KiB before, {peak} KiB at most"
    );
    client.get("/imports").await.expect(200);
}
