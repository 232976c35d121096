//! Readings of cards: what is kept of several at once; and batches that reach their tables by index.

use chrono::TimeDelta;
use diesel::{Connection, prelude::*, sql_types::Text};
use kaspi_panel::{
    domain::{
        Tenge,
        offer::{Market, MarketOffer},
    },
    schema::{market_offers, past_market_offers},
    store::{
        StoreError,
        batch::plan_by_index,
        market::{Reading, market_record, market_snapshot_fetch},
    },
};

use crate::support::{CITY, TestDb, now};

fn market(complete: bool, offers: &[(&str, i64)]) -> Market {
    Market {
        total: u32::try_from(offers.len()).unwrap(),
        complete,
        offers: offers
            .iter()
            .map(|(merchant, price)| MarketOffer {
                merchant_id: (*merchant).to_owned(),
                merchant_name: (*merchant).to_owned(),
                price: Tenge(*price),
                rating_centi: None,
                reviews: 0,
                preorder_days: 0,
                delivery: None,
            })
            .collect(),
    }
}

/// Card, merchant, price, and whether it is there.
fn kept(conn: &mut PgConnection) -> Vec<(String, String, i64, bool)> {
    let gone: Vec<(String, String, i64)> = past_market_offers::table
        .select((
            past_market_offers::card_id,
            past_market_offers::merchant_id,
            past_market_offers::price_tenge,
        ))
        .load(conn)
        .unwrap();
    let there: Vec<(String, String, i64, bool)> = market_offers::table
        .order((
            market_offers::card_id,
            market_offers::merchant_id,
            market_offers::first_seen_at,
            market_offers::price_tenge,
        ))
        .select((
            market_offers::card_id,
            market_offers::merchant_id,
            market_offers::price_tenge,
            market_offers::gone_at.is_null(),
        ))
        .load(conn)
        .unwrap();
    let gone = gone
        .into_iter()
        .map(|(card, merchant, price)| (card, merchant, price, false));
    let mut all: Vec<_> = gone.chain(there).collect();
    // One that is gone was there before the one that is there.
    all.sort_by(|a, b| (&a.0, &a.1, a.3).cmp(&(&b.0, &b.1, b.3)));
    all
}

#[test]
fn several_readings_are_kept_as_changes_and_the_newer_of_one_card_counts() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let record = |conn: &mut PgConnection, readings: &[(&str, i64, &Market)]| {
        let readings: Vec<Reading<'_>> = readings
            .iter()
            .map(|(card_id, minutes, market)| Reading {
                card_id,
                city_id: CITY,
                market,
                taken_at: now() + TimeDelta::minutes(*minutes),
            })
            .collect();
        market_record(conn, &readings).unwrap();
    };
    let first = market(true, &[("A", 100), ("B", 200), ("A", 300)]);
    let other = market(true, &[("A", 700)]);
    record(conn, &[("2", 0, &other), ("1", 0, &first)]);
    let there =
        |card: &str, merchant: &str, price, there| (card.to_owned(), merchant.to_owned(), price, there);
    let begun = [
        there("1", "A", 100, true),
        there("1", "B", 200, true),
        there("2", "A", 700, true),
    ];
    assert_eq!(kept(conn), begun, "one offer a merchant");

    // Two workers or two own stores have read the same card; an incomplete list ends nothing.
    let (older, newer) = (market(true, &[("C", 50)]), market(false, &[("A", 90)]));
    record(conn, &[("1", 7, &newer), ("1", 6, &older)]);
    let cheaper = [
        there("1", "A", 100, false),
        there("1", "A", 90, true),
        there("1", "B", 200, true),
        there("2", "A", 700, true),
    ];
    assert_eq!(kept(conn), cheaper);
    let snapshot = market_snapshot_fetch(conn, "1", CITY).unwrap().unwrap();
    assert_eq!(
        (snapshot.taken_at, snapshot.complete),
        (now() + TimeDelta::minutes(7), false)
    );

    let gone = market(true, &[("A", 90)]);
    record(conn, &[("1", 8, &gone), ("2", 8, &market(true, &[]))]);
    let ended = [
        there("1", "A", 100, false),
        there("1", "A", 90, true),
        there("1", "B", 200, false),
        there("2", "A", 700, false),
    ];
    assert_eq!(kept(conn), ended);
    record(conn, &[]);
    assert_eq!(kept(conn), ended);
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[test]
fn a_batch_reaches_its_tables_by_index() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    // As many rows as make reading all of them look cheap beside a batch of keys.
    let (first, market) = (now(), market(true, &[("A", 100)]));
    let cards: Vec<String> = (0..3_000).map(|n| n.to_string()).collect();
    let readings: Vec<Reading<'_>> = cards
        .iter()
        .map(|card_id| Reading {
            card_id,
            city_id: CITY,
            market: &market,
            taken_at: first,
        })
        .collect();
    market_record(conn, &readings).unwrap();
    let plan = |conn: &mut PgConnection| -> String {
        let lines: Vec<Line> = diesel::sql_query(
            "explain update market_offers set last_seen_at = told.at
             from unnest(array(select gen_random_uuid() from generate_series(1, 128)), array_fill(now(), array[128]))
               as told (id, at)
             where market_offers.id = told.id",
        )
        .load(conn)
        .unwrap();
        lines.into_iter().map(|line| line.line + "\n").collect()
    };
    let by_index = conn
        .transaction::<_, StoreError, _>(|conn| {
            plan_by_index(conn)?;
            Ok(plan(conn))
        })
        .unwrap();
    assert!(
        by_index.contains("Index Scan using market_offers_pkey"),
        "{by_index}"
    );
    assert!(
        !by_index.contains("Seq Scan") && !by_index.contains("Hash Join"),
        "{by_index}"
    );
    let left_alone = plan(conn);
    assert!(
        left_alone.contains("Seq Scan"),
        "only in that transaction: {left_alone}"
    );
}
