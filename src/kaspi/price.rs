//! Writing prices. The call itself decides nothing: what may be sent is settled before it.

use super::{
    CabinetSession, KaspiClient, KaspiError,
    http::{client::address, convert, wire},
};
use crate::{domain::product::Availability, last_gate::ClearedWrite};

/// The marketplace took a write: that is not yet a changed price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The marketplace's key of the operation.
    pub operation_id: String,
}

impl KaspiClient {
    /// Sends a price write. Taken up is not applied: only a later read shows the price.
    ///
    /// # Errors
    /// `Rejected`: refused, nothing changed. `Unavailable` and `Malformed`: the outcome is not known, read
    /// before anything is written again. `RateLimited`: no write of this shop for the next half hour. `Paused`:
    /// nothing was sent, because it may not be now or because the gate's word has become too old.
    pub async fn set_price(
        &self,
        session: &CabinetSession,
        write: &ClearedWrite,
    ) -> Result<Accepted, KaspiError> {
        let order = order(write)?;
        let body = self
            .write_cabinet(
                session,
                write.merchant_id(),
                "process",
                1,
                || !write.is_stale(),
                |client, base| {
                    client
                        .post(address(base, "pricefeed/upload/merchant/process"))
                        .json(&order)
                },
            )
            .await?;
        accepted(&body)
    }

    /// Sends price writes of one shop in one request; they share an operation, and count one by one in the half
    /// hour. All of them are taken or none.
    ///
    /// # Errors
    /// As [`KaspiClient::set_price`], for all of them; `Rejected` also for none, and for writes of several shops.
    pub async fn set_prices(
        &self,
        session: &CabinetSession,
        writes: &[ClearedWrite],
    ) -> Result<Accepted, KaspiError> {
        let merchant_id = writes.first().map(ClearedWrite::merchant_id).unwrap_or_default();
        if merchant_id.is_empty() || writes.iter().any(|write| write.merchant_id() != merchant_id) {
            return Err(KaspiError::Rejected {
                status: 0,
                message: "a batch holds the writes of one shop".into(),
            });
        }
        let orders = writes.iter().map(order).collect::<Result<Vec<_>, _>>()?;
        let body = self
            .write_cabinet(
                session,
                merchant_id,
                "process_batch",
                orders.len(),
                || !writes.iter().any(ClearedWrite::is_stale),
                |client, base| {
                    client
                        .post(address(base, "pricefeed/upload/merchant/process/process/batch"))
                        .json(&orders)
                },
            )
            .await?;
        accepted(&body)
    }
}

/// The operation of an answer; without one the outcome is not known.
fn accepted(body: &[u8]) -> Result<Accepted, KaspiError> {
    let operation: wire::Operation = convert::parsed(body, "answer to a price write")?;
    match operation.id {
        Some(id) if !id.0.is_empty() => Ok(Accepted { operation_id: id.0 }),
        _ => Err(KaspiError::malformed("answer to a price write: no operation")),
    }
}

/// The body: city prices, and the lowest of them as base price beside them (contract, "Disagreements" 5).
fn order(write: &ClearedWrite) -> Result<wire::PriceOrder<'_>, KaspiError> {
    let prices = write.city_prices().iter().map(|(_, price)| price.0);
    let lowest = prices.min().filter(|lowest| *lowest > 0);
    let Some(lowest) = lowest else {
        return Err(KaspiError::Rejected {
            status: 0,
            message: "a price write needs prices above zero".into(),
        });
    };
    Ok(wire::PriceOrder {
        merchant_uid: write.merchant_id(),
        sku: write.sku(),
        price: lowest,
        city_prices: write
            .city_prices()
            .iter()
            .map(|(city_id, price)| wire::CityValue {
                city_id,
                value: price.0,
            })
            .collect(),
        // An empty image would withdraw the offer everywhere; it can only mean "not known".
        availabilities: write
            .availabilities()
            .filter(|points| !points.is_empty())
            .map(|points| points.iter().map(echo).collect()),
    })
}

/// A point with the keys it had: a key left empty means "reset", a point left out goes off sale
/// (contract, "Changing price", dangers 1–3 and 6).
fn echo(point: &Availability) -> wire::AvailabilityEcho<'_> {
    wire::AvailabilityEcho {
        available: if point.available { "yes" } else { "no" },
        store_id: &point.point_id,
        stock_count: point.stock_count.filter(|_| point.stock_enabled != Some(false)),
        pre_order: (point.available && point.preorder_days > 0).then_some(point.preorder_days),
        stock_enabled: point.stock_enabled,
    }
}

#[cfg(test)]
mod tests;
