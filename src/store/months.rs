//! Tables that grow with time stand in partitions, one a month. The run-time role changes no table; two functions of
//! the owner let it make the partition of a month and drop those that are old.

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types};

use super::StoreError;

/// A table in months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monthly {
    /// Changes of our products' prices.
    PriceChanges,
    /// Offers of others that look otherwise by now, or are gone.
    PastMarketOffers,
}

impl Monthly {
    const fn table(self) -> &'static str {
        match self {
            Self::PriceChanges => "price_changes",
            Self::PastMarketOffers => "past_market_offers",
        }
    }
}

/// Makes the partition of the month that a day belongs to, where there is none yet.
///
/// # Errors
/// See [`StoreError`].
pub fn month_make(conn: &mut PgConnection, table: Monthly, day: NaiveDate) -> Result<(), StoreError> {
    diesel::sql_query("select make_month($1, $2)")
        .bind::<sql_types::Text, _>(table.table())
        .bind::<sql_types::Date, _>(day)
        .execute(conn)?;
    Ok(())
}

/// Drops the partitions that ended before a day. Returns how many.
///
/// # Errors
/// See [`StoreError`]; the database refuses days of the last week.
pub fn months_drop(conn: &mut PgConnection, table: Monthly, before: NaiveDate) -> Result<i32, StoreError> {
    #[derive(QueryableByName)]
    struct Dropped {
        #[diesel(sql_type = sql_types::Integer)]
        dropped: i32,
    }
    let row: Dropped = diesel::sql_query("select drop_months($1, $2) as dropped")
        .bind::<sql_types::Text, _>(table.table())
        .bind::<sql_types::Date, _>(before)
        .get_result(conn)?;
    Ok(row.dropped)
}
