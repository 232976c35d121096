//! How the prices of a product and of its rivals moved: as they were read, confirmed or stated. Only reads.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{self, Array, Nullable},
};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{ProductId, PushState, StoreId, Tenge},
    schema::{price_changes, price_push_cities, price_pushes},
};

/// Changes of one price, and offers of rivals, that are looked at for one history; of more the newest.
pub const HISTORY_MAX: i64 = 10_000;

/// A change of a price in a city.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = price_changes, check_for_backend(Pg))]
pub struct PastChange {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// The city.
    pub city_id: String,
    /// Price before; `None`: not known.
    pub before_tenge: Option<Tenge>,
    /// Price after; `None`: on sale there no more.
    pub price_tenge: Option<Tenge>,
    /// Our write behind it.
    pub push_id: Option<Uuid>,
}

/// Changes while this store sold the product: what another one asked before is no price of this one.
#[diesel::dsl::auto_type]
fn of_store(store_id: StoreId) -> _ {
    price_changes::store_id
        .is_null()
        .or(price_changes::store_id.eq(store_id))
}

/// The newest changes of a product's prices in its store; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn price_changes_of(
    conn: &mut PgConnection,
    (product_id, store_id): (ProductId, StoreId),
    limit: i64,
) -> Result<Vec<PastChange>, StoreError> {
    Ok(price_changes::table
        .filter(price_changes::product_id.eq(product_id))
        .filter(of_store(store_id))
        .order((price_changes::at.desc(), price_changes::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(PastChange::as_select())
        .load(conn)?)
}

/// From when on which price held; `None`: on sale there no more.
pub type HeldSince = (DateTime<Utc>, Option<Tenge>);

/// The price of a product of a store in a city since a moment, oldest first, with what held at that moment where it is known:
/// when it began, and the price (`None`: on sale there no more). At most [`HISTORY_MAX`].
///
/// # Errors
/// See [`StoreError`].
pub fn price_history(
    conn: &mut PgConnection,
    (product_id, store_id): (ProductId, StoreId),
    city_id: &str,
    since: DateTime<Utc>,
) -> Result<Vec<HeldSince>, StoreError> {
    type Change = (DateTime<Utc>, Option<Tenge>, Option<Tenge>);
    let of_city = || {
        price_changes::table
            .filter(price_changes::product_id.eq(product_id))
            .filter(of_store(store_id))
            .filter(price_changes::city_id.eq(city_id))
            .order((price_changes::at.desc(), price_changes::id.desc()))
            .select((
                price_changes::at,
                price_changes::before_tenge,
                price_changes::price_tenge,
            ))
    };
    let mut changes: Vec<Change> = of_city()
        .filter(price_changes::at.ge(since))
        .limit(HISTORY_MAX)
        .load(conn)?;
    let mut before: Option<Change> = None;
    if i64::try_from(changes.len()).is_ok_and(|count| count < HISTORY_MAX) {
        before = of_city()
            .filter(price_changes::at.lt(since))
            .first(conn)
            .optional()?;
        // What was dropped with its month: the first change still tells what held before it.
        if before.is_none()
            && let Some((_, Some(price), _)) = changes.last()
        {
            before = Some((since, None, Some(*price)));
        }
    }
    changes.extend(before);
    changes.reverse();
    Ok(changes.into_iter().map(|(at, _, price)| (at, price)).collect())
}

/// The time during which a merchant asked a price.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct AskedPrice {
    /// First seen.
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub begins: DateTime<Utc>,
    /// Seen otherwise, or no more; `None`: it is asked now.
    #[diesel(sql_type = Nullable<sql_types::Timestamptz>)]
    pub ends: Option<DateTime<Utc>>,
    /// Whole tenge.
    #[diesel(sql_type = sql_types::BigInt)]
    pub price_tenge: Tenge,
}

/// What merchants other than `without` asked on a card in a city since a moment, those that ended last first behind
/// those of now. Of more than [`HISTORY_MAX`] that ended, the later ones: since the earliest end of these the picture
/// is whole.
///
/// # Errors
/// See [`StoreError`].
pub fn asked_prices(
    conn: &mut PgConnection,
    (card_id, city_id): (&str, &str),
    without: &[String],
    since: DateTime<Utc>,
) -> Result<Vec<AskedPrice>, StoreError> {
    Ok(diesel::sql_query(
        "(select o.first_seen_at as begins, null::timestamptz as ends, o.price_tenge from market_offers o
          where o.card_id = $1 and o.city_id = $2 and o.merchant_id <> all($3)
          order by o.price_tenge limit 500)
         union all
         (select o.first_seen_at, o.gone_at, o.price_tenge from past_market_offers o
          where o.card_id = $1 and o.city_id = $2 and o.merchant_id <> all($3) and o.gone_at > $4
          order by o.gone_at desc limit $5)",
    )
    .bind::<sql_types::Text, _>(card_id)
    .bind::<sql_types::Text, _>(city_id)
    .bind::<Array<sql_types::Text>, _>(without)
    .bind::<sql_types::Timestamptz, _>(since)
    .bind::<sql_types::BigInt, _>(HISTORY_MAX)
    .load(conn)?)
}

/// A write of a product's price in one city that came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedWrite {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The price that was to be set.
    pub price_tenge: Tenge,
    /// How it ended.
    pub state: PushState,
}

/// Writes of a store's product in these states that ended since a moment, oldest first; at most the newest 2,000.
///
/// # Errors
/// See [`StoreError`].
pub fn ended_writes(
    conn: &mut PgConnection,
    (product_id, store_id): (ProductId, StoreId),
    city_id: &str,
    states: &[PushState],
    since: DateTime<Utc>,
) -> Result<Vec<EndedWrite>, StoreError> {
    let rows: Vec<(DateTime<Utc>, Tenge, PushState)> = price_pushes::table
        .inner_join(price_push_cities::table)
        .filter(price_pushes::product_id.eq(product_id))
        .filter(price_pushes::store_id.eq(store_id))
        .filter(price_push_cities::city_id.eq(city_id))
        .filter(price_pushes::state.eq_any(states))
        .filter(price_pushes::finished_at.ge(since))
        .order(price_pushes::sequence.desc())
        .limit(2_000)
        .select((
            price_pushes::finished_at.assume_not_null(),
            price_push_cities::price_tenge,
            price_pushes::state,
        ))
        .load(conn)?;
    let mut writes: Vec<EndedWrite> = rows
        .into_iter()
        .rev()
        .map(|(at, price_tenge, state)| EndedWrite {
            at,
            price_tenge,
            state,
        })
        .collect();
    writes.sort_by_key(|write| write.at);
    Ok(writes)
}
