//! Which code serves which kind of job of the queue. A kind's word is never given to other work.

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::jobs::{self, JobError};
use crate::{
    app::connect_store::Stop,
    domain::{JobKind, JobRunId},
    services::Services,
};

/// Registers logins: they may wait for a person for minutes, so they have places of their own.
#[must_use]
pub fn define_logins(options: WorkerOptions, stop: Stop) -> WorkerOptions {
    options.define_job::<ConnectStore>().add_extension(stop)
}

/// Registers every other kind of job.
#[must_use]
pub fn define(options: WorkerOptions) -> WorkerOptions {
    options
        .define_job::<SyncStore>()
        .define_job::<SendAlert>()
        .define_job::<UploadPreorders>()
        .define_job::<TellArrived>()
        .define_job::<MakeReport>()
        .define_job::<ApplyImport>()
}

/// Logs a store in.
#[derive(Debug, Serialize, Deserialize)]
struct ConnectStore {
    run_id: JobRunId,
}

impl TaskHandler for ConnectStore {
    const IDENTIFIER: &'static str = JobKind::ConnectStore.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let (Some(services), Some(stop)) = (context.get_ext::<Services>(), context.get_ext::<Stop>()) else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::connect_store::run(services.clone(), self.run_id, stop.clone()),
        )
        .await
    }
}

/// Reads a store's catalogue.
#[derive(Debug, Serialize, Deserialize)]
struct SyncStore {
    run_id: JobRunId,
}

impl TaskHandler for SyncStore {
    const IDENTIFIER: &'static str = JobKind::SyncStore.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::sync_store::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Delivers an alert.
#[derive(Debug, Serialize, Deserialize)]
struct SendAlert {
    run_id: JobRunId,
}

impl TaskHandler for SendAlert {
    const IDENTIFIER: &'static str = JobKind::SendAlert.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::send_alert::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Uploads a store's preorders.
#[derive(Debug, Serialize, Deserialize)]
struct UploadPreorders {
    run_id: JobRunId,
}

impl TaskHandler for UploadPreorders {
    const IDENTIFIER: &'static str = JobKind::UploadPreorders.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::upload_preorders::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Tells that the goods of preorder orders are there.
#[derive(Debug, Serialize, Deserialize)]
struct TellArrived {
    run_id: JobRunId,
}

impl TaskHandler for TellArrived {
    const IDENTIFIER: &'static str = JobKind::TellArrived.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::tell_arrived::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Makes a report.
#[derive(Debug, Serialize, Deserialize)]
struct MakeReport {
    run_id: JobRunId,
}

impl TaskHandler for MakeReport {
    const IDENTIFIER: &'static str = JobKind::MakeReport.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::make_report::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Writes an import, or brings back what was there before.
#[derive(Debug, Serialize, Deserialize)]
struct ApplyImport {
    run_id: JobRunId,
}

impl TaskHandler for ApplyImport {
    const IDENTIFIER: &'static str = JobKind::ApplyImport.as_str();

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(services) = context.get_ext::<Services>() else {
            return Err(JobError::Retry("services").to_string());
        };
        answer(
            Self::IDENTIFIER,
            self.run_id,
            jobs::apply_import::run(services.clone(), self.run_id),
        )
        .await
    }
}

/// Does the work; each line of the log that belongs to it names kind, run and store. The queue repeats only what an
/// error asks to repeat; a failure that is final is written in the run.
async fn answer(
    kind: &'static str,
    run_id: JobRunId,
    work: impl Future<Output = Result<(), JobError>>,
) -> Result<(), String> {
    let span = tracing::info_span!("job", kind, run = %run_id, store = tracing::field::Empty);
    match work.instrument(span).await {
        Ok(()) | Err(JobError::Fail(_) | JobError::Postponed(_)) => Ok(()),
        Err(error @ JobError::Retry(_)) => Err(error.to_string()),
    }
}
