//! Price wars as the tables tell them: our confirmed prices and everybody's recorded offers of the last day. Most
//! products have moved too seldom for a war; nothing more is asked about them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{
        ProductId,
        pricing::{self, Code, Move, Rule, War, WarChoice},
    },
    store::{
        PgConnection, StoreError,
        decisions::decision_count_nights,
        due_products::DueProduct,
        market::market_moves,
        pushes::{almaty_day, push_moves},
    },
};

/// Fewer moves of ours within a day are no war: each exchange lies between two of them.
const MOVES: usize = 4;
/// A rival that did not follow raises is left alone with them for so long.
const RESETS_COUNT_FOR: TimeDelta = TimeDelta::days(7);

/// Moves by which wars are known.
pub(super) struct Wars {
    own: HashMap<ProductId, Vec<Move>>,
    /// By card and city, then by merchant.
    rivals: HashMap<(String, String), BTreeMap<String, Vec<Move>>>,
    resets: HashMap<ProductId, i64>,
}

impl Wars {
    /// Asks the tables about these products.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn gather(
        conn: &mut PgConnection,
        batch: &[&DueProduct],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let since = now - pricing::WAR_HISTORY;
        let products: Vec<(ProductId, &str)> = batch
            .iter()
            .map(|due| (due.product.id, &*due.store.main_city_id))
            .collect();
        let mut own: HashMap<ProductId, Vec<Move>> = HashMap::new();
        for (product, at, price) in push_moves(conn, &products, since)? {
            own.entry(product).or_default().push(Move { at, price });
        }
        own.retain(|_, moves| moves.len() >= MOVES);
        let mut wars = Self {
            own,
            rivals: HashMap::new(),
            resets: HashMap::new(),
        };
        if wars.own.is_empty() {
            return Ok(wars);
        }
        let cards: Vec<(&str, &str)> = batch
            .iter()
            .filter(|due| wars.own.contains_key(&due.product.id))
            .filter_map(|due| Some((due.product.card_id.as_deref()?, &*due.store.main_city_id)))
            .collect();
        for seen in market_moves(conn, &cards, since)? {
            let merchants = wars.rivals.entry((seen.card_id, seen.city_id)).or_default();
            let moves = merchants.entry(seen.merchant_id).or_default();
            // Another rating is no move.
            if moves.last().is_none_or(|last| last.price != seen.price_tenge) {
                moves.push(Move {
                    at: seen.first_seen_at,
                    price: seen.price_tenge,
                });
            }
        }
        let moving: Vec<ProductId> = wars.own.keys().copied().collect();
        let (week, today) = (now - RESETS_COUNT_FOR, almaty_day(now));
        wars.resets = decision_count_nights(conn, &moving, Code::NIGHT_RESET.as_str(), week, today)?;
        Ok(wars)
    }

    /// The rivals that are at war with us about this product, or were within the last day.
    pub fn about(&self, due: &DueProduct, rule: &Rule, ours: &[String], now: DateTime<Utc>) -> Vec<War> {
        if rule.war == WarChoice::Off && rule.night_reset.is_none() {
            return Vec::new();
        }
        let (Some(own), Some(card)) = (self.own.get(&due.product.id), due.product.card_id.as_ref()) else {
            return Vec::new();
        };
        let resets = self.resets.get(&due.product.id).copied().unwrap_or_default();
        let rivals = self.rivals.get(&(card.clone(), due.store.main_city_id.clone()));
        rivals
            .into_iter()
            .flatten()
            .filter(|(merchant, _)| !merchant.is_empty() && !ours.contains(merchant))
            .filter_map(|(merchant, moves)| pricing::war(merchant, own, moves, rule.step(), now))
            .map(|war| War { resets, ..war })
            .collect()
    }
}
