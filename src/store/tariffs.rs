//! Dated tariffs: what the marketplace and the state take from a sale.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{
        TariffId, TariffKind,
        percent::Percent,
        tariffs::{DeliveryTable, Rate, Tariff, Tariffs},
    },
    schema::tariffs,
};

/// A tariff as it is kept.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = tariffs, check_for_backend(Pg))]
pub struct TariffRow {
    /// Key.
    pub id: TariffId,
    /// What it is about.
    pub kind: TariffKind,
    /// Which one of its kind.
    pub name: String,
    /// First day, in Almaty.
    pub valid_from: NaiveDate,
    /// Share in millionths of a percent; `None` for deliveries.
    pub percent_millionths: Option<i64>,
    /// Fees by price and weight; `None` for shares.
    pub delivery: Option<Value>,
    /// Raised by each change.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

impl TariffRow {
    /// A new row.
    #[must_use]
    pub fn new(tariff: &Tariff, now: DateTime<Utc>) -> Self {
        let (percent_millionths, delivery) = columns(&tariff.rate);
        Self {
            id: TariffId::new(),
            kind: tariff.kind,
            name: tariff.name.clone(),
            valid_from: tariff.valid_from,
            percent_millionths,
            delivery,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What the row says. One that cannot be read is an error, never passed over: an older one would count in
    /// its place.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn tariff(&self) -> Result<Tariff, StoreError> {
        let rate = match (&self.delivery, self.percent_millionths) {
            (Some(table), _) => Rate::Fees(
                serde_json::from_value::<DeliveryTable>(table.clone())
                    .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?,
            ),
            (None, millionths) => Rate::Share(Percent::from_millionths(millionths.unwrap_or_default())),
        };
        Ok(Tariff {
            kind: self.kind,
            name: self.name.clone(),
            valid_from: self.valid_from,
            rate,
        })
    }
}

fn columns(rate: &Rate) -> (Option<i64>, Option<Value>) {
    match rate {
        Rate::Share(share) => (Some(share.to_millionths()), None),
        Rate::Fees(table) => (None, Some(serde_json::json!(table))),
    }
}

/// All tariffs by kind, name and day, the newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn tariff_list(conn: &mut PgConnection) -> Result<Vec<TariffRow>, StoreError> {
    Ok(tariffs::table
        .order((tariffs::kind, tariffs::name, tariffs::valid_from.desc()))
        .select(TariffRow::as_select())
        .load(conn)?)
}

/// All tariffs, to count with.
///
/// # Errors
/// See [`StoreError`].
pub fn tariffs_load(conn: &mut PgConnection) -> Result<Tariffs, StoreError> {
    let rows = tariff_list(conn)?;
    Ok(Tariffs(
        rows.iter().map(TariffRow::tariff).collect::<Result<_, _>>()?,
    ))
}

/// A tariff by its key.
///
/// # Errors
/// See [`StoreError`].
pub fn tariff_fetch(conn: &mut PgConnection, id: TariffId) -> Result<Option<TariffRow>, StoreError> {
    Ok(tariffs::table
        .find(id)
        .select(TariffRow::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a tariff.
///
/// # Errors
/// `Duplicate(Tariff)` when one of this kind and name begins on that day already.
pub fn tariff_insert(conn: &mut PgConnection, row: &TariffRow) -> Result<(), StoreError> {
    diesel::insert_into(tariffs::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes day and rate of a tariff that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile; `Duplicate(Tariff)`.
pub fn tariff_update(
    conn: &mut PgConnection,
    (id, version): (TariffId, i32),
    (valid_from, rate): (NaiveDate, &Rate),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (percent_millionths, delivery) = columns(rate);
    let rows = diesel::update(tariffs::table.find(id).filter(tariffs::version.eq(version)))
        .set((
            tariffs::valid_from.eq(valid_from),
            tariffs::percent_millionths.eq(percent_millionths),
            tariffs::delivery.eq(delivery),
            tariffs::version.eq(version + 1),
            tariffs::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a tariff that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn tariff_delete(conn: &mut PgConnection, (id, version): (TariffId, i32)) -> Result<(), StoreError> {
    let rows = diesel::delete(tariffs::table.find(id).filter(tariffs::version.eq(version))).execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
