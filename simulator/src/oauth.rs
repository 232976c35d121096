//! The redirects that turn a login into a cabinet session, and the cabinet's page at their end.

use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::login::SSO_COOKIE;
use crate::market::Market;
use crate::market::account::{AuthorizationRequest, CabinetSession, Grant, Sso, Step};

/// The cabinet session itself.
pub const SID_COOKIE: &str = "mc-sid";
/// Given to everybody, and worth nothing alone.
const VISITOR_COOKIE: &str = "mc-session";
/// More visitors than so many are all forgotten; they only get another cookie.
const VISITORS_MAX: usize = 100_000;
/// Ties an authorization request to the browser that began it.
const REQUEST_COOKIE: &str = "mc-oauth-request";
/// Lets the shell page on the public host know which session it shows.
const SHELL_COOKIE: &str = "mc-shell";

/// `GET /` of the login server: on to the cabinet.
pub fn root(market: &mut Market, _: &Call, _: &mut Trace) -> Reply {
    Reply::redirect(begin_at(market))
}

fn begin_at(market: &Market) -> String {
    format!(
        "{}/oauth2/authorization/1?redirectUrl={}/mc/",
        market.hosts.cabinet, market.hosts.public
    )
}

/// `GET /oauth2/authorization/1` of the cabinet: the hop begins.
pub fn authorization(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    let state = market.token();
    let challenge = market.token();
    let redirect_url = call.query("redirectUrl").map(str::to_owned);
    market
        .sessions
        .requests
        .insert(state.clone(), AuthorizationRequest { redirect_url });
    let to = format!(
        "{}/oauth2/authorize?response_type=code&client_id=1&state={state}&code_challenge={challenge}\
         &code_challenge_method=S256",
        market.hosts.login
    );
    with_visitor(
        market,
        call,
        Reply::redirect(to).with_cookie(REQUEST_COOKIE, &state),
    )
}

/// `GET /oauth2/authorize` of the login server: back with a code, or to the login page first.
pub fn authorize(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let Some(state) = call.query("state").map(str::to_owned) else {
        return Reply::message(400, "state is required");
    };
    let known = call
        .cookie(SSO_COOKIE)
        .and_then(|token| market.sessions.sso.get(token))
        .cloned();
    if let Some(Sso {
        step: Step::SignedIn { email, merchants },
        ..
    }) = known
    {
        trace.merchant = merchants.first().cloned();
        let code = market.token();
        let sent = match call.fault_of(Kind::WrongState) {
            Some(_) => market.token(),
            None => state.clone(),
        };
        let to = format!(
            "{}/login/oauth2/code/1?code={code}&state={sent}",
            market.hosts.cabinet
        );
        market.sessions.grants.insert(
            code,
            Grant {
                state,
                email,
                merchants,
            },
        );
        return Reply::redirect(to);
    }
    let token = market.token();
    let waiting = Sso {
        pending: Some(call.path.clone()),
        ..known.unwrap_or_default()
    };
    market.sessions.sso.insert(token.clone(), waiting);
    Reply::redirect("/login".to_owned()).with_cookie(SSO_COOKIE, &token)
}

/// `GET /login/oauth2/code/1` of the cabinet: the code becomes a session. A code or state that is wrong or used
/// leads back to the login.
pub fn callback(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let grant = call
        .query("code")
        .and_then(|code| market.sessions.grants.remove(code));
    let request = call
        .query("state")
        .and_then(|state| market.sessions.requests.remove(state));
    let state = call.query("state");
    let (Some(grant), Some(request)) = (grant, request) else {
        return Reply::redirect(format!("{}/login", market.hosts.login));
    };
    if Some(grant.state.as_str()) != state || call.cookie(REQUEST_COOKIE) != state {
        trace
            .warnings
            .push("the state does not belong to this browser".to_owned());
        return Reply::redirect(format!("{}/login", market.hosts.login));
    }
    trace.merchant = grant.merchants.first().cloned();
    let life_ms = market
        .accounts
        .get(&grant.email)
        .and_then(|account| account.session_seconds)
        .map(|seconds| i64::from(seconds).saturating_mul(1000));
    let expires_ms = life_ms.map(|life_ms| market.now_ms().saturating_add(life_ms));
    let sid = market.token();
    let session = CabinetSession {
        email: grant.email,
        merchants: grant.merchants,
        expires_ms,
    };
    market.sessions.cabinet.insert(sid.clone(), session);
    let ticket = market.token();
    market.sessions.shells.insert(ticket.clone(), sid.clone());
    let wanted = request
        .redirect_url
        .filter(|url| url.starts_with(&format!("{}/mc/", market.hosts.public)));
    if wanted.is_none() {
        trace
            .warnings
            .push("redirectUrl is not a page of the cabinet".to_owned());
    }
    let reply =
        Reply::redirect(format!("{}/mc/?ticket={ticket}", market.hosts.public)).with_cookie(SID_COOKIE, &sid);
    with_visitor(market, call, reply)
}

/// `GET /mc/` of the public host: the cabinet's page. The real page asks the cabinet for the shop's name from
/// another host; over plain HTTP a browser would not send that cookie along, so a one-time ticket stands in.
pub fn shell(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if let Some(sid) = call
        .query("ticket")
        .and_then(|ticket| market.sessions.shells.remove(ticket))
    {
        let cookie = market.token();
        market.sessions.shells.insert(cookie.clone(), sid);
        return Reply::redirect("/mc/#/orders?status=NEW".to_owned()).with_cookie(SHELL_COOKIE, &cookie);
    }
    let now_ms = market.now_ms();
    let merchant = call
        .cookie(SHELL_COOKIE)
        .and_then(|cookie| market.sessions.shells.get(cookie))
        .and_then(|sid| market.sessions.cabinet.get(sid))
        .filter(|session| session.expires_ms.is_none_or(|end| now_ms < end))
        .and_then(|session| market.merchants.get(session.merchants.first()?));
    let page = match merchant {
        Some(merchant) => {
            trace.merchant = Some(merchant.uid.clone());
            include_str!("pages/cabinet.html")
                .replace("{name}", &escaped(&merchant.name))
                .replace("{uid}", &escaped(&merchant.uid))
        }
        None => include_str!("pages/cabinet_closed.html").replace("{login}", &begin_at(market)),
    };
    Reply::html(200, page)
}

/// Gives the anonymous cookie to those who have none.
pub fn with_visitor(market: &mut Market, call: &Call, reply: Reply) -> Reply {
    if call
        .cookie(VISITOR_COOKIE)
        .is_some_and(|token| market.sessions.visitors.contains(token))
    {
        return reply;
    }
    if market.sessions.visitors.len() >= VISITORS_MAX {
        market.sessions.visitors.clear();
    }
    let token = market.token();
    market.sessions.visitors.insert(token.clone());
    reply.with_cookie(VISITOR_COOKIE, &token)
}

/// The live session of a request to the cabinet, or the answer to those who have none.
pub fn session(market: &mut Market, call: &Call) -> Result<CabinetSession, Reply> {
    let now_ms = market.now_ms();
    let session = call
        .cookie(SID_COOKIE)
        .and_then(|sid| market.sessions.cabinet.get(sid));
    match session {
        Some(session) if session.expires_ms.is_none_or(|end| now_ms < end) => Ok(session.clone()),
        _ => Err(with_visitor(market, call, Reply::empty(401))),
    }
}

/// Text for an HTML page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
