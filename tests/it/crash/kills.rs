//! `kill -9` of workers at random moments while prices move: nothing is lost, nothing is sent twice or below the floor,
//! and what a dead worker left is taken up in time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    history::Kind,
    rig::{Chance, Pace, Rig, Size, long, tell},
    witness::Witness,
};
use crate::support::wait_until;

/// Products with more than one write on its way.
const TWO_AT_ONCE: &str = "(select product_id from price_pushes
    where state in ('claimed', 'sent', 'accepted', 'unknown') group by product_id having count(*) > 1) as twice";

/// What a dead worker left, and when it died.
struct Orphans {
    killed_at: DateTime<Utc>,
    pushes: Vec<String>,
}

/// Time from a worker's death to the end of each push that it left.
pub struct Recovery(Vec<Orphans>);

impl Recovery {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A worker has just died.
    pub fn note(&mut self, rig: &Rig) {
        let pushes = rig.open_pushes();
        self.0.push(Orphans {
            killed_at: rig.app.services.now(),
            pushes: pushes
                .into_iter()
                .filter(|(_, state)| state == "claimed" || state == "sent")
                .map(|(id, _)| id)
                .collect(),
        });
    }

    /// All of them, the shortest first.
    pub fn times(&self, rig: &Rig) -> Vec<TimeDelta> {
        let mut times = Vec::new();
        for orphans in &self.0 {
            for end in rig.ends(&orphans.pushes) {
                times.push(end.expect("an orphan that ended") - orphans.killed_at);
            }
        }
        times.sort_unstable();
        times
    }
}

/// How many orphans, half of them and all of them ended within which time; and the longest.
fn told(times: &[TimeDelta]) -> (String, TimeDelta) {
    let half = times.get(times.len() / 2).copied().unwrap_or_default();
    let all = times.last().copied().unwrap_or_default();
    let text = format!(
        "{} orphans, half of them ended within {} ms of the kill, all within {} ms",
        times.len(),
        half.num_milliseconds(),
        all.num_milliseconds()
    );
    (text, all)
}

#[actix_web::test]
async fn workers_killed_at_random_moments_lose_nothing_and_repeat_nothing() {
    let (kills, writes) = if long() { (1_000, 20_000) } else { (20, 500) };
    let size = Size {
        stores: 6,
        products: 40,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let (witness, mut recovery) = (Witness::default(), Recovery::new());
    let mut workers = [rig.worker(None), rig.worker(None)];
    let mut killed = 0;
    while killed < kills || rig.sent() < writes {
        let more = 1 + chance.below(usize::try_from(2 * writes / kills).unwrap());
        rig.more_sent(i64::try_from(more).unwrap(), &mut chance).await;
        let one = &mut workers[chance.below(2)];
        one.kill();
        recovery.note(&rig);
        *one = rig.worker(None);
        killed += 1;
        assert_eq!(rig.count_rows(TWO_AT_ONCE), 0, "one write of a product at a time");
        witness.look(&rig).await;
    }
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    let arrived = history
        .requests
        .iter()
        .filter(|one| one.kind != Kind::Read)
        .count();
    let (orphans, longest) = told(&recovery.times(&rig));
    tell(&format!(
        "{killed} kills over {arrived} writes of {} intents: {orphans}",
        history.intents.len(),
    ));
    assert!(i64::try_from(arrived).unwrap() >= writes);
    assert!(longest <= TimeDelta::seconds(90), "{longest}");
}

/// With the settings of the product: a lease of a minute, a worker that hears nothing of the dead one.
#[actix_web::test]
async fn an_orphan_is_back_within_ninety_seconds_at_the_products_own_settings() {
    let size = Size {
        stores: 2,
        products: 1,
    };
    let pace = Pace {
        lease: 60,
        read_back: 900,
        check: 300,
    };
    let rig = Rig::open(size, pace).await;
    rig.nothing_is_due();
    let (witness, mut recovery) = (Witness::default(), Recovery::new());
    let mut dying = Vec::new();
    for (store, point) in ["claimed:1:kill", "answered:1:kill"].into_iter().enumerate() {
        rig.move_rival(store, 0, 9_900).await;
        assert_eq!(rig.plan(store).await, 1);
        let mut worker = rig.worker(Some(point));
        assert_eq!(worker.ended().await.code(), None, "killed at {point}");
        recovery.note(&rig);
        dying.push(worker);
    }
    let left = rig.open_pushes();
    assert_eq!(left.len(), 2, "{left:?}");
    let _worker = rig.worker(None);
    wait_until("both orphans end", Duration::from_secs(90), || async {
        let open = rig.open_pushes();
        if open.is_empty() { Ok(()) } else { Err(open) }
    })
    .await;
    let (orphans, longest) = told(&recovery.times(&rig));
    tell(&format!("at a lease of 60 s: {orphans}"));
    assert!(longest <= TimeDelta::seconds(90), "{longest}");
    witness.judge(&rig).await;
}
