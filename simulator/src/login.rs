//! The login server: its page and the one address behind it that takes every step of a login.

use serde_json::{Value, json};

use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::market::Market;
use crate::market::account::{Account, Attempt, Refusal, Sso, Step};

/// The cookie of the login server; a new value after each step.
pub const SSO_COOKIE: &str = "MS_AUTH_SSO";
/// The cookie by which a device is known again.
const TRUST_COOKIE: &str = "MS_TRUSTED_DEVICE";
/// User ids are made of this and the seller's id.
const USER_PREFIX: &str = "user-";

/// `GET /login`
pub fn page(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    let sso = call
        .cookie(SSO_COOKIE)
        .and_then(|token| market.sessions.sso.get(token));
    if sso.is_some_and(|sso| matches!(sso.step, Step::SignedIn { .. })) {
        return Reply::redirect("/".to_owned());
    }
    let reply = Reply::html(200, include_str!("pages/login.html").to_owned());
    if sso.is_some() {
        return reply;
    }
    let token = market.token();
    market.sessions.sso.insert(token.clone(), Sso::default());
    reply.with_cookie(SSO_COOKIE, &token)
}

/// How a step ended: where the attempt stands now and what the caller is told.
struct Outcome {
    step: Step,
    reply: Reply,
    remember: Option<String>,
}

impl Outcome {
    fn said(step: Step, answer: &Value) -> Self {
        Self {
            step,
            reply: Reply::ok(answer),
            remember: None,
        }
    }

    fn refused(step: Step, code: &str) -> Self {
        Self {
            step,
            reply: Reply::json(401, &json!({ "errorCode": code })),
            remember: None,
        }
    }

    fn blocked(step: Step, code: &str, for_ms: i64) -> Self {
        let seconds = (for_ms / 1000).max(1);
        let body = json!({ "errorCode": code, "errorData": { "breakTimeSeconds": seconds } });
        Self {
            step,
            reply: Reply::json(401, &body),
            remember: None,
        }
    }
}

/// `POST /api/p/login`: the fields of the body say which step this is.
pub fn login(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    let known = call
        .cookie(SSO_COOKIE)
        .and_then(|token| market.sessions.sso.remove(token));
    if known.is_none() {
        trace.warnings.push(format!("no {SSO_COOKIE} cookie"));
    }
    let Sso { step, pending } = known.unwrap_or_default();
    let outcome = advance(market, call, step, pending.as_deref());
    let email = match &outcome.step {
        Step::SignedIn { email, .. } => Some(email.clone()),
        _ => None,
    };
    if let Some(account) = email.and_then(|email| market.accounts.get(&email)) {
        trace.merchant = account.merchants.first().cloned();
    }
    let token = market.token();
    market.sessions.sso.insert(
        token.clone(),
        Sso {
            step: outcome.step,
            pending,
        },
    );
    let mut reply = outcome.reply.with_cookie(SSO_COOKIE, &token);
    if let Some(email) = outcome.remember {
        let trust = market.token();
        market.sessions.trusted.insert(trust.clone(), email);
        reply = reply.with_cookie(TRUST_COOKIE, &trust);
    }
    reply
}

/// `POST /api/p/mfa/send`: the mailed code once more. Its life begins anew.
pub fn send_again(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    let token = call.cookie(SSO_COOKIE).unwrap_or_default().to_owned();
    let step = market.sessions.sso.get(&token).map(|sso| sso.step.clone());
    let Some(Step::MailCode(attempt)) = step else {
        return Outcome::refused(Step::Fresh, "FAILED").reply;
    };
    match send_code(market, call, &attempt.email, Channel::Mail) {
        Err(wait_ms) => Outcome::blocked(Step::Fresh, "MFA_SEND_FLOOD", wait_ms).reply,
        Ok(attempt) => {
            if let Some(sso) = market.sessions.sso.get_mut(&token) {
                sso.step = Step::MailCode(attempt);
            }
            Reply::ok(&json!({}))
        }
    }
}

