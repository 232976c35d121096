//! The checker against histories written by hand: one that is in order, and for each invariant those that are not.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    checker::judge,
    history::{Audit, History, HumanPrice, Intent, Kind, Limits, Offer, Prices, Request, Stop},
};
use crate::support::{CITY, now};

fn at(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

fn offer() -> Offer {
    ("30000001".to_owned(), "sku".to_owned())
}

fn prices(price: i64) -> Prices {
    Prices::from([(CITY.to_owned(), price)])
}

/// An intent that was planned at `start`, sent two seconds later and confirmed after ten.
fn intent(sequence: i64, price: i64, start: i64) -> Intent {
    Intent {
        id: format!("push-{sequence}"),
        offer: offer(),
        sequence,
        state: "confirmed".to_owned(),
        reason: None,
        automatic: true,
        prices: prices(price),
        seen: prices(price),
        planned_at: at(start),
        claimed_at: Some(at(start + 1)),
        sent_at: Some(at(start + 2)),
        finished_at: Some(at(start + 10)),
    }
}

fn write(price: i64, seconds: i64) -> Request {
    Request {
        at: at(seconds),
        offer: offer(),
        kind: Kind::Write {
            prices: prices(price),
            accepted: true,
            applied: true,
        },
    }
}

fn read(seconds: i64) -> Request {
    Request {
        at: at(seconds),
        offer: offer(),
        kind: Kind::Read,
    }
}

fn audits(intents: &[Intent]) -> Vec<Audit> {
    let rows = intents.iter().flat_map(|intent| {
        ["plan", intent.state.as_str()].map(|action| Audit {
            intent: intent.id.clone(),
            action: action.to_owned(),
            complete: true,
        })
    });
    rows.collect()
}

/// Two prices, one after the other, each looked at before and after its write.
fn fine() -> History {
    let intents = vec![intent(1, 10_000, 0), intent(2, 9_900, 60)];
    History {
        requests: vec![
            read(1),
            write(10_000, 2),
            read(9),
            read(61),
            write(9_900, 62),
            read(69),
        ],
        audits: audits(&intents),
        intents,
        limits: vec![Limits {
            offer: offer(),
            floor: Some(9_000),
            ceiling: Some(12_000),
            since: at(-60),
        }],
        ..History::default()
    }
}

fn broken(history: &History) -> Vec<&'static str> {
    judge(history)
        .into_iter()
        .map(|violation| violation.invariant)
        .collect()
}

#[test]
fn a_history_in_order_passes() {
    assert_eq!(judge(&fine()), []);
}

#[test]
fn a_write_that_nobody_intended_breaks_i1() {
    let mut history = fine();
    history.requests.push(write(11_000, 80));
    assert_eq!(broken(&history), ["I1"]);
    // Intended, but only afterwards.
    let mut history = fine();
    history.intents[1].sent_at = Some(at(63));
    assert!(broken(&history).contains(&"I1"), "{:?}", judge(&history));
}

#[test]
fn a_write_outside_the_limits_in_force_breaks_i2() {
    for (floor, ceiling) in [(Some(10_500), None), (Some(8_000), Some(9_500)), (None, None)] {
        let mut history = fine();
        history.limits.push(Limits {
            offer: offer(),
            floor,
            ceiling,
            since: at(30),
        });
        assert_eq!(broken(&history), ["I2"], "{floor:?} {ceiling:?}");
        // Not yet in force, or only since a moment.
        history.limits[1].since = at(61);
        assert_eq!(broken(&history), [""; 0], "{floor:?} {ceiling:?}");
    }
    let mut history = fine();
    history.limits.clear();
    assert_eq!(broken(&history), ["I2", "I2"]);
}

#[test]
fn an_older_price_after_a_newer_one_breaks_i3() {
    let mut history = fine();
    history.intents[0].claimed_at = Some(at(70));
    history.intents[0].sent_at = Some(at(70));
    history.intents[0].finished_at = Some(at(80));
    history.requests = vec![read(61), write(9_900, 62), read(69), write(10_000, 71), read(79)];
    assert_eq!(broken(&history), ["I3"]);
}

#[test]
fn two_writes_on_their_way_break_i4() {
    let mut history = fine();
    history.intents[0].finished_at = Some(at(75));
    assert_eq!(broken(&history), ["I4"]);
}

