//! The marketplace's price list as XML (contract, "XML"): the whole assortment of a store, in the order and with the
//! names that its rules demand.

use std::io;

use chrono::NaiveDate;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::domain::{Tenge, product::Availability};

const NAMESPACE: &str = "kaspiShopping";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const LOCATION: &str = "kaspiShopping http://kaspi.kz/kaspishopping.xsd";

/// An offer of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The seller's article.
    pub sku: String,
    /// Title; never empty.
    pub model: String,
    /// Brand.
    pub brand: Option<String>,
    /// Every point of service; never none.
    pub points: Vec<Availability>,
    /// City and price; never none.
    pub prices: Vec<(String, Tenge)>,
}

/// Writes the list. `date`: the day from which on it says what it says.
///
/// # Errors
/// Never in memory.
pub fn write_price_list(
    company: &str,
    merchant_id: &str,
    date: NaiveDate,
    offers: &[Offer],
) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let date = date.to_string();
    let root = BytesStart::new("kaspi_catalog").with_attributes([
        ("date", date.as_str()),
        ("xmlns", NAMESPACE),
        ("xmlns:xsi", INSTANCE),
        ("xsi:schemaLocation", LOCATION),
    ]);
    xml.write_event(Event::Start(root))?;
    text(&mut xml, "company", company)?;
    text(&mut xml, "merchantid", merchant_id)?;
    xml.write_event(Event::Start(BytesStart::new("offers")))?;
    for offer in offers {
        write_offer(&mut xml, offer)?;
    }
    xml.write_event(Event::End(BytesEnd::new("offers")))?;
    xml.write_event(Event::End(BytesEnd::new("kaspi_catalog")))?;
    Ok(xml.into_inner())
}

fn write_offer(xml: &mut Writer<Vec<u8>>, offer: &Offer) -> io::Result<()> {
    let sku = known_to_xml(&offer.sku);
    xml.write_event(Event::Start(
        BytesStart::new("offer").with_attributes([("sku", sku.as_str())]),
    ))?;
    text(xml, "model", &offer.model)?;
    if let Some(brand) = &offer.brand {
        text(xml, "brand", brand)?;
    }
    xml.write_event(Event::Start(BytesStart::new("availabilities")))?;
    for point in &offer.points {
        let mut tag = BytesStart::new("availability").with_attributes([
            ("available", if point.available { "yes" } else { "no" }),
            ("storeId", known_to_xml(&point.point_id).as_str()),
        ]);
        if point.preorder_days > 0 {
            tag.push_attribute(("preOrder", point.preorder_days.to_string().as_str()));
        }
        if let Some(stock) = point.stock_count {
            tag.push_attribute(("stockCount", stock.to_string().as_str()));
        }
        xml.write_event(Event::Empty(tag))?;
    }
    xml.write_event(Event::End(BytesEnd::new("availabilities")))?;
    xml.write_event(Event::Start(BytesStart::new("cityprices")))?;
    for (city, price) in &offer.prices {
        let tag = BytesStart::new("cityprice").with_attributes([("cityId", city.as_str())]);
        xml.write_event(Event::Start(tag))?;
        xml.write_event(Event::Text(BytesText::new(&price.0.to_string())))?;
        xml.write_event(Event::End(BytesEnd::new("cityprice")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("cityprices")))?;
    xml.write_event(Event::End(BytesEnd::new("offer")))
}

fn text(xml: &mut Writer<Vec<u8>>, name: &str, content: &str) -> io::Result<()> {
    xml.write_event(Event::Start(BytesStart::new(name)))?;
    xml.write_event(Event::Text(BytesText::new(&known_to_xml(content))))?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

/// Without the characters that XML cannot say at all, not even escaped.
#[must_use]
pub fn known_to_xml(text: &str) -> String {
    let known = |each: &char| matches!(each, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(known).collect()
}
