//! The job that tells the marketplace that the goods of preorder orders are there.

use super::{JobError, give_up, take_up};
use crate::{app::preorder_orders, domain::JobRunId, services::Services};

/// Tells of every order of the run's store of which a person said so.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    let Some((run, actor)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    let Some(store_id) = run.store_id else {
        return give_up(&services, run_id, "store_missing").await;
    };
    Ok(preorder_orders::tell_arrived(&services, &actor, store_id, run_id).await?)
}
