//! Outgoing proxies: where they are, their sealed credentials, what went through them.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types};

use super::StoreError;
use crate::{
    domain::{ProxyId, ProxyOrigin, ProxyScheme},
    schema::proxies,
};

/// An outgoing proxy.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = proxies, check_for_backend(Pg))]
pub struct Proxy {
    /// Key.
    pub id: ProxyId,
    /// Where it was set up.
    pub origin: ProxyOrigin,
    /// A person's name for it; may be empty.
    pub label: String,
    /// How it is spoken to.
    pub scheme: ProxyScheme,
    /// Canonical host.
    pub host: String,
    /// 1 to 65535.
    pub port: i32,
    /// Sealed user name and password, where it wants any.
    pub credentials_sealed: Option<Vec<u8>>,
    /// When they were set.
    pub credentials_set_at: Option<DateTime<Utc>>,
    /// Off: nothing goes through it.
    pub enabled: bool,
    /// Requests sent, the failed ones included.
    pub requests: i64,
    /// Requests that failed through its fault.
    pub failures: i64,
    /// Code of the last failure.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<DateTime<Utc>>,
    /// Left alone until then.
    pub cooling_until: Option<DateTime<Utc>>,
    /// Last time something went through it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Somebody wants to know whether it works.
    pub check_requested_at: Option<DateTime<Utc>>,
    /// Last time it was tried.
    pub checked_at: Option<DateTime<Utc>>,
    /// Code of what came of it; `None`: it worked.
    pub check_error: Option<String>,
    /// Time to the answer, in milliseconds.
    pub check_ms: Option<i32>,
    /// Raised by each change of a person.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("id", &self.id)
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl Proxy {
    /// A proxy nothing went through yet.
    #[must_use]
    pub fn new(
        (id, origin): (ProxyId, ProxyOrigin),
        scheme: ProxyScheme,
        (host, port): (String, u16),
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            origin,
            label: String::new(),
            scheme,
            host,
            port: i32::from(port),
            credentials_sealed: None,
            credentials_set_at: None,
            enabled: true,
            requests: 0,
            failures: 0,
            last_error: None,
            last_error_at: None,
            cooling_until: None,
            last_used_at: None,
            check_requested_at: None,
            checked_at: None,
            check_error: None,
            check_ms: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// `socks5://proxy.example.kz:1080`: without credentials.
    #[must_use]
    pub fn address(&self) -> String {
        let (scheme, host, port) = (self.scheme, &self.host, self.port);
        if host.contains(':') {
            format!("{scheme}://[{host}]:{port}")
        } else {
            format!("{scheme}://{host}:{port}")
        }
    }
}

/// All proxies, those of the environment first; at most 2000.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_list(conn: &mut PgConnection) -> Result<Vec<Proxy>, StoreError> {
    Ok(proxies::table
        .order((proxies::origin, proxies::created_at, proxies::id))
        .limit(2000)
        .select(Proxy::as_select())
        .load(conn)?)
}

/// A proxy.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_fetch(conn: &mut PgConnection, id: ProxyId) -> Result<Option<Proxy>, StoreError> {
    Ok(proxies::table
        .find(id)
        .select(Proxy::as_select())
        .first(conn)
        .optional()?)
}

/// A proxy, locked until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_fetch_for_update(conn: &mut PgConnection, id: ProxyId) -> Result<Option<Proxy>, StoreError> {
    Ok(proxies::table
        .find(id)
        .for_update()
        .select(Proxy::as_select())
        .first(conn)
        .optional()?)
}

/// Adds proxies; those whose key is there already stay as they are. Returns how many are new.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_insert(conn: &mut PgConnection, rows: &[Proxy]) -> Result<usize, StoreError> {
    Ok(diesel::insert_into(proxies::table)
        .values(rows)
        .on_conflict(proxies::id)
        .do_nothing()
        .execute(conn)?)
}

/// What a person may change of a proxy.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = proxies)]
pub struct ProxyChange {
    /// A person's name for it.
    pub label: String,
    /// Off: nothing goes through it.
    pub enabled: bool,
    /// New sealed credentials; `Some(None)` takes them away.
    pub credentials_sealed: Option<Option<Vec<u8>>>,
    /// When they were set.
    pub credentials_set_at: Option<Option<DateTime<Utc>>>,
}

/// Changes a proxy that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn proxy_update(
    conn: &mut PgConnection,
    id: ProxyId,
    version: i32,
    change: &ProxyChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = diesel::update(proxies::table.find(id).filter(proxies::version.eq(version)))
        .set((
            change,
            proxies::version.eq(version + 1),
            proxies::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a proxy.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_delete(conn: &mut PgConnection, id: ProxyId) -> Result<(), StoreError> {
    diesel::delete(proxies::table.find(id)).execute(conn)?;
    Ok(())
}

/// What went through a proxy since the last time.
#[derive(Debug, Clone)]
pub struct ProxyUse {
    /// Which proxy.
    pub id: ProxyId,
    /// Requests sent.
    pub requests: i64,
    /// The failed ones among them.
    pub failures: i64,
    /// Code of the last failure.
    pub last_error: Option<&'static str>,
    /// Left alone until then.
    pub cooling_until: Option<DateTime<Utc>>,
}

/// Adds what went through a proxy to its sums. A proxy that was removed meanwhile has none.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_add_use(conn: &mut PgConnection, used: &ProxyUse, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(proxies::table.find(used.id))
        .set((
            proxies::requests.eq(proxies::requests + used.requests),
            proxies::failures.eq(proxies::failures + used.failures),
            (used.requests > 0).then(|| proxies::last_used_at.eq(now)),
            used.cooling_until.map(|until| proxies::cooling_until.eq(until)),
            used.last_error
                .map(|code| (proxies::last_error.eq(code), proxies::last_error_at.eq(now))),
        ))
        .execute(conn)?;
    Ok(())
}

/// Asks the workers to try a proxy.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_request_check(
    conn: &mut PgConnection,
    id: ProxyId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(proxies::table.find(id))
        .set(proxies::check_requested_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Takes the oldest question up: no other worker will.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_claim_check(conn: &mut PgConnection) -> Result<Option<Proxy>, StoreError> {
    let asked = proxies::table
        .filter(proxies::check_requested_at.is_not_null())
        .order(proxies::check_requested_at)
        .for_update()
        .skip_locked()
        .select(Proxy::as_select())
        .first(conn)
        .optional()?;
    if let Some(proxy) = &asked {
        diesel::update(proxies::table.find(proxy.id))
            .set(proxies::check_requested_at.eq(None::<DateTime<Utc>>))
            .execute(conn)?;
    }
    Ok(asked)
}

/// Notes what came of a check; `error` is `None` when it worked, which ends a cool-down.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_update_checked(
    conn: &mut PgConnection,
    id: ProxyId,
    error: Option<&str>,
    millis: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(proxies::table.find(id))
        .set((
            proxies::checked_at.eq(now),
            proxies::check_error.eq(error),
            proxies::check_ms.eq(millis),
        ))
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Mark {
    #[diesel(sql_type = sql_types::Text)]
    mark: String,
}

/// A text that changes whenever a proxy comes, goes or is changed by a person.
///
/// # Errors
/// See [`StoreError`].
pub fn proxy_mark(conn: &mut PgConnection) -> Result<String, StoreError> {
    let row: Mark = diesel::sql_query(
        "select coalesce(md5(string_agg(id::text || version, ',' order by id)), '') as mark from proxies",
    )
    .get_result(conn)?;
    Ok(row.mark)
}
