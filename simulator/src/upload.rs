//! Price list files in the cabinet: upload, what became of a file, and what became of single offers.

use serde_json::{Value, json};

use crate::cabinet::admitted;
use crate::call::{Call, FilePart, Reply, Trace};
use crate::faults::Kind;
use crate::market::Market;
use crate::market::files::FileFate;
use crate::pricelist;

/// What the marketplace takes for a price list.
const CONTENT_TYPES: [&str; 5] = [
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "text/xml",
    "application/xml",
    "application/octet-stream",
];

/// `POST /pricefeed/upload/merchant/upload`
pub fn upload(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    let merchant = match admitted(market, call, trace, call.query("merchantUid")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let Some(FilePart {
        name,
        content_type,
        data,
    }) = &call.file
    else {
        return Reply::message(400, "a form with the part file is required");
    };
    if data.len() > market.limits.file_bytes_max {
        return Reply::message(413, "Payload Too Large");
    }
    let plain_type = content_type.split(';').next().unwrap_or_default().trim();
    if !CONTENT_TYPES.contains(&plain_type) {
        return Reply::message(415, "Unsupported Media Type");
    }
    if market
        .last_file(&merchant.uid)
        .is_some_and(|file| !file.is_finished())
    {
        return Reply::text(
            market.limits.unfinished_status,
            "Unfinished file found".to_owned(),
        );
    }
    let mut rows = match pricelist::read(&market.limits, &merchant, data) {
        Ok(rows) => rows,
        Err(message) => return Reply::message(400, &message),
    };
    let mut fate = FileFate::Usual;
    if call.fault_of(Kind::Stuck).is_some() {
        fate = FileFate::Stuck;
    }
    if let Some(fault) = call.fault_of(Kind::FileEnds) {
        fate = FileFate::Ends(fault.text.clone().unwrap_or_else(|| "ERROR".to_owned()));
    }
    if let Some(fault) = call.fault_of(Kind::RowErrors) {
        let count = fault
            .rows
            .and_then(|rows| usize::try_from(rows).ok())
            .unwrap_or(1);
        let message = fault.text.as_deref().unwrap_or("simulated fault");
        rows.iter_mut()
            .take(count)
            .for_each(|row| row.read = Err(message.to_owned()));
    }
    let id = market.add_file(&merchant.uid, name, rows, fate);
    Reply::ok(&json!({ "id": id }))
}

/// `GET /pricefeed/protocol/merchant/file/{id}`
pub fn file(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let merchant = match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let file = market
        .files
        .values()
        .find(|file| file.id == call.tail && file.merchant == merchant.uid);
    match file {
        Some(file) => Reply::ok(&json!(file)),
        None => Reply::message(404, "File not found"),
    }
}

/// `GET /pricefeed/upload/merchant/files/last`
pub fn last(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => match market.last_file(&merchant.uid) {
            Some(file) => Reply::ok(&json!(file)),
            None => Reply::ok(&json!({})),
        },
        Err(refusal) => refusal,
    }
}

/// `POST /pricefeed/upload/merchant/upload/configuration`
pub fn configuration(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    match admitted(market, call, trace, call.query("merchantUid")) {
        Ok(merchant) => Reply::ok(&json!({
            "merchantUid": merchant.uid,
            "autoUploadEnabled": false,
            "url": null,
            "login": null,
            "intervalMinutes": 60,
        }))
        .with("X-Principal-Type", "2".to_owned()),
        Err(refusal) => refusal,
    }
}

/// `POST /pricefeed/protocol/merchant/offer/list/s`: what the newest file said about each of these skus.
pub fn offers(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let merchant = match admitted(market, call, trace, call.field("merchantUid")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let Some(skus) = call.body.get("skuList").and_then(Value::as_array) else {
        return Reply::message(400, "skuList is required");
    };
    let row = |sku: &str| {
        let file = market
            .files
            .values()
            .rev()
            .find(|file| file.merchant == merchant.uid && file.skus.contains(sku))?;
        let error = file.errors.iter().find(|error| error.sku == sku);
        let status = match (error, file.is_finished()) {
            (Some(_), _) => "ERROR",
            (None, true) => "FINISHED",
            (None, false) => "PROCESSING",
        };
        Some(json!({
            "sku": sku,
            "status": status,
            "message": error.map(|error| &error.message),
            "fileId": file.id,
            "updatedAt": file.finished_at.as_ref().unwrap_or(&file.created_at),
        }))
    };
    let rows: Vec<Value> = skus.iter().filter_map(Value::as_str).filter_map(row).collect();
    Reply::ok(&Value::from(rows))
}
