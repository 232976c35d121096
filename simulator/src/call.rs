//! The way of every marketplace request: read it, let a fault strike, call the handler on the market, write the
//! journal, answer. Handlers are plain functions on the market and know nothing of the HTTP server.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::faults::{BodyKind, Fault, Kind};
use crate::journal::{Entry, Write, blanked};
use crate::market::Market;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// The market as all servers share it.
pub struct Shared {
    pub market: Mutex<Market>,
    pub latency: Duration,
}

impl Shared {
    /// The market, brought up to the present. A handler that panicked leaves plain data behind, so a poisoned lock
    /// is no reason to stop.
    pub fn market(&self) -> MutexGuard<'_, Market> {
        let mut market = self.market.lock().unwrap_or_else(PoisonError::into_inner);
        market.catch_up();
        market
    }
}

/// A second handle of the connection a request came on, to drop it without an answer.
#[derive(Clone)]
pub struct Connection(pub Arc<TcpStream>);

/// A received request.
pub struct Call {
    pub method: String,
    /// Path with the query.
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub cookies: BTreeMap<String, String>,
    /// The body as JSON; null when it is empty or something else.
    pub body: Value,
    /// The last segment of the path.
    pub tail: String,
    /// The fault at work, for handlers that act differently under it.
    pub fault: Option<Kind>,
}

impl Call {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A string field of the JSON body.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// The merchant the request names, wherever the endpoint wants it.
    fn named_merchant(&self) -> Option<String> {
        let of_query = self
            .query("m")
            .or_else(|| self.query("merchantUid"))
            .or_else(|| self.query("_m"));
        let of_body = self.field("merchantUid").or_else(|| {
            self.body
                .get("variables")
                .and_then(|variables| variables.get("id"))
                .and_then(Value::as_str)
        });
        let of_batch = self
            .body
            .get(0)
            .and_then(|row| row.get("merchantUid"))
            .and_then(Value::as_str);
        of_query.or(of_body).or(of_batch).map(str::to_owned)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            content_type: JSON,
            headers: Vec::new(),
            body: value.to_string().into_bytes(),
        }
    }

    pub fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// A refusal with a `message`, as the cabinet writes them.
    pub fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    pub fn html(status: u16, page: String) -> Self {
        Self {
            status,
            content_type: HTML,
            headers: Vec::new(),
            body: page.into_bytes(),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: JSON,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn redirect(to: String) -> Self {
        Self::empty(302).with("Location", to)
    }

    pub fn bytes(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type,
            headers: Vec::new(),
            body,
        }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets a cookie of this host. Not `Secure`: the simulated hosts speak plain HTTP.
    pub fn with_cookie(self, name: &str, value: &str) -> Self {
        self.with(
            "Set-Cookie",
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"),
        )
    }
}

/// What a handler notes for the journal.
#[derive(Default)]
pub struct Trace {
    pub merchant: Option<String>,
    pub warnings: Vec<String>,
    pub writes: Vec<Write>,
}

/// A handler of one endpoint.
pub type Handler = fn(&mut Market, &Call, &mut Trace) -> Reply;

/// Carries out a request from beginning to end.
pub async fn serve(
    endpoint: &'static str,
    handler: Handler,
    request: HttpRequest,
    body: Bytes,
    shared: Data<Shared>,
) -> HttpResponse {
    let mut call = read(&request, &body);
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let (reply, fault) = {
        let mut market = shared.market();
        let mut trace = Trace {
            merchant: merchant_of(&market, &call),
            ..Trace::default()
        };
        let fault = market.faults.take(endpoint, trace.merchant.as_deref());
        call.fault = fault.as_ref().map(|fault| fault.kind);
        let reply = match fault
            .as_ref()
            .and_then(|fault| instead(&mut market, &call, fault))
        {
            Some(reply) => reply,
            None => afterwards(handler(&mut market, &call, &mut trace), fault.as_ref()),
        };
        note(&mut market, endpoint, &call, trace, &reply, fault.as_ref());
        (reply, fault)
    };
    match fault {
        Some(Fault {
            kind: Kind::Slow,
            delay_ms,
            ..
        }) => {
            tokio::time::sleep(Duration::from_millis(delay_ms.unwrap_or(1000))).await;
        }
        Some(Fault {
            kind: Kind::Reset | Kind::ResetAfter,
            ..
        }) => drop_connection(&request),
        _ => {}
    }
    answer(reply, &request)
}

fn read(request: &HttpRequest, body: &Bytes) -> Call {
    let headers: BTreeMap<String, String> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let cookies = request
        .headers()
        .get_all(COOKIE)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let query = Query::<BTreeMap<String, String>>::from_query(request.query_string());
    Call {
        method: request.method().to_string(),
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        query: query.map(Query::into_inner).unwrap_or_default(),
        headers,
        cookies,
        body: serde_json::from_slice(body).unwrap_or(Value::Null),
        tail: request.path().rsplit('/').next().unwrap_or_default().to_owned(),
        fault: None,
    }
}

/// The merchant a request is about: named by it, or the first of the session or of the account that logs in.
fn merchant_of(market: &Market, call: &Call) -> Option<String> {
    let of_session = || {
        let session = market.sessions.cabinet.get(call.cookie("mc-sid")?)?;
        session.merchants.first().cloned()
    };
    let of_account = || market.accounts.get(call.field("_u")?)?.merchants.first().cloned();
    call.named_merchant().or_else(of_session).or_else(of_account)
}

/// The answer of a fault that keeps the request from being carried out.
fn instead(market: &mut Market, call: &Call, fault: &Fault) -> Option<Reply> {
    match fault.kind {
        Kind::Status => {
            let status = fault.status.unwrap_or(500);
            let reply = match fault.body {
                BodyKind::Json => match &fault.patch {
                    Some(body) => Reply::json(status, body),
                    None => Reply::message(status, "simulated fault"),
                },
                BodyKind::Html => Reply::html(status, wall()),
                BodyKind::Empty => Reply::empty(status),
            };
            Some(match &fault.retry_after {
                Some(Value::String(text)) => reply.with("Retry-After", text.clone()),
                Some(value) if !value.is_null() => reply.with("Retry-After", value.to_string()),
                _ => reply,
            })
        }
        Kind::Html => Some(Reply::html(200, wall())),
        Kind::EmptyBody => Some(Reply::empty(200)),
        Kind::Expired => {
            if let Some(sid) = call.cookie("mc-sid") {
                market.sessions.cabinet.remove(sid);
            }
            Some(Reply::empty(401))
        }
        Kind::RedirectLogin => Some(Reply::redirect(format!("{}/login", market.hosts.login))),
        Kind::Reset => Some(Reply::empty(0)),
        _ => None,
    }
}

fn wall() -> String {
    include_str!("pages/wall.html").to_owned()
}

/// What a fault does to the answer of a request that was carried out.
fn afterwards(mut reply: Reply, fault: Option<&Fault>) -> Reply {
    let Some(fault) = fault else { return reply };
    let value = serde_json::from_slice::<Value>(&reply.body).ok();
    match (fault.kind, value) {
        (Kind::Malformed, _) => {
            let half = reply.body.len() / 2;
            reply.body.truncate(half);
        }
        (Kind::AppliedBut500, _) => reply = Reply::message(500, "Internal Server Error"),
        (Kind::NoId, _) => reply = Reply::ok(&json!({})),
        (Kind::ResetAfter, _) => reply.status = 0,
        (Kind::Empty, Some(Value::Object(mut fields))) => {
            for name in ["offers", "data", "merchants"] {
                if let Some(Value::Array(rows)) = fields.get_mut(name) {
                    rows.clear();
                    if name == "offers" {
                        fields.insert("total".to_owned(), json!(0));
                        fields.insert("offersCount".to_owned(), json!(0));
                    }
                }
            }
            reply.body = Value::Object(fields).to_string().into_bytes();
        }
        (Kind::Patch, Some(mut value)) => {
            merge(&mut value, fault.patch.as_ref());
            reply.body = value.to_string().into_bytes();
        }
        (Kind::RowPatch, Some(mut value)) => {
            for name in ["offers", "data", "merchants"] {
                if let Some(Value::Array(rows)) = value.get_mut(name) {
                    rows.iter_mut().for_each(|row| merge(row, fault.patch.as_ref()));
                }
            }
            reply.body = value.to_string().into_bytes();
        }
        _ => {}
    }
    reply
}

/// Puts the fields of the patch into the object; null takes a field out.
fn merge(value: &mut Value, patch: Option<&Value>) {
    if let (Value::Object(fields), Some(Value::Object(changes))) = (value, patch) {
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), change.clone());
            }
        }
    }
}

