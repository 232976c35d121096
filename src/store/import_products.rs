//! What an import compares a file with: everything that it may set of a store's products, in two questions.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid},
};

use super::{StoreError, rules::RuleRow};
use crate::{
    domain::{PreorderId, ProductId, RuleId, RuleScope, StoreId, Tenge},
    schema::{products, rule_products, rules},
};

/// A product with all that an import may set.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct ImportProduct {
    /// Key.
    #[diesel(sql_type = Uuid)]
    pub id: ProductId,
    /// The seller's article, or the cabinet's offer id where there is none.
    #[diesel(sql_type = Text)]
    pub sku: String,
    /// Title.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Raised by each change of a person.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Opt-in.
    #[diesel(sql_type = Bool)]
    pub repricing_enabled: bool,
    /// Its own lowest price.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub floor: Option<Tenge>,
    /// Its own highest price.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ceiling: Option<Tenge>,
    /// The strategy that it names itself.
    #[diesel(sql_type = Nullable<Text>)]
    pub strategy: Option<String>,
    /// Hands off until then.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub locked_until: Option<DateTime<Utc>>,
    /// Its own cost.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub unit_cost: Option<Tenge>,
    /// Lowest price of its category, else of its store.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub wider_floor: Option<Tenge>,
    /// Cost of its category, else of its store.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub wider_cost: Option<Tenge>,
    /// Its preorder.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub preorder_id: Option<PreorderId>,
    /// Days of it.
    #[diesel(sql_type = Nullable<Integer>)]
    pub preorder_days: Option<i32>,
    /// Raised by each change of it.
    #[diesel(sql_type = Nullable<Integer>)]
    pub preorder_version: Option<i32>,
}

/// Products of a store, `None`: all of them, by title.
///
/// # Errors
/// See [`StoreError`].
pub fn import_products(
    conn: &mut PgConnection,
    store_id: StoreId,
    ids: Option<&[ProductId]>,
) -> Result<Vec<ImportProduct>, StoreError> {
    let ids = ids.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    Ok(diesel::sql_query(
        "select p.id, coalesce(p.sku, p.kaspi_product_id) as sku, p.name, p.version, p.repricing_enabled,
           p.floor_tenge as floor, p.ceiling_tenge as ceiling, p.strategy, p.locked_until,
           own.unit_cost_tenge as unit_cost,
           coalesce(category.floor_tenge, store.floor_tenge) as wider_floor,
           coalesce(category.unit_cost_tenge, store.unit_cost_tenge) as wider_cost,
           o.id as preorder_id, o.delivery_days as preorder_days, o.version as preorder_version
         from products p
         left join pricing_terms own on own.product_id = p.id
         left join pricing_terms category on category.store_id = p.store_id and category.product_id is null
           and category.category = p.category
         left join pricing_terms store on store.store_id = p.store_id and store.product_id is null
           and store.category is null
         left join preorders o on o.product_id = p.id and o.store_id = p.store_id
         where p.store_id = $1 and ($2 is null and p.archived_at is null or p.id = any($2))
         order by p.name, p.id",
    )
    .bind::<Uuid, _>(store_id)
    .bind::<Nullable<Array<Uuid>>, _>(ids)
    .load(conn)?)
}

/// The selections of a store in their order, and which products each has.
#[derive(Debug, Clone, Default)]
pub struct Selections {
    /// Rules of selections, the first one wins.
    pub rules: Vec<RuleRow>,
    of: HashMap<ProductId, Vec<RuleId>>,
}

impl Selections {
    /// The selections of a product, in their order.
    #[must_use]
    pub fn of(&self, id: ProductId) -> Vec<&RuleRow> {
        let Some(ids) = self.of.get(&id) else {
            return Vec::new();
        };
        self.rules.iter().filter(|rule| ids.contains(&rule.id)).collect()
    }
}

/// The selections of a store.
///
/// # Errors
/// See [`StoreError`].
pub fn import_selections(conn: &mut PgConnection, store_id: StoreId) -> Result<Selections, StoreError> {
    let found: Vec<RuleRow> = rules::table
        .filter(rules::store_id.eq(store_id))
        .filter(rules::scope.eq(RuleScope::Selection))
        .order((rules::position, rules::id))
        .select(RuleRow::as_select())
        .load(conn)?;
    let ids: Vec<RuleId> = found.iter().map(|rule| rule.id).collect();
    let rows: Vec<(RuleId, ProductId)> = rule_products::table
        .filter(rule_products::rule_id.eq_any(ids))
        .select((rule_products::rule_id, rule_products::product_id))
        .load(conn)?;
    let mut of: HashMap<ProductId, Vec<RuleId>> = HashMap::new();
    for (rule, product) in rows {
        of.entry(product).or_default().push(rule);
    }
    Ok(Selections { rules: found, of })
}

/// Takes products out of a selection and puts others in; gives the articles of both.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_products_change(
    conn: &mut PgConnection,
    rule: &RuleRow,
    removed: &HashSet<ProductId>,
    added: &HashSet<ProductId>,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let skus = |conn: &mut PgConnection, ids: &HashSet<ProductId>| -> Result<Vec<String>, StoreError> {
        let name = diesel::dsl::sql::<Text>("coalesce(products.sku, products.kaspi_product_id)");
        Ok(products::table
            .filter(products::store_id.eq(rule.store_id))
            .filter(products::id.eq_any(ids))
            .order(products::sku)
            .select(name)
            .load(conn)?)
    };
    diesel::delete(
        rule_products::table
            .filter(rule_products::rule_id.eq(rule.id))
            .filter(rule_products::product_id.eq_any(removed)),
    )
    .execute(conn)?;
    let rows: Vec<_> = added
        .iter()
        .map(|id| {
            (
                rule_products::rule_id.eq(rule.id),
                rule_products::product_id.eq(*id),
            )
        })
        .collect();
    diesel::insert_into(rule_products::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok((skus(conn, removed)?, skus(conn, added)?))
}
