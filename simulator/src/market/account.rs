//! People who log in, their sessions and the state of a login under way.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A person with access to one or more sellers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub email: String,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(skip_serializing)]
    pub password: String,
    /// The code an SMS would bring.
    #[serde(default = "usual_sms_code")]
    pub sms_code: String,
    /// The code a mail would bring.
    #[serde(default = "usual_mail_code")]
    pub mail_code_value: String,
    /// Whether a login by telephone asks for the password instead of sending a code.
    #[serde(default)]
    pub phone_password: bool,
    #[serde(default)]
    pub merchants: Vec<String>,
    /// Whether a login by e-mail from an unknown device needs a mailed code.
    #[serde(default)]
    pub mail_code: bool,
    /// After so many successful logins a mailed code is demanded whatever the device.
    #[serde(default)]
    pub mail_code_after: Option<u32>,
    /// With more than one seller: ask at login (`su`), or let the session hold all of them.
    #[serde(default = "yes")]
    pub choice_at_login: bool,
    /// The choice is among the people of this account (`_s_u`), not among its sellers (`_s_m`).
    #[serde(default)]
    pub choice_of_user: bool,
    /// Life of a cabinet session; absent means until somebody ends it.
    #[serde(default)]
    pub session_seconds: Option<u32>,
    #[serde(default)]
    pub refusal: Refusal,
    #[serde(skip)]
    pub progress: Progress,
}

fn usual_sms_code() -> String {
    "123456".to_owned()
}

fn usual_mail_code() -> String {
    "654321".to_owned()
}

fn yes() -> bool {
    true
}

impl Account {
    /// Whether this is the account's telephone, however it is written.
    pub fn has_phone(&self, phone: &str) -> bool {
        self.phone
            .as_deref()
            .is_some_and(|known| digits(known) == digits(phone))
    }
}

/// The digits of a telephone number, with the leading 8 of the country written as 7.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('8') {
        Some(rest) if digits.len() == 11 => format!("7{rest}"),
        _ => digits,
    }
}

/// Why an account may not enter although its credentials are right.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[default]
    None,
    InsufficientPermissions,
    NoMerchants,
}

/// What the marketplace remembers about the login attempts of an account.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    pub logins: u32,
    pub wrong_codes: u32,
    pub blocked_until_ms: i64,
    pub code_sent_ms: Option<i64>,
}

/// A login that waits for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub email: String,
    pub sent_ms: i64,
    /// The code never leaves the marketplace, so that none is right.
    pub lost: bool,
}

/// A code on its way to a person.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// RFC 3339.
    pub time: String,
    /// `sms`, `mail` or `sms_to_buyer`.
    pub channel: &'static str,
    pub to: String,
    pub code: String,
}

/// How far a login got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Step {
    #[default]
    Fresh,
    SmsCode(Attempt),
    MailCode(Attempt),
    Choice {
        email: String,
    },
    SignedIn {
        email: String,
        merchants: Vec<String>,
    },
}

/// The state behind the cookie `MS_AUTH_SSO`.
#[derive(Clone, Debug, Default)]
pub struct Sso {
    pub step: Step,
    /// Where the authorization server was asked to go on to after the login.
    pub pending: Option<String>,
}

/// The state behind the cookie `mc-sid`.
#[derive(Clone, Debug)]
pub struct CabinetSession {
    pub email: String,
    pub merchants: Vec<String>,
    pub expires_ms: Option<i64>,
}

/// An authorization request of the cabinet that has not come back yet.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    pub redirect_url: Option<String>,
}

/// An authorization code that was not redeemed yet.
#[derive(Clone, Debug)]
pub struct Grant {
    pub state: String,
    pub email: String,
    pub merchants: Vec<String>,
}

/// Everything that cookies and codes point at.
#[derive(Debug, Default)]
pub struct Sessions {
    pub sso: BTreeMap<String, Sso>,
    pub cabinet: BTreeMap<String, CabinetSession>,
    pub requests: BTreeMap<String, AuthorizationRequest>,
    pub grants: BTreeMap<String, Grant>,
    /// Trust cookie to e-mail.
    pub trusted: BTreeMap<String, String>,
    /// One-time tickets and cookies of the cabinet's shell page, to the cabinet session they show.
    pub shells: BTreeMap<String, String>,
    pub visitors: BTreeSet<String>,
}

impl Sessions {
    /// Forgets every login under way; who is signed in stays so.
    pub fn forget_attempts(&mut self) -> usize {
        let before = self.sso.len();
        self.sso
            .retain(|_, sso| matches!(sso.step, Step::SignedIn { .. } | Step::Fresh));
        before - self.sso.len()
    }

    /// Forgets the devices of an account, or all of them.
    pub fn forget_devices(&mut self, email: Option<&str>) -> usize {
        let before = self.trusted.len();
        self.trusted
            .retain(|_, owner| email.is_some_and(|email| email != owner));
        before - self.trusted.len()
    }

    /// Gives the sessions that hold the merchant to others; returns how many there were.
    pub fn assign(&mut self, merchant: &str, merchants: &[String]) -> usize {
        let holding = self
            .cabinet
            .values_mut()
            .filter(|session| session.merchants.iter().any(|uid| uid == merchant));
        holding
            .map(|session| session.merchants = merchants.to_vec())
            .count()
    }

    /// Ends the cabinet sessions that hold the merchant (all when absent) and returns how many there were.
    /// With `sign_out` the login server forgets its people too, so that nothing renews silently.
    pub fn end(&mut self, merchant: Option<&str>, sign_out: bool) -> usize {
        let concerned =
            |merchants: &[String]| merchant.is_none_or(|uid| merchants.iter().any(|one| one == uid));
        let before = self.cabinet.len();
        self.cabinet.retain(|_, session| !concerned(&session.merchants));
        if sign_out {
            self.sso.retain(|_, sso| match &sso.step {
                Step::SignedIn { merchants, .. } => !concerned(merchants),
                _ => true,
            });
        }
        before - self.cabinet.len()
    }
}
