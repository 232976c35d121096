//! The preorders of a store as Kaspi's spreadsheet.

use diesel::PgConnection;

use crate::{
    domain::{Actor, ListFormat, PreorderId, ProductId, StoreId, preorder::parse_warehouses},
    services::Services,
    sheets::preorder_form::{PreorderFormRow, SheetError, write_preorder_form},
    store::{
        StoreError,
        preorders::{PreorderExport, preorder_export_list},
        stores::store_fetch,
    },
};

/// A file that is ready to be sent to a browser, to the marketplace or written to a disk.
#[derive(Debug, Clone)]
pub struct PreorderFile {
    /// Suggested name: letters, digits, `_`, `-` and a point only.
    pub name: String,
    /// In which form.
    pub format: ListFormat,
    /// The file.
    pub bytes: Vec<u8>,
    /// What it says, in its order.
    pub lines: Vec<PreorderFileLine>,
}

/// A preorder in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreorderFileLine {
    /// The preorder.
    pub preorder_id: PreorderId,
    /// Its product.
    pub product_id: ProductId,
    /// What the file says of it.
    pub row: PreorderFormRow,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum PreorderExportError {
    /// There is no such store, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The store has no preorder in work.
    #[error("the store has no preorders in work")]
    Empty,
    /// A line lacks what the form cannot do without.
    #[error("{name}: article or price is missing")]
    Incomplete {
        /// The preorder's name.
        name: String,
        /// The preorder.
        id: PreorderId,
    },
    /// The store has more points of service than the spreadsheet has columns.
    #[error("more than five points of service: only the XML form can hold them")]
    NeedsXml,
    /// The spreadsheet could not be written.
    #[error("the spreadsheet could not be written")]
    Sheet(#[source] SheetError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All preorders in work of a store as Kaspi's form. A price that the preorder leaves open is the product's
/// own; one incomplete line refuses the whole file, so that no offer goes missing unnoticed.
///
/// # Errors
/// See [`PreorderExportError`].
pub async fn export_preorders(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<PreorderFile, PreorderExportError> {
    let tenant = actor.tenant();
    let rows = services
        .db
        .read(move |conn: &mut PgConnection| {
            if store_fetch(conn, tenant, store_id)?.is_none() {
                return Err(PreorderExportError::NotFound);
            }
            Ok(preorder_export_list(conn, tenant, store_id)?)
        })
        .await?;
    if rows.is_empty() {
        return Err(PreorderExportError::Empty);
    }
    let lines = rows.into_iter().map(file_line).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<PreorderFormRow> = lines.iter().map(|line| line.row.clone()).collect();
    let bytes = write_preorder_form(&rows).map_err(|error| match error {
        SheetError::NeedsXml { .. } => PreorderExportError::NeedsXml,
        other => PreorderExportError::Sheet(other),
    })?;
    let at = services.now().with_timezone(&chrono_tz::Asia::Almaty);
    Ok(PreorderFile {
        name: format!("preorders_{}.xlsx", at.format("%Y-%m-%d_%H%M")),
        format: ListFormat::Xlsx,
        bytes,
        lines,
    })
}

fn file_line(row: PreorderExport) -> Result<PreorderFileLine, PreorderExportError> {
    let preorder = row.preorder;
    let incomplete = || PreorderExportError::Incomplete {
        name: preorder.name.clone(),
        id: preorder.id,
    };
    let points = parse_warehouses(&preorder.warehouses).ok_or_else(incomplete)?;
    let sku = preorder
        .article
        .clone()
        .or(row.product_sku)
        .ok_or_else(incomplete)?;
    let price = preorder
        .price_tenge
        .or(row.product_price)
        .ok_or_else(incomplete)?;
    Ok(PreorderFileLine {
        preorder_id: preorder.id,
        product_id: preorder.product_id,
        row: PreorderFormRow {
            sku,
            model: preorder.name,
            brand: preorder.brand,
            price,
            points,
            days: u32::try_from(preorder.delivery_days.clamp(0, 30)).unwrap_or(0),
        },
    })
}
