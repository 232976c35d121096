//! Limits and economics as set for stores, categories and products, and what holds for a product all together.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};

use super::StoreError;
use crate::{
    domain::{
        ProductId, StoreId, TariffKind, Tenge, TermsId,
        percent::Percent,
        pricing::{Goal, GoalKind},
        terms::Terms,
    },
    schema::{pricing_terms, product_checks, products},
};

/// What is set at one place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = pricing_terms, check_for_backend(Pg))]
pub struct PricingTerms {
    /// Key.
    pub id: TermsId,
    /// The store.
    pub store_id: StoreId,
    /// For this category of the store.
    pub category: Option<String>,
    /// For this product.
    pub product_id: Option<ProductId>,
    /// Lowest permitted price; a product's own stands with the product.
    pub floor_tenge: Option<Tenge>,
    /// Highest permitted price; a product's own stands with the product.
    pub ceiling_tenge: Option<Tenge>,
    /// One piece with its packaging.
    pub unit_cost_tenge: Option<Tenge>,
    /// Name of a commission tariff.
    pub commission: Option<String>,
    /// Name of a tax tariff.
    pub tax: Option<String>,
    /// Name of a delivery tariff.
    pub delivery: Option<String>,
    /// Weight of the parcel.
    pub weight_grams: Option<i32>,
    /// What a sale shall earn.
    pub goal_kind: Option<GoalKind>,
    /// Whole tenge of a profit, millionths of a percent of a share.
    pub goal_value: Option<i64>,
    /// Raised by each change.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

/// Where terms are set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TermsPlace {
    /// For a whole store.
    Store(StoreId),
    /// For a category of a store.
    Category(StoreId, String),
    /// For a product of a store.
    Product(StoreId, ProductId),
}

impl TermsPlace {
    /// The store.
    #[must_use]
    pub fn store_id(&self) -> StoreId {
        match self {
            Self::Store(id) | Self::Category(id, _) | Self::Product(id, _) => *id,
        }
    }
}

impl PricingTerms {
    /// A row that sets `terms` at a place; floor and ceiling of a product are left out.
    #[must_use]
    pub fn new(place: &TermsPlace, terms: &Terms, now: DateTime<Utc>) -> Self {
        let (category, product_id) = match place {
            TermsPlace::Store(_) => (None, None),
            TermsPlace::Category(_, category) => (Some(category.clone()), None),
            TermsPlace::Product(_, id) => (None, Some(*id)),
        };
        let (goal_kind, goal_value) = terms.goal.map(goal_columns).unzip();
        Self {
            id: TermsId::new(),
            store_id: place.store_id(),
            category,
            floor_tenge: terms.floor.filter(|_| product_id.is_none()),
            ceiling_tenge: terms.ceiling.filter(|_| product_id.is_none()),
            product_id,
            unit_cost_tenge: terms.unit_cost,
            commission: terms.commission.clone(),
            tax: terms.tax.clone(),
            delivery: terms.delivery.clone(),
            weight_grams: terms.weight_grams,
            goal_kind,
            goal_value,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What the row sets.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let goal = self
            .goal_kind
            .zip(self.goal_value)
            .map(|(kind, value)| match kind {
                GoalKind::Profit => Goal::Profit(value),
                GoalKind::Margin => Goal::Margin(Percent::from_millionths(value)),
                GoalKind::Roi => Goal::Roi(Percent::from_millionths(value)),
            });
        Terms {
            floor: self.floor_tenge,
            ceiling: self.ceiling_tenge,
            unit_cost: self.unit_cost_tenge,
            commission: self.commission.clone(),
            tax: self.tax.clone(),
            delivery: self.delivery.clone(),
            weight_grams: self.weight_grams,
            goal,
        }
    }

    /// Nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms() == Terms::default()
    }
}

fn goal_columns(goal: Goal) -> (GoalKind, i64) {
    match goal {
        Goal::Profit(amount) => (GoalKind::Profit, amount),
        Goal::Margin(share) => (GoalKind::Margin, share.to_millionths()),
        Goal::Roi(share) => (GoalKind::Roi, share.to_millionths()),
    }
}

