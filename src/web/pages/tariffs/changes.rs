//! What coming tariffs will do: per day what changes, and which products with automatic prices then earn less than
//! they must.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::{kind_key, rate_words};
use crate::{
    app::tariff_changes::{ChangedRate, ComingChange, Loss, LossesSheetError, coming_changes, losses_sheet},
    services::Services,
    web::{
        Shell, WebError, WebResult,
        auth::CurrentUser,
        filters, format,
        pages::terms::tariff_name,
        render::{XLSX, attachment, html},
        texts::Texts,
    },
};

/// Products listed per day; the spreadsheet has them all.
const LISTED: usize = 200;

/// A day on which something changes.
struct ChangeView {
    day: String,
    /// The day in addresses.
    key: NaiveDate,
    rates: Vec<String>,
    /// All products concerned, listed or not.
    total: usize,
    losses: Vec<Loss>,
}

impl ChangeView {
    fn new(change: ComingChange, t: &Texts) -> Self {
        let total = change.losses.len();
        Self {
            day: format::day(change.day),
            key: change.day,
            rates: change.rates.iter().map(|rate| changed_words(rate, t)).collect(),
            total,
            losses: change.losses.into_iter().take(LISTED).collect(),
        }
    }

    fn is_cut(&self) -> bool {
        self.total > self.losses.len()
    }
}

/// `Комиссия Kaspi «обычная»: 12,5 % → 13 %`
fn changed_words(rate: &ChangedRate, t: &Texts) -> String {
    let before = rate
        .before
        .as_ref()
        .map_or_else(|| "—".to_owned(), |before| rate_words(before, t));
    t.with_all(
        "tariff-changed",
        &[
            ("kind", &t.get(kind_key(rate.kind))),
            ("name", &tariff_name(rate.kind, &rate.name, t)),
            ("before", &before),
            ("after", &rate_words(&rate.after, t)),
        ],
    )
}

#[derive(Template)]
#[template(path = "tariffs/changes.html")]
struct ChangesPage {
    shell: Shell,
    changes: Vec<ChangeView>,
}

/// The page.
pub async fn show(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let t = shell.t;
    let changes = coming_changes(&services, user.tenant(), None).await?;
    html(&ChangesPage {
        changes: changes
            .into_iter()
            .map(|change| ChangeView::new(change, &t))
            .collect(),
        shell,
    })
}

/// Which day is wanted.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    day: String,
}

/// All products of one day as a spreadsheet.
pub async fn download(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let day: NaiveDate = asked.day.parse().map_err(|_| WebError::not_found())?;
    let headers = [
        "column-store",
        "product-sku",
        "column-product",
        "column-price",
        "losses-profit-now",
        "losses-profit-then",
        "losses-lowest-now",
        "losses-lowest-then",
    ]
    .map(|key| shell.t.get(key));
    let bytes = losses_sheet(&services, user.tenant(), day, &headers).await?;
    Ok(attachment(&format!("tariffs_{day}.xlsx"), XLSX, bytes))
}

impl From<LossesSheetError> for WebError {
    fn from(error: LossesSheetError) -> Self {
        match error {
            LossesSheetError::NotFound => Self::not_found(),
            LossesSheetError::Sheet(error) => Self::internal(error.into()),
            LossesSheetError::Store(error) => error.into(),
        }
    }
}
