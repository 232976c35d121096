//! People who work while the robot does: they set a price in the cabinet itself, or raise a floor. What they did last
//! holds, whatever was planned or under way.

use chrono::TimeDelta;
use kaspi_panel::{
    app::{kill_switch::stop_prices, product_edit::edit_product},
    domain::{Actor, StopTarget, Tenant, Tenge},
    fail_points::CLAIMED,
    store::products::{ProductChange, product_fetch},
};
use serde_json::json;

use super::{
    history::{HumanPrice, Kind, Limits, Request, Stop},
    rig::{CEILING, Chance, FLOOR, PATIENCE, Pace, Rig, Size, long, side_by_side, sku_of, tell},
    witness::Witness,
};
use crate::support::{CITY, wait_until};

#[actix_web::test]
async fn a_persons_price_and_a_persons_floor_win_over_what_is_under_way() {
    let times = if long() { 200 } else { 10 };
    let size = Size {
        stores: 3,
        products: 10,
    };
    let mut chance = Chance::new();
    let rig = Rig::open(size, Pace::default()).await;
    let mut witness = Witness::default();
    let mut workers = [rig.worker(None), rig.worker(None)];
    for time in 0..times {
        rig.more_sent(3, &mut chance).await;
        let (store, product) = (chance.below(size.stores), chance.below(size.products));
        if time % 2 == 0 {
            set_price(&rig, &mut witness, (store, product), chance.price()).await;
        } else {
            let floor = FLOOR + i64::try_from(chance.below(2_000)).unwrap();
            set_floor(&rig, &mut witness, (store, product), floor).await;
        }
        let one = &mut workers[chance.below(2)];
        if chance.below(3) == 0 {
            one.kill();
            *one = rig.worker(None);
        }
        witness.look(&rig).await;
    }
    rig.more_sent(5, &mut chance).await;
    rig.end(&mut workers).await;
    let history = witness.judge(&rig).await;
    tell(&format!(
        "{} prices of people and {} floors over {} intents",
        history.human.len(),
        times / 2,
        history.intents.len()
    ));
}

/// A person gives a product another floor in the panel, once the offer's former one is noted.
pub async fn set_floor(rig: &Rig, witness: &mut Witness, (store, product): (usize, usize), floor: i64) {
    let offer = (rig.stores[store].1.clone(), sku_of(store, product));
    if !witness.limits.iter().any(|limits| limits.offer == offer) {
        witness.limits.push(Limits {
            offer: offer.clone(),
            floor: Some(FLOOR),
            ceiling: Some(CEILING),
            since: chrono::DateTime::<chrono::Utc>::MIN_UTC,
        });
    }
    let id = rig.product_id(store, product);
    // A worker that stands still may hold the row for a while; people then try again.
    wait_until("the floor is set", PATIENCE, || async {
        let row = product_fetch(&mut rig.app.conn(), Tenant::All, id)
            .unwrap()
            .unwrap();
        let now = &row.product;
        let change = ProductChange {
            floor_tenge: Some(Tenge(floor)),
            ceiling_tenge: now.ceiling_tenge,
            repricing_enabled: now.repricing_enabled,
            locked_until: now.locked_until,
            strategy: now.strategy.clone(),
        };
        edit_product(&rig.app.services, &Actor::system(), id, now.version, change).await
    })
    .await;
    witness.limits.push(Limits {
        offer,
        floor: Some(floor),
        ceiling: Some(CEILING),
        since: rig.app.services.now(),
    });
}

/// A person sets a price in the cabinet itself.
pub async fn set_price(rig: &Rig, witness: &mut Witness, (store, product): (usize, usize), price: i64) {
    let offer = (rig.stores[store].1.clone(), sku_of(store, product));
    let change =
        json!({ "merchant": offer.0, "sku": offer.1, "price": price, "city_prices": { CITY: price } });
    rig.app
        .market
        .call(reqwest::Method::PATCH, "/control/offers", change)
        .await;
    witness.human.push(HumanPrice {
        offer,
        at: rig.app.services.now(),
    });
}

/// What somebody does while a worker has claimed a price and stands still.
#[derive(Debug, Clone, Copy)]
enum Act {
    Price,
    Floor,
    Stop,
}

async fn meanwhile(act: Act) {
    let size = Size {
        stores: 1,
        products: 1,
    };
    let pace = Pace {
        lease: 30,
        read_back: 8,
        check: 300,
    };
    let rig = Rig::open(size, pace).await;
    rig.nothing_is_due();
    let mut witness = Witness::default();
    rig.move_rival(0, 0, 9_900).await;
    assert_eq!(rig.plan(0).await, 1);
    let mut worker = rig.worker(Some(&format!("{CLAIMED}:1:freeze")));
    worker.stands_still().await;
    match act {
        Act::Price => set_price(&rig, &mut witness, (0, 0), 11_000).await,
        Act::Floor => set_floor(&rig, &mut witness, (0, 0), 10_500).await,
        Act::Stop => {
            stop_prices(&rig.app.services, &Actor::system(), StopTarget::All, "meanwhile")
                .await
                .unwrap();
            witness.stops.push(Stop {
                merchant: None,
                sku: None,
                acknowledged_at: rig.app.services.now(),
                released_at: None,
            });
        }
    }
    // Longer than a person's act may stay unseen.
    let until = rig.app.services.now() + TimeDelta::seconds(3);
    wait_until("the act is known", PATIENCE, || async {
        let now = rig.app.services.now();
        if now >= until { Ok(()) } else { Err(until - now) }
    })
    .await;
    worker.signal("CONT");
    wait_until("the claimed price is held", PATIENCE, || async {
        let held = rig.count("sequence = 1 and state = 'held'");
        if held == 1 { Ok(()) } else { Err(rig.open_pushes()) }
    })
    .await;
    assert_eq!(worker.terminate().await.code(), Some(0), "{act:?}");
    let history = witness.history(&rig).await;
    let old = |one: &Request| matches!(&one.kind, Kind::Write { prices, .. } if prices.values().any(|price| *price == 9_899));
    assert!(
        !history.requests.iter().any(old),
        "{act:?}: the old price was written"
    );
    rig.end(&mut []).await;
    witness.judge(&rig).await;
}

#[test]
fn what_a_person_does_while_a_price_is_on_its_way_wins() {
    side_by_side(&[Act::Price, Act::Floor, Act::Stop], async |act| {
        meanwhile(act).await
    });
}
