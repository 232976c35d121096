//! The prices of an incident are put back: the robot has moved every price of a shop, and the prices of before come
//! back through the gate at the pace that the marketplace allows, each of them read back.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use kaspi_panel::{
    app::put_back::{Wish, put_back},
    domain::{Actor, PutBackId},
    schema::{product_prices, products},
};
use serde_json::{Value, json};

use super::{
    rig::{Pace, Rig, Size, long, rival, tell},
    witness::Witness,
};
use crate::support::{CITY, wait_until};

/// The prices that the panel takes for true, by sku.
fn prices(rig: &Rig) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = products::table
        .inner_join(product_prices::table)
        .filter(product_prices::city_id.eq(CITY))
        .select((products::sku.assume_not_null(), product_prices::price_tenge))
        .load(&mut rig.app.conn())
        .unwrap();
    rows.into_iter().collect()
}

#[actix_web::test]
async fn the_prices_of_before_an_incident_come_back_and_are_read_back() {
    let size = Size {
        stores: 1,
        products: if long() { 5_000 } else { 40 },
    };
    let offers = i64::try_from(size.products).unwrap();
    let bound = TimeDelta::minutes(15);
    // Every product is decided about once: prices that are decided again and again while they wait only cost time.
    let pace = Pace {
        check: 3_600,
        ..Pace::default()
    };
    let mut rig = Rig::open(size, pace).await;
    let witness = Witness::default();
    let (before, wanted_at) = (prices(&rig), rig.app.services.now());
    // The only rival of every card goes down, and the robot after him.
    let rivals: Vec<Value> = (0..size.products)
        .map(|product| rival(0, product, 9_000))
        .collect();
    rig.app.market.control("/control/rivals", json!(rivals)).await;
    let mut worker = rig.worker(None);
    wait_until("every price has moved", bound.to_std().unwrap(), || async {
        let moved =
            rig.count_rows("(select distinct product_id from price_pushes where state = 'confirmed') moved");
        if moved == offers {
            Ok(())
        } else {
            Err((moved, rig.stand()))
        }
    })
    .await;
    worker.terminate().await;
    let moved = prices(&rig);
    assert!(before.iter().all(|(sku, price)| moved[sku] < *price));

    let wish = Wish {
        store_id: rig.stores[0].0,
        products: None,
        at: wanted_at,
    };
    let began = rig.app.services.now();
    let planned = put_back(&rig.app.services, &Actor::system(), PutBackId::new(), wish)
        .await
        .unwrap();
    assert_eq!((planned.planned, planned.refused), (size.products, 0));
    // Ten writes a second.
    rig.instead.insert("KASPI_WRITE_INTERVAL_MS", "100".to_owned());
    let mut worker = rig.worker(None);
    let ended = "price_pushes where origin = 'put_back' and finished_at is not null";
    wait_until("every write has ended", bound.to_std().unwrap(), || async {
        let ended = rig.count_rows(ended);
        if ended == offers {
            Ok(())
        } else {
            Err((ended, rig.stand()))
        }
    })
    .await;
    let took = rig.app.services.now() - began;
    rig.end(std::slice::from_mut(&mut worker)).await;
    assert_eq!(prices(&rig), before);
    let confirmed = rig.count("origin = 'put_back' and state = 'confirmed'");
    assert_eq!(confirmed, offers, "each was read back");
    witness.judge(&rig).await;
    assert!(took <= bound, "{took}");
    tell(&format!(
        "{offers} prices put back and read back within {} s",
        took.num_seconds()
    ));
}
