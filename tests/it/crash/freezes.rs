//! Workers that stand still for longer than their lease holds (`kill -STOP`, a suspended machine, a long page fault) and
//! then go on as if nothing had been: another one has taken over meanwhile, and nothing stale is written.

use kaspi_panel::fail_points::{ANSWERED, CLAIMED, CLEARED, IMAGE_KEPT, SEEN};

use super::{
    history::{History, Kind},
    rig::{Chance, PATIENCE, Pace, Rig, Size, long, side_by_side, tell},
    witness::Witness,
};
use crate::support::wait_until;

/// A worker stands still at a point with a push in its hands; another one takes over, ends the push and writes the next
/// price; then the first one wakes up.
async fn frozen_at(point: &str) -> History {
    let size = Size {
        stores: 1,
        products: 1,
    };
    let rig = Rig::open(size, Pace::default()).await;
    rig.nothing_is_due();
    let witness = Witness::default();
    rig.move_rival(0, 0, 9_900).await;
    planned(&rig).await;
    let mut frozen = rig.worker(Some(&format!("{point}:1:freeze")));
    frozen.stands_still().await;
    let held = rig.open_pushes();
    assert_eq!(held.len(), 1, "{point}: {held:?}");
    let mut other = rig.worker(None);
    rig.calm().await;
    // The price that follows: once it is on the marketplace, a late write of the first would undo it.
    rig.move_rival(0, 0, 9_800).await;
    planned(&rig).await;
    wait_until("the next price", PATIENCE, || async {
        let confirmed = rig.count("state = 'confirmed' and sequence = 2");
        if confirmed == 1 {
            Ok(())
        } else {
            Err(rig.count("true"))
        }
    })
    .await;
    frozen.signal("CONT");
    // Awake is who works again: a third price, and either of them may write it.
    other.kill();
    rig.move_rival(0, 0, 9_700).await;
    planned(&rig).await;
    wait_until("the price of the one that woke up", PATIENCE, || async {
        let confirmed = rig.count("state = 'confirmed' and sequence = 3");
        if confirmed == 1 {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&frozen.log()).into_owned())
        }
    })
    .await;
    rig.calm().await;
    assert_eq!(frozen.terminate().await.code(), Some(0), "{point}");
    witness.judge(&rig).await
}

/// Plans a price, as soon as no worker looks at the product itself.
async fn planned(rig: &Rig) {
    wait_until("a plan", PATIENCE, || async {
        match rig.plan(0).await {
            1 => Ok(()),
            _ => Err(rig.newest_decision()),
        }
    })
    .await;
}

/// The prices that arrived, in their order.
fn written(history: &History) -> Vec<i64> {
    let requests = history.requests.iter();
    requests
        .filter_map(|request| match &request.kind {
            Kind::Write { prices, .. } => prices.values().next().copied(),
            Kind::Read => None,
        })
        .collect()
}

#[test]
fn a_worker_that_wakes_up_after_its_lease_writes_nothing_stale() {
    let points = [
        (CLAIMED, &[9_799, 9_699][..]),
        (IMAGE_KEPT, &[9_799, 9_699]),
        (CLEARED, &[9_799, 9_699]),
        (ANSWERED, &[9_899, 9_799, 9_699]),
        (SEEN, &[9_899, 9_799, 9_699]),
    ];
    side_by_side(&points, async |(point, expected)| {
        assert_eq!(written(&frozen_at(point).await), expected, "{point}");
    });
}

/// At random moments under load.
#[actix_web::test]
async fn workers_frozen_at_random_moments_write_nothing_stale() {
    let freezes = if long() { 200 } else { 5 };
    let size = Size {
        stores: 3,
        products: 20,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    for _ in 0..freezes {
        rig.more_sent(1 + i64::try_from(chance.below(10)).unwrap(), &mut chance)
            .await;
        let frozen = &workers[chance.below(2)];
        frozen.signal("STOP");
        frozen.stands_still().await;
        twice_the_lease(&rig).await;
        frozen.signal("CONT");
        witness.look(&rig).await;
    }
    rig.more_sent(10, &mut chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "{freezes} freezes of twice the lease over {} writes",
        written(&history).len()
    ));
}

/// Until twice the time of a lease has passed, by the database's clock.
async fn twice_the_lease(rig: &Rig) {
    let until = rig.app.services.now() + chrono::TimeDelta::seconds(2 * i64::from(rig.pace.lease));
    wait_until("twice the lease", PATIENCE, || async {
        let now = rig.app.services.now();
        if now >= until { Ok(()) } else { Err(until - now) }
    })
    .await;
}
