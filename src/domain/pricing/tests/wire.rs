//! The interface: what is accepted, where each fault is placed, and that nothing whatever breaks it.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::{
    super::wire::{DecideLine, answer_decide, answer_safe_set, answer_too_long},
    random::any_input,
    *,
};

fn answer(line: &str) -> Value {
    let mut out = Vec::new();
    let readable = answer_decide(line.as_bytes(), 7, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n') && text.matches('\n').count() == 1);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(readable, answer.get("error").is_none());
    answer
}

/// The least that a line must say.
fn least() -> Value {
    json!({
        "id": "a", "now": "2026-11-25T10:00:00Z",
        "product": {"merchant": "US", "price": 10500},
        "own_merchants": ["US"],
        "rule": {"strategy": {"kind": "beat_lowest"}}
    })
}

/// A line that says everything.
fn full() -> Value {
    json!({
        "id": "a", "now": "2026-11-25T15:00:00.5+05:00",
        "product": {"merchant": "US", "price": 10500, "stock": null, "preorder_days": 0, "rating": "4.85",
            "delivery": "TILL_5_DAYS", "alone_streak": 0, "last_change_at": "2026-11-25T09:00:00-00:00",
            "opening_price": 10500, "changes_today": 1, "locked_until": null},
        "own_merchants": ["US", "SISTER"],
        "limits": {"floor": 9000, "ceiling": 12000},
        "economics": {"unit_cost": 5000, "commission_percent": "12.5", "tax_percent": "3",
            "delivery_vat_percent": "16", "delivery": [{"up_to": 4999, "fee": 199}, {"up_to": null, "fee": 699}],
            "goal": {"kind": "margin", "value": "10"}},
        "rule": {
            "strategy": {"kind": "follow", "merchants": ["C1"], "delta": {"percent": "-0.5"},
                "fallback": {"kind": "beat_lowest", "step": {"tenge": 10}}},
            "match_if_better_rated": true,
            "filters": {"ignore": ["X"], "only": null, "min_rating": "3", "min_reviews": 1, "max_slower_ranks": 5,
                "preorder": "skip", "outlier_median_percent": "50", "outlier_cost_percent": "50"},
            "scenarios": {"alone": "raise", "roomy": "hold", "leader_below_floor": "reachable",
                "leader_at_floor": "match", "leader_above_ceiling": "ceiling", "first": "capture"},
            "motion": {"max_down_percent": "10", "max_up_percent": "10", "max_day_percent": "20",
                "max_changes_per_day": 48, "raise_cooldown_minutes": 30,
                "min_move": {"tenge": 1, "percent": "0.1"}, "allow_down": true, "allow_up": true,
                "quarantine_percent": "30", "endings": ["90", "990"]}
        },
        "market": {"taken_at": "2026-11-25T10:00:00Z", "complete": true, "total": 2, "offers": [
            {"merchant": "US", "price": 10500, "rating": null, "reviews": null, "delivery": null,
                "preorder_days": null},
            {"merchant": "C1", "price": 10000, "rating": "4.5", "reviews": 9}]},
        "market_max_age_seconds": 120
    })
}

#[test]
fn the_least_and_the_fullest_line_are_answered() {
    let decision = answer(&least().to_string());
    assert_eq!(
        decision,
        json!({"id": "a", "outcome": "refuse", "price": null, "place": null, "target": null, "removed": [],
            "reasons": [{"code": "NO_FLOOR", "params": {"floor": null, "ceiling": null}}], "flags": []})
    );
    let decision = answer(&full().to_string());
    assert_eq!(
        decision,
        json!({"id": "a", "outcome": "change", "price": 9950, "place": 1, "target": 9950,
            "removed": [{"merchant": "US", "reason": "own"}],
            "reasons": [{"code": "FOLLOW", "params": {"rival": "C1", "price": 10000}}], "flags": []})
    );
    // Space around it does not matter.
    assert_eq!(answer(&format!(" {}\r", least())), answer(&least().to_string()));
}

/// The line with a value put at a path (`null` in a pointer's place removes nothing).
fn with(pointer: &str, value: Value) -> Value {
    let mut line = full();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match line.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            map.insert(name.to_owned(), value);
        }
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    line
}

