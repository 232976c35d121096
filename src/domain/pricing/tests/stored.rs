//! Inputs that were stored with decisions: of this version, and of version 1.

use serde_json::json;

use super::*;

#[test]
fn a_stored_input_of_version_1_is_still_read() {
    let first = json!({
        "now": "2026-11-20T10:00:00Z",
        "product": {"merchant": "US", "price": 10500, "stock": 5, "preorder_days": 0, "rating_centi": 481,
            "alone_streak": 1, "last_change_at": null, "opening_price": 10400, "changes_today": 2,
            "locked_until": null},
        "own_merchants": ["SISTER", "US"],
        "limits": {"floor": 9000, "ceiling": 12000},
        "rule": {"step": 10, "match_if_better_rated": true, "outlier_median_percent": "40",
            "max_down_percent": "10", "max_up_percent": "11", "max_day_percent": "20", "max_changes_per_day": 47,
            "raise_cooldown_minutes": 31, "min_move": 2, "min_move_percent": "0.2", "quarantine_percent": "33",
            "allow_down": true, "allow_up": false},
        "market": {"taken_at": "2026-11-20T10:00:00Z", "complete": true, "total": 4, "offers": [
            {"merchant": "US", "price": 10500, "rating_centi": 481, "preorder_days": 0},
            {"merchant": "SISTER", "price": 10600, "rating_centi": null, "preorder_days": 0},
            {"merchant": "C1", "price": 10000, "rating_centi": 480, "preorder_days": 0},
            {"merchant": "C2", "price": 9000, "rating_centi": null, "preorder_days": 3}]},
        "market_max_age_seconds": 120
    });
    let input = Input::from_stored(1, &first).unwrap();
    assert_eq!(input.check(), Ok(()));
    assert_eq!(input.product.rating, rating("4.81"));
    assert_eq!(input.rule.strategy, beat(10));
    assert_eq!(input.rule.motion.min_move.percent, percent("0.2"));
    let removed: Vec<_> = input
        .removed()
        .into_iter()
        .map(|r| (r.merchant.unwrap(), r.reason))
        .collect();
    assert_eq!(
        removed,
        [
            ("C2".to_owned(), "preorder"),
            ("SISTER".into(), "own"),
            ("US".into(), "own")
        ]
    );
    // Matched, for our rating is better.
    assert_eq!(decide(&input).target, Some(Tenge(9_990)));

    assert!(Input::from_stored(DECISION_VERSION, &first).is_err());
    assert!(Input::from_stored(1, &json!({})).is_err());
    assert!(Input::from_stored(3, &first).is_err());
}

#[test]
fn what_own_stores_agree_on_is_stored_too() {
    let mut follower = input(10_500, beat(10));
    follower.own_stores = Some(OwnStores {
        champion: "SISTER".into(),
        price: Tenge(9_990),
        gap: GAP,
        since: now(),
    });
    let stored = serde_json::to_value(&follower).unwrap();
    assert_eq!(Input::from_stored(DECISION_VERSION, &stored).unwrap(), follower);
    follower.own_stores = None;
    assert!(
        serde_json::to_value(&follower)
            .unwrap()
            .get("own_stores")
            .is_none()
    );
}

#[test]
fn every_strategy_is_stored_with_its_parameters() {
    use proptest::{
        strategy::{Strategy as _, ValueTree},
        test_runner::TestRunner,
    };
    let mut runner = TestRunner::deterministic();
    let mut kinds = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        let strategy = random::any_strategy().new_tree(&mut runner).unwrap().current();
        let text = serde_json::to_string(&strategy).unwrap();
        assert_eq!(
            serde_json::from_str::<Strategy>(&text).unwrap(),
            strategy,
            "{text}"
        );
        kinds.insert(strategy.kind().to_owned());
    }
    assert_eq!(kinds.len(), 12);
}
