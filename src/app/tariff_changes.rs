//! What coming changes of tariffs will do: on which days which rates change, and which products with automatic
//! prices then earn less than they must.

use chrono::NaiveDate;

use crate::{
    domain::{
        Tenant,
        tariff_effects::{Shortfall, shortfall},
        tariffs::{Rate, TariffKind, Tariffs},
    },
    services::Services,
    sheets::tariff_losses::{COLUMNS, TariffLossRow, write_tariff_losses},
    store::{
        StoreError,
        pushes::almaty_day,
        repriced::{RepricedProduct, repriced_products},
        tariffs::tariffs_load,
    },
};

/// A day on which tariffs change.
#[derive(Debug, Clone)]
pub struct ComingChange {
    /// The day, in Almaty.
    pub day: NaiveDate,
    /// What changes.
    pub rates: Vec<ChangedRate>,
    /// Whose price earns too little from that day on, the greatest loss first.
    pub losses: Vec<Loss>,
}

/// A rate that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRate {
    /// What it is about.
    pub kind: TariffKind,
    /// Which one of its kind.
    pub name: String,
    /// Until then; `None`: there was none.
    pub before: Option<Rate>,
    /// From then on.
    pub after: Rate,
}

/// A product that will earn too little at its present price.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The product.
    pub product: RepricedProduct,
    /// By how much.
    pub shortfall: Shortfall,
}

/// Why there is no spreadsheet.
#[derive(Debug, thiserror::Error)]
pub enum LossesSheetError {
    /// No tariff changes on that day.
    #[error("no tariff changes on that day")]
    NotFound,
    /// The spreadsheet could not be written.
    #[error("the spreadsheet could not be written")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The coming changes up to `last` (all, where `None`), the next one first. Products are those the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub async fn coming_changes(
    services: &Services,
    tenant: Tenant,
    last: Option<NaiveDate>,
) -> Result<Vec<ComingChange>, StoreError> {
    let today = almaty_day(services.now());
    services
        .db
        .read(move |conn| {
            let tariffs = tariffs_load(conn)?;
            let mut days = tariffs.changes_after(today);
            days.retain(|day| last.is_none_or(|last| *day <= last));
            if days.is_empty() {
                return Ok(Vec::new());
            }
            let products = repriced_products(conn, tenant)?;
            let change = |day: NaiveDate| ComingChange {
                day,
                rates: changed_rates(&tariffs, day),
                losses: losses(&products, &tariffs, (today, day)),
            };
            Ok(days.into_iter().map(change).collect())
        })
        .await
}

/// All losses of one day as a spreadsheet with these headers.
///
/// # Errors
/// See [`LossesSheetError`].
pub async fn losses_sheet(
    services: &Services,
    tenant: Tenant,
    day: NaiveDate,
    headers: &[String; COLUMNS],
) -> Result<Vec<u8>, LossesSheetError> {
    let changes = coming_changes(services, tenant, Some(day)).await?;
    let change = changes
        .into_iter()
        .find(|change| change.day == day)
        .ok_or(LossesSheetError::NotFound)?;
    let rows: Vec<TariffLossRow> = change.losses.into_iter().map(sheet_row).collect();
    Ok(write_tariff_losses(headers, &rows)?)
}

fn sheet_row(Loss { product, shortfall }: Loss) -> TariffLossRow {
    TariffLossRow {
        amounts: [
            Some(product.price),
            shortfall.now.map(|now| now.profit),
            Some(shortfall.then.profit),
            shortfall.now.and_then(|now| now.lowest),
            shortfall.then.lowest,
        ],
        store: product.store_name,
        sku: product.sku.unwrap_or_default(),
        product: product.name,
    }
}

fn changed_rates(tariffs: &Tariffs, day: NaiveDate) -> Vec<ChangedRate> {
    let beginning = tariffs.0.iter().filter(|tariff| tariff.valid_from == day);
    let changed = beginning.map(|tariff| ChangedRate {
        before: day
            .pred_opt()
            .and_then(|eve| tariffs.on(tariff.kind, &tariff.name, eve))
            .cloned(),
        kind: tariff.kind,
        name: tariff.name.clone(),
        after: tariff.rate.clone(),
    });
    changed
        .filter(|rate| rate.before.as_ref() != Some(&rate.after))
        .collect()
}

fn losses(products: &[RepricedProduct], tariffs: &Tariffs, days: (NaiveDate, NaiveDate)) -> Vec<Loss> {
    let mut losses: Vec<Loss> = products
        .iter()
        .filter_map(|product| {
            let shortfall = shortfall(&product.terms, product.price, tariffs, days)?;
            let product = product.clone();
            Some(Loss { product, shortfall })
        })
        .collect();
    losses.sort_by(|a, b| {
        let key = |loss: &Loss| (loss.shortfall.then.profit, loss.product.id);
        key(a).cmp(&key(b))
    });
    losses
}