#[test]
fn a_blind_repeat_breaks_i5() {
    let mut history = fine();
    history.requests.insert(2, write(10_000, 4));
    assert_eq!(broken(&history), ["I5"]);
    // After a look it is permitted, while it lives.
    history.requests.insert(2, read(3));
    assert_eq!(broken(&history), [""; 0]);
    let mut history = fine();
    history.intents[1].claimed_at = Some(at(-70));
    history.requests.extend([read(75), write(9_900, 76), read(77)]);
    history.intents[1].finished_at = Some(at(80));
    history.intents.remove(0);
    history.requests.drain(0..3);
    assert_eq!(broken(&history), ["I5"]);
    // A request that was lost counts like one that arrived.
    let mut history = fine();
    history.requests.insert(2, write(10_000, 4));
    history.requests[1].kind = Kind::Write {
        prices: prices(10_000),
        accepted: false,
        applied: false,
    };
    assert_eq!(broken(&history), ["I5"]);
}

#[test]
fn a_claimed_push_without_an_end_or_with_a_late_one_breaks_i6() {
    for state in ["claimed", "sent", "accepted", "unknown"] {
        let mut history = fine();
        history.intents[1].state = state.to_owned();
        history.intents[1].finished_at = None;
        assert_eq!(broken(&history), ["I6"], "{state}");
    }
    let mut history = fine();
    history.intents[1].finished_at = Some(at(60 + 362));
    assert_eq!(broken(&history), ["I6"]);
}

#[test]
fn a_write_after_an_acknowledged_stop_breaks_i7() {
    let stop = |merchant: Option<&str>, sku: Option<&str>| Stop {
        merchant: merchant.map(str::to_owned),
        sku: sku.map(str::to_owned),
        acknowledged_at: at(60),
        released_at: None,
    };
    for covering in [
        stop(None, None),
        stop(Some("30000001"), None),
        stop(Some("30000001"), Some("sku")),
    ] {
        let mut history = fine();
        history.stops = vec![covering];
        assert_eq!(broken(&history), ["I7"]);
        // Within the second, or after the release.
        history.stops[0].acknowledged_at = at(61);
        assert_eq!(broken(&history), [""; 0]);
        history.stops[0].acknowledged_at = at(20);
        history.stops[0].released_at = Some(at(59));
        assert_eq!(broken(&history), [""; 0]);
    }
    let mut history = fine();
    history.stops = vec![
        stop(Some("30000002"), None),
        stop(Some("30000001"), Some("other")),
    ];
    assert_eq!(broken(&history), [""; 0]);
}

#[test]
fn an_old_decision_over_a_persons_price_breaks_i8() {
    let human = |seconds| {
        vec![HumanPrice {
            offer: offer(),
            at: at(seconds),
        }]
    };
    let mut history = fine();
    history.intents[1].planned_at = at(30);
    history.human = human(45);
    assert_eq!(broken(&history), ["I8"]);
    // Decided afterwards, or in the moment that nobody can see.
    for seconds in [20, 61] {
        history.human = human(seconds);
        assert_eq!(broken(&history), [""; 0], "{seconds}");
    }
}

#[test]
fn an_end_without_its_audit_row_breaks_i11() {
    for row in 0..4 {
        let mut history = fine();
        history.audits.remove(row);
        assert_eq!(broken(&history), ["I11"], "{row}");
        let mut history = fine();
        history.audits[row].complete = false;
        assert_eq!(broken(&history), ["I11"], "{row}");
    }
    let mut history = fine();
    history.intents[1].state = "superseded".to_owned();
    history.intents[1].claimed_at = None;
    history.intents[1].sent_at = None;
    history.requests.truncate(3);
    assert_eq!(broken(&history), ["I11"], "never claimed, and ended all the same");
}

#[test]
fn a_write_that_is_not_read_back_to_its_end_breaks_i12() {
    let mut history = fine();
    history.requests.pop();
    assert_eq!(broken(&history), ["I12"], "no read after the write");
    let mut history = fine();
    history.intents[1].seen = prices(10_000);
    assert_eq!(broken(&history), ["I12"], "another price was seen");
    for (state, seconds, expected) in [
        ("mismatch", 60 + 902, &["I12"][..0]),
        ("mismatch", 60 + 890, &["I12"]),
    ] {
        let mut history = fine();
        history.intents[1].state = state.to_owned();
        history.intents[1].reason = Some("never_applied".to_owned());
        history.intents[1].finished_at = Some(at(seconds));
        history.audits = audits(&history.intents);
        assert_eq!(broken(&history), expected, "{state} {seconds}");
    }
    for state in ["held", "superseded", "expired", "rejected"] {
        let mut history = fine();
        history.intents[1].state = state.to_owned();
        history.audits = audits(&history.intents);
        assert_eq!(broken(&history), ["I12"], "{state}: it took effect");
    }
}
