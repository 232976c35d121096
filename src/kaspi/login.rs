//! Logging an account in with a real browser: e-mail and password (contract, "Login: page flow"). Ends in one
//! of [`LoginOutcome`]; keeps nothing and writes nothing. The words of the page live in `pages`.

mod pages;
mod webdriver;

use std::time::Duration;

use super::CabinetSession;
use crate::{config, domain::offer::Merchant, os::BrowserOptions, secrets::Secret};

/// What a login needs to know.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Account of the cabinet.
    pub email: String,
    /// Its password.
    pub password: Secret,
    /// The merchant to choose, where the page asks for one.
    pub merchant_id: Option<String>,
}

/// How a login ended, by what has to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The cabinet is open.
    LoggedIn {
        /// Cookies of all hosts.
        session: CabinetSession,
        /// The shops it may act for; at least one.
        merchants: Vec<Merchant>,
    },
    /// A person must correct e-mail or password; no retry.
    WrongCredentials,
    /// The marketplace wants a code that its owner receives.
    NeedsCode,
    /// Not before so much time has passed.
    Blocked {
        /// As the page said; `None`: it did not.
        wait: Option<Duration>,
    },
    /// The account has no shop it may enter.
    NoMerchants,
    /// One of these must be chosen first.
    ChooseMerchant {
        /// The choices the page offered.
        merchants: Vec<Merchant>,
    },
    /// The page is not the one we know.
    PageChanged {
        /// What was missing.
        what: &'static str,
    },
    /// Chromium or its driver cannot be started on this machine.
    BrowserMissing {
        /// One sentence with the next step.
        advice: String,
    },
    /// The marketplace did not answer, or the browser gave up.
    Unavailable,
}

/// Logs accounts in with Chromium.
#[derive(Debug, Clone)]
pub struct BrowserLogin {
    hosts: config::Kaspi,
    browser: BrowserOptions,
    /// Longest time for the whole login.
    time_max: Duration,
}

impl BrowserLogin {
    /// A login over these hosts with this browser.
    #[must_use]
    pub fn new(hosts: &config::Kaspi, browser: &config::Browser) -> Self {
        Self {
            hosts: hosts.clone(),
            browser: BrowserOptions {
                chromium: browser.chrome.clone(),
                chromedriver: browser.chromedriver.clone(),
                ..BrowserOptions::default()
            },
            time_max: browser.login_timeout,
        }
    }

    /// Logs in and reads the shops of the account. Takes seconds to a minute; the browser is gone when it
    /// returns, and also when it is dropped half-way.
    pub async fn log_in(&self, client: &super::KaspiClient, credentials: &Credentials) -> LoginOutcome {
        match webdriver::log_in(self, credentials).await {
            webdriver::Ended::Open(session) => match client.merchants(&session).await {
                Ok(merchants) if merchants.is_empty() => LoginOutcome::NoMerchants,
                Ok(merchants) => LoginOutcome::LoggedIn { session, merchants },
                Err(super::KaspiError::SessionExpired) => LoginOutcome::PageChanged {
                    what: "the cabinet's cookies",
                },
                Err(super::KaspiError::Blocked) => LoginOutcome::Blocked { wait: None },
                Err(super::KaspiError::RateLimited { after }) => LoginOutcome::Blocked { wait: after },
                Err(super::KaspiError::Malformed { .. } | super::KaspiError::Rejected { .. }) => {
                    LoginOutcome::PageChanged {
                        what: "the list of merchants",
                    }
                }
                Err(
                    super::KaspiError::Unavailable(_)
                    | super::KaspiError::Paused { .. }
                    | super::KaspiError::TokenRefused,
                ) => LoginOutcome::Unavailable,
            },
            webdriver::Ended::Otherwise(outcome) => outcome,
        }
    }
}
