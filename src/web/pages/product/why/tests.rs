//! Every code of the deciding function and of the last gate has a text in every language.

use std::{collections::BTreeSet, path::Path};

use super::*;
use crate::web::texts::Language;

/// Quoted words in upper snake case in the sources of the deciding function.
fn reason_codes() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    ["pricing.rs", "pricing/guards.rs", "pricing/market.rs"]
        .iter()
        .map(|file| std::fs::read_to_string(dir.join(file)).unwrap())
        .flat_map(|source| {
            source
                .split('"')
                .filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_reason_has_a_text() {
    let codes = reason_codes();
    assert!(codes.len() > 15, "{codes:?}");
    for language in Language::ALL {
        let t = Texts::new(language);
        for code in &codes {
            assert!(t.has(&format!("reason-{code}")), "{language:?} {code}");
            let silent = code == "DIRECTION_OFF";
            assert_eq!(
                t.has(&format!("reason-{code}-text")),
                !silent,
                "{language:?} {code}"
            );
        }
    }
}

#[test]
fn parameters_come_as_money_counts_and_words() {
    let params = serde_json::json!({"price": 12480, "streak": 2, "rival": "Tulpar", "ceiling": null});
    let t = Texts::default();
    let values = values(&params, &t);
    let text = |name: &str| {
        let (_, value) = values.iter().find(|(known, _)| *known == name).unwrap();
        format!("{:?}", value.value())
    };
    assert!(text("price").contains(r"12\u{a0}480"), "{}", text("price"));
    assert!(text("rival").contains("Tulpar"));
    assert!(text("ceiling").contains(&t.get("why-not-set")));
    assert!(text("streak").contains('2'));
}
