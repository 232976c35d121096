//! Files of preorders on their way to the marketplace, and what became of each of their lines.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types as sql};

use super::{
    StoreError,
    stores::{Store, store_ids_of},
};
use crate::{
    domain::{
        JobRunId, ListFormat, PreorderId, PreorderUploadId, ProductId, StoreId, Tenant, Tenge, UploadState,
        UserId,
    },
    schema::{preorder_upload_lines, preorder_uploads, stores},
};

/// A file of preorders, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = preorder_uploads, check_for_backend(Pg))]
pub struct PreorderUpload {
    /// Key.
    pub id: PreorderUploadId,
    /// The store.
    pub store_id: StoreId,
    /// The run that looks after it.
    pub run_id: JobRunId,
    /// Who asked.
    pub requested_by: Option<UserId>,
    /// Where it stands.
    pub state: UploadState,
    /// In which form.
    pub format: ListFormat,
    /// Name of the file.
    pub file_name: String,
    /// Number of preorders in it.
    pub lines: i32,
    /// The shop's newest file before this one was sent.
    pub previous_file_id: Option<String>,
    /// The marketplace's key of the file.
    pub file_id: Option<String>,
    /// The marketplace's own word for where it stands.
    pub word: Option<String>,
    /// Code of the cause of a failure.
    pub failure: Option<String>,
    /// What the marketplace said.
    pub detail: Option<String>,
    /// How often it was sent.
    pub sends: i32,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
    /// Last sent at.
    pub sent_at: Option<DateTime<Utc>>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A file to be kept.
#[derive(Debug, Insertable)]
#[diesel(table_name = preorder_uploads)]
pub struct NewPreorderUpload {
    /// Key.
    pub id: PreorderUploadId,
    /// The store.
    pub store_id: StoreId,
    /// The run that looks after it.
    pub run_id: JobRunId,
    /// Who asked.
    pub requested_by: Option<UserId>,
    /// In which form.
    pub format: ListFormat,
    /// Name of the file.
    pub file_name: String,
    /// The file.
    pub file: Vec<u8>,
    /// Number of preorders in it.
    pub lines: i32,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
}

/// What a file says of a preorder, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = preorder_upload_lines, check_for_backend(Pg), primary_key(upload_id, line))]
pub struct PreorderUploadLine {
    /// The file.
    pub upload_id: PreorderUploadId,
    /// Row of the sheet, the header being 1; number of the offer in the XML form.
    pub line: i32,
    /// The preorder, while it exists.
    pub preorder_id: Option<PreorderId>,
    /// Its product, while it exists.
    pub product_id: Option<ProductId>,
    /// The seller's article.
    pub sku: String,
    /// Title.
    pub name: String,
    /// Price.
    pub price_tenge: Tenge,
    /// Days until the goods arrive.
    pub delivery_days: i32,
    /// What the marketplace said of it, where it refused it.
    pub problem: Option<String>,
    /// When buyers' page is looked at next; `None`: not looked for.
    pub next_look_at: Option<DateTime<Utc>>,
    /// When buyers saw it.
    pub seen_at: Option<DateTime<Utc>>,
}

/// Keeps a file and its lines.
///
/// # Errors
/// See [`StoreError`]; `Duplicate(UploadOpen)` while another one of the store is under way.
pub fn preorder_upload_insert(
    conn: &mut PgConnection,
    upload: &NewPreorderUpload,
    lines: &[PreorderUploadLine],
) -> Result<(), StoreError> {
    diesel::insert_into(preorder_uploads::table)
        .values(upload)
        .execute(conn)?;
    for part in lines.chunks(1_000) {
        diesel::insert_into(preorder_upload_lines::table)
            .values(part)
            .execute(conn)?;
    }
    Ok(())
}

/// An upload that the tenant may see, with its store.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: PreorderUploadId,
) -> Result<Option<(PreorderUpload, Store)>, StoreError> {
    let mut query = preorder_uploads::table
        .inner_join(stores::table)
        .filter(preorder_uploads::id.eq(id))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorder_uploads::store_id.eq_any(store_ids_of(user)));
    }
    Ok(query
        .select((PreorderUpload::as_select(), Store::as_select()))
        .first(conn)
        .optional()?)
}

/// The upload that a run looks after.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_of_run(
    conn: &mut PgConnection,
    run_id: JobRunId,
) -> Result<Option<PreorderUpload>, StoreError> {
    Ok(preorder_uploads::table
        .filter(preorder_uploads::run_id.eq(run_id))
        .select(PreorderUpload::as_select())
        .first(conn)
        .optional()?)
}

