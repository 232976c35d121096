//! Filters and choices that several models share.

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use diesel::PgConnection;

use super::framework::{Choices, Label};
use crate::{
    domain::{Tenant, city::CITIES},
    store::{StoreError, stores::store_list},
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

/// All stores by name.
pub const STORES: Choices = Choices::Loaded(stores);

fn stores(conn: &mut PgConnection) -> Result<Vec<(String, Label)>, StoreError> {
    let list = store_list(conn, Tenant::All)?;
    Ok(list
        .into_iter()
        .map(|store| (store.id.to_string(), Label::Words(store.name)))
        .collect())
}

/// Known cities.
pub const ALL_CITIES: Choices = Choices::Fixed(|| {
    let city = |(id, name): &(&str, &str)| ((*id).to_owned(), Label::Words((*name).to_owned()));
    CITIES.iter().map(city).collect()
});
