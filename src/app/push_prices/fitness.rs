//! Is this program fit to write prices? Not with a clock that disagrees with the database's, and not where a newer
//! program has already written under other rules.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    BUILD_ID,
    app::alerts::{self, NewAlert},
    domain::AlertKind,
    last_gate::PROTOCOL,
    services::Services,
    store::{
        StoreError,
        brakes::{push_protocol_and_time, push_protocol_announce},
    },
};

/// Clocks that disagree by more: leases, lives and ages would be judged wrongly.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(5);

/// Tells the other programs of the fleet which push protocol this one speaks; older ones send nothing from now on.
///
/// # Errors
/// See [`StoreError`].
pub async fn announce_protocol(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    let newest = services
        .db
        .tx(move |conn| push_protocol_announce(conn, PROTOCOL, now))
        .await?;
    if newest > PROTOCOL {
        tracing::error!(
            newest,
            ours = PROTOCOL,
            "this program is too old to send prices: a newer one has run"
        );
        tell_of_old_program(services).await?;
    }
    Ok(())
}

/// Tells people once of this process, which sends nothing any more: it has to be replaced.
async fn tell_of_old_program(services: &Services) -> Result<(), StoreError> {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.load(Ordering::Relaxed) {
        return Ok(());
    }
    let now = services.now();
    let alert = NewAlert {
        kind: AlertKind::NeedsPerson,
        store_id: None,
        product_id: None,
        data: json!({ "product": format!("kaspi-panel {BUILD_ID}"), "reason": "program_too_old" }),
        times: 1,
    };
    services
        .db
        .tx(move |conn| alerts::raise(conn, &alert, now))
        .await?;
    TOLD.store(true, Ordering::Relaxed);
    Ok(())
}

/// May this program write prices now? Says in the log why not.
pub(super) async fn is_fit(services: &Services) -> Result<bool, StoreError> {
    let (newest, theirs) = services.db.read(push_protocol_and_time).await?;
    let apart = (services.clock.machine() - theirs).abs();
    if apart > CLOCKS_APART {
        tracing::error!(
            seconds = apart.num_seconds(),
            "the clocks of this machine and of the database disagree: no prices are sent"
        );
        return Ok(false);
    }
    if newest > PROTOCOL {
        tracing::error!(newest, ours = PROTOCOL, "this program is too old to send prices");
        tell_of_old_program(services).await?;
        return Ok(false);
    }
    Ok(true)
}
