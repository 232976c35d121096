//! Preorders on their way to the marketplace: what would be sent, where a file stands, what became of its lines.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::{
    app::{
        edit::actor_may_change,
        preorder_export::{PreorderExportError, PreorderFile, PreorderFileLine, export_preorders},
        preorder_upload::{UploadRequestError, cancel_upload, request_upload},
    },
    domain::{ListFormat, PreorderUploadId, SessionState, StoreId, UploadState},
    services::Services,
    store::{
        preorder_uploads::{
            PreorderUpload, PreorderUploadLine, UploadCounts, preorder_upload_counts, preorder_upload_fetch,
            preorder_upload_file, preorder_upload_lines_list, preorder_upload_list, preorder_upload_open,
        },
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        error::ErrorKind,
        filters,
        render::{attachment, html, see_other},
        session,
        texts::Texts,
    },
};

/// Uploads of a list.
const LIST_MAX: i64 = 50;
/// Lines of a file that its page shows; refused ones come first.
const LINES_SHOWN: usize = 200;

/// Class and icon of a state.
const fn state_mark(state: UploadState) -> (&'static str, &'static str) {
    match state {
        UploadState::Waiting => ("st", "clock"),
        UploadState::Sending | UploadState::Processing => ("st info", "refresh"),
        UploadState::Applied => ("st ok", "check-circle"),
        UploadState::AppliedPartly | UploadState::Unknown => ("st warn", "alert"),
        UploadState::Failed => ("st bad", "x-circle"),
        UploadState::Cancelled => ("st ghost", "x-circle"),
    }
}

/// An upload in words.
struct View {
    upload: PreorderUpload,
    store: Store,
    class: &'static str,
    icon: &'static str,
    state: String,
}

impl View {
    fn new((upload, store): (PreorderUpload, Store), t: &Texts) -> Self {
        let (class, icon) = state_mark(upload.state);
        Self {
            class,
            icon,
            state: t.get(format!("upload-state-{}", upload.state)),
            upload,
            store,
        }
    }
}

#[derive(Template)]
#[template(path = "preorders/uploads.html")]
struct UploadsPage {
    shell: Shell,
    uploads: Vec<View>,
}

/// The newest uploads.
///
/// # Errors
/// Database away.
pub async fn list(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<OfStore>,
) -> WebResult<HttpResponse> {
    let (tenant, store, t) = (user.tenant(), query.store, shell.t);
    let uploads = services
        .db
        .read(move |conn| preorder_upload_list(conn, tenant, store, LIST_MAX))
        .await?;
    let uploads = uploads.into_iter().map(|each| View::new(each, &t)).collect();
    html(&UploadsPage { shell, uploads })
}

/// Which store's.
#[derive(Debug, serde::Deserialize)]
pub struct OfStore {
    store: Option<StoreId>,
}

#[derive(Template)]
#[template(path = "preorders/upload_new.html")]
struct NewUploadPage {
    shell: Shell,
    store: Store,
    file: Option<PreorderFile>,
    /// Why there is none.
    refusal: String,
    /// An upload that is under way: the new one would join it.
    open: Option<PreorderUploadId>,
    connected: bool,
    may_change: bool,
}

impl NewUploadPage {
    fn shown_lines<'a>(
        &self,
        file: &'a PreorderFile,
    ) -> impl Iterator<Item = &'a PreorderFileLine> + use<'a> {
        file.lines.iter().take(LINES_SHOWN)
    }

    const fn more_lines(&self, file: &PreorderFile) -> usize {
        file.lines.len().saturating_sub(LINES_SHOWN)
    }
}

/// What would be sent.
///
/// # Errors
/// Not found; database away.
pub async fn new(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<OfStore>,
) -> WebResult<HttpResponse> {
    let store_id = query.store.ok_or_else(WebError::not_found)?;
    let actor = user.0.actor(&req);
    let who = actor.clone();
    let (store, open, may_change) = services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, who.tenant(), store_id)?.ok_or_else(WebError::not_found)?;
            let may_change = actor_may_change(conn, &who, &store)?;
            let open = preorder_upload_open(conn, store_id)?.map(|open| open.id);
            Ok::<_, WebError>((store, open, may_change))
        })
        .await?;
    let mut export = export_preorders(&services, &actor, store_id, ListFormat::Xlsx).await;
    if matches!(export, Err(PreorderExportError::NeedsXml)) {
        export = export_preorders(&services, &actor, store_id, ListFormat::Xml).await;
    }
    let (file, refusal) = match export {
        Ok(file) => (Some(file), String::new()),
        Err(PreorderExportError::NotFound) => return Err(WebError::not_found()),
        Err(PreorderExportError::Store(error)) => return Err(error.into()),
        Err(error) => (None, super::refusal(&error, &shell.t)),
    };
    html(&NewUploadPage {
        connected: store.session_state == SessionState::Connected,
        shell,
        store,
        file,
        refusal,
        open,
        may_change,
    })
}

