//! Where alerts are delivered to.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{AlertChannel, AlertChannelId, AlertKind},
    schema::alert_channels,
};

/// A channel as it is set up.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = alert_channels, check_for_backend(Pg))]
pub struct ChannelRow {
    /// Key.
    pub id: AlertChannelId,
    /// Which one.
    pub channel: AlertChannel,
    /// Delivers.
    pub enabled: bool,
    /// Language of the messages.
    pub language: String,
    /// Addresses and names; no secrets.
    pub settings: Value,
    /// Bot token, password or key of the signature.
    pub secret_sealed: Option<Vec<u8>>,
    /// When that was set.
    pub secret_set_at: Option<DateTime<Utc>>,
    /// Words of the kinds that are delivered.
    pub kinds: Value,
    /// Raised by each change.
    pub version: i32,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

impl ChannelRow {
    /// Does it deliver alerts of this kind?
    #[must_use]
    pub fn delivers(&self, kind: AlertKind) -> bool {
        let mut kinds = self.kinds.as_array().into_iter().flatten();
        self.enabled && kinds.any(|word| word == kind.as_str())
    }
}

/// The channels that were set up.
///
/// # Errors
/// See [`StoreError`].
pub fn channel_list(conn: &mut PgConnection) -> Result<Vec<ChannelRow>, StoreError> {
    Ok(alert_channels::table
        .order(alert_channels::channel)
        .select(ChannelRow::as_select())
        .load(conn)?)
}

/// A channel, where it was set up.
///
/// # Errors
/// See [`StoreError`].
pub fn channel_fetch(
    conn: &mut PgConnection,
    channel: AlertChannel,
) -> Result<Option<ChannelRow>, StoreError> {
    Ok(alert_channels::table
        .filter(alert_channels::channel.eq(channel))
        .select(ChannelRow::as_select())
        .first(conn)
        .optional()?)
}

/// Sets a channel up, in place of what was set with the version before this row's.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn channel_save(conn: &mut PgConnection, row: &ChannelRow) -> Result<(), StoreError> {
    let rows = if row.version == 1 {
        diesel::insert_into(alert_channels::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?
    } else {
        diesel::update(
            alert_channels::table
                .find(row.id)
                .filter(alert_channels::version.eq(row.version - 1)),
        )
        .set((
            alert_channels::enabled.eq(row.enabled),
            alert_channels::language.eq(&row.language),
            alert_channels::settings.eq(&row.settings),
            alert_channels::secret_sealed.eq(&row.secret_sealed),
            alert_channels::secret_set_at.eq(row.secret_set_at),
            alert_channels::kinds.eq(&row.kinds),
            alert_channels::version.eq(row.version),
            alert_channels::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?
    };
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
