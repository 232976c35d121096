//! What every file keeps to: a purpose in its first line, a length one can read, nothing printed past the
//! log, no places of somebody's machine; migrations named and paired.

use super::{File, assert_none, files, root, source::code_only};

/// The house rule is 600; what is beyond this is two files.
const LINES_MAX: usize = 800;
/// Written by diesel, one table after the other: nobody reads it from end to end.
const PRINTED: &str = "src/schema.rs";

/// Marks of what is not finished, put together here so that this file needs no exception from its own rule.
const OPEN_ENDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

fn source_complaints(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if !file.text.starts_with("//! ") {
        found.push(format!(
            "{}: does not start with its purpose (`//! …`)",
            file.path
        ));
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX && file.path != PRINTED {
        found.push(format!("{}: {lines} lines, more than {LINES_MAX}", file.path));
    }
    let code = code_only(&file.text);
    for word in ["println!", "dbg!", "todo!", "unimplemented!"] {
        if code.contains(word) && file.path.starts_with("src/") {
            found.push(format!("{}: `{word}`", file.path));
        }
    }
    for line in file.text.lines().filter(|line| line.contains("//")) {
        let words = line.split(|c: char| !c.is_alphanumeric());
        if words.into_iter().any(|word| OPEN_ENDS.contains(&word)) {
            found.push(format!("{}: an open end: {}", file.path, line.trim()));
        }
    }
    found
}

#[test]
fn source_files_say_their_purpose_and_stay_short() {
    let folders = ["src", "simulator/src", "tests"];
    let found: Vec<String> = files(&folders, &[".rs"])
        .iter()
        .flat_map(source_complaints)
        .collect();
    assert_none(&found);
}

#[test]
fn a_source_file_without_order_is_found() {
    let long = format!("//! Long.\n{}", "\n".repeat(LINES_MAX));
    for text in [
        "fn main() {}",
        long.as_str(),
        "//! Prints.\nfn f() { println!(\"x\"); }",
        "//! Open.\nfn f() { todo!() }",
        concat!("//! Open.\n// TO", "DO: later"),
    ] {
        assert_eq!(
            source_complaints(&File::sample("src/a.rs", text)).len(),
            1,
            "{text:?}"
        );
    }
    assert_none(&source_complaints(&File::sample(
        "src/a.rs",
        "//! Says \"println!\" only in a text.\n",
    )));
}

/// Money is whole tenge and percentages are exact decimals: no floating point in price code (M-11).
fn float_complaints(file: &File) -> Vec<String> {
    let code = code_only(&file.text);
    // The reader of the interface names the type where it refuses it.
    let refusing = file.path.ends_with("pricing/strict.rs");
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words
        .filter(|word| ["f32", "f64"].contains(word) && !refusing)
        .map(|word| format!("{}: {word}", file.path))
        .collect()
}

#[test]
fn prices_are_never_floating_point() {
    let sources = files(&["src/domain"], &[".rs"]);
    assert!(
        sources
            .iter()
            .filter(|file| file.path.contains("pricing/"))
            .count()
            > 20
    );
    assert_none(&sources.iter().flat_map(float_complaints).collect::<Vec<_>>());
    let sample = File::sample("src/domain/a.rs", "fn f(price: f64) {}");
    assert_eq!(float_complaints(&sample).len(), 1);
    // Overflow panics in the release too, where it is not checked by hand.
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("overflow-checks = true"));
}

/// Folders that belong to one machine. Spelt in pieces, so that this file does not name them.
const MACHINE: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
];

fn machine_complaints(file: &File) -> Vec<String> {
    let named = MACHINE.iter().filter(|place| file.text.contains(*place));
    named
        .map(|place| format!("{}: names {place}", file.path))
        .collect()
}

#[test]
fn nothing_names_a_place_of_somebodys_machine() {
    let folders = [
        "src",
        "simulator/src",
        "tests",
        "migrations",
        "templates",
        "locales",
        "script",
        ".ci",
    ];
    let found: Vec<String> = files(&folders, &[""])
        .iter()
        .flat_map(machine_complaints)
        .collect();
    assert_none(&found);
    let sample = File::sample("README.md", concat!("See /ro", "ot/project."));
    assert_eq!(machine_complaints(&sample).len(), 1);
}

fn migration_complaints(names: &[(String, Vec<String>)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, inside) in names {
        if !well_named(name) {
            found.push(format!("{name}: not YYYY-MM-DD-HHMMSS_verb_noun"));
        }
        if inside != &["down.sql", "up.sql"] {
            found.push(format!("{name}: holds {inside:?}, not up.sql and down.sql"));
        }
    }
    found
}

fn well_named(name: &str) -> bool {
    let Some((time, words)) = name.split_once('_') else {
        return false;
    };
    let parts: Vec<&str> = time.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2, 6])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
        && words.contains('_')
        && words.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn migrations_are_named_and_paired() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let mut inside: Vec<String> = std::fs::read_dir(&path)
            .unwrap()
            .map(|file| file.unwrap())
            .filter(|file| !std::fs::read_to_string(file.path()).unwrap().trim().is_empty())
            .map(|file| file.file_name().into_string().unwrap())
            .collect();
        inside.sort();
        names.push((path.file_name().unwrap().to_str().unwrap().to_owned(), inside));
    }
    assert!(!names.is_empty());
    assert_none(&migration_complaints(&names));

    let both = vec!["down.sql".to_owned(), "up.sql".to_owned()];
    let bad = [
        ("2026-11-23-000001_foundation".to_owned(), both.clone()),
        ("20261123000001_create_foundation".to_owned(), both),
        (
            "2026-11-23-000001_create_foundation".to_owned(),
            vec!["up.sql".to_owned()],
        ),
    ];
    assert_eq!(migration_complaints(&bad).len(), 3);
}
