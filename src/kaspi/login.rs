//! Logging an account in, as a conversation: begin, answer a code, ask for it again, choose a merchant, finish.
//! Two ways lead through it, Chromium and the page's own requests; each step ends in one [`LoginOutcome`].
//! Nothing here is kept or written. The words of the page live in `pages`, those of the wire in `wire`.

mod browser;
mod evidence;
mod hop;
mod http;
mod pages;
mod relay;
mod wire;

use std::{sync::Arc, time::Duration};

pub use evidence::Evidence;
pub use hop::{Renewed, renew};

use super::{CabinetSession, Cookie, Identity, KaspiClient, KaspiError};
use crate::{
    config::{self, LoginDriver},
    domain::{AccountKind, offer::Merchant},
    os::BrowserOptions,
    secrets::Secret,
};

/// What a login needs to know.
#[derive(Debug, Clone)]
pub struct Login {
    /// How the account is named.
    pub kind: AccountKind,
    /// E-mail in lower case, or a number as `+77000000001`.
    pub account: String,
    /// Its password; logins by phone usually need none.
    pub password: Option<Secret>,
    /// The session of an earlier login: by its cookies the login host knows the device again.
    pub known: Option<CabinetSession>,
}

impl Login {
    /// Whose browser and way out it is: what belongs to one account stays together.
    fn key(&self) -> String {
        format!("{}:{}", self.kind, self.account)
    }
}

/// By which way a code reaches the owner of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeBy {
    /// A text message.
    Sms,
    /// A mail.
    Mail,
}

/// How a step of a login ended, by what has to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The cabinet is open.
    LoggedIn {
        /// Cookies of all hosts.
        session: Box<CabinetSession>,
        /// The shops it may act for; at least one.
        merchants: Vec<Merchant>,
    },
    /// A person must correct account or password; no retry.
    WrongCredentials,
    /// The marketplace sent a code to the account's owner and waits for it.
    NeedsCode {
        /// How it was sent.
        by: CodeBy,
        /// Where to, masked, where the marketplace says so.
        sent_to: Option<String>,
        /// The last code was wrong; the same attempt goes on.
        wrong: bool,
    },
    /// The marketplace asks for the password of the account.
    NeedsPassword,
    /// The code came too late: the login starts again.
    CodeExpired,
    /// The login got out of step: it starts again.
    StartAgain,
    /// Not before so much time has passed.
    Blocked {
        /// As the marketplace said, with a margin; `None`: it did not.
        wait: Option<Duration>,
    },
    /// The account has no shop.
    NoMerchants,
    /// The account may not enter the cabinet.
    NoPermission,
    /// One of these must be chosen first.
    ChooseMerchant {
        /// The choices that were offered; at least one.
        merchants: Vec<Merchant>,
    },
    /// The marketplace wants to see a person.
    Captcha,
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

/// How a step ended for a driver.
enum Step {
    /// With a session.
    Open(CabinetSession),
    /// Without one.
    Otherwise(LoginOutcome),
}

/// A login under way. One browser at most; it is gone after [`Conversation::finish`], and also when the
/// value is dropped half-way.
pub struct Conversation {
    client: KaspiClient,
    driver: Driver,
}

enum Driver {
    /// Not begun, or impossible here.
    None,
    Browser(Box<browser::Talk>),
    Http(Box<http::Talk>),
}

impl Conversation {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(client: &KaspiClient) -> Self {
        Self {
            client: client.clone(),
            driver: Driver::None,
        }
    }

    /// Types the account (and the password) in. Takes seconds to a minute.
    pub async fn begin(&mut self, settings: &config::Browser, login: Login) -> LoginOutcome {
        let step = match settings.driver {
            LoginDriver::Http => {
                let mut talk = match http::Talk::new(&self.client, login) {
                    Ok(talk) => Box::new(talk),
                    Err(outcome) => return outcome,
                };
                let step = talk.begin().await;
                self.driver = Driver::Http(talk);
                step
            }
            LoginDriver::WebDriver => {
                let options = BrowserOptions {
                    chromium: settings.chrome.clone(),
                    chromedriver: settings.chromedriver.clone(),
                    ..BrowserOptions::default()
                };
                let talk = browser::Talk::open(&self.client, options, settings.login_timeout, login).await;
                let mut talk = match talk {
                    Ok(talk) => Box::new(talk),
                    Err(outcome) => return outcome,
                };
                let step = talk.begin().await;
                self.driver = Driver::Browser(talk);
                step
            }
        };
        self.outcome(step).await
    }

    /// Types the code in that its owner received.
    pub async fn answer(&mut self, code: &Secret) -> LoginOutcome {
        let step = match &mut self.driver {
            Driver::None => Step::Otherwise(LoginOutcome::StartAgain),
            Driver::Browser(talk) => talk.answer(code).await,
            Driver::Http(talk) => talk.answer(code).await,
        };
        self.outcome(step).await
    }

