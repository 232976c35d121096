//! Attempts to log an account in: the row that the page and the worker both look at, and the only channel
//! between them.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Nullable, Timestamptz},
};
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{AccountId, AccountKind, AttemptId, AttemptState, StoreId, Tenant, UserId},
    schema::connection_attempts,
};

/// One attempt to log in.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = connection_attempts, check_for_backend(diesel::pg::Pg))]
pub struct ConnectionAttempt {
    /// Key.
    pub id: AttemptId,
    /// Who asked; for an automatic one the owner of the account.
    pub user_id: UserId,
    /// The store to log in again, or the one that came out of it.
    pub store_id: Option<StoreId>,
    /// How the account is named.
    pub kind: AccountKind,
    /// E-mail in lower case, or a number as `+77000000001`.
    pub login: String,
    /// The known account that is logged in again.
    pub account_id: Option<AccountId>,
    /// Begun by the program: nobody is there to answer.
    pub automatic: bool,
    /// Sealed password, until the attempt ends.
    pub password_sealed: Option<Vec<u8>>,
    /// Where it stands.
    pub state: AttemptState,
    /// Merchants to choose from: `domain::offer::Merchant` as JSON.
    pub merchants: Value,
    /// The chosen one.
    pub merchant_id: Option<String>,
    /// What a person answered, sealed, until the worker takes it.
    pub answer_sealed: Option<Vec<u8>>,
    /// Where a code was sent to, masked.
    pub sent_to: Option<String>,
    /// Answers that were wrong.
    pub wrong_answers: i32,
    /// A person asked for the code once more.
    pub resend_wanted: bool,
    /// No code is sent again before then.
    pub resend_at: Option<DateTime<Utc>>,
    /// The marketplace wants us to wait until then.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Given up after that.
    pub deadline_at: DateTime<Utc>,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Adds an attempt.
///
/// # Errors
/// `Duplicate(AttemptOpen)` while another attempt of the same account is open, whoever began it.
pub fn attempt_insert(conn: &mut PgConnection, attempt: &ConnectionAttempt) -> Result<(), StoreError> {
    diesel::insert_into(connection_attempts::table)
        .values(attempt)
        .execute(conn)?;
    Ok(())
}

/// An attempt of the tenant: a user sees his own.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: AttemptId,
) -> Result<Option<ConnectionAttempt>, StoreError> {
    let mut query = connection_attempts::table
        .filter(connection_attempts::id.eq(id))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(connection_attempts::user_id.eq(user));
    }
    Ok(query
        .select(ConnectionAttempt::as_select())
        .first(conn)
        .optional()?)
}

/// The open attempt of an account, whoever began it.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_open_of(
    conn: &mut PgConnection,
    kind: AccountKind,
    login: &str,
) -> Result<Option<ConnectionAttempt>, StoreError> {
    Ok(connection_attempts::table
        .filter(connection_attempts::kind.eq(kind))
        .filter(connection_attempts::login.eq(login))
        .filter(connection_attempts::finished_at.is_null())
        .select(ConnectionAttempt::as_select())
        .first(conn)
        .optional()?)
}

/// Until when the marketplace lets nobody log in to an account; `None`: it does not say so.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_blocked_until(
    conn: &mut PgConnection,
    kind: AccountKind,
    login: &str,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let newest: Option<DateTime<Utc>> = connection_attempts::table
        .filter(connection_attempts::kind.eq(kind))
        .filter(connection_attempts::login.eq(login))
        .filter(connection_attempts::blocked_until.gt(now))
        .select(diesel::dsl::max(connection_attempts::blocked_until))
        .first(conn)?;
    Ok(newest)
}

/// Takes a waiting attempt up, with a first sign of life. `false`: it does not wait any more.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_start(conn: &mut PgConnection, id: AttemptId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::Queued))
            .filter(connection_attempts::deadline_at.gt(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Running),
        connection_attempts::heartbeat_at.eq(database_now()),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// A worker's sign of life. `false`: the attempt has ended.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_beat(conn: &mut PgConnection, id: AttemptId) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::finished_at.is_null()),
    )
    .set(connection_attempts::heartbeat_at.eq(database_now()))
    .execute(conn)?;
    Ok(rows == 1)
}

/// What a running attempt waits for.
#[derive(Debug, Clone)]
pub struct AttemptWait {
    /// A state that waits for a person.
    pub state: AttemptState,
    /// Merchants to choose from.
    pub merchants: Value,
    /// Where a code was sent to, masked.
    pub sent_to: Option<String>,
    /// The last answer was wrong.
    pub wrong: bool,
    /// No code is sent again before then.
    pub resend_at: Option<DateTime<Utc>>,
    /// Given up after that.
    pub deadline_at: DateTime<Utc>,
}

