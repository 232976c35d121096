//! Users as their list shows them: with second factor and number of stores.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{StoreError, users::User};
use crate::{
    domain::UserId,
    schema::{second_factors, sessions, store_access, stores, users},
};

/// Most users of a list.
const MOST: i64 = 1_000;

/// A user as a line of the list.
#[derive(Debug, Clone)]
pub struct UserLine {
    /// The user.
    pub user: User,
    /// A code of an app is asked of him at sign-in.
    pub second_factor: bool,
    /// Stores that are his or shared with him.
    pub stores: i64,
    /// His last request; `None`: no session of his is left.
    pub seen_at: Option<DateTime<Utc>>,
}

/// Users by e-mail; at most 1,000. `search`: a part of e-mail or name, in any case of letters; empty: all.
///
/// # Errors
/// See [`StoreError`].
pub fn user_lines(conn: &mut PgConnection, search: &str) -> Result<Vec<UserLine>, StoreError> {
    let mut query = users::table.into_boxed();
    for word in super::page::search_words(search) {
        query = query.filter(users::email.ilike(word.clone()).or(users::name.ilike(word)));
    }
    let found: Vec<User> = query
        .order(users::email)
        .limit(MOST)
        .select(User::as_select())
        .load(conn)?;
    let ids: Vec<UserId> = found.iter().map(|user| user.id).collect();
    let with_factor: HashSet<UserId> = second_factors::table
        .filter(second_factors::user_id.eq_any(&ids))
        .filter(second_factors::confirmed_at.is_not_null())
        .select(second_factors::user_id)
        .load(conn)?
        .into_iter()
        .collect();
    let mut count: HashMap<UserId, i64> = stores::table
        .filter(stores::owner_id.eq_any(&ids))
        .group_by(stores::owner_id)
        .select((stores::owner_id, diesel::dsl::count_star()))
        .load::<(UserId, i64)>(conn)?
        .into_iter()
        .collect();
    let shared: Vec<(UserId, i64)> = store_access::table
        .filter(store_access::user_id.eq_any(&ids))
        .group_by(store_access::user_id)
        .select((store_access::user_id, diesel::dsl::count_star()))
        .load(conn)?;
    for (user, stores) in shared {
        *count.entry(user).or_default() += stores;
    }
    let seen = users_seen(conn, &ids)?;
    Ok(found
        .into_iter()
        .map(|user| UserLine {
            seen_at: seen.get(&user.id).copied(),
            second_factor: with_factor.contains(&user.id),
            stores: count.get(&user.id).copied().unwrap_or_default(),
            user,
        })
        .collect())
}

/// The last request of each of these users, by the sessions that are left.
///
/// # Errors
/// See [`StoreError`].
pub fn users_seen(
    conn: &mut PgConnection,
    ids: &[UserId],
) -> Result<HashMap<UserId, DateTime<Utc>>, StoreError> {
    let seen: Vec<(Option<UserId>, Option<DateTime<Utc>>)> = sessions::table
        .filter(sessions::user_id.eq_any(ids))
        .group_by(sessions::user_id)
        .select((sessions::user_id, diesel::dsl::max(sessions::last_seen_at)))
        .load(conn)?;
    Ok(seen
        .into_iter()
        .filter_map(|(user, at)| Some((user?, at?)))
        .collect())
}
