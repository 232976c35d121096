//! Documents that name code: the files they point to exist and hold what they say.

use std::collections::BTreeSet;

use kaspi_panel::web::error::ErrorKind;

use super::{assert_none, files, root};

/// Complaints about the table of the predecessor's functions: each row names at least one file, and after it
/// in brackets functions of it.
fn table_complaints(table: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for row in table.lines().filter(|line| line.starts_with('|')).skip(2) {
        let Some(now) = row.split('|').nth(2) else {
            found.push(format!("no second column: {row}"));
            continue;
        };
        let mut file = None;
        for name in now.split('`').skip(1).step_by(2) {
            if name.starts_with("src/") {
                file = read(name);
                if file.is_none() {
                    found.push(format!("{name} is not there: {row}"));
                }
            } else if !file
                .as_ref()
                .is_some_and(|text| text.contains(&format!("fn {name}(")))
            {
                found.push(format!("fn {name} is not there: {row}"));
            }
        }
        if !now.contains("`src/") {
            found.push(format!("no file: {row}"));
        }
    }
    found
}

#[test]
fn the_table_of_the_predecessors_functions_points_to_code() {
    let table = std::fs::read_to_string(root().join("docs/predecessor.md")).unwrap();
    assert!(table.lines().filter(|line| line.starts_with('|')).count() > 15);
    assert_none(&table_complaints(&table, |path| {
        std::fs::read_to_string(root().join(path)).ok()
    }));
}

#[test]
fn a_row_that_points_nowhere_is_found() {
    let head = "| a | b | c |\n| --- | --- | --- |\n";
    let read = |path: &str| (path == "src/a.rs").then(|| "pub fn there() {}".to_owned());
    let complaints = |row: &str| table_complaints(&format!("{head}{row}"), read).len();
    assert_eq!(complaints("| x | `src/a.rs` (`there`) | |"), 0);
    assert_eq!(complaints("| x | `src/a.rs` (`gone`) | |"), 1);
    assert_eq!(complaints("| x | `src/b.rs` | |"), 1);
    assert_eq!(complaints("| x | somewhere | |"), 1);
}

/// Links of the documents to files of the repository.
#[test]
fn links_between_documents_lead_somewhere() {
    let mut found = Vec::new();
    for path in [
        "README.md",
        "ARCHITECTURE.md",
        "docs/api.md",
        "docs/predecessor.md",
        "docs/measurements.md",
        "docs/many-workers.md",
        "docs/moving-from-django.md",
        "simulator/README.md",
    ] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let folder = root().join(path);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
        {
            let local = !target.is_empty() && !target.contains("://");
            if local && !folder.parent().unwrap().join(target).exists() {
                found.push(format!("{path}: {target}"));
            }
        }
    }
    assert_none(&found);
}

/// Codes that the document of the API lists against the kinds of errors and the handlers' own.
#[test]
fn the_codes_of_the_api_are_those_that_are_told() {
    let text = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    let told: BTreeSet<String> = text
        .lines()
        .skip_while(|line| !line.starts_with("| code |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|codes| codes.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    // These have the predecessor's shape, without a code.
    let shaped = [
        ErrorKind::NotFound,
        ErrorKind::Unauthenticated,
        ErrorKind::MethodNotAllowed,
    ];
    let mut given: BTreeSet<String> = ErrorKind::ALL
        .iter()
        .filter(|kind| !shaped.contains(kind))
        .map(|kind| kind.code().to_owned())
        .collect();
    // What handlers give as codes stands behind a status.
    let sources = files(&["src/web"], &[".rs"]);
    for call in sources
        .iter()
        .flat_map(|file| file.text.split("StatusCode::").skip(1))
    {
        let rest = call.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        let word = rest
            .trim_start_matches([',', ' ', '\n'])
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next());
        given.extend(word.map(str::to_owned));
    }
    assert!(given.len() > 12, "{given:?}");
    let untold: Vec<_> = given.difference(&told).collect();
    assert!(untold.is_empty(), "not told: {untold:?}");
    let unknown: Vec<_> = told
        .iter()
        .filter(|code| {
            !sources
                .iter()
                .any(|file| file.text.contains(&format!("\"{code}\"")))
        })
        .collect();
    assert!(unknown.is_empty(), "nobody gives: {unknown:?}");
}

/// Names of tests and files in the tables of the security page that are not there.
fn nowhere(document: &str) -> Vec<String> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let shown = rows.filter_map(|line| line.rsplit('|').nth(1));
    let words = shown.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let mut found = Vec::new();
    for word in words {
        let is_test = |c: char| c.is_ascii_lowercase() || c == '_' || c == ':';
        let there = if word.contains('.') || word.contains('/') {
            let places = [word.to_owned(), format!("src/{word}")];
            // Addresses and hosts are no files.
            word.starts_with('/') || places.iter().any(|place| root().join(place).exists())
        } else if word.contains("::") && word.chars().all(is_test) {
            let path = word.replace("::", "/");
            let places = [
                format!("tests/it/{path}.rs"),
                format!("src/{path}.rs"),
                format!("src/{path}"),
            ];
            // `secrets::random_bytes`: a function of a module.
            let (module, name) = word.rsplit_once("::").unwrap();
            let text = std::fs::read_to_string(root().join(format!("src/{}.rs", module.replace("::", "/"))));
            places.iter().any(|place| root().join(place).exists())
                || text.is_ok_and(|text| text.contains(&format!("fn {name}")))
        } else {
            true
        };
        if !there {
            found.push(word.to_owned());
        }
    }
    found
}

#[test]
fn the_security_page_has_every_item_and_points_to_tests_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let items = page.lines().filter(|line| {
        line.strip_prefix("| ")
            .and_then(|rest| rest.split('.').next())
            .is_some_and(|chapter| chapter.parse::<u32>().is_ok())
    });
    // Two lines stand for whole chapters, of 29 and 7 items.
    assert_eq!(items.count() - 2 + 29 + 7, 253);
    assert_none(&nowhere(&page));
    assert_eq!(
        nowhere("| 1.1.1 | met | x | `pages::gone`, `web/gone.rs`, `pages::sign_in` |"),
        ["pages::gone", "web/gone.rs"]
    );
}