fn note(
    market: &mut Market,
    endpoint: &str,
    call: &Call,
    trace: Trace,
    reply: &Reply,
    fault: Option<&Fault>,
) {
    let kind = fault.and_then(|fault| serde_json::to_value(fault.kind).ok());
    let entry = Entry {
        n: 0,
        time: market.now_text(),
        endpoint: endpoint.to_owned(),
        merchant: trace.merchant,
        method: call.method.clone(),
        path: call.path.clone(),
        body: blanked(&call.body),
        status: reply.status,
        fault: kind.and_then(|kind| kind.as_str().map(str::to_owned)),
        sku: None,
        price_before: None,
        price_after: None,
        writes: trace.writes,
        warnings: trace.warnings,
    };
    market.journal.add(entry);
}

fn drop_connection(request: &HttpRequest) {
    if let Some(connection) = request.conn_data::<Connection>() {
        // An error means that the other side has already gone, which is what is wanted.
        let _ = connection.0.shutdown(Shutdown::Both);
    }
}

fn answer(reply: Reply, request: &HttpRequest) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let unchanged = known.is_some()
        && reply
            .headers
            .iter()
            .any(|(name, value)| name.eq_ignore_ascii_case(ETAG.as_str()) && Some(value.as_str()) == known);
    if unchanged {
        return HttpResponse::NotModified().finish();
    }
    let mut response = HttpResponse::build(status);
    if !reply.body.is_empty() {
        response.content_type(reply.content_type);
    }
    for (name, value) in reply.headers {
        response.append_header((name, value));
    }
    response.body(reply.body)
}
