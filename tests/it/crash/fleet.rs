//! A worker of an old program beside a newer one: from the moment in which the newer one has told its push protocol, the
//! old one sends nothing, and people hear of it.

use diesel::prelude::*;
use kaspi_panel::{domain::AlertKind, schema::alerts};

use super::{
    history::Stop,
    rig::{Chance, PATIENCE, Pace, Rig, Size, tell},
    witness::Witness,
};
use crate::support::wait_until;

#[actix_web::test]
async fn an_old_worker_sends_nothing_once_a_newer_program_has_run() {
    let size = Size {
        stores: 2,
        products: 10,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let mut witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    rig.more_sent(20, &mut chance).await;
    assert_eq!(told(&rig), 0);
    // A newer program announces itself; this one is the old one from now on, also where it starts again.
    newer_by(&rig, 1);
    let acknowledged_at = rig.app.services.now();
    workers[0].kill();
    workers[0] = rig.worker(None);
    wait_until("people are told", PATIENCE, || async {
        let told = told(&rig);
        if told == 1 { Ok(()) } else { Err(told) }
    })
    .await;
    let decided = rig.count_rows("price_decisions");
    rig.move_rivals(&mut chance).await;
    wait_until("more is decided that could be sent", PATIENCE, || async {
        let now = rig.count_rows("price_decisions");
        if now > decided + 2 { Ok(()) } else { Err(now) }
    })
    .await;
    let released_at = rig.app.services.now();
    // As if these were the newer ones: they end what is left.
    newer_by(&rig, -1);
    witness.stops.push(Stop {
        merchant: None,
        sku: None,
        acknowledged_at,
        released_at: Some(released_at),
    });
    rig.more_sent(5, &mut chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "an old program: nothing of {} intents was sent while a newer one ruled",
        history.intents.len()
    ));
}

/// Alerts that are about a program and no store.
fn told(rig: &Rig) -> i64 {
    alerts::table
        .filter(alerts::kind.eq(AlertKind::NeedsPerson))
        .filter(alerts::store_id.is_null())
        .count()
        .get_result(&mut rig.app.conn())
        .unwrap()
}

fn newer_by(rig: &Rig, versions: i32) {
    rig.sql(&format!(
        "update settings set value = to_jsonb((value #>> '{{}}')::int + {versions}) where key = 'push_protocol'"
    ));
}
