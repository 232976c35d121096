//! The preorders of a store as Kaspi's spreadsheet.

use diesel::PgConnection;

use crate::{
    domain::{Actor, StoreId, preorder::parse_warehouses},
    services::Services,
    sheets::preorder_form::{PreorderFormRow, SheetError, write_preorder_form},
    store::{
        StoreError,
        preorders::{PreorderExport, preorder_export_list},
        stores::store_fetch,
    },
};

/// A file that is ready to be sent to a browser or written to a disk.
#[derive(Debug, Clone)]
pub struct PreorderFile {
    /// Suggested name: letters, digits, `_`, `-` and a point only.
    pub name: String,
    /// The spreadsheet.
    pub bytes: Vec<u8>,
    /// Number of lines.
    pub lines: usize,
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
        id: crate::domain::PreorderId,
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
    let rows = rows.into_iter().map(form_row).collect::<Result<Vec<_>, _>>()?;
    let bytes = write_preorder_form(&rows).map_err(|error| match error {
        SheetError::NeedsXml { .. } => PreorderExportError::NeedsXml,
        other => PreorderExportError::Sheet(other),
    })?;
    let at = services.now().with_timezone(&chrono_tz::Asia::Almaty);
    Ok(PreorderFile {
        name: format!("preorders_{}.xlsx", at.format("%Y-%m-%d_%H%M")),
        lines: rows.len(),
        bytes,
    })
}

fn form_row(row: PreorderExport) -> Result<PreorderFormRow, PreorderExportError> {
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
    Ok(PreorderFormRow {
        sku,
        model: preorder.name,
        brand: preorder.brand,
        price,
        points,
        days: u32::try_from(preorder.delivery_days.clamp(0, 30)).unwrap_or(0),
    })
}
