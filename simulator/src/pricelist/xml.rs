//! The official XML price list. Its elements have an order, and one in the wrong place spoils the file.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Row, availability, checked_days, checked_price, checked_sku, checked_stock};
use crate::market::cities;
use crate::market::limits::Limits;
use crate::market::offer::{Availability, Merchant};
use crate::market::operations::Change;

/// Elements and the element each of them must stand in.
const PLACES: [(&str, &str); 12] = [
    ("kaspi_catalog", ""),
    ("company", "kaspi_catalog"),
    ("merchantid", "kaspi_catalog"),
    ("offers", "kaspi_catalog"),
    ("offer", "offers"),
    ("model", "offer"),
    ("brand", "offer"),
    ("availabilities", "offer"),
    ("availability", "availabilities"),
    ("price", "offer"),
    ("cityprices", "offer"),
    ("cityprice", "cityprices"),
];

/// The order of an offer's children.
fn rank(element: &str) -> Option<u8> {
    match element {
        "model" => Some(1),
        "brand" => Some(2),
        "availabilities" => Some(3),
        "price" | "cityprices" => Some(4),
        _ => None,
    }
}

/// An offer as far as it was read.
#[derive(Default)]
struct Draft {
    sku: String,
    model: String,
    price: Option<String>,
    city_prices: Vec<(String, String)>,
    availabilities: Vec<Result<Availability, String>>,
    last_rank: u8,
}

pub fn read(limits: &Limits, merchant: &Merchant, text: &str) -> Result<Vec<Row>, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    let mut rows = Vec::new();
    let mut draft = Draft::default();
    let mut city = String::new();
    let mut of_merchant = None;
    // Every turn consumes a part of the text; no text has more parts than letters.
    for _ in 0..=text.len() {
        let event = reader
            .read_event()
            .map_err(|error| format!("the XML cannot be read: {error}"))?;
        match event {
            Event::Start(tag) => {
                let name = name_of(&tag);
                let parent = path.last().map_or("", String::as_str);
                match PLACES.iter().find(|(element, _)| *element == name) {
                    Some((_, place)) if *place == parent => {}
                    Some(_) => return Err(format!("{name} in the wrong place")),
                    None => return Err(format!("unknown element {name}")),
                }
                if let Some(rank) = rank(&name) {
                    if rank < draft.last_rank {
                        return Err(format!("{name} of {} comes too late", draft.sku));
                    }
                    draft.last_rank = rank;
                }
                match name.as_str() {
                    "offer" => {
                        draft = Draft {
                            sku: attribute(&tag, "sku")?.unwrap_or_default(),
                            ..Draft::default()
                        }
                    }
                    "availability" => draft.availabilities.push(point(merchant, &tag)),
                    "cityprice" => city = attribute(&tag, "cityId")?.unwrap_or_default(),
                    _ => {}
                }
                path.push(name);
                content.clear();
            }
            Event::Text(part) => {
                content.push_str(&part.xml10_content());
            }
            Event::CData(part) => {
                content.push_str(&part.xml10_content());
            }
            Event::GeneralRef(part) => {
                let name = part.xml10_content();
                content.push(letter(&part, &name)?);
            }
            Event::End(_) => {
                let said = content.trim().to_owned();
                match path.pop().as_deref() {
                    Some("merchantid") => of_merchant = Some(said),
                    Some("model") => draft.model = said,
                    Some("price") => draft.price = Some(said),
                    Some("cityprice") => draft.city_prices.push((city.clone(), said)),
                    Some("offer") => {
                        let draft = std::mem::take(&mut draft);
                        rows.push(Row {
                            number: rows.len().saturating_add(1),
                            sku: draft.sku.clone(),
                            read: change(limits, draft),
                        });
                    }
                    _ => {}
                }
                content.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err("the XML ends too early".to_owned());
    }
    match of_merchant {
        Some(uid) if uid == merchant.uid => Ok(rows),
        Some(uid) => Err(format!("merchantid {uid} is not {}", merchant.uid)),
        None => Err("merchantid is required".to_owned()),
    }
}

fn name_of(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let found = tag
        .try_get_attribute(name)
        .map_err(|error| format!("the XML cannot be read: {error}"))?;
    match found {
        None => Ok(None),
        Some(attribute) => {
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|error| format!("the XML cannot be read: {error}"))?;
            Ok(Some(value.trim().to_owned()))
        }
    }
}

fn letter(reference: &quick_xml::events::BytesRef<'_>, name: &str) -> Result<char, String> {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return Ok(letter);
    }
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(format!("unknown reference {name}")),
    }
}

fn point(merchant: &Merchant, tag: &BytesStart<'_>) -> Result<Availability, String> {
    let available = match attribute(tag, "available")?.as_deref() {
        Some("yes" | "true") => true,
        Some("no" | "false") => false,
        _ => return Err("available must be yes or no".to_owned()),
    };
    let store = attribute(tag, "storeId")?.unwrap_or_default();
    let days = checked_days(&attribute(tag, "preOrder")?.unwrap_or_default())?;
    let stock = match attribute(tag, "stockCount")? {
        None => None,
        Some(count) => Some(checked_stock(&count)?),
    };
    availability(merchant, &store, available, stock, days)
}

fn change(limits: &Limits, draft: Draft) -> Result<Change, String> {
    let sku = checked_sku(&draft.sku)?.to_owned();
    if draft.model.is_empty() {
        return Err("model is required".to_owned());
    }
    let price = match draft.price {
        None => None,
        Some(text) => Some(checked_price(limits, &text)?),
    };
    let mut city_prices = BTreeMap::new();
    for (city, text) in draft.city_prices {
        if !cities::is_known(&city) {
            return Err(format!("unknown city {city}"));
        }
        if city_prices
            .insert(city.clone(), checked_price(limits, &text)?)
            .is_some()
        {
            return Err(format!("city {city} is named twice"));
        }
    }
    if price.is_none() && city_prices.is_empty() {
        return Err("price or cityprices is required".to_owned());
    }
    let availabilities = draft.availabilities.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Change {
        sku,
        price,
        city_prices: (!city_prices.is_empty()).then_some(city_prices),
        availabilities: Some(availabilities),
    })
}
