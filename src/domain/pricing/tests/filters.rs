//! Whose offers count: each filter, their order, outliers, and one offer per merchant.

use super::*;

fn removed(input: &Input) -> Vec<(String, &'static str)> {
    let decision = decide(input);
    let name = |merchant: Option<String>| merchant.unwrap_or_else(|| "-".into());
    decision
        .removed
        .into_iter()
        .map(|r| (name(r.merchant), r.reason))
        .collect()
}

#[track_caller]
fn assert_removed(input: &Input, expected: &[(&str, &str)]) {
    let removed = removed(input);
    let got: Vec<_> = removed.iter().map(|(who, why)| (who.as_str(), *why)).collect();
    assert_eq!(got, expected);
}

fn among(offers: Vec<Offer>) -> Input {
    with_offers(input(10_500, beat(10)), offers)
}

#[test]
fn nameless_priceless_own_and_ignored_offers_do_not_count() {
    let mut input = among(vec![
        Offer {
            price: Some(5),
            ..Offer::default()
        },
        offer("", 9_000),
        Offer {
            merchant: Some("A".into()),
            ..Offer::default()
        },
        offer("B", 0),
        offer("C", -7),
        offer("US", 10_500),
        offer("SISTER", 9_000),
        offer("D", 10_000),
        offer("E", 8_000),
    ]);
    input.rule.filters.ignore = vec!["E".into(), "US".into()];
    assert_removed(
        &input,
        &[
            ("-", "no_merchant"),
            ("-", "no_merchant"),
            ("A", "no_price"),
            ("B", "no_price"),
            ("C", "no_price"),
            ("E", "ignored"),
            ("SISTER", "own"),
            ("US", "own"),
        ],
    );
    assert_eq!(decide(&input).price, Some(Tenge(9_990)));
}

#[test]
fn an_own_merchant_stays_own_though_it_is_chosen() {
    let mut input = among(vec![
        offer("SISTER", 9_000),
        offer("A", 10_000),
        offer("US", 10_500),
    ]);
    input.rule.filters.only = Some(vec!["SISTER".into(), "A".into()]);
    assert_removed(&input, &[("SISTER", "own"), ("US", "own")]);
    input.rule.strategy = Strategy::Follow {
        merchants: vec!["SISTER".into()],
        delta: Amount::ZERO,
        fallback: None,
    };
    assert_hold(&input, &["FOLLOW", "FOLLOWED_ABSENT"]);
}

#[test]
fn preorders_are_compared_with_their_own_kind() {
    let preorder = |merchant: &str, price| Offer {
        preorder_days: Some(3),
        ..offer(merchant, price)
    };
    let mut input = among(vec![
        preorder("A", 9_000),
        offer("B", 10_000),
        offer("US", 10_500),
    ]);
    assert_removed(&input, &[("A", "preorder"), ("US", "own")]);
    input.product.preorder_days = 1;
    assert_removed(&input, &[("B", "preorder"), ("US", "own")]);
    input.rule.filters.preorder = PreorderFilter::Include;
    assert_removed(&input, &[("US", "own")]);
    input.product.preorder_days = 0;
    input.rule.filters.preorder = PreorderFilter::Only;
    assert_removed(&input, &[("B", "preorder"), ("US", "own")]);
}

#[test]
fn ratings_and_reviews_have_a_least_value() {
    let mut input = among(vec![
        rated("A", 10_000, "4.79"),
        rated("B", 10_100, "4.8"),
        offer("C", 10_200),
        rated("D", 10_300, "0"),
        offer("US", 10_500),
    ]);
    input.rule.filters.min_rating = rating("4.8");
    assert_removed(
        &input,
        &[("A", "rating"), ("C", "rating"), ("D", "rating"), ("US", "own")],
    );
    // A least rating of 0 is none.
    input.rule.filters.min_rating = rating("0");
    assert_removed(&input, &[("US", "own")]);

    let reviewed = |merchant: &str, reviews| Offer {
        reviews,
        ..offer(merchant, 10_000)
    };
    let mut input = among(vec![
        reviewed("A", Some(9)),
        reviewed("B", Some(10)),
        reviewed("C", None),
        offer("US", 10_500),
    ]);
    input.rule.filters.min_reviews = Some(10);
    assert_removed(&input, &[("A", "reviews"), ("C", "reviews"), ("US", "own")]);
}

