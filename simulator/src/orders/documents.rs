//! Orders as JSON:API documents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::call::Reply;
use crate::market::orders::{Entry, Order};

/// The media type of the interface.
pub const JSON_API: &str = "application/vnd.api+json";

pub fn document(value: &Value) -> Reply {
    Reply::with_body(200, JSON_API, value.to_string().into_bytes())
}

pub fn refusal(status: u16, title: &str) -> Reply {
    let body = json!({ "errors": [{ "title": title, "status": status.to_string() }] });
    Reply::with_body(status, JSON_API, body.to_string().into_bytes())
}

/// An id: the code in base64 without padding.
pub fn id_of(code: &str) -> String {
    STANDARD_NO_PAD.encode(code)
}

/// The number of an order from its id or from the id of one of its entries (`code#1`).
pub fn number_of(id: &str) -> Option<u64> {
    let code = STANDARD_NO_PAD.decode(id.trim_end_matches('=')).ok()?;
    let code = String::from_utf8(code).ok()?;
    code.split('#').next()?.parse().ok()
}

pub fn order(base: &str, order: &Order) -> Value {
    let id = id_of(&order.code());
    let waybill = order
        .waybill
        .as_ref()
        .map(|number| format!("{base}/waybill/{number}"));
    let related = format!("{base}/v2/orders/{id}/entries");
    json!({
        "type": "orders",
        "id": id,
        "attributes": {
            "code": order.code(),
            "state": order.state,
            "status": order.status,
            "preOrder": order.pre_order,
            "totalPrice": order.total_price(),
            "deliveryCost": order.delivery_cost,
            "deliveryCostForSeller": order.delivery_cost_for_seller,
            "creationDate": order.created_ms,
            "approvedByBankDate": order.created_ms.saturating_add(60_000),
            "plannedDeliveryDate": order.planned_delivery_ms,
            "deliveryMode": order.delivery_mode,
            "isKaspiDelivery": order.kaspi_delivery,
            "pickupPointId": order.pickup_point,
            "assembled": order.assembled,
            "paymentMode": "PREPAID",
            "creditTerm": null,
            "signatureRequired": order.state == "SIGN_REQUIRED",
            "cancellationReason": order.cancellation_reason,
            "customer": { "id": "MDAw", "name": null, "firstName": "П***", "lastName": "П***", "cellPhone": "0000000000" },
            "kaspiDelivery": {
                "waybill": waybill,
                "waybillNumber": order.waybill,
                "courierTransmissionDate": null,
                "courierTransmissionPlanningDate": order.planned_delivery_ms,
                "express": false,
                "returnedToWarehouse": false,
            },
        },
        "relationships": { "entries": { "links": { "related": related } } },
    })
}

pub fn entries(order: &Order) -> Vec<Value> {
    let entry = |(number, entry): (usize, &Entry)| {
        let total = entry.base_price.saturating_mul(i64::from(entry.quantity));
        json!({
            "type": "orderentries",
            "id": id_of(&format!("{}#{number}", order.number)),
            "attributes": {
                "entryNumber": number,
                "quantity": entry.quantity,
                "basePrice": entry.base_price,
                "totalPrice": total,
                "deliveryCost": entry.delivery_cost,
                "category": { "code": entry.category, "title": entry.category },
                "offer": { "code": entry.sku, "name": entry.name },
            },
            "relationships": {
                "product": { "data": { "type": "masterproducts", "id": id_of(&entry.card) } },
                "deliveryPointOfService": {
                    "data": order.pickup_point.as_ref().map(|point| {
                        json!({ "type": "pointofservices", "id": id_of(point) })
                    }),
                },
            },
        })
    };
    order.entries.iter().enumerate().map(entry).collect()
}

pub fn product(entry: &Entry) -> Value {
    json!({
        "type": "masterproducts",
        "id": id_of(&entry.card),
        "attributes": { "code": entry.card, "name": entry.name, "category": entry.category },
    })
}
