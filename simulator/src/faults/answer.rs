//! What a fault does to the answer of a request: instead of carrying it out, or afterwards.

use serde_json::{Value, json};

use super::{BodyKind, Encoding, Fault, Kind, Page, rows};
use crate::call::{Call, Reply};
use crate::clock;
use crate::market::Market;
use crate::oauth;

/// A `large` body has this size if nothing else was asked for.
const LARGE_BYTES: usize = 11 * 1024 * 1024;
/// And never more than this.
const LARGE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The answer of a fault that keeps the request from being carried out.
pub fn instead(market: &mut Market, call: &Call, fault: &Fault) -> Option<Reply> {
    match fault.kind {
        Kind::Status => {
            let status = fault.status.unwrap_or(500);
            let reply = match fault.body {
                BodyKind::Json => match &fault.patch {
                    Some(body) => Reply::json(status, body),
                    None => Reply::message(status, "simulated fault"),
                },
                BodyKind::Html => Reply::html(status, page(fault.page)),
                BodyKind::Text => Reply::text(status, fault.text.clone().unwrap_or_default()),
                BodyKind::Empty => Reply::empty(status),
            };
            Some(match &fault.retry_after {
                Some(Value::String(text)) => reply.with("Retry-After", text.clone()),
                Some(value) if !value.is_null() => reply.with("Retry-After", value.to_string()),
                _ => reply,
            })
        }
        Kind::Html => Some(Reply::html(fault.status.unwrap_or(200), page(fault.page))),
        Kind::EmptyBody => Some(Reply::empty(200)),
        Kind::Expired => {
            if let Some(sid) = call.cookie(oauth::SID_COOKIE) {
                market.sessions.cabinet.remove(sid);
            }
            Some(Reply::empty(401))
        }
        Kind::RedirectLogin => Some(Reply::redirect(format!("{}/login", market.hosts.login))),
        Kind::RedirectLoop => Some(Reply::redirect(call.path.clone())),
        Kind::Reset | Kind::Garbage => Some(Reply::empty(0)),
        _ => None,
    }
}

fn page(page: Page) -> String {
    match page {
        Page::Wall => include_str!("../pages/wall.html"),
        Page::Login => include_str!("../pages/login.html"),
        Page::Captcha => include_str!("../pages/captcha.html"),
        Page::Maintenance => include_str!("../pages/maintenance.html"),
    }
    .to_owned()
}

/// What a fault does to the answer of a request that was carried out.
pub fn afterwards(market: &mut Market, call: &Call, mut reply: Reply, fault: &Fault) -> Reply {
    match fault.kind {
        Kind::Malformed => {
            let half = reply.body.len() / 2;
            reply.body.truncate(half);
        }
        Kind::AppliedBut500 => reply = Reply::message(500, "Internal Server Error"),
        Kind::NoId => reply = Reply::ok(&json!({})),
        Kind::ResetAfter => reply.status = 0,
        Kind::Empty => in_json(&mut reply, empty),
        Kind::Patch => in_json(&mut reply, |value| rows::merge(value, fault)),
        Kind::RowPatch => in_json(&mut reply, |value| rows::patch(value, fault)),
        Kind::DropRows => in_json(&mut reply, |value| rows::take_out(value, fault)),
        Kind::AddRows => {
            let more = fault.patch.clone().unwrap_or_default();
            in_json(&mut reply, |value| rows::append(value, &more));
        }
        Kind::Headers => {
            for (name, value) in &fault.headers {
                reply = reply.with_header(name, value.as_deref());
            }
        }
        Kind::Replace => {
            if let Ok(text) = String::from_utf8(reply.body.clone()) {
                reply.body = replaced(&text, &fault.replace).into_bytes();
            }
        }
        Kind::Date => {
            let skew_ms = fault.seconds.unwrap_or(0).saturating_mul(1000);
            let date = clock::http_date(market.now_ms().saturating_add(skew_ms));
            reply = reply.with_header("Date", Some(&date));
        }
        Kind::Bom => reply.body = [b"\xef\xbb\xbf".as_slice(), reply.body.as_slice()].concat(),
        Kind::Encoded => reply = encoded(reply, fault.encoding),
        Kind::Large => {
            let size = fault.bytes.unwrap_or(LARGE_BYTES).min(LARGE_BYTES_MAX);
            let size = size.max(reply.body.len());
            // Blanks after it leave a JSON text what it was.
            reply.body.resize(size, b' ');
            reply = encoded(reply, fault.encoding);
        }
        Kind::RotateSession => {
            let old = call.cookie(oauth::SID_COOKIE).map(str::to_owned);
            if let Some(session) = old.and_then(|sid| market.sessions.cabinet.remove(&sid)) {
                let sid = market.token();
                market.sessions.cabinet.insert(sid.clone(), session);
                reply = reply.with_cookie(oauth::SID_COOKIE, &sid);
            }
        }
        _ => {}
    }
    reply
}

fn in_json(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    if let Ok(mut value) = serde_json::from_slice::<Value>(&reply.body) {
        change(&mut value);
        reply.body = value.to_string().into_bytes();
    }
}

/// No rows; the public offers also count none, other lists keep their total.
fn empty(value: &mut Value) {
    if let Some(rows) = rows::of(value) {
        rows.clear();
    }
    if let Value::Object(fields) = value
        && fields.contains_key("offers")
    {
        fields.insert("total".to_owned(), json!(0));
        fields.insert("offersCount".to_owned(), json!(0));
    }
}

/// Replaces all texts in one pass, so that two can change places.
fn replaced(text: &str, pairs: &std::collections::BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let hit = pairs
            .iter()
            .find(|(from, _)| !from.is_empty() && rest.starts_with(from.as_str()));
        let skip = match hit {
            Some((from, to)) => {
                out.push_str(to);
                from.len()
            }
            None => {
                out.push(letter);
                letter.len_utf8()
            }
        };
        rest = rest.get(skip..).unwrap_or_default();
    }
    out
}

fn encoded(mut reply: Reply, encoding: Option<Encoding>) -> Reply {
    let Some(encoding) = encoding else { return reply };
    let (name, body) = super::wire::compress(encoding, &reply.body);
    reply.body = body;
    reply.with("Content-Encoding", name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::replaced;

    #[test]
    fn two_texts_can_change_places() {
        let pairs = BTreeMap::from([
            ("help".to_owned(), "note".to_owned()),
            ("note".to_owned(), "help".to_owned()),
        ]);
        assert_eq!(replaced("help ünd note", &pairs), "note ünd help");
    }
}
