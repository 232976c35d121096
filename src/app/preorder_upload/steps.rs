//! One upload, step by step. Each step is written down before the next begins, so that a worker that dies leaves a row
//! that tells what to do: a file that may have left is looked for, and sent again only when the marketplace shows that
//! it was not taken.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::audit_end;
use crate::{
    app::cabinet_session::{Renewal, SessionError, renew_session, session_of},
    domain::{Actor, JobRunId, ListFormat, StoreId, Tenant, UploadState},
    fail_points,
    kaspi::{
        CabinetSession, KaspiError,
        price_list::{FileReport, FileState, PriceListFormat, Upload},
    },
    queue::runs::{job_run_fail, job_run_succeed},
    services::Services,
    store::{
        StoreError,
        preorder_uploads::{
            PreorderUpload, UploadStep, preorder_upload_advance, preorder_upload_file,
            preorder_upload_look_from, preorder_upload_of_run, preorder_upload_problem, preorder_upload_send,
        },
        stores::{Store, store_fetch},
    },
};

/// The file's status is asked for so often.
const ASK_EVERY: Duration = Duration::from_secs(15);
/// Pause before an unclear answer, or a session that is being renewed, is looked at again.
const SOON: Duration = Duration::from_secs(10);
/// Neither waiting for one's turn nor for the end goes on longer than this.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(1);
/// A file that was sent and is not shown after this time was not taken.
const SHOWN_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// A file is not sent more often.
const SENDS_MAX: i32 = 3;
/// What buyers see follows after a while.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(2);

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadGoesOn {
    /// Nothing: the run is over.
    Over,
    /// The job goes on after a pause, because of the reason with this code.
    Later(Duration, &'static str),
}

/// Takes as many steps of a run's upload as can be taken now; called by its job.
///
/// # Errors
/// The database failed; the next try goes on from what is written down.
pub async fn continue_upload(
    services: &Services,
    actor: &Actor,
    run_id: JobRunId,
) -> Result<UploadGoesOn, StoreError> {
    loop {
        let upload = services
            .db
            .read(move |conn| preorder_upload_of_run(conn, run_id))
            .await?;
        let Some(upload) = upload.filter(|upload| !upload.state.is_final()) else {
            return Ok(UploadGoesOn::Over);
        };
        let at_work = Steps {
            services,
            actor,
            upload: &upload,
        };
        let ways = match at_work.cabinet().await? {
            Ok(cabinet) => at_work.step(&cabinet).await,
            Err(code) => Err(Trouble::Wait(SOON, code)),
        };
        match ways {
            Ok(()) => {}
            Err(Trouble::Wait(pause, code)) if at_work.has_time() => {
                return Ok(UploadGoesOn::Later(pause, code));
            }
            Err(Trouble::Wait(_, code)) => at_work.give_up(code).await?,
            Err(Trouble::End(code, detail)) => at_work.fail(code, detail).await?,
            Err(Trouble::Store(error)) => return Err(error),
        }
    }
}

/// What is in the way of a step.
enum Trouble {
    /// Later again.
    Wait(Duration, &'static str),
    /// Nothing more to be done; what the marketplace said.
    End(&'static str, Option<String>),
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Nothing was changed at the marketplace by what failed.
fn harmless(error: KaspiError) -> Trouble {
    match error {
        KaspiError::Rejected { message, .. } => Trouble::End("file_refused", Some(message)),
        KaspiError::RateLimited { after } => Trouble::Wait(after.unwrap_or(SOON).max(SOON), "rate_limited"),
        KaspiError::Paused { wait } => Trouble::Wait(wait.max(SOON), "rate_limited"),
        other => Trouble::Wait(SOON, other.code()),
    }
}

struct Cabinet {
    store: Store,
    session: CabinetSession,
}

struct Steps<'a> {
    services: &'a Services,
    actor: &'a Actor,
    upload: &'a PreorderUpload,
}

impl Steps<'_> {
    /// The store and its session, or the code of what is in the way.
    async fn cabinet(&self) -> Result<Result<Cabinet, &'static str>, StoreError> {
        let id = self.upload.store_id;
        let store = self
            .services
            .db
            .read(move |conn| store_fetch(conn, Tenant::All, id))
            .await?;
        let Some(store) = store else {
            return Ok(Err("store_missing"));
        };
        match session_of(self.services, id).await {
            Ok(session) => Ok(Ok(Cabinet { store, session })),
            Err(SessionError::Store(error)) => Err(error),
            Err(SessionError::Renewing) => Ok(Err("session_renewing")),
            Err(SessionError::NeedsLogin) => Ok(Err("session_expired")),
        }
    }

    async fn step(&self, cabinet: &Cabinet) -> Result<(), Trouble> {
        match self.upload.state {
            UploadState::Waiting => self.send(cabinet).await,
            UploadState::Sending => self.was_it_taken(cabinet).await,
            _ => self.ask(cabinet).await,
        }
    }

    /// Sends the file when the shop has no other one under way.
    async fn send(&self, cabinet: &Cabinet) -> Result<(), Trouble> {
        let (services, id) = (self.services, self.upload.id);
        if self.upload.sends >= SENDS_MAX {
            return Err(Trouble::End("file_not_taken", None));
        }
        let last = self.last_file(cabinet).await?;
        if last
            .as_ref()
            .is_some_and(|(_, report)| report.state == FileState::Waiting)
        {
            return Err(Trouble::Wait(ASK_EVERY, "file_unfinished"));
        }
        let (previous, now) = (last.map(|(file_id, _)| file_id), services.now());
        let file = services
            .db
            .tx(move |conn| {
                preorder_upload_send(conn, id, previous.as_deref(), now)?;
                preorder_upload_file(conn, id)
            })
            .await?;
        fail_points::pass(fail_points::UPLOAD_NOTED);
        let sent = PreorderUpload {
            state: UploadState::Sending,
            ..self.upload.clone()
        };
        let answer = services
            .kaspi
            .upload_price_list(
                &cabinet.session,
                &cabinet.store.merchant_id,
                match self.upload.format {
                    ListFormat::Xlsx => PriceListFormat::Xlsx,
                    ListFormat::Xml => PriceListFormat::Xml,
                },
                &self.upload.file_name,
                file,
            )
            .await;
        fail_points::pass(fail_points::UPLOAD_ANSWERED);
        match answer {
            Ok(Upload::Queued { file_id }) => self.taken(&sent, file_id).await,
            Ok(Upload::Unfinished) => {
                self.back_to_waiting(&sent).await?;
                Err(Trouble::Wait(ASK_EVERY, "file_unfinished"))
            }
            Err(KaspiError::SessionExpired) => {
                self.back_to_waiting(&sent).await?;
                self.renew(cabinet.store.id).await
            }
            // Whether it was taken is not known: the next step looks.
            Err(
                error @ (KaspiError::Unavailable(_)
                | KaspiError::Malformed { .. }
                | KaspiError::Blocked
                | KaspiError::TokenRefused),
            ) => Err(Trouble::Wait(SOON, error.code())),
            Err(error @ KaspiError::Rejected { .. }) => Err(harmless(error)),
            Err(error @ (KaspiError::RateLimited { .. } | KaspiError::Paused { .. })) => {
                self.back_to_waiting(&sent).await?;
                Err(harmless(error))
            }
        }
    }

    /// Was the file taken that left some time ago? The shop's newest file tells: one file of a shop is worked on at a
    /// time, so that one which was not there before is ours.
    async fn was_it_taken(&self, cabinet: &Cabinet) -> Result<(), Trouble> {
        let last = self.last_file(cabinet).await?.map(|(file_id, _)| file_id);
        match last {
            Some(file_id) if Some(&file_id) != self.upload.previous_file_id.as_ref() => {
                self.taken(self.upload, file_id).await
            }
            _ if self.services.now() - self.upload.sent_at.unwrap_or(self.upload.created_at)
                < SHOWN_WITHIN =>
            {
                Err(Trouble::Wait(SOON, "file_unclear"))
            }
            _ => self.back_to_waiting(self.upload).await,
        }
    }

    /// Asks what became of the file.
    async fn ask(&self, cabinet: &Cabinet) -> Result<(), Trouble> {
        let file_id = self.upload.file_id.as_deref().unwrap_or_default();
        let status = self
            .services
            .kaspi
            .price_list_status(&cabinet.session, &cabinet.store.merchant_id, file_id)
            .await;
        let report = match status {
            Ok(report) => report,
            Err(KaspiError::SessionExpired) => return self.renew(cabinet.store.id).await,
            // A file that was taken and is unknown now is a trouble of the moment, not the end of the file.
            Err(KaspiError::Rejected { .. }) => return Err(Trouble::Wait(ASK_EVERY, "file_unclear")),
            Err(error) => return Err(harmless(error)),
        };
        let end = match report.state {
            FileState::Waiting | FileState::Unknown => return self.still_at_work(report).await,
            FileState::Finished => UploadState::Applied,
            FileState::FinishedWithErrors => UploadState::AppliedPartly,
            FileState::Failed => UploadState::Failed,
        };
        Ok(self.end(end, report).await?)
    }

    async fn last_file(&self, cabinet: &Cabinet) -> Result<Option<(String, FileReport)>, Trouble> {
        let last = self
            .services
            .kaspi
            .last_price_list(&cabinet.session, &cabinet.store.merchant_id)
            .await;
        match last {
            Ok(last) => Ok(last),
            Err(KaspiError::SessionExpired) => {
                self.renew(cabinet.store.id).await?;
                Err(Trouble::Wait(Duration::ZERO, "session_renewing"))
            }
            Err(KaspiError::Rejected { .. }) => Err(Trouble::Wait(SOON, "file_unclear")),
            Err(error) => Err(harmless(error)),
        }
    }

    /// A new session, with which the same step is taken again.
    async fn renew(&self, store_id: StoreId) -> Result<(), Trouble> {
        match renew_session(self.services, self.actor, store_id).await? {
            Renewal::Ready(_) => Ok(()),
            Renewal::Queued => Err(Trouble::Wait(SOON, "session_renewing")),
            Renewal::NeedsLogin => Err(Trouble::Wait(ASK_EVERY, "session_expired")),
        }
    }

    async fn taken(&self, sent: &PreorderUpload, file_id: String) -> Result<(), Trouble> {
        let step = UploadStep {
            file_id: Some(file_id),
            ..UploadStep::default()
        };
        self.advance(sent, UploadState::Processing, step).await?;
        fail_points::pass(fail_points::UPLOAD_TAKEN);
        Ok(())
    }

    async fn back_to_waiting(&self, sent: &PreorderUpload) -> Result<(), Trouble> {
        Ok(self
            .advance(sent, UploadState::Waiting, UploadStep::default())
            .await?)
    }

    async fn still_at_work(&self, report: FileReport) -> Result<(), Trouble> {
        let unknown = report.state == FileState::Unknown;
        let step = UploadStep {
            word: Some(report.word),
            ..UploadStep::default()
        };
        self.advance(self.upload, self.upload.state, step).await?;
        Err(Trouble::Wait(
            ASK_EVERY,
            if unknown {
                "file_unclear"
            } else {
                "file_processing"
            },
        ))
    }

    async fn advance(
        &self,
        from: &PreorderUpload,
        next: UploadState,
        step: UploadStep,
    ) -> Result<(), StoreError> {
        let (from, now) = (from.clone(), self.services.now());
        self.services
            .db
            .tx(move |conn| preorder_upload_advance(conn, &from, next, &step, now))
            .await
    }

    /// Not yet given up.
    fn has_time(&self) -> bool {
        let since = match self.upload.state {
            UploadState::Waiting => self.upload.created_at,
            _ => self.upload.sent_at.unwrap_or(self.upload.created_at),
        };
        self.services.now() - since < GIVE_UP_AFTER
    }

    /// Time is up: what never left has failed; of what has left nobody knows.
    async fn give_up(&self, code: &'static str) -> Result<(), StoreError> {
        if self.upload.state == UploadState::Waiting {
            return self.fail(code, None).await;
        }
        let report = FileReport {
            state: FileState::Unknown,
            word: self.upload.word.clone().unwrap_or_default(),
            errors: Vec::new(),
        };
        self.end(UploadState::Unknown, report).await
    }

    /// Ends an upload of which nothing was taken over.
    async fn fail(&self, code: &'static str, detail: Option<String>) -> Result<(), StoreError> {
        let (now, actor, id) = (self.services.now(), self.actor.clone(), self.upload.run_id);
        self.services
            .db
            .tx(move |conn| {
                // The step that failed may have moved it on.
                let Some(upload) =
                    preorder_upload_of_run(conn, id)?.filter(|upload| !upload.state.is_final())
                else {
                    return Ok(());
                };
                let step = UploadStep {
                    failure: Some(code),
                    detail,
                    ..UploadStep::default()
                };
                preorder_upload_advance(conn, &upload, UploadState::Failed, &step, now)?;
                job_run_fail(conn, id, code, now)?;
                audit_end(conn, &actor, &upload, UploadState::Failed, Some(code), now)
            })
            .await
    }

    /// Ends an upload as the marketplace said, with what it said of each line.
    async fn end(&self, end: UploadState, report: FileReport) -> Result<(), StoreError> {
        let (now, actor, upload) = (self.services.now(), self.actor.clone(), self.upload.clone());
        self.services
            .db
            .tx(move |conn| {
                let mut unplaced = Vec::new();
                for error in &report.errors {
                    let row = error.row.and_then(|row| i32::try_from(row).ok());
                    let place = (error.sku.as_deref(), row);
                    if !preorder_upload_problem(conn, upload.id, place, &error.message)? {
                        unplaced.push(error.message.as_str());
                    }
                }
                let failure = match end {
                    UploadState::Failed => Some("file_error"),
                    UploadState::Unknown => Some("file_unknown"),
                    _ => None,
                };
                let step = UploadStep {
                    word: Some(report.word),
                    failure,
                    detail: (!unplaced.is_empty()).then(|| unplaced.join("; ")),
                    file_id: None,
                };
                preorder_upload_advance(conn, &upload, end, &step, now)?;
                if end != UploadState::Failed {
                    preorder_upload_look_from(conn, upload.id, now + FIRST_LOOK)?;
                }
                match failure {
                    Some(code) => job_run_fail(conn, upload.run_id, code, now)?,
                    None => {
                        let summary = json!({ "lines": upload.lines, "refused": report.errors.len() });
                        job_run_succeed(conn, upload.run_id, &summary, now)?;
                    }
                }
                audit_end(conn, &actor, &upload, end, failure, now)
            })
            .await
    }
}