#[track_caller]
fn assert_fault(line: &Value, field: &str) {
    let answer = answer(&line.to_string());
    assert_eq!(answer["error"]["field"], field, "{answer}");
    assert_eq!(answer["error"]["code"], "invalid_input");
    assert_eq!(answer["id"], "a");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("line 7: "), "{message}");
}

#[test]
fn values_outside_type_or_range_are_placed() {
    for (pointer, value, field) in [
        ("/now", json!("2026-11-25 10:00:00Z"), "now"),
        ("/now", json!("2026-11-25T10:00:60Z"), "now"),
        ("/now", json!("2026-11-25t10:00:00z"), "now"),
        ("/now", json!("2026-11-25T10:00:00.Z"), "now"),
        ("/now", json!("2026-11-25T10:00:00.1234567890Z"), "now"),
        ("/now", json!("2026-11-25T10:00:00+0500"), "now"),
        ("/now", json!("2026-11-25T10:00:00+24:00"), "now"),
        ("/now", json!("2026-02-29T10:00:00Z"), "now"),
        ("/now", json!(5), "now"),
        ("/now", Value::Null, "now"),
        ("/product", json!(["US", 10500]), "product"),
        ("/product/price", json!(0), "product.price"),
        ("/product/price", json!(100.0), "product.price"),
        ("/product/price", json!("100"), "product.price"),
        ("/product/price", json!(1_000_000_000_001_i64), "product.price"),
        ("/product/merchant", json!("THEM"), "product.merchant"),
        ("/product/merchant", json!(""), "product.merchant"),
        ("/product/stock", json!(-1), "product.stock"),
        ("/product/preorder_days", Value::Null, "product.preorder_days"),
        ("/product/rating", json!("5.01"), "product.rating"),
        ("/product/rating", json!("-0"), "product.rating"),
        ("/product/rating", json!(4.5), "product.rating"),
        ("/product/opening_price", json!(0), "product.opening_price"),
        ("/product/locked_until", json!("soon"), "product.locked_until"),
        ("/own_merchants", json!([]), "own_merchants"),
        ("/own_merchants/1", json!(""), "own_merchants[1]"),
        ("/own_merchants/1", json!(3), "own_merchants[1]"),
        ("/limits/floor", json!(-1), "limits.floor"),
        ("/limits", json!([1, 2]), "limits"),
        ("/economics/unit_cost", json!(0), "economics.unit_cost"),
        ("/economics/tax_percent", json!("100.1"), "economics.tax_percent"),
        ("/economics/tax_percent", json!("01"), "economics.tax_percent"),
        ("/economics/tax_percent", json!("1."), "economics.tax_percent"),
        (
            "/economics/tax_percent",
            json!("1.1234567"),
            "economics.tax_percent",
        ),
        ("/economics/delivery", json!([]), "economics.delivery"),
        (
            "/economics/delivery/0",
            json!({"up_to": null, "fee": 1}),
            "economics.delivery[0].up_to",
        ),
        (
            "/economics/delivery/1",
            json!({"up_to": 5000, "fee": 1}),
            "economics.delivery[1].up_to",
        ),
        (
            "/economics/delivery/1",
            json!({"fee": 1}),
            "economics.delivery[1].up_to",
        ),
        (
            "/economics/delivery/0",
            json!({"up_to": 5, "fee": -1}),
            "economics.delivery[0].fee",
        ),
        (
            "/economics/goal",
            json!({"kind": "profit", "value": "10"}),
            "economics.goal.value",
        ),
        (
            "/economics/goal",
            json!({"kind": "margin", "value": 10}),
            "economics.goal.value",
        ),
        (
            "/economics/goal",
            json!({"kind": "roi", "value": "1000.1"}),
            "economics.goal.value",
        ),
        (
            "/economics/goal",
            json!({"kind": "fame", "value": 1}),
            "economics.goal.kind",
        ),
        (
            "/economics/goal",
            json!({"kind": "profit"}),
            "economics.goal.value",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "place": 1}),
            "rule.strategy.place",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": null}),
            "rule.strategy.step",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": {"tenge": 0}}),
            "rule.strategy.step.tenge",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": {"percent": "0"}}),
            "rule.strategy.step.percent",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": {"tenge": 1, "percent": "1"}}),
            "rule.strategy.step",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": {}}),
            "rule.strategy.step",
        ),
        (
            "/rule/strategy",
            json!({"kind": "beat_lowest", "step": 1}),
            "rule.strategy.step",
        ),
        (
            "/rule/strategy",
            json!({"kind": "hold_place"}),
            "rule.strategy.place",
        ),
        (
            "/rule/strategy",
            json!({"kind": "hold_place", "place": 101}),
            "rule.strategy.place",
        ),
        (
            "/rule/strategy",
            json!({"kind": "best_reachable", "max_place": 21}),
            "rule.strategy.max_place",
        ),
        (
            "/rule/strategy",
            json!({"kind": "average", "count": 0}),
            "rule.strategy.count",
        ),
        (
            "/rule/strategy",
            json!({"kind": "average", "delta": {"percent": "-100.1"}}),
            "rule.strategy.delta.percent",
        ),
        (
            "/rule/strategy",
            json!({"kind": "capture_gap", "min_gain": 0}),
            "rule.strategy.min_gain",
        ),
        (
            "/rule/strategy",
            json!({"kind": "alone", "up_percent": "0"}),
            "rule.strategy.up_percent",
        ),
        ("/rule/strategy", json!({"kind": "fixed"}), "rule.strategy.price"),
        (
            "/rule/strategy",
            json!({"kind": "follow", "merchants": []}),
            "rule.strategy.merchants",
        ),
        (
            "/rule/strategy/fallback",
            json!({"kind": "follow", "merchants": ["A"]}),
            "rule.strategy.fallback.kind",
        ),
        (
            "/rule/strategy/fallback",
            json!({"kind": "fixed", "price": 0}),
            "rule.strategy.fallback.price",
        ),
        (
            "/rule/strategy/fallback",
            json!({"kind": "fixed", "gap": 0}),
            "rule.strategy.fallback.gap",
        ),
        ("/rule/strategy", json!({"kind": "yo_yo"}), "rule.strategy.kind"),
        (
            "/rule/strategy",
            json!({"kind": "nonsense"}),
            "rule.strategy.kind",
        ),
        ("/rule/strategy", json!({}), "rule.strategy.kind"),
        ("/rule/filters", Value::Null, "rule.filters"),
        ("/rule/filters/only", json!([]), "rule.filters.only"),
        ("/rule/filters/ignore/0", json!(""), "rule.filters.ignore[0]"),
        ("/rule/filters/preorder", json!("never"), "rule.filters.preorder"),
        (
            "/rule/filters/preorder",
            json!({"skip": null}),
            "rule.filters.preorder",
        ),
        (
            "/rule/scenarios/first",
            json!({"capture": null}),
            "rule.scenarios.first",
        ),
        ("/rule/scenarios/first", json!("raise"), "rule.scenarios.first"),
        ("/rule/motion/endings/1", json!("12345"), "rule.motion.endings[1]"),
        ("/rule/motion/endings/1", json!("+1"), "rule.motion.endings[1]"),
        ("/rule/motion/endings/1", json!(""), "rule.motion.endings[1]"),
        (
            "/rule/motion/min_move/tenge",
            json!(0),
            "rule.motion.min_move.tenge",
        ),
        ("/rule/motion/allow_up", json!(1), "rule.motion.allow_up"),
        (
            "/rule/motion/quarantine_percent",
            json!("-1"),
            "rule.motion.quarantine_percent",
        ),
        ("/market/offers/1", json!(["C1", 5]), "market.offers[1]"),
        (
            "/market/offers/1/price",
            json!(-1_000_000_000_001_i64),
            "market.offers[1].price",
        ),
        ("/market/offers/1/reviews", json!(-1), "market.offers[1].reviews"),
        ("/market/offers/1/rating", json!("9"), "market.offers[1].rating"),
        ("/market/offers", Value::Null, "market.offers"),
        ("/market/total", json!(-1), "market.total"),
        ("/market/taken_at", Value::Null, "market.taken_at"),
        ("/market_max_age_seconds", json!(601), "market_max_age_seconds"),
        ("/market_max_age_seconds", json!(0), "market_max_age_seconds"),
    ] {
        assert_fault(&with(pointer, value), field);
    }
}

