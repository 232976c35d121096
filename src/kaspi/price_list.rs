//! Price lists as files: upload, and what became of it. One file of a shop at a time; taken is not applied.

use super::{
    CabinetSession, KaspiClient, KaspiError,
    http::{client::question, convert, wire},
};

/// What a price list is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceListFormat {
    /// Kaspi's form as a workbook.
    Xlsx,
    /// Kaspi's XML.
    Xml,
}

impl PriceListFormat {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Xml => "text/xml",
        }
    }
}

/// What came of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upload {
    /// Taken up under this key.
    Queued {
        /// Asks for its status.
        file_id: String,
    },
    /// The shop's previous file is not finished: nothing was taken.
    Unfinished,
}

/// Where an uploaded file stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Where it stands.
    pub state: FileState,
    /// The marketplace's own word for it.
    pub word: String,
    /// Rows that were refused: number, sku and what it said, as far as it said so.
    pub errors: Vec<FileRowError>,
}

/// Where an uploaded file stands, by what has to happen next. The marketplace's words are an open set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Ask again.
    Waiting,
    /// All rows were applied.
    Finished,
    /// Some rows were applied.
    FinishedWithErrors,
    /// Nothing was applied.
    Failed,
    /// A word that is not known: ask again, and say so in the end.
    Unknown,
}

/// A refused row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRowError {
    /// Row of the file.
    pub row: Option<u32>,
    /// The seller's article.
    pub sku: Option<String>,
    /// What the marketplace said.
    pub message: String,
}

impl KaspiClient {
    /// Uploads a price list of a shop. Sent once: without a clear answer ask for [`KaspiClient::last_price_list`].
    ///
    /// # Errors
    /// See [`KaspiError`]; `Rejected`: the file as a whole. `Unavailable`, `Malformed`: not known whether it was taken.
    pub async fn upload_price_list(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        format: PriceListFormat,
        file_name: &str,
        file: Vec<u8>,
    ) -> Result<Upload, KaspiError> {
        let file = bytes::Bytes::from(file);
        let answer = self
            .write_cabinet(
                session,
                merchant_id,
                "upload",
                1,
                || true,
                |client, base| {
                    let part = reqwest::multipart::Part::stream(file.clone())
                        .file_name(file_name.to_owned())
                        .mime_str(format.content_type());
                    let form = part.map(|part| reqwest::multipart::Form::new().part("file", part));
                    let request = client.post(question(
                        base,
                        "pricefeed/upload/merchant/upload",
                        &[("merchantUid", merchant_id)],
                    ));
                    // The content types are constants, so there is always a form.
                    request.multipart(form.unwrap_or_default())
                },
            )
            .await;
        match answer {
            Ok(body) => {
                let uploaded: wire::Uploaded = convert::parsed(&body, "answer to an upload")?;
                match uploaded.id {
                    Some(id) if !id.0.is_empty() => Ok(Upload::Queued { file_id: id.0 }),
                    _ => Err(KaspiError::malformed("answer to an upload: no file")),
                }
            }
            Err(KaspiError::Rejected { message, .. }) if message.contains(UNFINISHED) => {
                Ok(Upload::Unfinished)
            }
            Err(error) => Err(error),
        }
    }

    /// Where an uploaded file stands.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn price_list_status(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        file_id: &str,
    ) -> Result<FileReport, KaspiError> {
        let path = format!("pricefeed/protocol/merchant/file/{file_id}");
        let body = self
            .read_cabinet(session, merchant_id, "file", |client, base| {
                client.get(question(base, &path, &[("m", merchant_id)]))
            })
            .await?;
        Ok(report(convert::parsed(&body, "status of a file")?))
    }

    /// The shop's newest file and where it stands; `None`: none yet.
    ///
    /// # Errors
    /// See [`KaspiError`].
    pub async fn last_price_list(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
    ) -> Result<Option<(String, FileReport)>, KaspiError> {
        let body = self
            .read_cabinet(session, merchant_id, "last_file", |client, base| {
                client.get(question(
                    base,
                    "pricefeed/upload/merchant/files/last",
                    &[("m", merchant_id)],
                ))
            })
            .await;
        match body {
            Ok(body) => {
                // A shop that never uploaded anything has an empty object, or nothing.
                let last: Option<serde_json::Map<String, serde_json::Value>> =
                    convert::parsed(&body, "newest file")?;
                if last.is_none_or(|last| last.is_empty()) {
                    return Ok(None);
                }
                let last: wire::FileStatus = convert::parsed(&body, "newest file")?;
                let id = last
                    .id
                    .clone()
                    .ok_or_else(|| KaspiError::malformed("newest file: no id"))?;
                Ok(Some((id.0, report(last))))
            }
            Err(KaspiError::Rejected { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the cabinet says while a file of the shop is worked on.
pub(super) const UNFINISHED: &str = "Unfinished file found";

fn report(status: wire::FileStatus) -> FileReport {
    let state = match status.status.as_str() {
        "UPLOADED" | "PROCESSING" => FileState::Waiting,
        "FINISHED" => FileState::Finished,
        "FINISHED_WITH_ERRORS" => FileState::FinishedWithErrors,
        "ERROR" => FileState::Failed,
        _ => FileState::Unknown,
    };
    FileReport {
        state,
        word: status
            .status
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect(),
        errors: status
            .errors
            .into_iter()
            .take(ERRORS_MAX)
            .map(row_error)
            .collect(),
    }
}

/// More refused rows than this are not kept.
const ERRORS_MAX: usize = 1000;

fn row_error(row: serde_json::Value) -> FileRowError {
    let text = |text: String| {
        text.chars()
            .filter(|c| !c.is_control())
            .take(300)
            .collect::<String>()
    };
    match serde_json::from_value::<wire::RowError>(row.clone()) {
        Ok(error) => FileRowError {
            row: error.row.and_then(|row| u32::try_from(row.0).ok()),
            sku: error.sku.map(|sku| text(sku.0)),
            message: text(error.message.unwrap_or_default()),
        },
        Err(_) => FileRowError {
            row: None,
            sku: None,
            message: row.as_str().map(|said| text(said.to_owned())).unwrap_or_default(),
        },
    }
}
