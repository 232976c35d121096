//! Sync runs: the pages of a catalogue that were read, so that a broken pass goes on at its page, and what a
//! run did to which product.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count_star, exists},
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid},
};

use super::StoreError;
use crate::{
    domain::{JobRunId, ProductId, StoreId, SyncChangeKind},
    schema::{job_runs, products, sync_changes, sync_pages},
};

/// Changes of each kind that a run keeps; its summary counts all of them.
pub const CHANGES_KEPT: usize = 500;

/// A page as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPage {
    /// Of the list of offers on sale, or of the withdrawn ones.
    pub on_sale: bool,
    /// Number, from 0.
    pub page: i32,
    /// Rows of the whole list, as the marketplace counted them with this page.
    pub total: i32,
    /// Every sku of the page.
    pub skus: Vec<String>,
    /// Before the page was asked for.
    pub read_at: DateTime<Utc>,
}

/// How far one of the two lists was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPlace {
    /// Which list.
    pub on_sale: bool,
    /// Number of the last page.
    pub page: i32,
    /// Rows of the list, as counted with that page.
    pub total: i32,
    /// The last page had no rows.
    pub empty: bool,
    /// Rows of all pages.
    pub rows: i64,
    /// When the last page was read.
    pub read_at: DateTime<Utc>,
    /// By which run.
    pub run_id: JobRunId,
}

/// Where the reading of a store's catalogue stands; at most one place per list.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_places(conn: &mut PgConnection, store_id: StoreId) -> Result<Vec<SyncPlace>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        on_sale: bool,
        #[diesel(sql_type = Integer)]
        page: i32,
        #[diesel(sql_type = Integer)]
        total: i32,
        #[diesel(sql_type = Integer)]
        last_rows: i32,
        #[diesel(sql_type = BigInt)]
        rows: i64,
        #[diesel(sql_type = Timestamptz)]
        read_at: DateTime<Utc>,
        #[diesel(sql_type = Uuid)]
        run_id: JobRunId,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "select distinct on (on_sale) on_sale, page, total, jsonb_array_length(skus) as last_rows,
           sum(jsonb_array_length(skus)) over (partition by on_sale) as rows, read_at, run_id
         from sync_pages where store_id = $1 order by on_sale, page desc",
    )
    .bind::<Uuid, _>(store_id)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| SyncPlace {
            on_sale: row.on_sale,
            page: row.page,
            total: row.total,
            empty: row.last_rows == 0,
            rows: row.rows,
            read_at: row.read_at,
            run_id: row.run_id,
        })
        .collect())
}

/// Keeps pages that were read, in one statement.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_pages_insert(
    conn: &mut PgConnection,
    store_id: StoreId,
    run_id: JobRunId,
    pages: &[SyncPage],
) -> Result<(), StoreError> {
    let skus = |page: &SyncPage| serde_json::Value::from(page.skus.clone()).to_string();
    diesel::sql_query(
        "insert into sync_pages (store_id, run_id, on_sale, page, total, skus, read_at)
         select $1, $2, on_sale, page, total, skus::jsonb, read_at
         from unnest($3, $4, $5, $6, $7) as row (on_sale, page, total, skus, read_at)
         on conflict (store_id, on_sale, page) do update set
           run_id = excluded.run_id, total = excluded.total, skus = excluded.skus, read_at = excluded.read_at",
    )
    .bind::<Uuid, _>(store_id)
    .bind::<Uuid, _>(run_id)
    .bind::<Array<Bool>, _>(pages.iter().map(|page| page.on_sale).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(pages.iter().map(|page| page.page).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(pages.iter().map(|page| page.total).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(pages.iter().map(skus).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(pages.iter().map(|page| page.read_at).collect::<Vec<_>>())
    .execute(conn)?;
    Ok(())
}

/// Forgets how far the reading of a store is: the pass is over, or begins anew.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_pages_delete(conn: &mut PgConnection, store_id: StoreId) -> Result<(), StoreError> {
    diesel::delete(sync_pages::table.filter(sync_pages::store_id.eq(store_id))).execute(conn)?;
    Ok(())
}

/// What the pages of a pass show, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct PassSight {
    /// Different skus of both lists.
    #[diesel(sql_type = BigInt)]
    pub seen: i64,
    /// Those that this run read itself.
    #[diesel(sql_type = BigInt)]
    pub seen_by_run: i64,
    /// Rows of both lists, as the marketplace counted them last.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    /// Both lists were read without a gap, and neither was counted differently from page to page. (A row that
    /// vanishes from a page already read moves all later ones: one of them is then never shown, although the
    /// numbers would agree.)
    #[diesel(sql_type = Bool)]
    pub steady: bool,
}

impl PassSight {
    /// May products that were not seen be taken for gone?
    #[must_use]
    pub fn complete(self) -> bool {
        self.steady && self.seen == self.total
    }
}

/// Looks at all pages of a store's pass.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_pass_sight(
    conn: &mut PgConnection,
    store_id: StoreId,
    run_id: JobRunId,
) -> Result<PassSight, StoreError> {
    Ok(diesel::sql_query(
        "with list as (
           select on_sale, count(*) as pages, max(page) + 1 as pages_end, min(total) as least, max(total) as most,
             (array_agg(total order by page desc))[1] as total
           from sync_pages where store_id = $1 group by on_sale),
         seen as (
           select entry.sku, bool_or(page.run_id = $2) as by_run
           from sync_pages page, jsonb_array_elements_text(page.skus) as entry (sku)
           where page.store_id = $1 group by entry.sku)
         select (select count(*) from seen) as seen, (select count(*) from seen where by_run) as seen_by_run,
           coalesce(sum(total), 0)::bigint as total,
           count(*) = 2 and bool_and(pages = pages_end and least = most) as steady
         from list",
    )
    .bind::<Uuid, _>(store_id)
    .bind::<Uuid, _>(run_id)
    .get_result(conn)?)
}

