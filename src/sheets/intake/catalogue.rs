//! The marketplace's price list as XML (contract §9.1): preorder days of offers. Prices are left alone. A declaration
//! of a document type is refused before anything else is read, and no reference but the five of XML is followed.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use super::{CELLS_MAX, Refused, Row, TEXT_MAX, Wanted};
use crate::domain::imports::{
    FileLayout, ImportColumn, ImportKind, ImportRefusal, ImportTrouble, ROWS_MAX, SKU_MAX,
};

/// Deepest nesting of a price list is five.
const DEPTH_MAX: usize = 12;

/// An offer as far as it was read.
#[derive(Default)]
struct Offer {
    sku: String,
    /// Days of the points that have the goods.
    days: Vec<Result<i64, ImportTrouble>>,
}

/// Reads the list.
///
/// # Errors
/// Why the file is refused.
pub fn read(bytes: &[u8], give: &mut dyn FnMut(Row)) -> Result<FileLayout, Refused> {
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| ImportRefusal::NotText)?;
    let lower = text.to_ascii_lowercase();
    if lower.contains("<!doctype") || lower.contains("<!entity") {
        return Err(ImportRefusal::Entities.into());
    }
    drop(lower);
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let (mut offer, mut merchant, mut content) = (Offer::default(), None, String::new());
    let (mut rows, mut elements) = (0_u32, 0_u32);
    loop {
        match reader.read_event().map_err(|_| ImportRefusal::Damaged)? {
            Event::Start(tag) => {
                elements = elements.saturating_add(1);
                if elements > CELLS_MAX || path.len() >= DEPTH_MAX {
                    return Err(ImportRefusal::Cells.into());
                }
                let name = tag.local_name().as_ref().to_owned();
                if path.is_empty() && name != "kaspi_catalog" {
                    return Err(ImportRefusal::TypeMismatch.into());
                }
                match name.as_str() {
                    "offer" => {
                        offer = Offer {
                            sku: attribute(&tag, "sku")?.unwrap_or_default(),
                            ..Offer::default()
                        };
                    }
                    "availability" if available(&tag)? => offer.days.push(days(&tag)?),
                    _ => {}
                }
                path.push(name);
                content.clear();
            }
            Event::Text(part)
                if path.last().is_some_and(|name| name == "merchantid") && content.len() < TEXT_MAX =>
            {
                content.push_str(&part.xml10_content());
            }
            Event::GeneralRef(part) => {
                let name = part.xml10_content();
                let known = ["amp", "lt", "gt", "quot", "apos"].contains(&name.as_ref());
                if !known && !name.starts_with('#') {
                    return Err(ImportRefusal::Entities.into());
                }
            }
            Event::DocType(_) => return Err(ImportRefusal::Entities.into()),
            Event::End(_) => match path.pop().as_deref() {
                Some("merchantid") => merchant = Some(content.trim().to_owned()),
                Some("offer") => {
                    rows = rows.saturating_add(1);
                    if rows > ROWS_MAX {
                        return Err(ImportRefusal::Rows.into());
                    }
                    give(row(rows, std::mem::take(&mut offer)));
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err(ImportRefusal::Damaged.into());
    }
    if rows == 0 {
        return Err(ImportRefusal::Empty.into());
    }
    Ok(FileLayout {
        kind: ImportKind::PriceList,
        columns: vec![(ImportColumn::Sku, None), (ImportColumn::PreorderDays, None)],
        ignored: Vec::new(),
        merchant,
        rows,
    })
}

fn row(number: u32, offer: Offer) -> Row {
    let mut cells = Vec::new();
    let mut sku = offer.sku;
    if sku.is_empty() {
        cells.push((ImportColumn::Sku, Wanted::Wrong(ImportTrouble::NoSku)));
    } else if sku.chars().count() > SKU_MAX {
        sku = sku.chars().take(SKU_MAX).collect();
        cells.push((ImportColumn::Sku, Wanted::Wrong(ImportTrouble::TooLong)));
    }
    let mut days = offer.days.into_iter();
    // Where no point has the goods there is nothing to take over.
    if let Some(first) = days.next() {
        let wanted = match first {
            Ok(_) if days.any(|other| other != first) => Wanted::Wrong(ImportTrouble::DaysDiffer),
            Ok(days) => Wanted::Amount(days),
            Err(trouble) => Wanted::Wrong(trouble),
        };
        cells.push((ImportColumn::PreorderDays, wanted));
    }
    Row { number, sku, cells }
}

fn available(tag: &BytesStart<'_>) -> Result<bool, Refused> {
    Ok(matches!(
        attribute(tag, "available")?.as_deref(),
        Some("yes" | "true")
    ))
}

fn days(tag: &BytesStart<'_>) -> Result<Result<i64, ImportTrouble>, Refused> {
    Ok(match attribute(tag, "preOrder")?.as_deref() {
        None | Some("") => Ok(0),
        Some(text) => text.parse().map_err(|_| ImportTrouble::NotANumber),
    })
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Refused> {
    let found = tag.try_get_attribute(name).map_err(|_| ImportRefusal::Damaged)?;
    let Some(attribute) = found else { return Ok(None) };
    let value = attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map_err(|_| ImportRefusal::Entities)?;
    if value.len() > TEXT_MAX {
        return Err(ImportRefusal::LongCell.into());
    }
    Ok(Some(value.trim().to_owned()))
}
