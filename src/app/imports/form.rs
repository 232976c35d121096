//! The table of a store's products that an import takes, filled in with what holds now.

use super::ImportError;
use crate::{
    domain::{Actor, StoreId},
    services::Services,
    sheets::import_form::{COLUMNS, ImportFormRow, write_import_form},
    store::{
        import_products::{import_products, import_selections},
        stores::store_fetch,
    },
    telemetry,
};

/// A file that is ready to be sent to a browser.
#[derive(Debug, Clone)]
pub struct ImportForm {
    /// Suggested name: letters, digits, `_`, `-` and a point only.
    pub name: String,
    /// The spreadsheet.
    pub bytes: Vec<u8>,
}

/// The products of a store, archived ones left out, as a table for changes. `words`: yes and no.
///
/// # Errors
/// `NotFound`, or the database failed.
pub async fn import_form(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    headers: [String; COLUMNS],
    words: (String, String),
) -> Result<Result<ImportForm, anyhow::Error>, ImportError> {
    let tenant = actor.tenant();
    let (store, products, selections) = services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, tenant, store_id)?.ok_or(ImportError::NotFound)?;
            let products = import_products(conn, store_id, None)?;
            Ok::<_, ImportError>((store, products, import_selections(conn, store_id)?))
        })
        .await?;
    let at = services.now().with_timezone(&chrono_tz::Asia::Almaty);
    let name = format!("import_{}_{}.xlsx", store.merchant_id, at.format("%Y-%m-%d_%H%M"));
    let written = telemetry::spawn_blocking(move || {
        let rows: Vec<ImportFormRow> = products
            .into_iter()
            .map(|product| ImportFormRow {
                rule: selections.of(product.id).first().map(|rule| rule.name.clone()),
                sku: product.sku,
                name: product.name,
                floor: product.floor,
                ceiling: product.ceiling,
                unit_cost: product.unit_cost,
                enabled: product.repricing_enabled,
                preorder_days: product.preorder_days,
            })
            .collect();
        write_import_form(&headers, (&words.0, &words.1), &rows)
    })
    .await;
    Ok(match written {
        Ok(Ok(bytes)) => Ok(ImportForm { name, bytes }),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    })
}
