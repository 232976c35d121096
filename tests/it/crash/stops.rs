//! The stop under load: once it is acknowledged no write starts, whatever the workers had in their hands, and it holds
//! over their restarts. It is told from the command line: there is no web process here at all.

use chrono::{DateTime, TimeDelta, Utc};
use kaspi_panel::domain::StopTarget;

use super::{
    history::{History, Kind, Stop},
    rig::{Chance, PATIENCE, Pace, Rig, Size, long, sku_of, tell},
    witness::Witness,
};
use crate::support::wait_until;

#[actix_web::test]
async fn nothing_is_written_after_an_acknowledged_stop() {
    let trials = if long() { 100 } else { 4 };
    let size = Size {
        stores: 3,
        products: 20,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let mut witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    for trial in 0..trials {
        rig.more_sent(10 + i64::try_from(chance.below(10)).unwrap(), &mut chance)
            .await;
        // Everything, one store, one product, or all that a strategy decides.
        let (store, merchant) = rig.stores[chance.below(size.stores)].clone();
        let product = chance.below(size.products);
        let (target, merchant, sku) = match trial % 4 {
            0 => (StopTarget::All, None, None),
            1 => (StopTarget::Store(store), Some(merchant), None),
            2 => (StopTarget::Strategy("beat_lowest".to_owned()), None, None),
            _ => {
                let number = rig.number_of(store);
                let id = rig.product_id(number, product);
                (
                    StopTarget::Product(id),
                    Some(merchant),
                    Some(sku_of(number, product)),
                )
            }
        };
        told(&rig, "stop", &target);
        let acknowledged_at = rig.app.services.now();
        // It holds over restarts.
        for restart in 1..=3 {
            let one = &mut workers[chance.below(2)];
            one.kill();
            *one = rig.worker(None);
            let until = acknowledged_at + TimeDelta::milliseconds(1_500) * restart;
            held_for(&rig, until, &mut chance).await;
        }
        let released_at = rig.app.services.now();
        told(&rig, "release", &target);
        witness.stops.push(Stop {
            merchant,
            sku,
            acknowledged_at,
            released_at: Some(released_at),
        });
        witness.look(&rig).await;
    }
    rig.more_sent(10, &mut chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "{trials} stops: the last write that a stop covers came {} ms after its acknowledgement",
        latest(&history).num_milliseconds()
    ));
}

/// Gives an order at the command line, which returns when it is carried out.
fn told(rig: &Rig, order: &str, target: &StopTarget) {
    let mut command = rig.app.program(&["prices", order, "--reason", "trial"]);
    match target {
        StopTarget::All => &mut command,
        StopTarget::Store(id) => command.args(["--store", &id.to_string()]),
        StopTarget::Strategy(word) => command.args(["--strategy", word]),
        StopTarget::Product(id) => command.args(["--product", &id.to_string()]),
    };
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{order} {target:?}: {errors}");
}

/// Until the time has come, while the rivals go on moving: there is something to write all the time.
async fn held_for(rig: &Rig, until: DateTime<Utc>, chance: &mut Chance) {
    rig.move_rivals(chance).await;
    wait_until("the stop has held", PATIENCE, || async {
        let now = rig.app.services.now();
        if now >= until { Ok(()) } else { Err(until - now) }
    })
    .await;
}

/// How long after its acknowledgement the last write came that a stop covers.
fn latest(history: &History) -> TimeDelta {
    let writes = history.requests.iter().filter(|one| one.kind != Kind::Read);
    writes
        .flat_map(|write| {
            let covering = history.stops.iter().filter(|stop| {
                stop.merchant
                    .as_ref()
                    .is_none_or(|merchant| *merchant == write.offer.0)
                    && stop.sku.as_ref().is_none_or(|sku| *sku == write.offer.1)
                    && stop.released_at.is_none_or(|released| write.at < released)
                    && write.at > stop.acknowledged_at
            });
            covering.map(|stop| write.at - stop.acknowledged_at)
        })
        .max()
        .unwrap_or_default()
}
