//! What a snapshot may prove (pricing rules, evidence gate): fresh enough, complete, and alone or not. A
//! partial list may lower a price, never raise it.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    View,
    competitors::Seen,
    decision::{End, Trail},
    input::Market,
    reasons::{Code, params},
};

/// Snapshots in a row that must show us alone before a price rises for it.
const ALONE_SNAPSHOTS: i64 = 3;

/// Is the reading older than allowed, or more than five seconds from the future? Compared as instants.
pub(super) fn is_stale(now: DateTime<Utc>, taken_at: DateTime<Utc>, max_age_seconds: i64) -> bool {
    let age = now.signed_duration_since(taken_at);
    let longest = TimeDelta::try_seconds(max_age_seconds).unwrap_or(TimeDelta::MAX);
    age < TimeDelta::seconds(-5) || age > longest
}

/// All pages were read, and as many offers are there as the marketplace counts.
pub(super) fn is_complete(market: &Market) -> bool {
    market.complete && i64::try_from(market.offers.len()).is_ok_and(|count| count >= market.total)
}

/// What every strategy needs that reads offers.
pub(super) fn gate<'v, 'a>(view: &'v View<'a>, trail: &mut Trail) -> Result<&'v Seen<'a>, End> {
    match &view.seen {
        Some(seen) if seen.stale => {
            let taken_at = view.input.market.as_ref().map(|market| market.taken_at);
            Err(trail.hold(Code::STALE_MARKET, params!["taken_at" => taken_at]))
        }
        Some(seen) if seen.usable => Ok(seen),
        _ => Err(trail.hold(Code::NO_EVIDENCE, params![])),
    }
}

/// Holds unless this snapshot and those before it prove that nobody else sells the card.
pub(super) fn proven_alone(view: &View<'_>, seen: &Seen<'_>, trail: &mut Trail) -> Result<(), End> {
    let streak = view.input.product.alone_streak;
    if !seen.complete {
        Err(trail.hold(Code::INCOMPLETE_MARKET, params![]))
    } else if !seen.own_present {
        Err(trail.hold(Code::OWN_OFFER_ABSENT, params![]))
    } else if !seen.alone() || streak + 1 < ALONE_SNAPSHOTS {
        Err(trail.hold(
            Code::ALONE_UNPROVEN,
            params!["streak" => streak, "needed" => ALONE_SNAPSHOTS],
        ))
    } else {
        Ok(())
    }
}