/// What is set at one place; `None`: nothing.
///
/// # Errors
/// See [`StoreError`].
pub fn terms_fetch(conn: &mut PgConnection, place: &TermsPlace) -> Result<Option<PricingTerms>, StoreError> {
    let query = pricing_terms::table
        .filter(pricing_terms::store_id.eq(place.store_id()))
        .select(PricingTerms::as_select())
        .into_boxed();
    let query = match place {
        TermsPlace::Store(_) => query
            .filter(pricing_terms::category.is_null())
            .filter(pricing_terms::product_id.is_null()),
        TermsPlace::Category(_, category) => query.filter(pricing_terms::category.eq(category.clone())),
        TermsPlace::Product(_, id) => query.filter(pricing_terms::product_id.eq(*id)),
    };
    Ok(query.first(conn).optional()?)
}

/// What is set for a store and its categories, the store first.
///
/// # Errors
/// See [`StoreError`].
pub fn terms_list(conn: &mut PgConnection, store_id: StoreId) -> Result<Vec<PricingTerms>, StoreError> {
    Ok(pricing_terms::table
        .filter(pricing_terms::store_id.eq(store_id))
        .filter(pricing_terms::product_id.is_null())
        .order(pricing_terms::category.asc().nulls_first())
        .select(PricingTerms::as_select())
        .load(conn)?)
}

/// Adds terms at a place that has none.
///
/// # Errors
/// `Duplicate(Terms)` when somebody else was faster.
pub fn terms_insert(conn: &mut PgConnection, row: &PricingTerms) -> Result<(), StoreError> {
    diesel::insert_into(pricing_terms::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// Replaces the values of terms that still have `version`; their place stays.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed them meanwhile.
pub fn terms_update(
    conn: &mut PgConnection,
    (id, version): (TermsId, i32),
    row: &PricingTerms,
) -> Result<(), StoreError> {
    let rows = diesel::update(
        pricing_terms::table
            .find(id)
            .filter(pricing_terms::version.eq(version)),
    )
    .set((
        pricing_terms::floor_tenge.eq(row.floor_tenge),
        pricing_terms::ceiling_tenge.eq(row.ceiling_tenge),
        pricing_terms::unit_cost_tenge.eq(row.unit_cost_tenge),
        pricing_terms::commission.eq(&row.commission),
        pricing_terms::tax.eq(&row.tax),
        pricing_terms::delivery.eq(&row.delivery),
        pricing_terms::weight_grams.eq(row.weight_grams),
        pricing_terms::goal_kind.eq(row.goal_kind),
        pricing_terms::goal_value.eq(row.goal_value),
        pricing_terms::version.eq(version + 1),
        pricing_terms::updated_at.eq(row.updated_at),
    ))
    .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes terms: what is set more widely holds again.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed them meanwhile.
pub fn terms_delete(conn: &mut PgConnection, (id, version): (TermsId, i32)) -> Result<(), StoreError> {
    let rows = diesel::delete(
        pricing_terms::table
            .find(id)
            .filter(pricing_terms::version.eq(version)),
    )
    .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Lets the products that a place reaches be decided about at once, because what holds for them has changed. Those
/// that are due already keep their place.
///
/// # Errors
/// See [`StoreError`].
pub fn products_make_due(
    conn: &mut PgConnection,
    place: &TermsPlace,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let concerned = products::table
        .filter(products::store_id.eq(place.store_id()))
        .filter(products::repricing_enabled)
        .into_boxed();
    let concerned = match place {
        TermsPlace::Store(_) => concerned,
        TermsPlace::Category(_, category) => concerned.filter(products::category.eq(category.clone())),
        TermsPlace::Product(_, id) => concerned.filter(products::id.eq(*id)),
    };
    diesel::update(
        product_checks::table
            .filter(product_checks::product_id.eq_any(concerned.select(products::id)))
            .filter(product_checks::next_check_at.gt(now)),
    )
    .set(product_checks::next_check_at.eq(now))
    .execute(conn)?;
    Ok(())
}

/// [`products_make_due`] for every store.
///
/// # Errors
/// See [`StoreError`].
pub fn products_all_make_due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(
        product_checks::table
            .filter(product_checks::repriced)
            .filter(product_checks::next_check_at.gt(now)),
    )
    .set(product_checks::next_check_at.eq(now))
    .execute(conn)?;
    Ok(())
}

/// Does any product of the store, archived or not, belong to this category?
///
/// # Errors
/// See [`StoreError`].
pub fn store_has_category(
    conn: &mut PgConnection,
    store_id: StoreId,
    category: &str,
) -> Result<bool, StoreError> {
    let of_it = products::table
        .filter(products::store_id.eq(store_id))
        .filter(products::category.eq(category));
    Ok(diesel::select(diesel::dsl::exists(of_it)).get_result(conn)?)
}

/// Do any terms name this tariff?
///
/// # Errors
/// See [`StoreError`].
pub fn terms_name_tariff(conn: &mut PgConnection, kind: TariffKind, name: &str) -> Result<bool, StoreError> {
    let named = pricing_terms::table.into_boxed();
    let named = match kind {
        TariffKind::Commission => named.filter(pricing_terms::commission.eq(name)),
        TariffKind::Tax => named.filter(pricing_terms::tax.eq(name)),
        TariffKind::Delivery => named.filter(pricing_terms::delivery.eq(name)),
        TariffKind::DeliveryVat => return Ok(false),
    };
    Ok(diesel::select(diesel::dsl::exists(named)).get_result(conn)?)
}

/// A condition on `products`: a floor is set somewhere for it, or its cost is known. Without it no price is decided.
pub(super) const LIMITED: &str = "(products.floor_tenge is not null or exists (select from pricing_terms t
    where t.store_id = products.store_id and (t.product_id is null or t.product_id = products.id)
      and (t.category is null or t.category = products.category)
      and (t.floor_tenge is not null or t.unit_cost_tenge is not null)))";

/// [`LIMITED`], to filter with.
pub(super) fn limited() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql(LIMITED)
}

