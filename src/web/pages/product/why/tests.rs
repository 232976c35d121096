//! Every code of the deciding function and of the last gate has a text in every language.

use super::*;
use crate::web::texts::Language;

#[test]
fn every_reason_has_a_text() {
    for language in Language::ALL {
        let t = Texts::new(language);
        for code in Code::ALL {
            let key = format!("reason-{}", code.as_str());
            assert!(t.has(&key), "{language:?} {key}");
            assert!(t.has(&format!("{key}-text")), "{language:?} {key}-text");
        }
    }
}

#[test]
fn a_scenario_tells_what_the_rule_chose() {
    let t = Texts::new(Language::En);
    let text = |choice: &str| {
        let params = serde_json::json!({"choice": choice, "rival": 9_000, "floor": 9_500});
        reason_step(None, "BELOW_FLOOR_SCENARIO", &params, &t).text
    };
    assert!(
        text("reachable").ends_with("the best place in reach"),
        "{}",
        text("reachable")
    );
    assert!(
        text("ceiling").ends_with("going to the ceiling"),
        "{}",
        text("ceiling")
    );
    // Version 1 had one choice.
    assert_eq!(text("unknown"), text("reachable"));
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