/// What a run did to one product, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSyncChange {
    /// What was done.
    pub kind: SyncChangeKind,
    /// Place among the run's changes of this kind, from 0.
    pub position: i32,
    /// The seller's number of the product.
    pub sku: Option<String>,
    /// Code of why a row could not be read.
    pub reason: Option<&'static str>,
}

/// Keeps what a run did; those beyond [`CHANGES_KEPT`] of a kind are left to the counts.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_changes_insert(
    conn: &mut PgConnection,
    run_id: JobRunId,
    changes: &[NewSyncChange],
) -> Result<(), StoreError> {
    let kept = || {
        changes
            .iter()
            .filter(|change| usize::try_from(change.position).is_ok_and(|at| at < CHANGES_KEPT))
    };
    if kept().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "insert into sync_changes (run_id, kind, position, sku, reason)
         select $1, kind, position, sku, reason from unnest($2, $3, $4, $5) as row (kind, position, sku, reason)
         on conflict do nothing",
    )
    .bind::<Uuid, _>(run_id)
    .bind::<Array<Text>, _>(kept().map(|change| change.kind.as_str()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(kept().map(|change| change.position).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(kept().map(|change| change.sku.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(kept().map(|change| change.reason).collect::<Vec<_>>())
    .execute(conn)?;
    Ok(())
}

/// What a run did to one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncChange {
    /// The seller's number of the product.
    pub sku: Option<String>,
    /// Code of why a row could not be read.
    pub reason: Option<String>,
    /// The product, where there is one, with its name.
    pub product: Option<(ProductId, String)>,
}

/// What a run did to products, one kind of it, in the order it happened; at most `limit`, at least 1.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_change_list(
    conn: &mut PgConnection,
    run_id: JobRunId,
    store_id: StoreId,
    kind: SyncChangeKind,
    limit: i64,
) -> Result<Vec<SyncChange>, StoreError> {
    let rows: Vec<(Option<String>, Option<String>)> = sync_changes::table
        .filter(sync_changes::run_id.eq(run_id))
        .filter(sync_changes::kind.eq(kind))
        .order(sync_changes::position)
        .limit(limit.max(1))
        .select((sync_changes::sku, sync_changes::reason))
        .load(conn)?;
    let skus: Vec<&str> = rows.iter().filter_map(|(sku, _)| sku.as_deref()).collect();
    let mut known: std::collections::HashMap<String, (ProductId, String)> = products::table
        .filter(products::store_id.eq(store_id))
        .filter(products::sku.eq_any(&skus))
        .select((products::sku.assume_not_null(), products::id, products::name))
        .load::<(String, ProductId, String)>(conn)?
        .into_iter()
        .map(|(sku, id, name)| (sku, (id, name)))
        .collect();
    Ok(rows
        .into_iter()
        .map(|(sku, reason)| SyncChange {
            product: sku.as_ref().and_then(|sku| known.remove(sku)),
            sku,
            reason,
        })
        .collect())
}

/// How many rows with a number a run could not read, of those that are kept.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_failed_count(conn: &mut PgConnection, run_id: JobRunId) -> Result<i64, StoreError> {
    Ok(sync_changes::table
        .filter(sync_changes::run_id.eq(run_id))
        .filter(sync_changes::kind.eq(SyncChangeKind::Failed))
        .filter(sync_changes::sku.is_not_null())
        .select(count_star())
        .first(conn)?)
}

/// Removes the changes of runs that ended before `before`, of at most `limit` runs; tells of how many.
///
/// # Errors
/// See [`StoreError`].
pub fn sync_changes_prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<i64, StoreError> {
    let runs: Vec<JobRunId> = job_runs::table
        .filter(job_runs::finished_at.lt(before))
        .filter(exists(
            sync_changes::table.filter(sync_changes::run_id.eq(job_runs::id)),
        ))
        .order(job_runs::created_at)
        .limit(limit)
        .select(job_runs::id)
        .load(conn)?;
    diesel::delete(sync_changes::table.filter(sync_changes::run_id.eq_any(&runs))).execute(conn)?;
    Ok(i64::try_from(runs.len()).unwrap_or(i64::MAX))
}