#[test]
fn slower_offers_do_not_count_where_both_speeds_are_known() {
    let by = |merchant: &str, delivery: &str| Offer {
        delivery: Some(delivery.into()),
        ..offer(merchant, 10_000)
    };
    let mut input = among(vec![
        by("A", "EXPRESS"),
        by("B", "TOMORROW"),
        by("C", "TILL_2_DAYS"),
        by("D", "TILL_3_DAYS"),
        by("E", "PICKUP"),
        by("F", "TILL_1000_DAYS"),
        by("G", "TILL_02_DAYS"),
        offer("US", 10_500),
    ]);
    input.rule.filters.max_slower_ranks = Some(1);
    input.product.delivery = Some("TOMORROW".into());
    assert_removed(&input, &[("D", "slower"), ("US", "own")]);
    input.product.delivery = Some("TODAY".into());
    assert_removed(&input, &[("C", "slower"), ("D", "slower"), ("US", "own")]);
    input.product.delivery = Some("BY_PIGEON".into());
    assert_removed(&input, &[("US", "own")]);
}

#[test]
fn outliers_are_strictly_below_a_share_of_the_median() {
    let mut input = among(vec![
        offer("A", 4_999),
        offer("B", 5_000),
        offer("C", 10_000),
        offer("D", 11_000),
        offer("E", 12_000),
        offer("US", 10_500),
    ]);
    assert_removed(&input, &[("A", "outlier"), ("US", "own")]);
    let flags = decide(&input).flags;
    assert!(flags.contains(&"outlier") && flags.contains(&"attention"));
    // An even count: the mean of the middle two, exact. Half of 10 000.5 is 5 000.25.
    input.market.as_mut().unwrap().offers[2].price = Some(9_001);
    input.market.as_mut().unwrap().offers.push(offer("F", 12_000));
    input.market.as_mut().unwrap().offers[3].price = Some(11_000);
    assert_removed(&input, &[("A", "outlier"), ("B", "outlier"), ("US", "own")]);
    input.rule.filters.outlier_median_percent = percent("0");
    assert_removed(&input, &[("US", "own")]);
    // Ignoring a decoy keeps it out of the test.
    input.rule.filters.outlier_median_percent = percent("50");
    input.rule.filters.ignore = vec!["A".into(), "B".into()];
    assert_removed(&input, &[("A", "ignored"), ("B", "ignored"), ("US", "own")]);
    assert!(!decide(&input).flags.contains(&"outlier"));
}

#[test]
fn outliers_are_also_below_a_share_of_the_cost() {
    let mut input = among(vec![offer("A", 9_000), offer("B", 9_500), offer("US", 19_000)]);
    assert_removed(&input, &[("US", "own")]);
    input.limits = limits(None, 50_000);
    input.product.price = Tenge(25_000);
    input.economics = Some(economics(18_500, 0, Parcel::City1kg));
    assert_removed(&input, &[("A", "outlier"), ("US", "own")]);
    input.rule.filters.outlier_cost_percent = percent("0");
    assert_removed(&input, &[("US", "own")]);
}

#[test]
fn a_repeated_merchant_counts_once_with_its_cheapest_offer() {
    let mut input = among(vec![
        offer("A", 10_200),
        rated("A", 10_000, "4.1"),
        rated("A", 10_000, "4.9"),
        offer("US", 10_500),
    ]);
    assert_removed(&input, &[("A", "duplicate"), ("A", "duplicate"), ("US", "own")]);
    // The better rated of two equal ones stays: 4.5 does not win against it.
    input.product.rating = rating("4.5");
    input.rule.match_if_better_rated = true;
    input.rule.strategy = Strategy::HoldPlace {
        place: 1,
        step: Amount::ONE,
    };
    assert_change(&input, 9_999, &["HOLD_PLACE"]);
    // Long lists are told apart in another way, with the same answer.
    let many: Vec<Offer> = (0..60)
        .map(|n| offer(&format!("M{}", n % 30), 10_000 + n))
        .collect();
    let decision = decide(&among(many));
    assert_eq!(decision.competitors, 30);
    assert_eq!(
        decision
            .removed
            .iter()
            .filter(|r| r.reason == "duplicate")
            .count(),
        30
    );
}

#[test]
fn long_lists_of_ids_are_the_same_lists() {
    let ids: Vec<String> = (0..20).map(|n| format!("M{n}")).collect();
    let mut input = among(vec![offer("M3", 9_000), offer("A", 10_000), offer("US", 10_500)]);
    input.rule.filters.ignore.clone_from(&ids);
    assert_removed(&input, &[("M3", "ignored"), ("US", "own")]);
    input.rule.filters.ignore.clear();
    input.rule.filters.only = Some(ids.clone());
    assert_removed(&input, &[("A", "not_chosen"), ("US", "own")]);
    input.rule.filters.only = None;
    input.own_merchants.extend(ids);
    assert_removed(&input, &[("M3", "own"), ("US", "own")]);
}
