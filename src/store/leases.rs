//! The right to write for a store: one worker at a time has it, for a while, by the database's clock.

use std::time::Duration;

use diesel::{data_types::PgInterval, prelude::*, sql_types as sql};
use uuid::Uuid;

use super::{StoreError, planned::planned};
use crate::domain::StoreId;

/// Takes the right to write for a store for the time of `lease`, by the database's clock. `None`: another worker has
/// it. The epoch rises each time, also for the same owner: what was claimed under an earlier one belongs to a round
/// that is over.
///
/// # Errors
/// See [`StoreError`].
pub fn store_lease_acquire(
    conn: &mut PgConnection,
    store_id: StoreId,
    owner: Uuid,
    lease: Duration,
) -> Result<Option<i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Epoch {
        #[diesel(sql_type = sql::BigInt)]
        lease_epoch: i64,
    }
    let epoch = planned(
        "update stores set lease_owner = $2, lease_until = now() + $3, lease_epoch = lease_epoch + 1
         where id = $1 and (lease_owner = $2 or lease_until is null or lease_until < now())
         returning lease_epoch",
    )
    .bind::<sql::Uuid, _>(store_id.0)
    .bind::<sql::Uuid, _>(owner)
    .bind::<sql::Interval, _>(interval(lease))
    .get_result::<Epoch>(conn)
    .optional()?;
    Ok(epoch.map(|row| row.lease_epoch))
}

/// Renews the right to write that was taken with this epoch. `false`: it was lost.
///
/// # Errors
/// See [`StoreError`].
pub fn store_lease_renew(
    conn: &mut PgConnection,
    store_id: StoreId,
    lease_epoch: i64,
    lease: Duration,
) -> Result<bool, StoreError> {
    let renewed = planned(
        "update stores set lease_until = now() + $3
         where id = $1 and lease_epoch = $2 and lease_until >= now()",
    )
    .bind::<sql::Uuid, _>(store_id.0)
    .bind::<sql::BigInt, _>(lease_epoch)
    .bind::<sql::Interval, _>(interval(lease))
    .execute(conn)?;
    Ok(renewed == 1)
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// Gives the right to write that was taken with this epoch back, at the end of a round.
///
/// # Errors
/// See [`StoreError`].
pub fn store_lease_end(
    conn: &mut PgConnection,
    store_id: StoreId,
    lease_epoch: i64,
) -> Result<(), StoreError> {
    planned("update stores set lease_until = null, lease_owner = null where id = $1 and lease_epoch = $2")
        .bind::<sql::Uuid, _>(store_id.0)
        .bind::<sql::BigInt, _>(lease_epoch)
        .execute(conn)?;
    Ok(())
}

/// Gives every right to write back at once, at a graceful stop.
///
/// # Errors
/// See [`StoreError`].
pub fn store_lease_release(conn: &mut PgConnection, owner: Uuid) -> Result<(), StoreError> {
    planned("update stores set lease_until = null, lease_owner = null where lease_owner = $1")
        .bind::<sql::Uuid, _>(owner)
        .execute(conn)?;
    Ok(())
}