/// Makes a running attempt wait for a person. `false`: it has ended meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_wait(
    conn: &mut PgConnection,
    id: AttemptId,
    wait: &AttemptWait,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::finished_at.is_null()),
    )
    .set((
        connection_attempts::state.eq(wait.state),
        connection_attempts::merchants.eq(&wait.merchants),
        connection_attempts::sent_to.eq(&wait.sent_to),
        connection_attempts::wrong_answers.eq(connection_attempts::wrong_answers + i32::from(wait.wrong)),
        connection_attempts::resend_at.eq(wait.resend_at),
        connection_attempts::resend_wanted.eq(false),
        connection_attempts::deadline_at.eq(wait.deadline_at),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Puts a person's sealed answer into a waiting attempt. `false`: it does not wait for one (any more).
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_answer(
    conn: &mut PgConnection,
    id: AttemptId,
    state: AttemptState,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(state))
            .filter(connection_attempts::deadline_at.gt(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Running),
        connection_attempts::answer_sealed.eq(sealed),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Puts the chosen merchant into a waiting attempt. `false`: nothing is to be chosen (any more).
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_choose(
    conn: &mut PgConnection,
    id: AttemptId,
    merchant_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::ChooseMerchant))
            .filter(connection_attempts::deadline_at.gt(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Running),
        connection_attempts::merchant_id.eq(merchant_id),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Asks for the code once more. `false`: it is too early, or no code is waited for.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_want_resend(
    conn: &mut PgConnection,
    id: AttemptId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let early = connection_attempts::resend_at
        .is_null()
        .or(connection_attempts::resend_at.le(now));
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq_any([AttemptState::SmsCode, AttemptState::MailCode]))
            .filter(early),
    )
    .set((
        connection_attempts::resend_wanted.eq(true),
        connection_attempts::state.eq(AttemptState::Running),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Wipes the answer that the worker has read.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_take_answer(conn: &mut PgConnection, id: AttemptId) -> Result<(), StoreError> {
    diesel::update(connection_attempts::table.find(id))
        .set((
            connection_attempts::answer_sealed.eq(None::<Vec<u8>>),
            connection_attempts::resend_wanted.eq(false),
        ))
        .execute(conn)?;
    Ok(())
}

/// What an attempt came to.
#[derive(Debug, Clone, Default)]
pub struct AttemptEnd {
    /// The store that came out of it.
    pub store_id: Option<StoreId>,
    /// The account that came out of it.
    pub account_id: Option<AccountId>,
    /// No login before then.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// Ends an open attempt and wipes its secrets. `false`: it has ended already.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_finish(
    conn: &mut PgConnection,
    id: AttemptId,
    state: AttemptState,
    end: &AttemptEnd,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::finished_at.is_null()),
    )
    .set((
        connection_attempts::state.eq(state),
        end.store_id.map(|store| connection_attempts::store_id.eq(store)),
        end.account_id
            .map(|account| connection_attempts::account_id.eq(account)),
        connection_attempts::blocked_until.eq(end.blocked_until),
        connection_attempts::password_sealed.eq(None::<Vec<u8>>),
        connection_attempts::answer_sealed.eq(None::<Vec<u8>>),
        connection_attempts::updated_at.eq(now),
        connection_attempts::finished_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// The open attempts whose deadline has passed, or whose worker has been silent for `silence_seconds` by the
/// database's clock.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_list_lost(
    conn: &mut PgConnection,
    silence_seconds: f64,
    now: DateTime<Utc>,
) -> Result<Vec<ConnectionAttempt>, StoreError> {
    let silent_since = diesel::dsl::sql::<Nullable<Timestamptz>>("now() - make_interval(secs => ")
        .bind::<diesel::sql_types::Double, _>(silence_seconds)
        .sql(")");
    Ok(connection_attempts::table
        .filter(connection_attempts::finished_at.is_null())
        .filter(
            connection_attempts::deadline_at
                .le(now)
                .or(connection_attempts::heartbeat_at
                    .lt(silent_since)
                    .assume_not_null()),
        )
        .select(ConnectionAttempt::as_select())
        .load(conn)?)
}

fn database_now() -> diesel::expression::SqlLiteral<Nullable<Timestamptz>> {
    diesel::dsl::sql::<Nullable<Timestamptz>>("now()")
}
