//! Do buyers see what was uploaded? The public offers of a card are read until our own shows the days that the file
//! said, or a day has passed.

use chrono::TimeDelta;

use crate::{
    services::Services,
    store::{
        StoreError,
        preorder_uploads::{DueLine, preorder_upload_line_looked, preorder_upload_lines_due},
    },
};

/// Lines looked for in one round; they go through the same limits as all reading.
const PER_ROUND: i64 = 8;
/// A worker that takes a line and dies leaves it to the others after this time.
const CLAIM: TimeDelta = TimeDelta::minutes(3);
/// A preorder that buyers have not seen after this time is not looked for any more.
const LOOKED_FOR: TimeDelta = TimeDelta::hours(24);

/// Looks for uploaded preorders whose look is due. `true`: there may be more.
///
/// # Errors
/// See [`StoreError`].
pub async fn look_for_preorders(services: &Services) -> Result<bool, StoreError> {
    let now = services.now();
    let due = services
        .db
        .tx(move |conn| preorder_upload_lines_due(conn, PER_ROUND, now + CLAIM, now))
        .await?;
    let more = i64::try_from(due.len()).is_ok_and(|count| count >= PER_ROUND);
    for line in due {
        let seen = is_seen(services, &line).await;
        let now = services.now();
        let age = now - line.applied_at;
        let next = (!seen && line.card_id.is_some() && age < LOOKED_FOR).then(|| now + pause(age));
        let place = (line.upload_id, line.line);
        services
            .db
            .tx(move |conn| preorder_upload_line_looked(conn, place, seen.then_some(now), next))
            .await?;
    }
    Ok(more)
}

/// Soon after the upload often, later seldom.
fn pause(age: TimeDelta) -> TimeDelta {
    (age / 2).clamp(TimeDelta::minutes(2), TimeDelta::hours(1))
}

/// Does our offer show the days of the file? A card that cannot be read shows nothing.
async fn is_seen(services: &Services, line: &DueLine) -> bool {
    let Some(card) = line.card_id.as_deref() else {
        return false;
    };
    match services.kaspi.market_offers(card, &line.city_id).await {
        Ok(market) => market
            .offers
            .iter()
            .any(|offer| offer.merchant_id == line.merchant_id && offer.preorder_days == line.delivery_days),
        Err(error) => {
            tracing::warn!(%error, "an uploaded preorder could not be looked for");
            false
        }
    }
}
