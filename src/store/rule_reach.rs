//! Which products rules reach and govern, counted in the database; and the products that people name by sku.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid},
};

use super::{StoreError, rules::RuleRow, stores::store_list};
use crate::{
    domain::{ProductId, RuleId, RuleScope, StoreId, Tenant},
    schema::{products, rule_products},
};

/// Does rule `r` reach product `p`?
const REACHES: &str = "r.store_id = p.store_id and (r.scope = 'store'
  or r.scope = 'category' and r.category = p.category
  or r.scope = 'product' and r.product_id = p.id
  or r.scope = 'selection' and exists (
    select from rule_products chosen where chosen.rule_id = r.id and chosen.product_id = p.id))";

/// The scopes, the nearest first, as `rules_of_products` sorts.
const ORDER: &str = "array['product', 'selection', 'category', 'store']";

/// How many products of the tenant each rule governs: those for which it is the nearest that is switched on.
/// Rules that govern none are left out, archived products too.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_reach(conn: &mut PgConnection, tenant: Tenant) -> Result<HashMap<RuleId, i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Reach {
        #[diesel(sql_type = Uuid)]
        id: RuleId,
        #[diesel(sql_type = BigInt)]
        products: i64,
    }
    let stores: Vec<uuid::Uuid> = store_list(conn, tenant)?.iter().map(|store| store.id.0).collect();
    let rows: Vec<Reach> = diesel::sql_query(format!(
        "select nearest.id, count(*) as products from products p cross join lateral (
           select r.id from rules r where r.enabled and {REACHES} order by array_position({ORDER}, r.scope), r.position, r.id limit 1) nearest
         where p.store_id = any($1) and p.archived_at is null group by nearest.id"
    ))
    .bind::<Array<Uuid>, _>(stores)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row.products)).collect())
}

#[derive(QueryableByName)]
struct Governed {
    #[diesel(sql_type = Uuid)]
    id: ProductId,
    #[diesel(sql_type = BigInt)]
    of: i64,
}

fn governed(rows: Vec<Governed>) -> (Vec<ProductId>, i64) {
    let of = rows.first().map_or(0, |row| row.of);
    (rows.into_iter().map(|row| row.id).collect(), of)
}

/// The products that a rule governs, or would were it switched on: at most `limit` of them and how many there are.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_governed(
    conn: &mut PgConnection,
    id: RuleId,
    limit: i64,
) -> Result<(Vec<ProductId>, i64), StoreError> {
    let rows: Vec<Governed> = diesel::sql_query(format!(
        "select p.id, count(*) over () as of from rules it
         join products p on p.store_id = it.store_id and p.archived_at is null
         cross join lateral (select r.id from rules r where (r.enabled or r.id = it.id) and {REACHES}
           order by array_position({ORDER}, r.scope), r.position, r.id limit 1) nearest
         where it.id = $1 and nearest.id = it.id order by p.id limit $2"
    ))
    .bind::<Uuid, _>(id.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(governed(rows))
}

/// The products that a rule attached so would govern, were it made: at most `limit` of them and how many there are. A
/// new selection stands behind the others.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_would_govern(
    conn: &mut PgConnection,
    store_id: StoreId,
    (scope, category, chosen): (RuleScope, Option<&str>, &[ProductId]),
    limit: i64,
) -> Result<(Vec<ProductId>, i64), StoreError> {
    let rows: Vec<Governed> = diesel::sql_query(format!(
        "select p.id, count(*) over () as of from products p
         where p.store_id = $1 and p.archived_at is null
           and ($2 = 'store' or $2 = 'category' and p.category = $3 or p.id = any($4))
           and not exists (select from rules r where r.enabled and {REACHES}
             and (array_position({ORDER}, r.scope) < array_position({ORDER}, $2)
               or r.scope = 'selection' and $2 = 'selection'))
         order by p.id limit $5"
    ))
    .bind::<Uuid, _>(store_id.0)
    .bind::<Text, _>(scope.as_str())
    .bind::<Nullable<Text>, _>(category)
    .bind::<Array<Uuid>, _>(chosen.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(governed(rows))
}

/// Makes the products that a rule reaches due at once: what holds for them has changed.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_products_due(
    conn: &mut PgConnection,
    rule: &RuleRow,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    Ok(diesel::sql_query(format!(
        "update product_checks set next_check_at = $2 from rules r, products p
         where r.id = $1 and {REACHES} and p.id = product_checks.product_id and p.repricing_enabled
           and product_checks.next_check_at > $2"
    ))
    .bind::<Uuid, _>(rule.id.0)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?)
}

/// Products of a store by sku, or by the cabinet's offer id where that is what was typed.
///
/// # Errors
/// See [`StoreError`].
pub fn products_by_sku(
    conn: &mut PgConnection,
    store_id: StoreId,
    skus: &[String],
) -> Result<HashMap<String, ProductId>, StoreError> {
    let rows: Vec<(ProductId, Option<String>, String)> = products::table
        .filter(products::store_id.eq(store_id))
        .filter(
            products::sku
                .eq_any(skus)
                .or(products::kaspi_product_id.eq_any(skus)),
        )
        .select((products::id, products::sku, products::kaspi_product_id))
        .load(conn)?;
    let mut found = HashMap::new();
    for (id, _, offer) in &rows {
        found.insert(offer.clone(), *id);
    }
    // The sku is what people mean.
    for (id, sku, _) in rows {
        if let Some(sku) = sku {
            found.insert(sku, id);
        }
    }
    Ok(found)
}

/// The products of a selection as people name them, in order.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_product_skus(conn: &mut PgConnection, id: RuleId) -> Result<Vec<String>, StoreError> {
    let name = diesel::dsl::sql::<Text>("coalesce(products.sku, products.kaspi_product_id)");
    Ok(rule_products::table
        .inner_join(products::table)
        .filter(rule_products::rule_id.eq(id))
        .order(diesel::dsl::sql::<Nullable<Text>>("1"))
        .select(name)
        .load(conn)?)
}

/// What a trial wants to know of a product.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = products, check_for_backend(diesel::pg::Pg))]
pub struct TrialProduct {
    /// Key.
    pub id: ProductId,
    /// Title.
    pub name: String,
    /// The strategy that it names itself.
    pub strategy: Option<String>,
    /// Opt-in.
    pub repricing_enabled: bool,
}

/// Products for a trial.
///
/// # Errors
/// See [`StoreError`].
pub fn trial_products(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<TrialProduct>, StoreError> {
    Ok(products::table
        .filter(products::id.eq_any(ids))
        .order(products::id)
        .select(TrialProduct::as_select())
        .load(conn)?)
}

/// The products of a store that the robot prices: at most `limit` of them and how many there are.
///
/// # Errors
/// See [`StoreError`].
pub fn trial_products_of_store(
    conn: &mut PgConnection,
    store_id: StoreId,
    limit: i64,
) -> Result<(Vec<TrialProduct>, i64), StoreError> {
    let priced = || {
        products::table
            .filter(products::store_id.eq(store_id))
            .filter(products::repricing_enabled)
            .filter(products::on_sale)
            .filter(products::archived_at.is_null())
    };
    let rows = priced()
        .order(products::id)
        .limit(limit)
        .select(TrialProduct::as_select())
        .load(conn)?;
    Ok((rows, priced().count().get_result(conn)?))
}
