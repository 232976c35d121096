//! What was read of the cards: the last snapshot per card and city with everybody's offers, and those of before kept
//! by month.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{self, Array},
    upsert::excluded,
};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{
        MarketOfferId, Tenge,
        brakes::is_impossible,
        offer::{Market, MarketOffer},
    },
    schema::{market_offers, market_snapshots},
};

/// The time during which a merchant's offer on a card looked like this.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = market_offers, check_for_backend(Pg))]
pub struct SeenOffer {
    /// Key.
    pub id: MarketOfferId,
    /// The card.
    pub card_id: String,
    /// The city.
    pub city_id: String,
    /// Whose.
    pub merchant_id: String,
    /// Shop's name.
    pub merchant_name: String,
    /// Asked price.
    pub price_tenge: Tenge,
    /// Hundredths; `None`: no rating.
    pub rating_centi: Option<i32>,
    /// Number of reviews.
    pub reviews: i32,
    /// Days until the goods arrive.
    pub preorder_days: i32,
    /// The marketplace's word for the delivery time.
    pub delivery: Option<String>,
    /// First seen so.
    pub first_seen_at: DateTime<Utc>,
    /// Last seen so.
    pub last_seen_at: DateTime<Utc>,
    /// Always empty: what changed or went stands in `past_market_offers`.
    pub gone_at: Option<DateTime<Utc>>,
}

/// The last reading of a card in a city.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = market_snapshots, check_for_backend(Pg))]
pub struct Snapshot {
    /// The card.
    pub card_id: String,
    /// The city.
    pub city_id: String,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// Offers that there are, as the marketplace counts them.
    pub total: i32,
    /// All of them were read.
    pub complete: bool,
}

/// The last reading of a card in a city.
///
/// # Errors
/// See [`StoreError`].
pub fn market_snapshot_fetch(
    conn: &mut PgConnection,
    card_id: &str,
    city_id: &str,
) -> Result<Option<Snapshot>, StoreError> {
    Ok(market_snapshots::table
        .find((card_id, city_id))
        .select(Snapshot::as_select())
        .first(conn)
        .optional()?)
}

/// The offers of the last reading, cheapest first; at most 500.
///
/// # Errors
/// See [`StoreError`].
pub fn market_offers_current(
    conn: &mut PgConnection,
    card_id: &str,
    city_id: &str,
) -> Result<Vec<SeenOffer>, StoreError> {
    Ok(market_offers::table
        .filter(market_offers::card_id.eq(card_id))
        .filter(market_offers::city_id.eq(city_id))
        .filter(market_offers::gone_at.is_null())
        .order((market_offers::price_tenge, market_offers::merchant_id))
        .limit(500)
        .select(SeenOffer::as_select())
        .load(conn)?)
}

/// A price that a merchant began to ask on a card in a city.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct SeenMove {
    /// The card.
    #[diesel(sql_type = sql_types::Text)]
    pub card_id: String,
    /// The city.
    #[diesel(sql_type = sql_types::Text)]
    pub city_id: String,
    /// Whose.
    #[diesel(sql_type = sql_types::Text)]
    pub merchant_id: String,
    /// Whole tenge.
    #[diesel(sql_type = sql_types::BigInt)]
    pub price_tenge: Tenge,
    /// First seen at.
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub first_seen_at: DateTime<Utc>,
}

/// Everybody's offers that began since `since` on these cards in these cities, in the order of time.
///
/// # Errors
/// See [`StoreError`].
pub fn market_moves(
    conn: &mut PgConnection,
    cards: &[(&str, &str)],
    since: DateTime<Utc>,
) -> Result<Vec<SeenMove>, StoreError> {
    let (card_ids, city_ids): (Vec<&str>, Vec<&str>) = cards.iter().copied().unzip();
    Ok(diesel::sql_query(
        "select seen.* from (select distinct * from unnest($1, $2) as told (card_id, city_id)) card
         cross join lateral (
           select o.card_id, o.city_id, o.merchant_id, o.price_tenge, o.first_seen_at from market_offers o
           where o.card_id = card.card_id and o.city_id = card.city_id and o.first_seen_at >= $3
           union all
           select o.card_id, o.city_id, o.merchant_id, o.price_tenge, o.first_seen_at from past_market_offers o
           where o.card_id = card.card_id and o.city_id = card.city_id and o.first_seen_at >= $3 and o.gone_at >= $3
           offset 0) seen
         order by seen.first_seen_at",
    )
    .bind::<Array<sql_types::Text>, _>(card_ids)
    .bind::<Array<sql_types::Text>, _>(city_ids)
    .bind::<sql_types::Timestamptz, _>(since)
    .load(conn)?)
}