/// What the form sends.
#[derive(Debug, serde::Deserialize)]
pub struct UploadForm {
    store: StoreId,
}

/// Asks for an upload.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn create(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<UploadForm>,
) -> WebResult<HttpResponse> {
    let sentence = match request_upload(&services, &user.0.actor(&req), form.store).await {
        Ok(id) => return Ok(see_other(&format!("/preorders/uploads/{id}"))),
        Err(UploadRequestError::NeedsLogin) => shell.t.get("store-sync-needs-login"),
        Err(UploadRequestError::File(error)) => super::refusal(&error, &shell.t),
        Err(error) => return Err(error.into()),
    };
    session::flash(&session, false, sentence)?;
    Ok(see_other(&format!("/preorders/uploads/new?store={}", form.store)))
}

/// Where an upload stands, for its page and for the fragment that asks again.
#[derive(Template)]
#[template(path = "preorders/_upload.html")]
struct UploadView {
    view: View,
    /// Why it waits or failed; empty where nothing is in the way.
    reason: String,
    lines: Vec<PreorderUploadLine>,
    counts: UploadCounts,
    may_change: bool,
    csrf: String,
    now: chrono::DateTime<chrono::Utc>,
    t: Texts,
}

impl UploadView {
    /// Asks again by itself: while the file is under way, and slower while buyers' page is looked at.
    fn asks_again(&self) -> Option<&'static str> {
        if !self.view.upload.state.is_final() {
            Some("every 3s")
        } else if self.counts.looked_for > 0 {
            Some("every 30s")
        } else {
            None
        }
    }
}

#[derive(Template)]
#[template(path = "preorders/upload.html")]
struct UploadPage {
    shell: Shell,
    fragment: UploadView,
}

/// One upload.
///
/// # Errors
/// Not found; database away.
pub async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (actor, id, t): (_, PreorderUploadId, _) = (user.actor(&req), path_id(&req)?, shell.t);
    let now = shell.now;
    let csrf = shell.csrf.clone();
    let fragment = services
        .db
        .read(move |conn| {
            let (upload, store) =
                preorder_upload_fetch(conn, actor.tenant(), id)?.ok_or_else(WebError::not_found)?;
            let may_change = actor_may_change(conn, &actor, &store)?;
            let run = crate::queue::runs::job_run_fetch(conn, actor.tenant(), upload.run_id)?;
            let counts = preorder_upload_counts(conn, id)?;
            let most = i64::try_from(LINES_SHOWN).unwrap_or(i64::MAX);
            let lines = preorder_upload_lines_list(conn, id, most)?;
            let code = upload.failure.clone().or(run.and_then(|run| run.failure));
            let reason = code.map_or_else(String::new, |code| {
                t.get_or(&format!("job-failure-{code}"), "job-failure-failed")
            });
            Ok::<_, WebError>(UploadView {
                view: View::new((upload, store), &t),
                reason,
                lines,
                counts,
                may_change,
                csrf,
                now,
                t,
            })
        })
        .await?;
    if shell.htmx {
        return html(&fragment);
    }
    html(&UploadPage { shell, fragment })
}

/// The file itself.
///
/// # Errors
/// Not found; database away.
pub async fn file(
    req: HttpRequest,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (tenant, id) = (user.tenant(), path_id(&req)?);
    let (upload, bytes) = services
        .db
        .read(move |conn| {
            let (upload, _) = preorder_upload_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            Ok::<_, WebError>((upload, preorder_upload_file(conn, id)?))
        })
        .await?;
    Ok(attachment(
        &upload.file_name,
        super::media_type(upload.format),
        bytes,
    ))
}

/// Calls an upload off.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn cancel(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: PreorderUploadId = path_id(&req)?;
    match cancel_upload(&services, &user.0.actor(&req), id).await {
        Ok(()) => session::flash(&session, true, shell.t.get("upload-cancelled"))?,
        Err(UploadRequestError::TooLate) => session::flash(&session, false, shell.t.get("upload-too-late"))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("/preorders/uploads/{id}")))
}

impl From<UploadRequestError> for WebError {
    fn from(error: UploadRequestError) -> Self {
        match error {
            UploadRequestError::NotFound => Self::not_found(),
            UploadRequestError::Forbidden => Self::forbidden(),
            UploadRequestError::NeedsLogin | UploadRequestError::TooLate => Self::new(ErrorKind::Conflict),
            UploadRequestError::File(error) => Self::internal(error.into()),
            UploadRequestError::Store(error) => error.into(),
        }
    }
}