/// What holds for each of these products: its own, its category's, its store's, the nearest for each value.
///
/// # Errors
/// See [`StoreError`].
pub fn terms_of_products(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, Terms>, StoreError> {
    type Key = (ProductId, StoreId, Option<String>, Option<Tenge>, Option<Tenge>);
    let keys: Vec<Key> = products::table
        .filter(products::id.eq_any(ids))
        .select((
            products::id,
            products::store_id,
            products::category,
            products::floor_tenge,
            products::ceiling_tenge,
        ))
        .load(conn)?;
    let mut stores: Vec<StoreId> = keys.iter().map(|key| key.1).collect();
    stores.sort_unstable();
    stores.dedup();
    let rows: Vec<PricingTerms> = pricing_terms::table
        .filter(pricing_terms::store_id.eq_any(&stores))
        .filter(
            pricing_terms::product_id
                .is_null()
                .or(pricing_terms::product_id.eq_any(ids)),
        )
        .select(PricingTerms::as_select())
        .load(conn)?;
    let set: HashMap<TermsPlace, Terms> = rows
        .into_iter()
        .map(|row| (place_of(&row), row.terms()))
        .collect();
    let at = |place: TermsPlace| set.get(&place).cloned().unwrap_or_default();
    Ok(keys
        .into_iter()
        .map(|(id, store_id, category, floor, ceiling)| {
            let own = Terms {
                floor,
                ceiling,
                ..at(TermsPlace::Product(store_id, id))
            };
            let of_category = category
                .map(|category| at(TermsPlace::Category(store_id, category)))
                .unwrap_or_default();
            (id, own.or(of_category).or(at(TermsPlace::Store(store_id))))
        })
        .collect())
}

/// What would hold for a product without a floor and a ceiling of its own.
///
/// # Errors
/// See [`StoreError`].
pub fn terms_beyond_product(
    conn: &mut PgConnection,
    store_id: StoreId,
    (id, category): (ProductId, Option<&str>),
) -> Result<Terms, StoreError> {
    let mut places = vec![TermsPlace::Product(store_id, id)];
    places.extend(category.map(|category| TermsPlace::Category(store_id, category.to_owned())));
    places.push(TermsPlace::Store(store_id));
    let mut terms = Terms::default();
    for place in places {
        let set = terms_fetch(conn, &place)?;
        terms = terms.or(set.map(|set| set.terms()).unwrap_or_default());
    }
    Ok(terms)
}

fn place_of(row: &PricingTerms) -> TermsPlace {
    match (row.product_id, &row.category) {
        (Some(id), _) => TermsPlace::Product(row.store_id, id),
        (None, Some(category)) => TermsPlace::Category(row.store_id, category.clone()),
        (None, None) => TermsPlace::Store(row.store_id),
    }
}