#[test]
fn unknown_fields_are_placed_at_any_depth() {
    for (pointer, field) in [
        ("/extra", "extra"),
        ("/own_stores", "own_stores"),
        ("/product/rating_centi", "product.rating_centi"),
        ("/limits/flor", "limits.flor"),
        ("/economics/delivery/0/weight", "economics.delivery[0].weight"),
        ("/economics/goal/unit", "economics.goal.unit"),
        ("/rule/name", "rule.name"),
        ("/rule/strategy/nope", "rule.strategy.nope"),
        ("/rule/strategy/delta/sign", "rule.strategy.delta.sign"),
        ("/rule/motion/min_move/x", "rule.motion.min_move.x"),
        ("/market/offers/1/city", "market.offers[1].city"),
    ] {
        assert_fault(&with(pointer, json!(1)), field);
    }
}

#[test]
fn missing_fields_are_placed() {
    for (pointer, field) in [
        ("/now", "now"),
        ("/product", "product"),
        ("/product/merchant", "product.merchant"),
        ("/product/price", "product.price"),
        ("/own_merchants", "own_merchants"),
        ("/rule", "rule"),
        ("/rule/strategy", "rule.strategy"),
        ("/market/total", "market.total"),
        ("/market/complete", "market.complete"),
        ("/economics/goal", "economics.goal"),
    ] {
        let mut line = full();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        line.pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        assert_fault(&line, field);
    }
    let mut nameless = full();
    nameless.as_object_mut().unwrap().remove("id");
    let answer = answer(&nameless.to_string());
    assert_eq!(
        (&answer["id"], &answer["error"]["field"]),
        (&Value::Null, &json!("id"))
    );
}

