//! Each fail-point with each outcome of a write: a worker is killed exactly there, another one finishes.

use kaspi_panel::fail_points::{
    ANSWERED, BATCH_COMMITTED, BATCH_WRITTEN, CLAIMED, CLEARED, IMAGE_KEPT, OUTCOME_KEPT, RECOVERED, SEEN,
    SETTLED,
};
use serde_json::{Value, json};

use super::{
    rig::{PATIENCE, Pace, Rig, Size, side_by_side, sku_of},
    witness::Witness,
};
use crate::support::wait_until;

/// What becomes of a write: a fault of the marketplace, and the state in which the push ends.
struct Outcome {
    name: &'static str,
    fault: Option<(&'static str, Value)>,
    end: &'static str,
}

fn outcomes() -> Vec<Outcome> {
    let outcome = |name, fault: Option<(&'static str, Value)>, end| Outcome { name, fault, end };
    vec![
        outcome("accepted", None, "confirmed"),
        outcome("refused", Some(("status", json!({ "status": 400 }))), "rejected"),
        outcome("too many", Some(("status", json!({ "status": 429 }))), "rejected"),
        outcome("answer lost", Some(("reset_after", json!({}))), "confirmed"),
        outcome("request lost", Some(("reset", json!({}))), "expired"),
        outcome("withdrawn", Some(("withdraw", json!({}))), "removed"),
        outcome(
            "never applied",
            Some(("accepted_not_applied", json!({}))),
            "mismatch",
        ),
    ]
}

/// One product for each outcome, in a store of its own: the lease of a dead worker keeps what it left from the next
/// one that is to die.
async fn open(stores: usize, lease: u32) -> Rig {
    let pace = Pace {
        lease,
        read_back: 4,
        check: 300,
    };
    let rig = Rig::open(Size { stores, products: 1 }, pace).await;
    rig.nothing_is_due();
    rig
}

/// Plans a price for a store's product and lets a worker die at the point on the way of it.
async fn die_at(rig: &Rig, store: usize, point: &str) {
    rig.move_rival(store, 0, 9_900).await;
    assert_eq!(rig.plan(store).await, 1, "a plan in store {store}");
    let mut worker = rig.worker(Some(&format!("{point}:1:kill")));
    let ended = worker.ended().await;
    let log = String::from_utf8_lossy(&worker.log()).into_owned();
    assert_eq!(ended.code(), None, "killed at {point}, not {ended}: {log}");
}

/// State of the push of a store that was planned first; another one may have brought its offer back.
fn state_of(rig: &Rig, store: usize) -> String {
    let merchant = &rig.stores[store].1;
    let states = [
        "confirmed",
        "rejected",
        "mismatch",
        "removed",
        "superseded",
        "expired",
        "held",
        "claimed",
        "sent",
        "accepted",
        "unknown",
        "planned",
    ];
    let found = states.into_iter().find(|state| {
        let condition = format!(
            "sequence = 1 and state = '{state}' and store_id = (select id from stores where merchant_id = '{merchant}')"
        );
        rig.count(&condition) > 0
    });
    found.unwrap_or("none").to_owned()
}

/// Kills a worker at the point for each of these outcomes, lets another one finish, and judges.
async fn each_outcome(point: &str, outcomes: &[Outcome], end: impl Fn(&Outcome) -> &'static str) {
    // Longer than all of them take to die: none takes up what another one left.
    let rig = open(outcomes.len(), 40).await;
    let witness = Witness::default();
    for (store, outcome) in outcomes.iter().enumerate() {
        if let Some((kind, more)) = &outcome.fault {
            let mut more = more.clone();
            more["times"] = json!(1);
            more["containing"] = json!(sku_of(store, 0));
            rig.app.market.fault("process", kind, more).await;
        }
        die_at(&rig, store, point).await;
    }
    let _worker = rig.worker(None);
    rig.calm().await;
    witness.judge(&rig).await;
    for (store, outcome) in outcomes.iter().enumerate() {
        let state = state_of(&rig, store);
        assert_eq!(state, end(outcome), "{point}, {}", outcome.name);
    }
}

/// Nothing has left, or after the gate nobody can know that: it is read until the time is up.
fn nothing_left(_: &Outcome) -> &'static str {
    "expired"
}

/// What the marketplace answered is lost with the worker: only a read can tell.
fn unheard(outcome: &Outcome) -> &'static str {
    match outcome.end {
        "rejected" | "mismatch" => "expired",
        end => end,
    }
}

fn known(outcome: &Outcome) -> &'static str {
    outcome.end
}

/// The state in which the push of an outcome ends.
type End = fn(&Outcome) -> &'static str;

#[test]
fn a_worker_dies_at_each_step_of_a_write() {
    let steps: [(&str, End); 5] = [
        (CLAIMED, nothing_left),
        (IMAGE_KEPT, nothing_left),
        (CLEARED, nothing_left),
        (ANSWERED, unheard),
        (OUTCOME_KEPT, known),
    ];
    side_by_side(&steps, async |(point, end)| {
        each_outcome(point, &outcomes(), end).await
    });
}

#[test]
fn a_worker_dies_before_and_after_an_end_is_written() {
    side_by_side(&[SEEN, SETTLED], async |point| {
        let mut read_back = outcomes();
        read_back.retain(|outcome| outcome.end != "rejected");
        each_outcome(point, &read_back, known).await;
    });
}

#[actix_web::test]
async fn a_worker_dies_while_it_takes_up_what_another_left() {
    let rig = open(2, 8).await;
    let witness = Witness::default();
    die_at(&rig, 0, CLAIMED).await;
    die_at(&rig, 1, ANSWERED).await;
    for _ in 0..2 {
        let mut worker = rig.worker(Some(&format!("{RECOVERED}:1:kill")));
        assert_eq!(worker.ended().await.code(), None);
    }
    let _worker = rig.worker(None);
    rig.calm().await;
    witness.judge(&rig).await;
    assert_eq!(
        (state_of(&rig, 0).as_str(), state_of(&rig, 1).as_str()),
        ("expired", "confirmed")
    );
}

#[actix_web::test]
async fn a_worker_dies_before_and_after_its_decisions_are_committed() {
    let rig = open(2, 8).await;
    let witness = Witness::default();
    for (store, point, planned) in [(0, BATCH_WRITTEN, 0), (1, BATCH_COMMITTED, 1)] {
        rig.move_rival(store, 0, 9_900).await;
        // Due for the worker itself.
        let merchant = &rig.stores[store].1;
        rig.sql(&format!(
            "update product_checks set next_check_at = case when s.merchant_id = '{merchant}' then now()
               else now() + interval '1 hour' end, claimed_until = null from stores s where s.id = store_id"
        ));
        let mut worker = rig.worker(Some(&format!("{point}:1:kill")));
        assert_eq!(worker.ended().await.code(), None, "{point}");
        let condition = format!("store_id = (select id from stores where merchant_id = '{merchant}')");
        assert_eq!(rig.count(&condition), planned, "{point}: all or nothing");
    }
    // The claim of the product whose decision was lost ends by itself after two minutes; the test does not wait.
    rig.sql("update product_checks set next_check_at = now(), claimed_until = null");
    let _worker = rig.worker(None);
    wait_until("both are sent", PATIENCE, || async {
        let sent = rig.sent();
        if sent == 2 { Ok(()) } else { Err(sent) }
    })
    .await;
    rig.calm().await;
    witness.judge(&rig).await;
    assert_eq!(rig.count("state = 'confirmed'"), 2);
}