fn advance(market: &mut Market, call: &Call, step: Step, pending: Option<&str>) -> Outcome {
    if let Some(phone) = call.field("_ph") {
        return by_phone(market, call, phone, pending);
    }
    if let Some(code) = call.field("_c") {
        let Step::SmsCode(attempt) = step else {
            return Outcome::refused(step, "FAILED");
        };
        let expected = market
            .accounts
            .get(&attempt.email)
            .map(|account| &account.sms_code);
        let right = expected.is_some_and(|expected| expected == code);
        return match check_code(market, &attempt, right) {
            Ok(()) => enter(market, &attempt.email, pending),
            Err(CodeError::Wrong) => Outcome::refused(Step::SmsCode(attempt), "SECURITY_CODE_INVALID"),
            Err(CodeError::Expired) => Outcome::refused(Step::Fresh, "INACTIVE_CODE_ERROR"),
            Err(CodeError::TooMany(wait_ms)) => {
                Outcome::blocked(Step::Fresh, "MFA_CODE_ATTEMPT_LIMIT", wait_ms)
            }
        };
    }
    if let Some(code) = call.field("_m_c") {
        let Step::MailCode(attempt) = step else {
            return Outcome::refused(step, "FAILED");
        };
        let expected = market
            .accounts
            .get(&attempt.email)
            .map(|account| &account.mail_code_value);
        let right = expected.is_some_and(|expected| expected == code);
        return match check_code(market, &attempt, right) {
            Ok(()) => remembered(call, enter(market, &attempt.email, pending), attempt.email),
            Err(CodeError::Wrong) => Outcome::refused(Step::MailCode(attempt), "MFA_CODE_INVALID"),
            Err(CodeError::Expired) => Outcome::refused(Step::Fresh, "TIMEOUT_EXCEEDED"),
            Err(CodeError::TooMany(wait_ms)) => {
                Outcome::blocked(Step::Fresh, "MFA_CODE_ATTEMPT_LIMIT", wait_ms)
            }
        };
    }
    let user = call
        .field("_s_u")
        .map(|user| user.trim_start_matches(USER_PREFIX));
    if let Some(merchant) = call.field("_s_m").or(user) {
        let Step::Choice { email } = step else {
            return Outcome::refused(step, "FAILED");
        };
        let owns = |account: &Account| {
            account.choice_of_user == user.is_some() && account.merchants.iter().any(|uid| uid == merchant)
        };
        return if market.accounts.get(&email).is_some_and(owns) {
            signed_in(market, email, vec![merchant.to_owned()], pending)
        } else {
            Outcome::refused(Step::Choice { email }, "FAILED")
        };
    }
    match (call.field("_u"), call.field("_p")) {
        (Some(email), Some(password)) => by_email(market, call, email, password, pending),
        _ => Outcome::refused(step, "FAILED"),
    }
}

fn by_phone(market: &mut Market, call: &Call, phone: &str, pending: Option<&str>) -> Outcome {
    let Some(account) = market.account_of(None, Some(phone), None) else {
        return Outcome::refused(Step::Fresh, "CREDENTIALS_INVALID");
    };
    let wait_ms = account.progress.blocked_until_ms.saturating_sub(market.now_ms());
    if wait_ms > 0 {
        return Outcome::blocked(Step::Fresh, "MFA_CODE_ATTEMPT_LIMIT", wait_ms);
    }
    let email = account.email.clone();
    if account.phone_password {
        return match call.field("_p") {
            None => Outcome::said(Step::Fresh, &json!({ "passwordRequired": true })),
            Some(password) if password == account.password => enter(market, &email, pending),
            Some(_) => Outcome::refused(Step::Fresh, "CREDENTIALS_INVALID"),
        };
    }
    match send_code(market, call, &email, Channel::Sms) {
        Err(wait_ms) => Outcome::blocked(Step::Fresh, "MFA_SEND_FLOOD", wait_ms),
        Ok(attempt) => Outcome::said(Step::SmsCode(attempt), &json!({ "phone": phone })),
    }
}

fn by_email(market: &mut Market, call: &Call, email: &str, password: &str, pending: Option<&str>) -> Outcome {
    let now_ms = market.now_ms();
    let email = email.trim().to_lowercase();
    let trusted = call
        .cookie(TRUST_COOKIE)
        .and_then(|token| market.sessions.trusted.get(token))
        == Some(&email);
    let account = market
        .accounts
        .get(&email)
        .filter(|account| account.password == password);
    let Some(account) = account else {
        return Outcome::refused(Step::Fresh, "CREDENTIALS_INVALID");
    };
    let wait_ms = account.progress.blocked_until_ms.saturating_sub(now_ms);
    if wait_ms > 0 {
        return Outcome::blocked(Step::Fresh, "MFA_CODE_ATTEMPT_LIMIT", wait_ms);
    }
    let used_up = account
        .mail_code_after
        .is_some_and(|logins| account.progress.logins >= logins);
    if used_up || (account.mail_code && !trusted) {
        return match send_code(market, call, &email, Channel::Mail) {
            Err(wait_ms) => Outcome::blocked(Step::Fresh, "MFA_SEND_FLOOD", wait_ms),
            Ok(attempt) => Outcome::said(Step::MailCode(attempt), &json!({ "email": masked(&email) })),
        };
    }
    remembered(call, enter(market, &email, pending), email)
}