#[test]
fn what_may_be_null_or_left_out_may() {
    for pointer in [
        "/product/rating",
        "/product/delivery",
        "/product/opening_price",
        "/limits",
        "/limits/ceiling",
        "/economics",
        "/rule/filters/only",
        "/rule/filters/min_rating",
        "/rule/strategy/fallback",
        "/market",
        "/market/offers/1/merchant",
        "/market/offers/1/price",
    ] {
        let answer = answer(&with(pointer, Value::Null).to_string());
        assert!(answer.get("error").is_none(), "{pointer}: {answer}");
    }
    // A rival without a name is told as null.
    let nameless = answer(&with("/market/offers/1/merchant", json!("")).to_string());
    assert_eq!(
        nameless["removed"][0],
        json!({"merchant": null, "reason": "no_merchant"})
    );
}

#[test]
fn lines_that_are_no_line_have_no_field_and_no_name() {
    let twice = full()
        .to_string()
        .replacen("\"price\":10500", "\"price\":10500,\"price\":10500", 1);
    let twice_inside = full()
        .to_string()
        .replacen("{\"tenge\":10}", "{\"tenge\":10,\"tenge\":10}", 1);
    assert!(twice_inside.len() > full().to_string().len());
    for line in [
        "",
        " ",
        "nonsense",
        "{",
        "[]x",
        "{\"id\":\"a\"} {}",
        &twice,
        &twice_inside,
    ] {
        let answer = answer(line);
        assert_eq!(
            (&answer["id"], &answer["error"]["field"]),
            (&Value::Null, &json!("")),
            "{line}"
        );
    }
    let mut out = Vec::new();
    assert!(!answer_decide(b"{\"id\": \"\xff\"}", 1, &mut out));
    assert!(String::from_utf8(out).unwrap().contains("\"field\":\"\""));
    // JSON, but no object.
    for line in ["[]", "5", "null", "\"a\""] {
        let answer = answer(line);
        assert_eq!(
            (&answer["id"], &answer["error"]["field"]),
            (&Value::Null, &json!("")),
            "{line}"
        );
    }
    let mut out = Vec::new();
    answer_too_long(9, &mut out);
    assert!(String::from_utf8(out).unwrap().contains("line 9: longer"));
}

