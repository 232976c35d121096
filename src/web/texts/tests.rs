//! The three languages say the same things, and templates name only texts that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::*;

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Keys of a language with the names of the values each uses.
fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(&root().join("locales").join(language.code()), "ftl") {
        let mut key = String::new();
        for line in fs::read_to_string(&file).unwrap().lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                key = line.split([' ', '=']).next().unwrap().to_owned();
                let doubled = keys.insert(key.clone(), BTreeSet::new());
                assert!(doubled.is_none(), "{}: {key} stands twice", file.display());
            }
            if let Some(values) = keys.get_mut(&key) {
                for part in line.split('$').skip(1) {
                    values.insert(
                        part.chars()
                            .take_while(|c| c.is_alphanumeric() || *c == '-')
                            .collect(),
                    );
                }
            }
        }
    }
    keys
}

#[test]
fn the_three_languages_have_the_same_texts_with_the_same_values() {
    let ru = keys(Language::Ru);
    assert!(ru.len() > 50, "only {} texts found", ru.len());
    for language in [Language::Kk, Language::En] {
        let other = keys(language);
        let missing: Vec<_> = ru.keys().filter(|k| !other.contains_key(*k)).collect();
        let extra: Vec<_> = other.keys().filter(|k| !ru.contains_key(*k)).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", language.code());
        assert!(
            extra.is_empty(),
            "{} has texts that Russian lacks: {extra:?}",
            language.code()
        );
        for (key, values) in &ru {
            assert_eq!(values, &other[key], "{}: values of {key}", language.code());
        }
    }
}

#[test]
fn every_text_can_be_looked_up() {
    // A file with a syntax error loses texts silently: each key must be found by the loader too.
    for language in Language::ALL {
        for (key, names) in keys(language) {
            let values: HashMap<Cow<'static, str>, FluentValue<'_>> = names
                .into_iter()
                .map(|name| (Cow::from(name), FluentValue::from(1)))
                .collect();
            assert!(
                LOCALES
                    .try_lookup_complete(&language.id(), &key, Some(&values))
                    .is_some(),
                "{}: {key} is not readable",
                language.code()
            );
        }
    }
}

#[test]
fn templates_and_code_name_only_texts_that_exist() {
    let known = keys(Language::Ru);
    let mut named = 0;
    let sources = files(&root().join("templates"), "html")
        .into_iter()
        .chain(files(&root().join("src/web"), "rs"));
    for file in sources {
        let text = fs::read_to_string(&file).unwrap();
        for call in ["t.get(\"", "t.with(\"", "t.with2(\"", "t.with_all(\""] {
            for part in text.split(call).skip(1) {
                let key = part.split('"').next().unwrap();
                named += 1;
                assert!(known.contains_key(key), "{}: no text {key:?}", file.display());
            }
        }
    }
    assert!(named > 50, "only {named} uses found");
}

#[test]
fn texts_are_found_with_and_without_values() {
    for language in Language::ALL {
        let t = Texts::new(language);
        assert!(t.has("save"));
        assert!(t.has("age-ago"), "a text with values");
        assert!(!t.has("no-such-text"));
        assert_eq!(t.get_or("no-such-text", "save"), t.get("save"));
    }
}

#[test]
fn every_end_of_a_push_has_a_word_in_the_log() {
    let t = Texts::new(Language::Ru);
    for state in crate::domain::PushState::ALL {
        assert!(!state.is_final() || t.has(&format!("action-{state}")), "{state}");
    }
}

#[test]
fn russian_plural_forms_follow_the_number() {
    let t = Texts::new(Language::Ru);
    let forms: Vec<_> = [0, 1, 2, 5, 11, 21, 101]
        .iter()
        .map(|n| t.with("products-count", "n", *n))
        .collect();
    assert_eq!(
        forms,
        [
            "0 товаров",
            "1 товар",
            "2 товара",
            "5 товаров",
            "11 товаров",
            "21 товар",
            "101 товар"
        ]
    );
    assert_eq!(t.with("products-count", "n", 4318), "4\u{a0}318 товаров");
}
