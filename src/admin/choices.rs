//! Filters and choices that several models share.

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use diesel::prelude::*;
use uuid::Uuid;

use super::framework::{Choices, FOUND_MAX, Label, Model, Relation};
use crate::{
    domain::{StoreId, city::CITIES},
    schema::stores,
    store::{StoreError, page::search_words},
};

/// Yes and no.
pub const YES_NO: Choices = Choices::Fixed(|| {
    let key = |word: &str| (word.to_owned(), Label::Key(format!("admin-{word}")));
    vec![key("yes"), key("no")]
});

/// The truth of a word of [`YES_NO`].
#[must_use]
pub fn yes_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Words of an enum, labelled by the texts `admin-word-…`.
#[must_use]
pub fn words(words: impl Iterator<Item = &'static str>) -> Vec<(String, Label)> {
    words
        .map(|word| (word.to_owned(), Label::Key(word_key(word))))
        .collect()
}

/// Words of an enum, labelled by the texts that begin with `prefix`.
#[must_use]
pub fn keyed(prefix: &str, words: impl Iterator<Item = &'static str>) -> Vec<(String, Label)> {
    words
        .map(|word| (word.to_owned(), Label::Key(format!("{prefix}-{word}"))))
        .collect()
}

/// Key of the text of an enum's word.
#[must_use]
pub fn word_key(word: &str) -> String {
    format!("admin-word-{}", word.replace('_', "-"))
}

/// Stretches of time that end now.
pub const PERIODS: Choices = Choices::Fixed(|| {
    let key = |word: &str| (word.to_owned(), Label::Key(format!("admin-period-{word}")));
    ["today", "week", "month"].into_iter().map(key).collect()
});

/// Where a stretch of [`PERIODS`] begins; days begin in Almaty.
#[must_use]
pub fn period_start(word: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let days = match word {
        "today" => 0,
        "week" => 6,
        "month" => 29,
        _ => return None,
    };
    let today = now.with_timezone(&Almaty).date_naive();
    let first = today.checked_sub_signed(TimeDelta::days(days))?;
    let midnight = Almaty
        .from_local_datetime(&first.and_time(NaiveTime::MIN))
        .earliest()?;
    Some(midnight.with_timezone(&Utc))
}

/// The filter by a store, found by typing.
#[must_use]
pub fn of_store<M: Model>(apply: fn(M::Query, Uuid) -> M::Query) -> Relation<M> {
    Relation {
        name: "store",
        find: find_stores,
        name_of: store_name,
        apply,
    }
}

/// Stores by a few letters of their name or merchant id; they are called by both, so that none is taken for another.
fn find_stores(conn: &mut PgConnection, text: &str) -> Result<Vec<(Uuid, String)>, StoreError> {
    let mut query = stores::table.into_boxed();
    for word in search_words(&text.replace('\u{b7}', " ")) {
        query = query.filter(
            stores::name
                .ilike(word.clone())
                .or(stores::merchant_id.ilike(word)),
        );
    }
    let rows: Vec<(StoreId, String, String)> = query
        .order((stores::name, stores::id))
        .limit(FOUND_MAX)
        .select((stores::id, stores::name, stores::merchant_id))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, merchant)| (id.0, called(&name, &merchant)))
        .collect())
}

/// What a store is called where it is chosen.
fn store_name(conn: &mut PgConnection, id: Uuid) -> Result<Option<String>, StoreError> {
    let row: Option<(String, String)> = stores::table
        .find(StoreId(id))
        .select((stores::name, stores::merchant_id))
        .first(conn)
        .optional()?;
    Ok(row.map(|(name, merchant)| called(&name, &merchant)))
}

fn called(name: &str, merchant: &str) -> String {
    format!("{name} \u{b7} {merchant}")
}

/// Known cities.
pub const ALL_CITIES: Choices = Choices::Fixed(|| {
    let city = |(id, name): &(&str, &str)| ((*id).to_owned(), Label::Words((*name).to_owned()));
    CITIES.iter().map(city).collect()
});
