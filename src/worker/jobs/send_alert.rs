//! The job that delivers an alert through one channel.

use super::{JobError, take_up};
use crate::{
    app::alerts::channels::{deliver, delivery_of},
    domain::JobRunId,
    services::Services,
    web::texts::alerts::message_of,
};

/// Delivers an alert and writes down what came of it.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    if take_up(&services, run_id).await?.is_none() {
        return Ok(());
    }
    let delivery = delivery_of(&services, run_id).await?;
    let address = &services.config.http.public_url;
    let message = delivery.as_ref().map(|delivery| {
        message_of(
            &delivery.alert,
            delivery.store_name.as_deref(),
            &delivery.channel.language,
            address,
        )
    });
    let parts = delivery
        .as_ref()
        .map(|delivery| &delivery.channel)
        .zip(message.as_ref());
    match deliver(&services, run_id, parts).await? {
        Ok(()) => Ok(()),
        // The run says whether it is tried again.
        Err(code) => Err(JobError::Postponed(code)),
    }
}
