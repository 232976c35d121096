//! Texts to rules and back.

use super::*;
use crate::domain::pricing::Amount;

/// One rule of each kind, none with its defaults.
fn kinds() -> Vec<Strategy> {
    [
        json!({"kind": "beat_lowest", "step": {"percent": "0.5"}}),
        json!({"kind": "match_lowest"}),
        json!({"kind": "smart_match", "step": {"tenge": 5}}),
        json!({"kind": "hold_place", "place": 3, "step": {"tenge": 2}}),
        json!({"kind": "behind_leader", "gap": {"tenge": 9}, "step": {"tenge": 2}}),
        json!({"kind": "best_reachable", "max_place": 7, "step": {"tenge": 2}}),
        json!({"kind": "follow", "merchants": ["A", "B"], "delta": {"tenge": -4}, "fallback": {"kind": "match_lowest"}}),
        json!({"kind": "average", "count": 4, "delta": {"percent": "-1.25"}}),
        json!({"kind": "capture_gap", "step": {"tenge": 2}, "min_gain": 50}),
        json!({"kind": "alone", "up_percent": "2.5"}),
        json!({"kind": "fixed", "price": 15500}),
        json!({"kind": "target_margin"}),
    ]
    .into_iter()
    .map(|strategy| serde_json::from_value(strategy).unwrap())
    .collect()
}

#[test]
fn every_kind_comes_back_from_its_texts() {
    let all = kinds();
    let words: Vec<&str> = all.iter().map(Strategy::kind).collect();
    assert_eq!(words, Strategy::KINDS);
    for strategy in all {
        let mut rule = Rule {
            strategy,
            match_if_better_rated: true,
            ..Rule::default()
        };
        rule.filters.ignore = vec!["X".to_owned(), "Y".to_owned()];
        rule.filters.only = Some(vec!["Z".to_owned()]);
        rule.filters.min_rating = Some("4.5".parse().unwrap());
        rule.motion.endings = vec!["90".to_owned(), "990".to_owned()];
        rule.motion.allow_up = false;
        rule.war = WarChoice::Yield;
        rule.night_reset = Some(serde_json::from_value(json!({"from": "01:00", "to": "04:30"})).unwrap());
        rule.schedule = serde_json::from_value(json!([
            {"days": ["mon", "tue", "wed", "fri"], "from": "22:00", "to": "01:00", "action": "hold"},
            {"days": ["sun"], "from": "05:00", "to": "24:00", "action": "suggest"},
        ]))
        .unwrap();
        let back = rule_of(&Rule::default(), rule.strategy.kind(), &texts_of(&rule));
        assert_eq!(back, Ok(rule));
    }
}

#[test]
fn numbers_are_taken_as_people_write_them() {
    let mut texts = texts_of(&Rule::default());
    for (name, text) in [
        ("max_down_percent", "7,5 %"),
        ("step", "1 000"),
        ("min_rating", "4,8"),
    ] {
        texts.insert(name.to_owned(), text.to_owned());
    }
    let rule = rule_of(&Rule::default(), "beat_lowest", &texts).unwrap();
    assert_eq!(rule.motion.max_down_percent, "7.5".parse().unwrap());
    assert_eq!(
        rule.strategy,
        Strategy::BeatLowest {
            step: Amount::Tenge(1000)
        }
    );
    assert_eq!(rule.filters.min_rating, Some("4.8".parse().unwrap()));
}

#[test]
fn each_wrong_field_is_named() {
    let wrong = |name: &str, text: &str, kind: &str| {
        let mut texts = first_texts(kind);
        texts.insert(name.to_owned(), text.to_owned());
        let errors = rule_of(&Rule::default(), kind, &texts).unwrap_err();
        errors.iter().map(|error| error.field).collect::<Vec<_>>()
    };
    for (name, text, kind) in [
        ("step", "0", "beat_lowest"),
        ("step", "", "beat_lowest"),
        ("step", "one", "beat_lowest"),
        ("place", "101", "hold_place"),
        ("max_place", "21", "best_reachable"),
        ("price", "0", "fixed"),
        ("fallback", "fixed", "follow"),
        ("up_percent", "0", "alone"),
        ("max_down_percent", "101", "match_lowest"),
        ("max_up_percent", "ten", "match_lowest"),
        ("min_rating", "5.1", "match_lowest"),
        ("min_move_tenge", "0", "match_lowest"),
        ("min_move_percent", "-1", "match_lowest"),
        ("endings", "12345", "match_lowest"),
        ("preorder", "perhaps", "match_lowest"),
        ("alone", "", "match_lowest"),
    ] {
        assert!(wrong(name, text, kind).contains(&name), "{name} = {text}");
    }
    assert_eq!(wrong("merchants", "", "follow"), ["merchants"]);
    assert_eq!(
        rule_of(&Rule::default(), "yo_yo", &Texts::new()).unwrap_err()[0].field,
        "kind"
    );
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    let mut texts = first_texts("follow");
    for (name, text) in [
        ("merchants", ""),
        ("delta", "101"),
        ("delta_unit", "percent"),
        ("max_down_percent", "abc"),
        ("min_move_tenge", "0"),
    ] {
        texts.insert(name.to_owned(), text.to_owned());
    }
    let errors = rule_of(&Rule::default(), "follow", &texts).unwrap_err();
    let named: Vec<&str> = errors.iter().map(|error| error.field).collect();
    assert_eq!(
        named,
        ["merchants", "delta", "max_down_percent", "min_move_tenge"]
    );
}

#[test]
fn windows_are_typed_as_lines() {
    let schedule = |text: &str| {
        let mut texts = texts_of(&Rule::default());
        texts.insert("schedule".to_owned(), text.to_owned());
        let rule = rule_of(&Rule::default(), "beat_lowest", &texts);
        rule.map(|rule| texts_of(&rule).remove("schedule").unwrap_or_default())
            .map_err(|errors| errors[0].field)
    };
    assert_eq!(schedule(""), Ok(String::new()));
    let typed = "1–3,5  22:00–07:30\n\n 7 10:00-24:00 suggest ";
    let shown = "1-3,5 22:00-07:30 hold\n7 10:00-24:00 suggest";
    assert_eq!(schedule(typed), Ok(shown.to_owned()));
    for wrong in [
        "0 10:00-11:00",
        "8 10:00-11:00",
        "5-1 10:00-11:00",
        "1 10:00",
        "1 10:00-10:00",
        "1 10:00-25:00",
        "1 10:00-11:00 rest",
        "1 10:00-11:00 hold on",
        "mon 10:00-11:00",
        "1-2 10:00-11:00\n2 10:59-12:00",
    ] {
        assert_eq!(schedule(wrong), Err("schedule"), "{wrong}");
    }
    let mut texts = texts_of(&Rule::default());
    assert_eq!(texts["war"], "match");
    texts.insert("night_reset".to_owned(), "2-5".to_owned());
    let errors = rule_of(&Rule::default(), "beat_lowest", &texts).unwrap_err();
    assert_eq!(errors[0].field, "night_reset");
}
