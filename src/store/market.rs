//! What was read of the cards: the last snapshot per card and city, and everybody's offers kept as changes.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};

use super::StoreError;
use crate::{
    domain::{MarketOfferId, Tenge, offer::Market},
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
    /// Changed or gone since.
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

/// Keeps a reading: unchanged offers only get a later `last_seen_at`; a changed one ends and begins anew.
/// An offer that is missing ends only when the reading is complete.
///
/// # Errors
/// See [`StoreError`].
pub fn market_record(
    conn: &mut PgConnection,
    card_id: &str,
    city_id: &str,
    market: &Market,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let snapshot = Snapshot {
        card_id: card_id.to_owned(),
        city_id: city_id.to_owned(),
        taken_at: now,
        total: i32::try_from(market.total).unwrap_or(i32::MAX),
        complete: market.complete,
    };
    // The row also serialises two readings of one card.
    diesel::insert_into(market_snapshots::table)
        .values(&snapshot)
        .on_conflict((market_snapshots::card_id, market_snapshots::city_id))
        .do_update()
        .set(&snapshot)
        .execute(conn)?;
    let known = market_offers_current(conn, card_id, city_id)?;
    let mut same = Vec::new();
    let mut ended = Vec::new();
    let mut fresh: Vec<SeenOffer> = Vec::new();
    for offer in &market.offers {
        if fresh.iter().any(|seen| seen.merchant_id == offer.merchant_id) {
            continue;
        }
        let before = known.iter().find(|seen| seen.merchant_id == offer.merchant_id);
        let unchanged = before.is_some_and(|seen| {
            seen.price_tenge == offer.price
                && seen.rating_centi == offer.rating_centi
                && seen.preorder_days == offer.preorder_days
                && seen.delivery == offer.delivery
        });
        match before {
            Some(seen) if unchanged => same.push(seen.id),
            _ => {
                ended.extend(before.map(|seen| seen.id));
                fresh.push(SeenOffer {
                    id: MarketOfferId::new(),
                    card_id: card_id.to_owned(),
                    city_id: city_id.to_owned(),
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
        }
    }
    if market.complete {
        let missing = known
            .iter()
            .filter(|seen| !market.offers.iter().any(|o| o.merchant_id == seen.merchant_id));
        ended.extend(missing.map(|seen| seen.id));
    }
    diesel::update(market_offers::table.filter(market_offers::id.eq_any(&same)))
        .set(market_offers::last_seen_at.eq(now))
        .execute(conn)?;
    diesel::update(market_offers::table.filter(market_offers::id.eq_any(&ended)))
        .set(market_offers::gone_at.eq(now))
        .execute(conn)?;
    diesel::insert_into(market_offers::table)
        .values(&fresh)
        .execute(conn)?;
    Ok(())
}
