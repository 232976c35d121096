//! `POST /orders`: the seller changes the status of an order.

use serde_json::{Value, json};

use super::admitted;
use super::documents::{document, number_of, refusal};
use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::market::Market;
use crate::market::orders::OrderChange;

/// Reasons the marketplace takes for a cancellation.
const REASONS: [&str; 3] = [
    "BUYER_CANCELLATION_BY_MERCHANT",
    "BUYER_NOT_REACHABLE",
    "MERCHANT_OUT_OF_STOCK",
];

pub fn change(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let uid = match admitted(market, call, trace) {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    let data = call.body.get("data").unwrap_or(&Value::Null);
    let Some(attributes) = data
        .get("attributes")
        .filter(|_| data.get("type") == Some(&json!("orders")))
    else {
        return refusal(400, "data of type orders with attributes is required");
    };
    let id = data.get("id").and_then(Value::as_str).unwrap_or_default();
    let number = number_of(id)
        .filter(|number| {
            market
                .orders
                .get(*number)
                .is_some_and(|order| order.merchant == uid)
        })
        .filter(|number| attributes.get("code").and_then(Value::as_str) == Some(number.to_string().as_str()));
    let Some(number) = number else {
        return refusal(404, "order not found");
    };
    let wanted = match wanted(call, attributes) {
        Ok(wanted) => wanted,
        Err(title) => return refusal(400, title),
    };
    if call.fault_of(Kind::CancelledMeanwhile).is_some() {
        market.cancel_by_buyer(number);
    }
    let never = call.fault_of(Kind::AcceptedNotApplied).is_some();
    let late = call
        .fault_of(Kind::ApplyAfter)
        .and_then(|fault| fault.seconds)
        .and_then(|seconds| u32::try_from(seconds).ok());
    match market.change_order(number, wanted, late.unwrap_or(0), never) {
        Ok(()) => document(&json!({
            "data": {
                "type": "orders",
                "id": id,
                "attributes": { "code": number.to_string(), "status": attributes.get("status") },
            },
        })),
        Err(title) => refusal(400, title),
    }
}

fn wanted(call: &Call, attributes: &Value) -> Result<OrderChange, &'static str> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    match text("status") {
        Some("ACCEPTED_BY_MERCHANT") => Ok(OrderChange::Accept),
        Some("ASSEMBLE") => {
            let spaces = attributes.get("numberOfSpace").and_then(|value| {
                value
                    .as_u64()
                    .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            });
            match spaces {
                Some(1..) => Ok(OrderChange::Assemble),
                _ => Err("numberOfSpace is required"),
            }
        }
        Some("ARRIVED") => Ok(OrderChange::Arrive),
        Some("CANCELLED") => match text("cancellationReason") {
            Some(reason) if REASONS.contains(&reason) => Ok(OrderChange::Cancel {
                reason: reason.to_owned(),
            }),
            _ => Err("cancellationReason is required"),
        },
        Some("COMPLETED") => match (call.header("x-send-code"), call.header("x-security-code")) {
            (_, Some(code)) if !code.is_empty() => Ok(OrderChange::Complete {
                code: code.to_owned(),
            }),
            (Some("true"), _) => Ok(OrderChange::SendCode),
            _ => Err("X-Send-Code or X-Security-Code is required"),
        },
        _ => Err("unknown status"),
    }
}