/// The credentials are right: what may the account do, and for which seller?
fn enter(market: &mut Market, email: &str, pending: Option<&str>) -> Outcome {
    let Some(account) = market.accounts.get_mut(email) else {
        return Outcome::refused(Step::Fresh, "CREDENTIALS_INVALID");
    };
    account.progress.wrong_codes = 0;
    match account.refusal {
        Refusal::InsufficientPermissions => return Outcome::refused(Step::Fresh, "INSUFFICIENT_PERMISSIONS"),
        Refusal::NoMerchants => return Outcome::refused(Step::Fresh, "NO_MERCHANTS"),
        Refusal::None => {}
    }
    let merchants = account.merchants.clone();
    if merchants.len() > 1 && account.choice_at_login {
        let of_user = account.choice_of_user;
        let named = |uid: &String| {
            let name = market.merchants.get(uid).map(|merchant| merchant.name.as_str());
            match of_user {
                false => json!({ "uid": uid, "name": name }),
                true => json!({ "userId": format!("{USER_PREFIX}{uid}"), "name": name }),
            }
        };
        let choices: Vec<Value> = merchants.iter().map(named).collect();
        return Outcome::said(
            Step::Choice {
                email: email.to_owned(),
            },
            &json!({ "su": choices }),
        );
    }
    signed_in(market, email.to_owned(), merchants, pending)
}

fn signed_in(market: &mut Market, email: String, merchants: Vec<String>, pending: Option<&str>) -> Outcome {
    if let Some(account) = market.accounts.get_mut(&email) {
        account.progress.logins = account.progress.logins.saturating_add(1);
        account.progress.code_sent_ms = None;
    }
    let next = pending.unwrap_or("/");
    Outcome::said(
        Step::SignedIn { email, merchants },
        &json!({ "redirectUrl": next }),
    )
}

fn remembered(call: &Call, mut outcome: Outcome, email: String) -> Outcome {
    let wanted = call.body.get("_r_d").and_then(Value::as_bool) == Some(true);
    if wanted && outcome.reply.status == 200 {
        outcome.remember = Some(email);
    }
    outcome
}

enum CodeError {
    Wrong,
    Expired,
    TooMany(i64),
}

fn check_code(market: &mut Market, attempt: &Attempt, right: bool) -> Result<(), CodeError> {
    let now_ms = market.now_ms();
    let life_ms = milliseconds(market.limits.code_life_seconds);
    if now_ms.saturating_sub(attempt.sent_ms) > life_ms {
        return Err(CodeError::Expired);
    }
    if right && !attempt.lost {
        return Ok(());
    }
    let (tries, break_ms) = (
        market.limits.code_tries,
        milliseconds(market.limits.break_seconds),
    );
    let Some(account) = market.accounts.get_mut(&attempt.email) else {
        return Err(CodeError::Expired);
    };
    account.progress.wrong_codes = account.progress.wrong_codes.saturating_add(1);
    if account.progress.wrong_codes < tries {
        return Err(CodeError::Wrong);
    }
    account.progress.wrong_codes = 0;
    account.progress.blocked_until_ms = now_ms.saturating_add(break_ms);
    Err(CodeError::TooMany(break_ms))
}

/// How a code reaches a person.
#[derive(Clone, Copy)]
enum Channel {
    Sms,
    Mail,
}

/// Sends a code, or says for how long none will be sent.
fn send_code(market: &mut Market, call: &Call, email: &str, channel: Channel) -> Result<Attempt, i64> {
    let now_ms = market.now_ms();
    let gap_ms = milliseconds(market.limits.code_gap_seconds);
    let mut message = None;
    if let Some(account) = market.accounts.get_mut(email) {
        let sent = account.progress.code_sent_ms;
        let next_ms = sent.map_or(i64::MIN, |sent| sent.saturating_add(gap_ms));
        if now_ms < next_ms {
            return Err(next_ms.saturating_sub(now_ms));
        }
        account.progress.code_sent_ms = Some(now_ms);
        message = Some(match channel {
            Channel::Sms => (
                "sms",
                account.phone.clone().unwrap_or_default(),
                account.sms_code.clone(),
            ),
            Channel::Mail => ("mail", account.email.clone(), account.mail_code_value.clone()),
        });
    }
    let lost = call.fault_of(Kind::CodeLost).is_some();
    if let (Some((channel, to, code)), false) = (message, lost) {
        market.send_message(channel, to, code);
    }
    Ok(Attempt {
        email: email.to_owned(),
        sent_ms: now_ms,
        lost,
    })
}

fn milliseconds(seconds: u32) -> i64 {
    i64::from(seconds).saturating_mul(1000)
}

fn masked(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    let first: String = name.chars().take(1).collect();
    format!("{first}***@{domain}")
}
