//! The way of every marketplace request: read it, let a fault strike, call the handler on the market, write the
//! journal, answer. Handlers are plain functions on the market and know nothing of the HTTP server.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::faults::{Fault, Kind, Target, answer, wire};
use crate::journal::{Entry, Write, blanked};
use crate::login::SSO_COOKIE;
use crate::market::Market;
use crate::oauth::SID_COOKIE;
use crate::orders::TOKEN_HEADER;
pub use crate::reply::Reply;

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
    /// The file of a form.
    pub file: Option<FilePart>,
    /// The fault at work, for handlers that act differently under it.
    pub fault: Option<Fault>,
}

/// An uploaded file as its form described it.
pub struct FilePart {
    pub name: String,
    pub content_type: String,
    pub data: Bytes,
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

    /// The fault at work, if it is of this kind.
    pub fn fault_of(&self, kind: Kind) -> Option<&Fault> {
        self.fault.as_ref().filter(|fault| fault.kind == kind)
    }

    /// Everything a fault can ask for: path, decoded query, body.
    fn text(&self) -> String {
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{} {} {}", self.path, query.join("&"), self.body)
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

/// What a handler notes for the journal.
#[derive(Default)]
pub struct Trace {
    pub merchant: Option<String>,
    pub warnings: Vec<String>,
    pub writes: Vec<Write>,
}

/// A handler of one endpoint.
pub type Handler = fn(&mut Market, &Call, &mut Trace) -> Reply;

/// Where a request arrives: names for faults and journal.
#[derive(Clone, Copy)]
pub struct Place {
    pub host: &'static str,
    pub endpoint: &'static str,
}

/// Carries out a request from beginning to end.
pub async fn serve(
    place: Place,
    handler: Handler,
    request: HttpRequest,
    body: Bytes,
    shared: Data<Shared>,
) -> HttpResponse {
    let call = read(&request, &body);
    carry_out(place, handler, request, call, shared).await
}

/// The same for a request that was read already.
pub async fn carry_out(
    place: Place,
    handler: Handler,
    request: HttpRequest,
    call: Call,
    shared: Data<Shared>,
) -> HttpResponse {
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let (reply, fault) = decide(&mut shared.market(), place, handler, call);
    match &fault {
        Some(fault) if fault.kind == Kind::Slow => {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms.unwrap_or(1000))).await;
        }
        Some(fault) if matches!(fault.kind, Kind::Reset | Kind::ResetAfter | Kind::Garbage) => {
            if let Some(connection) = request.conn_data::<Connection>() {
                wire::drop_connection(&connection.0, fault.kind);
            }
        }
        _ => {}
    }
    respond(reply, &request, fault.as_ref())
}

/// Lets a fault strike, else the handler answer, and writes the journal.
pub fn decide(market: &mut Market, place: Place, handler: Handler, mut call: Call) -> (Reply, Option<Fault>) {
    let mut trace = Trace {
        merchant: merchant_of(market, &call),
        ..Trace::default()
    };
    let fault = market.faults.take(&Target {
        host: place.host,
        endpoint: place.endpoint,
        merchant: trace.merchant.as_deref(),
        text: &|| call.text(),
    });
    call.fault.clone_from(&fault);
    let instead = fault
        .as_ref()
        .and_then(|fault| answer::instead(market, &call, fault));
    let reply = match (instead, &fault) {
        (Some(reply), _) => reply,
        (None, None) => handler(market, &call, &mut trace),
        (None, Some(fault)) => {
            let reply = handler(market, &call, &mut trace);
            answer::afterwards(market, &call, reply, fault)
        }
    };
    note(market, place.endpoint, call, trace, &reply);
    (reply, fault)
}

/// Reads a request; a body that is no JSON becomes null.
pub fn read(request: &HttpRequest, body: &Bytes) -> Call {
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
        file: None,
        fault: None,
    }
}

/// The merchant a request is about: named by it or its token, or the first of the session or of the account that
/// logs in.
fn merchant_of(market: &Market, call: &Call) -> Option<String> {
    if let Some(named) = call.named_merchant() {
        return Some(named);
    }
    if let Some(session) = call
        .cookie(SID_COOKIE)
        .and_then(|sid| market.sessions.cabinet.get(sid))
    {
        return session.merchants.first().cloned();
    }
    if let Some(token) = call.header(TOKEN_HEADER) {
        return market
            .merchant_of_token(token)
            .map(|merchant| merchant.uid.clone());
    }
    market
        .account_of(call.field("_u"), call.field("_ph"), call.cookie(SSO_COOKIE))
        .and_then(|account| account.merchants.first().cloned())
}

fn note(market: &mut Market, endpoint: &'static str, call: Call, trace: Trace, reply: &Reply) {
    let entry = Entry {
        n: 0,
        time: market.now_ms(),
        endpoint,
        merchant: trace.merchant,
        method: call.method,
        path: call.path,
        body: blanked(call.body),
        status: reply.status,
        fault: call.fault.map(|fault| fault.kind),
        sku: None,
        price_before: None,
        price_after: None,
        writes: trace.writes,
        warnings: trace.warnings,
    };
    market.journal.add(entry);
}

fn respond(reply: Reply, request: &HttpRequest, fault: Option<&Fault>) -> HttpResponse {
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
    if let (false, Some(content_type)) = (reply.body.is_empty(), &reply.content_type) {
        response.content_type(content_type.as_ref());
    }
    for (name, value) in &reply.headers {
        response.append_header((name.as_ref(), value.as_str()));
    }
    match fault {
        None => response.body(reply.body),
        Some(fault) => match wire::respond(&mut response, reply.body, fault) {
            Ok(response) => response,
            Err(body) => response.body(body),
        },
    }
}