/// The upload of a store that is under way.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_open(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Option<PreorderUpload>, StoreError> {
    Ok(preorder_uploads::table
        .filter(preorder_uploads::store_id.eq(store_id))
        .filter(preorder_uploads::finished_at.is_null())
        .select(PreorderUpload::as_select())
        .first(conn)
        .optional()?)
}

/// The newest uploads that the tenant may see, of a store or of all; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    store_id: Option<StoreId>,
    limit: i64,
) -> Result<Vec<(PreorderUpload, Store)>, StoreError> {
    let mut query = preorder_uploads::table.inner_join(stores::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorder_uploads::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = store_id {
        query = query.filter(preorder_uploads::store_id.eq(store_id));
    }
    Ok(query
        .order((preorder_uploads::created_at.desc(), preorder_uploads::id.desc()))
        .limit(limit)
        .select((PreorderUpload::as_select(), Store::as_select()))
        .load(conn)?)
}

/// The bytes of an upload.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_file(conn: &mut PgConnection, id: PreorderUploadId) -> Result<Vec<u8>, StoreError> {
    Ok(preorder_uploads::table
        .find(id)
        .select(preorder_uploads::file)
        .first(conn)?)
}

/// The lines of an upload: refused ones first, then in the order of the file; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_lines_list(
    conn: &mut PgConnection,
    id: PreorderUploadId,
    limit: i64,
) -> Result<Vec<PreorderUploadLine>, StoreError> {
    Ok(preorder_upload_lines::table
        .filter(preorder_upload_lines::upload_id.eq(id))
        .order((
            preorder_upload_lines::problem.is_null(),
            preorder_upload_lines::line,
        ))
        .limit(limit)
        .select(PreorderUploadLine::as_select())
        .load(conn)?)
}

/// What became of the lines of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadCounts {
    /// Refused by the marketplace.
    pub refused: i64,
    /// Seen by buyers.
    pub seen: i64,
    /// Still looked for.
    pub looked_for: i64,
}

/// Counts the lines of an upload.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_counts(
    conn: &mut PgConnection,
    id: PreorderUploadId,
) -> Result<UploadCounts, StoreError> {
    use diesel::dsl::{count, count_star};
    let of = preorder_upload_lines::table.filter(preorder_upload_lines::upload_id.eq(id));
    let (refused, seen): (i64, i64) = of
        .select((
            count(preorder_upload_lines::problem),
            count(preorder_upload_lines::seen_at),
        ))
        .first(conn)?;
    let looked_for = of
        .filter(preorder_upload_lines::next_look_at.is_not_null())
        .select(count_star())
        .first(conn)?;
    Ok(UploadCounts {
        refused,
        seen,
        looked_for,
    })
}

/// How an upload goes on.
#[derive(Debug, Clone, Default)]
pub struct UploadStep {
    /// The marketplace's key of the file.
    pub file_id: Option<String>,
    /// The marketplace's own word.
    pub word: Option<String>,
    /// Code of the cause of a failure.
    pub failure: Option<&'static str>,
    /// What the marketplace said.
    pub detail: Option<String>,
}

