//! Preorders of a store as a file to the marketplace: asked for here, sent and looked after by a job (`steps`), looked
//! for among what buyers see (`look`). One file of a store at a time; whoever asks meanwhile joins it.

mod look;
mod steps;

pub use look::look_for_preorders;
pub use steps::{UploadGoesOn, continue_upload};

use super::{
    edit::{EditError, store_for_change},
    preorder_export::{PreorderExportError, PreorderFile, export_preorders},
};
use crate::{
    domain::{Actor, JobKind, ListFormat, PreorderUploadId, SessionState, StoreId, UploadState},
    queue::{enqueue::enqueue_for_store, runs::job_run_cancel},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        preorder_uploads::{
            NewPreorderUpload, PreorderUpload, PreorderUploadLine, UploadStep, preorder_upload_advance,
            preorder_upload_fetch, preorder_upload_insert, preorder_upload_open,
        },
    },
};

/// Why a file is not sent, or not called off.
#[derive(Debug, thiserror::Error)]
pub enum UploadRequestError {
    /// There is no such store or upload, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to upload for this store")]
    Forbidden,
    /// A login comes first.
    #[error("the store needs a login")]
    NeedsLogin,
    /// It has left already, or is over.
    #[error("the file has left already")]
    TooLate,
    /// There is no file to send.
    #[error(transparent)]
    File(PreorderExportError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for UploadRequestError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

impl From<PreorderExportError> for UploadRequestError {
    fn from(error: PreorderExportError) -> Self {
        match error {
            PreorderExportError::NotFound => Self::NotFound,
            PreorderExportError::Store(error) => Self::Store(error),
            other => Self::File(other),
        }
    }
}

/// Asks for the upload of a store's preorders in work, as they are now; or joins the upload that is under way.
///
/// # Errors
/// See [`UploadRequestError`].
pub async fn request_upload(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<PreorderUploadId, UploadRequestError> {
    let who = actor.clone();
    let open = services
        .db
        .read(move |conn| {
            let store = store_for_change::<()>(conn, &who, store_id)?;
            if store.session_state != SessionState::Connected {
                return Err(UploadRequestError::NeedsLogin);
            }
            Ok(preorder_upload_open(conn, store_id)?)
        })
        .await?;
    if let Some(open) = open {
        return Ok(open.id);
    }
    // The spreadsheet as a rule; XML where it cannot hold everything, as the preview says.
    let file = match export_preorders(services, actor, store_id, ListFormat::Xlsx).await {
        Err(PreorderExportError::NeedsXml) => {
            export_preorders(services, actor, store_id, ListFormat::Xml).await?
        }
        other => other?,
    };
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let run_id = enqueue_for_store(conn, JobKind::UploadPreorders, store_id, actor.user_id, now)?;
            // Somebody else may have asked since. The run is the lock: there is one of a kind for a store.
            if let Some(open) = preorder_upload_open(conn, store_id)? {
                return Ok(open.id);
            }
            let id = PreorderUploadId::new();
            let lines = lines_of(id, &file);
            let entry = AuditEntry::new(
                &actor,
                now,
                Some(store_id),
                ("preorder_upload", id.0, &file.name),
                "create",
            )
            .change(
                serde_json::json!({}),
                serde_json::json!({ "lines": lines.len(), "format": file.format }),
            );
            let upload = NewPreorderUpload {
                id,
                store_id,
                run_id,
                requested_by: actor.user_id,
                format: file.format,
                lines: i32::try_from(lines.len()).unwrap_or(i32::MAX),
                file_name: file.name,
                file: file.bytes,
                created_at: now,
            };
            preorder_upload_insert(conn, &upload, &lines)?;
            audit_insert(conn, &entry)?;
            Ok(id)
        })
        .await
}

fn lines_of(id: PreorderUploadId, file: &PreorderFile) -> Vec<PreorderUploadLine> {
    // The first row of a sheet is its header; XML has none.
    let first = if file.format == ListFormat::Xlsx { 2 } else { 1 };
    (first..)
        .zip(&file.lines)
        .map(|(line, each)| PreorderUploadLine {
            upload_id: id,
            line,
            preorder_id: Some(each.preorder_id),
            product_id: Some(each.product_id),
            sku: each.row.sku.clone(),
            name: each.row.model.clone(),
            price_tenge: each.row.price,
            delivery_days: i32::try_from(each.row.days).unwrap_or(i32::MAX),
            problem: None,
            next_look_at: None,
            seen_at: None,
        })
        .collect()
}

/// Calls an upload off that has not left yet.
///
/// # Errors
/// See [`UploadRequestError`].
pub async fn cancel_upload(
    services: &Services,
    actor: &Actor,
    id: PreorderUploadId,
) -> Result<(), UploadRequestError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let (upload, _) =
                preorder_upload_fetch(conn, actor.tenant(), id)?.ok_or(UploadRequestError::NotFound)?;
            store_for_change::<()>(conn, &actor, upload.store_id)?;
            if upload.state != UploadState::Waiting {
                return Err(UploadRequestError::TooLate);
            }
            let advanced =
                preorder_upload_advance(conn, &upload, UploadState::Cancelled, &UploadStep::default(), now);
            match advanced {
                Err(StoreError::Stale) => return Err(UploadRequestError::TooLate),
                other => other?,
            }
            job_run_cancel(conn, upload.run_id, now)?;
            Ok(audit_end(
                conn,
                &actor,
                &upload,
                UploadState::Cancelled,
                None,
                now,
            )?)
        })
        .await
}

/// The audit row of an upload's end.
fn audit_end(
    conn: &mut PgConnection,
    actor: &Actor,
    upload: &PreorderUpload,
    end: UploadState,
    reason: Option<&str>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    let object = ("preorder_upload", upload.id.0, upload.file_name.as_str());
    let entry = AuditEntry::new(actor, now, Some(upload.store_id), object, "update").change(
        serde_json::json!({ "state": upload.state }),
        serde_json::json!({ "state": end }),
    );
    audit_insert(
        conn,
        &AuditEntry {
            reason: reason.map(str::to_owned),
            ..entry
        },
    )
}