/// A card in a city as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The card.
    pub card_id: &'a str,
    /// The city.
    pub city_id: &'a str,
    /// What was read.
    pub market: &'a Market,
    /// When.
    pub taken_at: DateTime<Utc>,
}

/// The present offer of a merchant, as far as a reading is compared with it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = market_offers, check_for_backend(Pg))]
struct Present {
    id: MarketOfferId,
    card_id: String,
    city_id: String,
    merchant_id: String,
    price_tenge: Tenge,
    rating_centi: Option<i32>,
    preorder_days: i32,
    delivery: Option<String>,
}

impl Present {
    fn is_as_before(&self, offer: &MarketOffer) -> bool {
        self.price_tenge == offer.price
            && self.rating_centi == offer.rating_centi
            && self.preorder_days == offer.preorder_days
            && self.delivery == offer.delivery
    }
}

/// Keeps readings: unchanged offers only get a later `last_seen_at`; a changed one ends and begins anew.
/// An offer that is missing ends only when the reading is complete. Of two readings of one card in one city the
/// newer counts. Returns card and city of the readings that look impossible beside the ones before.
///
/// # Errors
/// See [`StoreError`].
pub fn market_record(
    conn: &mut PgConnection,
    readings: &[Reading<'_>],
) -> Result<HashSet<(String, String)>, StoreError> {
    // In the order of their keys, so that two workers with the same cards wait for each other, not both.
    let mut newest: BTreeMap<(&str, &str), &Reading<'_>> = BTreeMap::new();
    for reading in readings {
        let kept = newest
            .entry((reading.card_id, reading.city_id))
            .or_insert(reading);
        if kept.taken_at <= reading.taken_at {
            *kept = reading;
        }
    }
    if newest.is_empty() {
        return Ok(HashSet::new());
    }
    snapshots_upsert(conn, newest.values().copied())?;
    let mut known: HashMap<(String, String), Vec<Present>> = HashMap::new();
    for present in offers_present(conn, &newest)? {
        let key = (present.card_id.clone(), present.city_id.clone());
        known.entry(key).or_default().push(present);
    }
    let (mut changes, mut impossible) = (Changes::default(), HashSet::new());
    for ((card_id, city_id), reading) in newest {
        let key = (card_id.to_owned(), city_id.to_owned());
        let before = known.remove(&key).unwrap_or_default();
        changes.compare(reading, &before);
        if looks_impossible(&before, reading) {
            impossible.insert(key);
        }
    }
    changes.write(conn)?;
    Ok(impossible)
}

fn looks_impossible(before: &[Present], reading: &Reading<'_>) -> bool {
    let before: Vec<(&str, Tenge)> = before
        .iter()
        .map(|offer| (&*offer.merchant_id, offer.price_tenge))
        .collect();
    let offers = reading.market.offers.iter();
    let now: Vec<(&str, Tenge)> = offers.map(|offer| (&*offer.merchant_id, offer.price)).collect();
    is_impossible(&before, &now)
}

/// The rows also serialise two readings of one card.
fn snapshots_upsert<'a>(
    conn: &mut PgConnection,
    readings: impl Iterator<Item = &'a Reading<'a>>,
) -> Result<(), StoreError> {
    let snapshots: Vec<Snapshot> = readings
        .map(|reading| Snapshot {
            card_id: reading.card_id.to_owned(),
            city_id: reading.city_id.to_owned(),
            taken_at: reading.taken_at,
            total: i32::try_from(reading.market.total).unwrap_or(i32::MAX),
            complete: reading.market.complete,
        })
        .collect();
    diesel::insert_into(market_snapshots::table)
        .values(&snapshots)
        .on_conflict((market_snapshots::card_id, market_snapshots::city_id))
        .do_update()
        .set((
            market_snapshots::taken_at.eq(excluded(market_snapshots::taken_at)),
            market_snapshots::total.eq(excluded(market_snapshots::total)),
            market_snapshots::complete.eq(excluded(market_snapshots::complete)),
        ))
        .execute(conn)?;
    Ok(())
}

