//! What lists show beside products: the last decision in short and the push on its way. Only reads.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};

use super::StoreError;
use crate::{
    domain::{Outcome, ProductId, PushState, Tenge},
    schema::{price_decisions, price_pushes},
};

/// The last decision about a product, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = price_decisions, check_for_backend(Pg))]
pub struct DecisionBrief {
    /// About what.
    pub product_id: ProductId,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// The answer.
    pub outcome: Outcome,
    /// Place among the competitors.
    pub place: Option<i32>,
    /// How many competitors counted.
    pub competitors: Option<i32>,
    /// The cheapest of them.
    pub best_rival_tenge: Option<Tenge>,
}

/// The last decision about each of `ids`.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_briefs(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, DecisionBrief>, StoreError> {
    let rows = price_decisions::table
        .filter(price_decisions::product_id.eq_any(ids))
        .distinct_on(price_decisions::product_id)
        .order((price_decisions::product_id, price_decisions::decided_at.desc()))
        .select(DecisionBrief::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.product_id, row)).collect())
}

/// Those of `ids` whose price is on its way to the marketplace, with how far it got.
///
/// # Errors
/// See [`StoreError`].
pub fn push_states_open(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, PushState>, StoreError> {
    let rows = price_pushes::table
        .filter(price_pushes::product_id.eq_any(ids))
        .filter(price_pushes::state.eq_any(PushState::OPEN))
        .order((price_pushes::product_id, price_pushes::sequence))
        .select((price_pushes::product_id, price_pushes::state))
        .load::<(ProductId, PushState)>(conn)?;
    Ok(rows.into_iter().collect())
}
