//! Filters and choices that several models share.

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use diesel::prelude::*;
use uuid::Uuid;

use super::framework::{Choices, FOUND_MAX, Label, Lookup, Model, Relation};
use crate::{
    domain::{ProductId, StoreId, Tenant, UserId, city::CITIES},
    schema::users,
    store::{
        StoreError,
        page::search_words,
        products::product_fetch,
        search::{FoundProduct, FoundStore, search_products, search_stores},
        stores::store_fetch,
        users::user_fetch,
    },
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
        lookup: STORES,
        apply,
    }
}

/// What stands between the parts of a name: none of them alone tells rows apart.
const DOT: &str = " \u{b7} ";

/// Stores by a few letters of their name or merchant id; they are called by both.
pub const STORES: Lookup = Lookup {
    find: |conn, text| {
        let found = search_stores(conn, Tenant::All, &text.replace(DOT, " "), FOUND_MAX)?;
        let named = |store: FoundStore| (store.id.0, format!("{}{DOT}{}", store.name, store.merchant_id));
        Ok(found.into_iter().map(named).collect())
    },
    name_of: |conn, id| {
        let store = store_fetch(conn, Tenant::All, StoreId(id))?;
        Ok(store.map(|store| format!("{}{DOT}{}", store.name, store.merchant_id)))
    },
};

/// Products by words of their name, article or card; they are called by name, offer and store.
pub const PRODUCTS: Lookup = Lookup {
    find: |conn, text| {
        let most = usize::try_from(FOUND_MAX).unwrap_or(usize::MAX);
        let called = |product: FoundProduct| {
            let name = product_called(&product.name, &product.kaspi_product_id, &product.store_name);
            (product.id.0, name)
        };
        let find = |conn: &mut PgConnection, text: &str| {
            let found = search_products(conn, Tenant::All, text, most)?;
            Ok::<Vec<_>, StoreError>(found.into_iter().map(called).collect())
        };
        // What was chosen comes back as it is called: the offer in it finds the product.
        if let Some((name, _)) = text.rsplit_once(DOT)
            && let Some((_, offer)) = name.rsplit_once(DOT)
        {
            let mut found = find(conn, offer)?;
            found.retain(|(_, name)| name == text);
            return Ok(found);
        }
        find(conn, text)
    },
    name_of: |conn, id| {
        let row = product_fetch(conn, Tenant::All, ProductId(id))?;
        Ok(row.map(|row| product_called(&row.product.name, &row.product.kaspi_product_id, &row.store_name)))
    },
};

fn product_called(name: &str, offer: &str, store: &str) -> String {
    format!("{name}{DOT}{offer}{DOT}{store}")
}

/// People by a few letters of their e-mail or name; they are called by the e-mail.
pub const PEOPLE: Lookup = Lookup {
    find: |conn, text| {
        let mut query = users::table.into_boxed();
        for word in search_words(text) {
            query = query.filter(users::email.ilike(word.clone()).or(users::name.ilike(word)));
        }
        let rows: Vec<(UserId, String)> = query
            .order((users::email, users::id))
            .limit(FOUND_MAX)
            .select((users::id, users::email))
            .load(conn)?;
        Ok(rows.into_iter().map(|(id, email)| (id.0, email)).collect())
    },
    name_of: |conn, id| Ok(user_fetch(conn, UserId(id))?.map(|user| user.email)),
};

/// Known cities.
pub const ALL_CITIES: Choices = Choices::Fixed(|| {
    let city = |(id, name): &(&str, &str)| ((*id).to_owned(), Label::Words((*name).to_owned()));
    CITIES.iter().map(city).collect()
});
