//! Price wars, seen from our confirmed prices and the public moves of a rival.

use chrono::TimeDelta;
use proptest::prelude::{prop, prop_assert_eq, proptest};

use super::*;

const ONE: Amount = Amount::Tenge(1);

fn at(minutes: i64, price: i64) -> Move {
    Move {
        at: now() + TimeDelta::minutes(minutes),
        price: Tenge(price),
    }
}

fn minute(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

/// We go below the rival every ten minutes, and five minutes later it goes below us; both by `step`.
fn saw(rounds: i64, start: i64, step: i64) -> (Vec<Move>, Vec<Move>) {
    let ours = (0..=rounds).map(|n| at(n * 10, start - 2 * n * step)).collect();
    let theirs = (0..rounds)
        .map(|n| at(n * 10 + 5, start - (2 * n + 1) * step))
        .collect();
    (ours, theirs)
}

#[test]
fn exchanges_are_counted_and_the_rival_learned() {
    let (ours, theirs) = saw(3, 1_000, 3);
    let seen = duel(&ours, &theirs, Amount::Tenge(3), minute(30)).unwrap();
    assert_eq!(
        seen,
        Duel {
            exchanges: 3,
            from: Tenge(1_000),
            drop: Tenge(18),
            usual_undercut: Tenge(3),
            answer_seconds: 300,
            lowest_answered: Tenge(985),
            bot: true,
        }
    );
    // An answer of theirs that we have not answered yet is no exchange, but tells of its habits.
    let waiting = duel(&ours, &theirs, Amount::Tenge(3), minute(29)).unwrap();
    assert_eq!((waiting.exchanges, waiting.lowest_answered), (2, Tenge(985)));
}

#[test]
fn what_is_no_answer_is_not_counted() {
    let ours = [at(0, 1_000), at(30, 990), at(60, 980)];
    let count = |theirs: &[Move]| duel(&ours, theirs, ONE, minute(60)).map(|duel| duel.exchanges);
    assert_eq!(count(&[]), None);
    assert_eq!(count(&[at(5, 999), at(35, 989)]), Some(2));
    assert_eq!(count(&[at(20, 999)]), Some(1), "within 20 minutes");
    assert_eq!(count(&[at(21, 999)]), Some(0), "later it is no exchange");
    assert_eq!(count(&[at(5, 1_000)]), None, "at our price it is not below us");
    assert_eq!(count(&[at(5, 995)]), Some(1), "half a percent");
    assert_eq!(
        count(&[at(5, 994)]),
        None,
        "further below it follows something else"
    );
    assert_eq!(
        count(&[at(0, 999)]),
        None,
        "at the same moment it cannot have seen us"
    );
    assert_eq!(count(&[at(-5, 999)]), None);
    assert_eq!(count(&[at(5, i64::MIN), at(6, i64::MAX)]), None);
    // Three steps reach further than half a percent.
    let far = duel(&ours, &[at(5, 940)], Amount::Tenge(20), minute(60)).unwrap();
    assert_eq!(far.exchanges, 1);
    assert_eq!(duel(&ours, &[at(5, 939)], Amount::Tenge(20), minute(60)), None);
    // A raise of ours is no answer.
    let raised = [at(0, 1_000), at(30, 1_010)];
    assert_eq!(
        duel(&raised, &[at(5, 999)], ONE, minute(60)).unwrap().exchanges,
        0
    );
}

#[test]
fn moves_are_forgotten_after_two_hours() {
    let (ours, theirs) = saw(3, 1_000, 3);
    let exchanges =
        |minutes| duel(&ours, &theirs, Amount::Tenge(3), minute(minutes)).map(|duel| duel.exchanges);
    assert_eq!(exchanges(124), Some(3));
    assert_eq!(exchanges(125), Some(2));
    assert_eq!(exchanges(145), None);
}

#[test]
fn three_costly_exchanges_or_six_are_a_war() {
    let is_war = |rounds, start, step| {
        let (ours, theirs) = saw(rounds, start, step);
        war("C1", &ours, &theirs, Amount::Tenge(step), minute(rounds * 10)).is_some()
    };
    assert!(is_war(3, 1_200, 3), "18 of 1200 are 1.5 %");
    assert!(!is_war(3, 1_201, 3), "a little less");
    assert!(!is_war(2, 1_000, 30));
    assert!(!is_war(5, 100_000, 1));
    assert!(is_war(6, 100_000, 1));
}

#[test]
fn a_war_is_remembered_for_a_day() {
    let (ours, theirs) = saw(4, 1_000, 3);
    let seen = |minutes| war("C1", &ours, &theirs, Amount::Tenge(3), minute(minutes));
    let found = seen(40).unwrap();
    assert_eq!((found.since, found.last_at), (minute(30), minute(40)));
    assert_eq!(
        (found.from, found.duel.exchanges, found.resets),
        (Tenge(1_000), 4, 0)
    );
    assert!(found.is_on(minute(40)) && found.is_on(minute(40 + 1_439)) && !found.is_on(minute(40 + 1_440)));
    assert_eq!(seen(40 + 1_439), Some(found));
    assert_eq!(seen(40 + 1_440), None);
    assert_eq!(seen(29), None, "not yet");

    // A second one, hours later, begins anew.
    let later = |moves: Vec<Move>| -> Vec<Move> {
        let again = moves
            .iter()
            .map(|m| at(600 + (m.at - now()).num_minutes(), m.price.0));
        moves.iter().copied().chain(again).collect()
    };
    let second = war("C1", &later(ours), &later(theirs), Amount::Tenge(3), minute(700)).unwrap();
    assert_eq!((second.since, second.from), (minute(630), Tenge(1_000)));
}

#[test]
fn a_bot_answers_soon_and_evenly() {
    let bot = |undercuts: [i64; 3], minutes: i64| {
        let ours = [at(0, 10_000), at(40, 9_950), at(80, 9_900), at(118, 9_850)];
        let theirs: Vec<Move> = ours
            .iter()
            .zip(undercuts)
            .map(|(ours, undercut)| Move {
                at: ours.at + TimeDelta::minutes(minutes),
                price: Tenge(ours.price.0 - undercut),
            })
            .collect();
        duel(&ours, &theirs, ONE, minute(119)).unwrap().bot
    };
    assert!(bot([1, 1, 2], 5));
    assert!(bot([30, 31, 33], 20));
    assert!(!bot([30, 31, 36], 20), "it varies");
    assert!(!bot([1, 1, 1], 21), "it takes its time");
}

/// The rule word by word: every move of ours against every move of theirs.
fn word_by_word(own: &[Move], rival: &[Move], step: i64, now: DateTime<Utc>) -> Option<(i64, Tenge)> {
    let own: Vec<Move> = own.iter().copied().filter(|ours| ours.at <= now).collect();
    let (mut answered, mut exchanges) = (Vec::new(), Vec::new());
    for (number, ours) in own.iter().enumerate() {
        let next = own.get(number + 1);
        let until = next.map_or(now, |next| next.at);
        let near = (3 * step).max(ours.price.0 * 50 / 10_000);
        let answer = rival.iter().find(|theirs| {
            theirs.at > ours.at
                && theirs.at <= until
                && theirs.price < ours.price
                && ours.price.0 - theirs.price.0 <= near
        });
        let Some(answer) = answer.filter(|answer| now - answer.at < TimeDelta::minutes(120)) else {
            continue;
        };
        answered.push(answer.price);
        if next.is_some_and(|next| next.price < ours.price) && answer.at - ours.at <= TimeDelta::minutes(20) {
            exchanges.push(ours.price);
        }
    }
    let lowest = answered.iter().min().copied()?;
    Some((i64::try_from(exchanges.len()).unwrap(), lowest))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_look_at_the_window_alone_sees_what_a_look_at_everything_sees(
        own in prop::collection::vec((0..20_i64, 980..1_000_i64), 0..40),
        rival in prop::collection::vec((0..20_i64, 980..1_000_i64), 0..60),
        step in 1..4_i64,
        now in 0..500_i64,
    ) {
        let timeline = |moves: &[(i64, i64)]| -> Vec<Move> {
            let times = moves.iter().scan(0, |time, (after, _)| {
                *time += after;
                Some(*time)
            });
            times.zip(moves).map(|(time, (_, price))| at(time, *price)).collect()
        };
        let (own, rival) = (timeline(&own), timeline(&rival));
        let seen = duel(&own, &rival, Amount::Tenge(step), minute(now));
        let expected = word_by_word(&own, &rival, step, minute(now));
        prop_assert_eq!(seen.map(|duel| (duel.exchanges, duel.lowest_answered)), expected);
    }
}
