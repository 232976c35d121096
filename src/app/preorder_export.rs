//! The preorders of a store as Kaspi's spreadsheet or XML.

use diesel::PgConnection;

use crate::{
    domain::{
        Actor, ListFormat, PreorderId, ProductId, StoreId, Tenge,
        preorder::{PointStock, parse_warehouses},
        product::Availability,
    },
    services::Services,
    sheets::{
        preorder_form::{PreorderFormRow, SheetError, write_preorder_form},
        price_list_xml::{Offer, write_price_list},
    },
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
    /// Price for each city, by city; at least one.
    pub city_prices: Vec<(String, Tenge)>,
}

impl PreorderFileLine {
    /// Does it cost more in one city than in another?
    fn differs_by_city(&self) -> bool {
        self.city_prices.iter().any(|(_, price)| *price != self.row.price)
    }
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
    /// More points of service than the spreadsheet has columns, or prices that differ by city.
    #[error(
        "more than five points of service, or prices that differ by city: only the XML form can hold them"
    )]
    NeedsXml,
    /// The file could not be written.
    #[error("the file could not be written")]
    Sheet(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All preorders in work of a store as Kaspi's spreadsheet, or as its XML, which holds any number of points of service
/// and a price for each city. A price that the preorder leaves open is the product's own; one incomplete line refuses
/// the whole file, so that no offer goes missing unnoticed.
///
/// # Errors
/// See [`PreorderExportError`].
pub async fn export_preorders(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    format: ListFormat,
) -> Result<PreorderFile, PreorderExportError> {
    let tenant = actor.tenant();
    let (store, rows) = services
        .db
        .read(move |conn: &mut PgConnection| {
            let store = store_fetch(conn, tenant, store_id)?.ok_or(PreorderExportError::NotFound)?;
            Ok::<_, PreorderExportError>((store, preorder_export_list(conn, tenant, store_id)?))
        })
        .await?;
    if rows.is_empty() {
        return Err(PreorderExportError::Empty);
    }
    let lines = rows
        .into_iter()
        .map(|row| file_line(row, &store.main_city_id))
        .collect::<Result<Vec<_>, _>>()?;
    let at = services.now().with_timezone(&chrono_tz::Asia::Almaty);
    let bytes = match format {
        ListFormat::Xlsx => spreadsheet(&lines)?,
        ListFormat::Xml => {
            let offers: Vec<Offer> = lines.iter().map(offer).collect();
            write_price_list(&store.name, &store.merchant_id, at.date_naive(), &offers)
                .map_err(|error| PreorderExportError::Sheet(Box::new(error)))?
        }
    };
    Ok(PreorderFile {
        name: format!("preorders_{}.{format}", at.format("%Y-%m-%d_%H%M")),
        format,
        bytes,
        lines,
    })
}

/// The spreadsheet, where it can hold everything.
fn spreadsheet(lines: &[PreorderFileLine]) -> Result<Vec<u8>, PreorderExportError> {
    if lines.iter().any(PreorderFileLine::differs_by_city) {
        return Err(PreorderExportError::NeedsXml);
    }
    let rows: Vec<PreorderFormRow> = lines.iter().map(|line| line.row.clone()).collect();
    write_preorder_form(&rows).map_err(|error| match error {
        SheetError::NeedsXml { .. } => PreorderExportError::NeedsXml,
        other => PreorderExportError::Sheet(Box::new(other)),
    })
}

/// A line in the XML form.
fn offer(line: &PreorderFileLine) -> Offer {
    let days = u8::try_from(line.row.days).unwrap_or(u8::MAX);
    let point = |point: &PointStock| Availability {
        point_id: format!("PP{}", point.number),
        available: point.quantity != Some(0),
        stock_count: point.quantity,
        preorder_days: days,
        stock_enabled: None,
    };
    let mut points: Vec<Availability> = line.row.points.iter().map(point).collect();
    if points.is_empty() {
        // The form wants one; the spreadsheet says "no" in all its columns.
        points.push(Availability {
            available: false,
            stock_count: None,
            ..point(&PointStock {
                number: 1,
                quantity: None,
            })
        });
    }
    Offer {
        sku: line.row.sku.clone(),
        model: line.row.model.clone(),
        brand: line.row.brand.clone(),
        points,
        prices: line.city_prices.clone(),
    }
}

fn file_line(row: PreorderExport, main_city_id: &str) -> Result<PreorderFileLine, PreorderExportError> {
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
    let mut city_prices = row.city_prices;
    if city_prices.is_empty() {
        city_prices.push((main_city_id.to_owned(), price));
    }
    if let Some(price) = preorder.price_tenge {
        // A price of the preorder's own holds everywhere.
        city_prices
            .iter_mut()
            .for_each(|(_, city_price)| *city_price = price);
    }
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
        city_prices,
    })
}
