//! Preorders: days until the goods arrive and the stock promised at each point of service.

use serde_json::{Map, Value, json};

/// Longest time a preorder may take, in days: the bound of the marketplace's form.
pub const MAX_DELIVERY_DAYS: i32 = 30;

/// Points of service that the marketplace's spreadsheet has columns for.
pub const SHEET_POINTS: u16 = 5;

/// Goods promised at one point of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointStock {
    /// Number of the point: 1 for `PP1`.
    pub number: u16,
    /// How many; `None`: on sale, stock not stated.
    pub quantity: Option<u32>,
}

/// Reads `{"1": {"id": 1, "quantity": 3}}`, sorted by number. A missing or null quantity means "not stated".
/// `None` for anything else: a key that is no number from 1, an entry without the form above, a point named twice.
#[must_use]
pub fn parse_warehouses(value: &Value) -> Option<Vec<PointStock>> {
    let mut points = Vec::new();
    for (key, entry) in value.as_object()? {
        let number: u16 = key.parse().ok().filter(|number| *number > 0)?;
        let entry = entry.as_object()?;
        let quantity = match entry.get("quantity") {
            None | Some(Value::Null) => None,
            Some(quantity) => Some(u32::try_from(quantity.as_u64()?).ok()?),
        };
        points.push(PointStock { number, quantity });
    }
    points.sort_by_key(|point| point.number);
    let distinct = points.windows(2).all(|pair| match pair {
        [a, b] => a.number != b.number,
        _ => true,
    });
    distinct.then_some(points)
}

/// The form that [`parse_warehouses`] reads.
#[must_use]
pub fn warehouses_value(points: &[PointStock]) -> Value {
    let entries: Map<String, Value> = points
        .iter()
        .map(|point| {
            let entry = json!({"id": point.number, "quantity": point.quantity});
            (point.number.to_string(), entry)
        })
        .collect();
    Value::Object(entries)
}

#[cfg(test)]
mod tests;