/// Moves an upload from its state to `next`; ends it where that is final.
///
/// # Errors
/// [`StoreError::Stale`] when it is in another state meanwhile.
pub fn preorder_upload_advance(
    conn: &mut PgConnection,
    upload: &PreorderUpload,
    next: UploadState,
    step: &UploadStep,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let short = |text: &Option<String>, most| {
        text.as_ref()
            .map(|text| text.chars().take(most).collect::<String>())
    };
    let rows = diesel::update(
        preorder_uploads::table
            .find(upload.id)
            .filter(preorder_uploads::state.eq(upload.state)),
    )
    .set((
        preorder_uploads::state.eq(next),
        step.file_id
            .as_ref()
            .map(|id| preorder_uploads::file_id.eq(Some(id.clone()))),
        step.word
            .is_some()
            .then(|| preorder_uploads::word.eq(short(&step.word, 100))),
        preorder_uploads::failure.eq(step.failure),
        preorder_uploads::detail.eq(short(&step.detail, 500)),
        next.is_final().then(|| preorder_uploads::finished_at.eq(now)),
    ))
    .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Notes, before the file leaves, that it leaves, and which file of the shop was the newest until then.
///
/// # Errors
/// [`StoreError::Stale`] when it does not wait for its turn any more.
pub fn preorder_upload_send(
    conn: &mut PgConnection,
    id: PreorderUploadId,
    previous_file_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = diesel::update(
        preorder_uploads::table
            .find(id)
            .filter(preorder_uploads::state.eq(UploadState::Waiting)),
    )
    .set((
        preorder_uploads::state.eq(UploadState::Sending),
        preorder_uploads::previous_file_id.eq(previous_file_id),
        preorder_uploads::sent_at.eq(now),
        preorder_uploads::sends.eq(preorder_uploads::sends + 1),
    ))
    .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Notes what the marketplace said of a line, found by its article or, without one, by its row. `false`: there is no
/// such line.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_problem(
    conn: &mut PgConnection,
    id: PreorderUploadId,
    (sku, line): (Option<&str>, Option<i32>),
    problem: &str,
) -> Result<bool, StoreError> {
    let of = preorder_upload_lines::table.filter(preorder_upload_lines::upload_id.eq(id));
    let problem: String = problem.chars().take(300).collect();
    let set = preorder_upload_lines::problem.eq(problem);
    let rows = match (sku, line) {
        (Some(sku), _) => diesel::update(of.filter(preorder_upload_lines::sku.eq(sku.to_owned())))
            .set(set)
            .execute(conn)?,
        (None, Some(line)) => diesel::update(of.filter(preorder_upload_lines::line.eq(line)))
            .set(set)
            .execute(conn)?,
        (None, None) => 0,
    };
    Ok(rows > 0)
}

/// Looks for the lines that were not refused from `at` on.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_look_from(
    conn: &mut PgConnection,
    id: PreorderUploadId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(
        preorder_upload_lines::table
            .filter(preorder_upload_lines::upload_id.eq(id))
            .filter(preorder_upload_lines::problem.is_null()),
    )
    .set(preorder_upload_lines::next_look_at.eq(at))
    .execute(conn)?;
    Ok(())
}

/// A line that is to be looked for among the offers that buyers see.
#[derive(Debug, Clone, QueryableByName)]
pub struct DueLine {
    /// The file.
    #[diesel(sql_type = sql::Uuid)]
    pub upload_id: PreorderUploadId,
    /// Its row.
    #[diesel(sql_type = sql::Integer)]
    pub line: i32,
    /// Days until the goods arrive.
    #[diesel(sql_type = sql::Integer)]
    pub delivery_days: i32,
    /// The shop.
    #[diesel(sql_type = sql::Text)]
    pub merchant_id: String,
    /// City whose buyers are asked.
    #[diesel(sql_type = sql::Text)]
    pub city_id: String,
    /// The card; `None`: nothing to look at.
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    pub card_id: Option<String>,
    /// When the marketplace had taken the file over.
    #[diesel(sql_type = sql::Timestamptz)]
    pub applied_at: DateTime<Utc>,
}

/// Takes lines whose look is due, at most `limit`, the longest due first; nobody else takes them before `until`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_lines_due(
    conn: &mut PgConnection,
    limit: i64,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<DueLine>, StoreError> {
    Ok(diesel::sql_query(
        "with due as (
           select upload_id, line from preorder_upload_lines where next_look_at <= $1
           order by next_look_at limit $2 for update skip locked),
         taken as (
           update preorder_upload_lines l set next_look_at = $3 from due
           where l.upload_id = due.upload_id and l.line = due.line
           returning l.upload_id, l.line, l.delivery_days, l.product_id)
         select t.upload_id, t.line, t.delivery_days, s.merchant_id, s.main_city_id as city_id, p.card_id,
           coalesce(u.finished_at, $1) as applied_at
         from taken t join preorder_uploads u on u.id = t.upload_id join stores s on s.id = u.store_id
         left join products p on p.id = t.product_id",
    )
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::BigInt, _>(limit)
    .bind::<sql::Timestamptz, _>(until)
    .load(conn)?)
}

/// What a look showed: seen, or when to look again (`None`: not any more).
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_upload_line_looked(
    conn: &mut PgConnection,
    (upload_id, line): (PreorderUploadId, i32),
    seen_at: Option<DateTime<Utc>>,
    next_look_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    diesel::update(preorder_upload_lines::table.find((upload_id, line)))
        .set((
            preorder_upload_lines::seen_at.eq(seen_at),
            preorder_upload_lines::next_look_at.eq(next_look_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets uploads that ended before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_uploads_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::delete(preorder_uploads::table.filter(preorder_uploads::finished_at.lt(before))).execute(conn)?;
    Ok(())
}
