//! The job that makes a report.

use std::sync::Arc;

use super::{JobError, take_up};
use crate::{
    app::reports::{
        Words,
        make::{MakeError, make_report, report_failed, report_of},
    },
    domain::{JobKind, JobRunId},
    queue::enqueue::max_attempts,
    services::Services,
    telemetry::chain,
    web::texts::{Language, Texts},
};

/// The panel's texts as words of a report.
struct InLanguage(Texts);

impl Words for InLanguage {
    fn word(&self, key: &str) -> String {
        self.0.get(key)
    }

    fn has(&self, key: &str) -> bool {
        self.0.has(key)
    }
}

/// Makes a report in the language of its owner.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    let Some((run, _)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    // Every try before this one ended with its worker or its database.
    if run.attempts > max_attempts(JobKind::MakeReport) {
        return give_up(&services, run_id, "worker_lost").await;
    }
    // Somebody who may not sign in any more gets nothing either.
    let Some((report, user)) = report_of(&services, run_id)
        .await?
        .filter(|(_, user)| user.active)
    else {
        return give_up(&services, run_id, "not_found").await;
    };
    let language = Language::parse(&user.language).unwrap_or_default();
    let words = Arc::new(InLanguage(Texts::new(language)));
    match make_report(&services, run_id, (report, user), words).await {
        Ok(()) | Err(MakeError::Unwanted) => Ok(()),
        Err(MakeError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(error = %chain(&error), "a report was not made");
            give_up(&services, run_id, error.code()).await
        }
    }
}

async fn give_up(services: &Services, run_id: JobRunId, code: &'static str) -> Result<(), JobError> {
    report_failed(services, run_id, code).await?;
    Err(JobError::Fail(code))
}
