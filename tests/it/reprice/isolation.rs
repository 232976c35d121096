//! Many products are written together, and still each of them succeeds or fails alone. A pass that is stopped
//! gives back what it has not decided.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kaspi_panel::{app::reprice::reprice_until, schema::product_checks};

use super::*;
use crate::support::wait_until;

/// Prices by which the deciding function of the first test knows its victims.
const BREAKS: i64 = 11_003;
const FORBIDDEN: i64 = 11_011;

fn sometimes_broken(input: &Input) -> Decision {
    let current = input.product.price.0;
    assert_ne!(current, BREAKS, "this decision breaks");
    let price = if current == FORBIDDEN { 1 } else { current - 1 };
    Decision {
        outcome: Outcome::Change,
        price: Some(Tenge(price)),
        ..decide(input)
    }
}

#[actix_web::test]
async fn a_faulty_product_does_not_take_the_others_with_it() {
    let shop = Shop::open().await;
    shop.sql("update products set repricing_enabled = false");
    for n in 1..=20 {
        let new = NewProduct {
            sku: &format!("bulk-{n}"),
            card_id: Some(&format!("30000{n:04}")),
            price: 11_000 + n,
            floor: Some(9_000),
            ceiling: Some(20_000),
            ..NewProduct::default()
        };
        db_product(&mut shop.app.conn(), shop.store, &new);
    }
    let pass = reprice_due_with(&shop.app.services, PASS, sometimes_broken)
        .await
        .unwrap();
    assert_eq!((pass.checked, pass.changed, pass.failed), (18, 18, 2));

    let conn = &mut shop.app.conn();
    let mut planned: Vec<Tenge> = price_decisions::table
        .inner_join(price_pushes::table)
        .select(price_decisions::current_tenge)
        .load(conn)
        .unwrap();
    planned.sort_unstable();
    let all_but_two: Vec<Tenge> = (11_001..=11_020)
        .filter(|price| ![BREAKS, FORBIDDEN].contains(price))
        .map(Tenge)
        .collect();
    assert_eq!(planned, all_but_two);
    let audited: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("price_push"))
        .filter(audit_log::action.eq("plan"))
        .count()
        .get_result(conn)
        .unwrap();
    assert_eq!(audited, 18, "no push without its audit row, and none too many");
    let decisions: i64 = price_decisions::table.count().get_result(conn).unwrap();
    assert_eq!(decisions, 18);
    let claims: Vec<(Option<DateTime<Utc>>, bool)> = product_checks::table
        .filter(product_checks::repriced)
        .select((
            product_checks::claimed_until,
            product_checks::next_check_at.gt(now()),
        ))
        .load(conn)
        .unwrap();
    assert_eq!(claims, [(None, true); 20], "each claim has ended");
}

#[actix_web::test]
async fn what_became_another_offer_while_its_card_was_read_keeps_its_price() {
    for change in ["card_id = '999'", "sku = 'another'"] {
        let shop = Shop::open().await;
        shop.app
            .market
            .fault("offers", "slow", json!({ "delay_ms": 5_000, "times": 1 }))
            .await;
        let renamed = async {
            wait_until("the card is asked for", Duration::from_secs(30), || async {
                let calls = shop.app.market.calls("offers").await.len();
                if calls == 1 { Ok(()) } else { Err(calls) }
            })
            .await;
            shop.sql(&format!("update products set {change}"));
        };
        tokio::join!(shop.reprice(), renamed);
        assert_eq!(shop.pushes().len(), 0, "{change}");
    }
}

#[actix_web::test]
async fn a_stopped_pass_gives_back_what_it_was_reading() {
    let shop = Shop::open().await;
    shop.app
        .market
        .fault("offers", "slow", json!({ "delay_ms": 60_000, "times": 1 }))
        .await;
    let asked = wait_until("the card is asked for", Duration::from_secs(30), || async {
        let calls = shop.app.market.calls("offers").await.len();
        if calls == 1 { Ok(()) } else { Err(calls) }
    });
    let pass = reprice_until(&shop.app.services, PASS, asked).await.unwrap();
    assert_eq!(pass, PassSummary::default());
    assert_eq!(shop.reprice().await.changed, 1, "it is due as before");
}