    /// Types the password in that was asked for.
    pub async fn give_password(&mut self, password: &Secret) -> LoginOutcome {
        let step = match &mut self.driver {
            Driver::None => Step::Otherwise(LoginOutcome::StartAgain),
            Driver::Browser(talk) => talk.give_password(password).await,
            Driver::Http(talk) => talk.give_password(password).await,
        };
        self.outcome(step).await
    }

    /// Asks for the code once more. `Blocked` here means "not yet", the attempt itself goes on.
    pub async fn resend(&mut self) -> LoginOutcome {
        let step = match &mut self.driver {
            Driver::None => Step::Otherwise(LoginOutcome::StartAgain),
            Driver::Browser(talk) => talk.resend().await,
            Driver::Http(talk) => talk.resend().await,
        };
        self.outcome(step).await
    }

    /// Chooses one of the offered merchants.
    pub async fn choose(&mut self, merchant_id: &str) -> LoginOutcome {
        let step = match &mut self.driver {
            Driver::None => Step::Otherwise(LoginOutcome::StartAgain),
            Driver::Browser(talk) => talk.choose(merchant_id).await,
            Driver::Http(talk) => talk.choose(merchant_id).await,
        };
        self.outcome(step).await
    }

    /// Is the other side of the conversation still there? A browser that was killed is not.
    pub async fn is_alive(&mut self) -> bool {
        match &mut self.driver {
            Driver::Browser(talk) => talk.is_alive().await,
            Driver::None | Driver::Http(_) => true,
        }
    }

    /// What the page looks like now, every secret blanked; `None` when there is nothing to see.
    pub async fn evidence(&mut self) -> Option<Evidence> {
        match &mut self.driver {
            Driver::None => None,
            Driver::Browser(talk) => talk.evidence().await,
            Driver::Http(talk) => talk.evidence(),
        }
    }

    /// Ends it; the browser is gone when this returns.
    pub async fn finish(self) {
        if let Driver::Browser(talk) = self.driver {
            talk.finish().await;
        }
    }

    /// An open session is worth what the cabinet says about it.
    async fn outcome(&self, step: Step) -> LoginOutcome {
        match step {
            Step::Open(session) => match self.client.merchants(&session).await {
                Ok(merchants) if merchants.is_empty() => LoginOutcome::NoMerchants,
                Ok(merchants) => LoginOutcome::LoggedIn {
                    session: Box::new(session),
                    merchants,
                },
                Err(error) => not_open(&error),
            },
            Step::Otherwise(outcome) => outcome,
        }
    }
}

fn not_open(error: &KaspiError) -> LoginOutcome {
    match error {
        KaspiError::SessionExpired => LoginOutcome::PageChanged {
            what: "the cabinet's cookies",
        },
        KaspiError::Blocked => LoginOutcome::Blocked { wait: None },
        KaspiError::RateLimited { after } => LoginOutcome::Blocked { wait: *after },
        KaspiError::Malformed { .. } | KaspiError::Rejected { .. } => LoginOutcome::PageChanged {
            what: "the list of merchants",
        },
        KaspiError::Unavailable(_) | KaspiError::Paused { .. } | KaspiError::TokenRefused => {
            LoginOutcome::Unavailable
        }
    }
}

/// The one place where a login's cookies become a session.
fn session(cookies: Vec<Cookie>, identity: Identity) -> CabinetSession {
    CabinetSession::new(cookies, identity)
}

/// A wait with a margin: the page rounds, and asking too early makes it longer.
fn with_margin(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(86_400) + 15)
}

/// The number as a person would write it: `+7 (700) 000-00-01`.
fn phone_for_people(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    match digits.as_slice() {
        [country, a, b, c, d, e, f, g, h, i, j] => {
            format!("+{country} ({a}{b}{c}) {d}{e}{f}-{g}{h}-{i}{j}")
        }
        _ => number.to_owned(),
    }
}

/// The hosts a login may speak with: nothing else is followed or reached.
fn is_ours(hosts: &config::Kaspi, url: &url::Url) -> bool {
    [&hosts.login, &hosts.cabinet, &hosts.public]
        .iter()
        .any(|host| host.origin() == url.origin())
}

/// The hosts a page of the login may load from: the same, and the one of its pictures.
fn reachable(hosts: &config::Kaspi) -> [&url::Url; 4] {
    [&hosts.login, &hosts.cabinet, &hosts.public, &hosts.cdn]
}

/// Where a login begins and where it returns to: the cabinet's own hop, so that its end belongs to us.
fn start_address(hosts: &config::Kaspi) -> url::Url {
    let mut url = super::http::client::address(&hosts.cabinet, "oauth2/authorization/1");
    let cabinet_page = super::http::client::address(&hosts.public, "mc/");
    url.query_pairs_mut()
        .append_pair("redirectUrl", cabinet_page.as_str());
    url
}

type Hosts = Arc<config::Kaspi>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_people_write_it() {
        assert_eq!(phone_for_people("+77000000001"), "+7 (700) 000-00-01");
        assert_eq!(phone_for_people("12"), "12");
    }
}