#[test]
fn safe_sets_are_answered() {
    let ask = |line: Value| {
        let mut out = Vec::new();
        answer_safe_set(line.to_string().as_bytes(), 1, &mut out);
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    let economics = serde_json::to_value(economics(3_600, 300, Parcel::City1kg)).unwrap();
    assert_eq!(
        ask(json!({"id": "x", "limits": {"ceiling": 20000}, "economics": economics})),
        json!({"id": "x", "safe": [[4889, 4999], [5575, 20000]],
            "undominated": [[4889, 4999], [5686, 9999], [10549, 20000]]})
    );
    assert_eq!(
        ask(json!({"id": "x", "limits": {"floor": 100}})),
        json!({"id": "x", "safe": [[100, null]], "undominated": [[100, null]]})
    );
    for refused in [
        json!({"id": "x"}),
        json!({"id": "x", "limits": {"floor": 5, "ceiling": 4}}),
    ] {
        assert_eq!(ask(refused), json!({"id": "x", "safe": [], "undominated": []}));
    }
    assert_eq!(
        ask(json!({"id": "x", "limits": {"floor": -5}}))["error"]["field"],
        "limits.floor"
    );
    assert_eq!(ask(json!({"id": "x", "rule": {}}))["error"]["field"], "rule");
}

/// Every place of a value in a document.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| places(value, &format!("{at}/{name}"), all)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                places(value, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_line_says_the_same_as_the_input(input in any_input()) {
        let line = serde_json::to_string(&DecideLine::new("x".into(), input.clone())).unwrap();
        let mut expected = serde_json::to_value(decide(&input)).unwrap();
        expected["id"] = json!("x");
        prop_assert_eq!(answer(&line), expected);
    }

    #[test]
    fn any_bytes_get_one_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        let readable = answer_decide(&bytes, 1, &mut out) || answer_safe_set(&bytes, 1, &mut out);
        prop_assert!(!readable && out.iter().filter(|byte| **byte == b'\n').count() == 2);
    }

    #[test]
    fn a_broken_line_gets_one_answer(
        place in any::<prop::sample::Index>(), value in any_json(), cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut all = Vec::new();
        places(&full(), "", &mut all);
        let mut line = full();
        let at: &String = place.get(&all);
        *line.pointer_mut(at).unwrap() = value;
        let mut text = line.to_string();
        if let Some(cut) = cut {
            let end = cut.index(text.len());
            text.truncate((0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap());
        }
        answer(&text);
    }
}

fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::{prelude::Just, prop_oneof, strategy::Strategy as _};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0, 1, -1, 5, 100, 1_000_000_000_000_i64]).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "5",
            "12.5",
            "-1",
            "hold",
            "US",
            "fixed",
            "2026-11-25T10:00:00Z"
        ])
        .prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,10}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}