fn offers_present(
    conn: &mut PgConnection,
    readings: &BTreeMap<(&str, &str), &Reading<'_>>,
) -> Result<Vec<Present>, StoreError> {
    let cities: BTreeSet<&str> = readings.keys().map(|(_, city_id)| *city_id).collect();
    let cards: Vec<&str> = readings.keys().map(|(card_id, _)| *card_id).collect();
    Ok(market_offers::table
        .filter(market_offers::card_id.eq_any(cards))
        .filter(market_offers::city_id.eq_any(cities))
        .filter(market_offers::gone_at.is_null())
        .select(Present::as_select())
        .load(conn)?)
}

/// What readings change.
#[derive(Default)]
struct Changes {
    seen: Vec<(MarketOfferId, DateTime<Utc>)>,
    ended: Vec<(MarketOfferId, DateTime<Utc>)>,
    fresh: Vec<SeenOffer>,
}

impl Changes {
    fn compare(&mut self, reading: &Reading<'_>, known: &[Present]) {
        let now = reading.taken_at;
        let mut merchants: HashSet<&str> = HashSet::new();
        for offer in &reading.market.offers {
            // The cheapest of a merchant's offers stands for it.
            if !merchants.insert(&offer.merchant_id) {
                continue;
            }
            let before = known.iter().find(|seen| seen.merchant_id == offer.merchant_id);
            if let Some(before) = before.filter(|before| before.is_as_before(offer)) {
                self.seen.push((before.id, now));
                continue;
            }
            self.ended.extend(before.map(|before| (before.id, now)));
            self.fresh.push(SeenOffer {
                id: MarketOfferId::new(),
                card_id: reading.card_id.to_owned(),
                city_id: reading.city_id.to_owned(),
                merchant_id: offer.merchant_id.clone(),
                merchant_name: offer.merchant_name.clone(),
                price_tenge: offer.price,
                rating_centi: offer.rating_centi,
                reviews: offer.reviews,
                preorder_days: offer.preorder_days,
                delivery: offer.delivery.clone(),
                first_seen_at: now,
                last_seen_at: now,
                gone_at: None,
            });
        }
        if reading.market.complete {
            let missing = known
                .iter()
                .filter(|seen| !merchants.contains(&*seen.merchant_id));
            self.ended.extend(missing.map(|seen| (seen.id, now)));
        }
    }

    fn write(self, conn: &mut PgConnection) -> Result<(), StoreError> {
        touch(conn, &self.seen)?;
        end(conn, &self.ended)?;
        if !self.fresh.is_empty() {
            diesel::insert_into(market_offers::table)
                .values(&self.fresh)
                .execute(conn)?;
        }
        Ok(())
    }
}

/// Offers seen again as they were.
fn touch(conn: &mut PgConnection, rows: &[(MarketOfferId, DateTime<Utc>)]) -> Result<(), StoreError> {
    by_id(
        conn,
        rows,
        "update market_offers set last_seen_at = told.at from unnest($1, $2) as told (id, at)
         where market_offers.id = told.id",
    )
}

/// Offers that look otherwise or are gone: they are kept by month.
fn end(conn: &mut PgConnection, rows: &[(MarketOfferId, DateTime<Utc>)]) -> Result<(), StoreError> {
    by_id(
        conn,
        rows,
        "with ended as (
           delete from market_offers offer using unnest($1, $2) as told (id, at) where offer.id = told.id
           returning offer.*, told.at)
         insert into past_market_offers (id, card_id, city_id, merchant_id, merchant_name, price_tenge,
           rating_centi, reviews, preorder_days, delivery, first_seen_at, last_seen_at, gone_at)
         select id, card_id, city_id, merchant_id, merchant_name, price_tenge, rating_centi, reviews,
           preorder_days, delivery, first_seen_at, last_seen_at, at from ended",
    )
}

fn by_id(
    conn: &mut PgConnection,
    rows: &[(MarketOfferId, DateTime<Utc>)],
    statement: &str,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = rows.iter().map(|(id, at)| (id.0, *at)).unzip();
    diesel::sql_query(statement)
        .bind::<Array<sql_types::Uuid>, _>(ids)
        .bind::<Array<sql_types::Timestamptz>, _>(times)
        .execute(conn)?;
    Ok(())
}
