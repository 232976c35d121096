//! The login without a browser: the page's own requests, spoken over the one endpoint that takes every step.

use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    CodeBy, Evidence, Login, LoginOutcome, Step,
    evidence::cleaned,
    hop::{HopEnd, Way},
    pages::CAPTCHA_SIGNS,
    phone_for_people, session, start_address,
    wire::{self, Answer, Choice},
};
use crate::{
    domain::{AccountKind, offer::Merchant},
    kaspi::{CabinetSession, Identity, KaspiClient},
    secrets::Secret,
};

/// A login over HTTP under way.
pub struct Talk {
    way: Way,
    login: Login,
    jar: CabinetSession,
    by: CodeBy,
    sent_to: Option<String>,
    choices: Vec<Choice>,
    /// What was sent that nobody may see.
    typed: Vec<Secret>,
    /// The last page or answer, for evidence.
    last: String,
}

impl Talk {
    /// A login that has not begun.
    pub fn new(client: &KaspiClient, login: Login) -> Result<Self, LoginOutcome> {
        let jar = match &login.known {
            // The same device, but nobody signed in: what is typed is to be checked.
            Some(known) => {
                let device = known
                    .cookies_for(&client.hosts.login)
                    .filter(|cookie| cookie.name != wire::SSO_COOKIE)
                    .cloned()
                    .collect();
                session(device, known.identity().clone())
            }
            None => session(Vec::new(), Identity::for_key(&login.key())),
        };
        Ok(Self {
            way: Way::new(client, &jar)?,
            by: match login.kind {
                AccountKind::Email => CodeBy::Mail,
                AccountKind::Phone => CodeBy::Sms,
            },
            login,
            jar,
            sent_to: None,
            choices: Vec::new(),
            typed: Vec::new(),
            last: String::new(),
        })
    }

    pub async fn begin(&mut self) -> Step {
        let start = start_address(self.way.hosts());
        match self.way.hop(&mut self.jar, start).await {
            HopEnd::Cabinet => return self.open(),
            HopEnd::Refused(outcome) => return Step::Otherwise(outcome),
            HopEnd::LoginPage { page } => {
                let lower = page.to_lowercase();
                self.last = page;
                let has_form = lower.contains("user_email_field");
                if !has_form && CAPTCHA_SIGNS.iter().any(|sign| lower.contains(sign)) {
                    return Step::Otherwise(LoginOutcome::Captcha);
                }
            }
        }
        let body = match (self.login.kind, &self.login.password) {
            (AccountKind::Phone, _) => wire::phone(&phone_for_people(&self.login.account)),
            (AccountKind::Email, None) => return Step::Otherwise(LoginOutcome::NeedsPassword),
            (AccountKind::Email, Some(password)) => {
                self.typed.push(password.clone());
                wire::credentials(&self.login.account, password.expose_secret())
            }
        };
        self.step(&body).await
    }

    pub async fn give_password(&mut self, password: &Secret) -> Step {
        if self.login.kind == AccountKind::Phone {
            // No capture shows how a password is sent with a number.
            return Step::Otherwise(LoginOutcome::PageChanged {
                what: "a password for a telephone number",
            });
        }
        self.typed.push(password.clone());
        let body = wire::credentials(&self.login.account, password.expose_secret());
        self.step(&body).await
    }

    pub async fn answer(&mut self, code: &Secret) -> Step {
        self.typed.push(code.clone());
        let body = wire::code(self.by, code.expose_secret(), &self.login.account);
        self.step(&body).await
    }

    pub async fn resend(&mut self) -> Step {
        match self.by {
            CodeBy::Sms => {
                let body = wire::phone(&phone_for_people(&self.login.account));
                self.step(&body).await
            }
            CodeBy::Mail => self.ask(wire::RESEND, &json!({})).await,
        }
    }

    pub async fn choose(&mut self, merchant_id: &str) -> Step {
        let chosen = self
            .choices
            .iter()
            .find(|choice| choice.merchant.id == merchant_id);
        match chosen.map(wire::chosen) {
            Some(body) => self.step(&body).await,
            None => Step::Otherwise(LoginOutcome::NoMerchants),
        }
    }

    pub fn evidence(&self) -> Option<Evidence> {
        let secrets = self
            .typed
            .iter()
            .map(|secret| secret.expose_secret().to_owned())
            .chain(self.jar.values().map(str::to_owned))
            .collect::<Vec<_>>();
        (!self.last.is_empty()).then(|| Evidence {
            picture: None,
            page: cleaned(&self.last, &secrets),
            address: super::evidence::address_of(&self.way.hosts().login),
        })
    }

    async fn step(&mut self, body: &serde_json::Value) -> Step {
        self.ask(wire::LOGIN, body).await
    }

    async fn ask(&mut self, path: &str, body: &serde_json::Value) -> Step {
        let (status, body) = match self.way.post(&mut self.jar, path, body).await {
            Ok(answer) => answer,
            Err(outcome) => return Step::Otherwise(outcome),
        };
        self.last = String::from_utf8_lossy(&body).into_owned();
        let outcome = match wire::answer(status, &body, self.by) {
            Answer::Redirect(to) => return self.enter(&to).await,
            Answer::Code { by, sent_to } => {
                self.by = by;
                self.sent_to = sent_to;
                self.code_sent(false)
            }
            Answer::Done if path == wire::RESEND => self.code_sent(false),
            Answer::Refused(LoginOutcome::NeedsCode { .. }) => self.code_sent(true),
            Answer::Refused(outcome) => outcome,
            Answer::Choose(choices) if choices.is_empty() => LoginOutcome::PageChanged {
                what: "the choice of merchants",
            },
            Answer::Choose(choices) => {
                let merchants: Vec<Merchant> = choices.iter().map(|choice| choice.merchant.clone()).collect();
                self.choices = choices;
                LoginOutcome::ChooseMerchant { merchants }
            }
            // What is asked for in words that no capture shows.
            Answer::Done | Answer::Unknown => LoginOutcome::PageChanged {
                what: "the answer of a login step",
            },
        };
        Step::Otherwise(outcome)
    }

    fn code_sent(&self, wrong: bool) -> LoginOutcome {
        LoginOutcome::NeedsCode {
            by: self.by,
            sent_to: self.sent_to.clone(),
            wrong,
        }
    }

    /// Follows the answer of the last step; where that does not end in the cabinet, the hop is made once more
    /// from its beginning.
    async fn enter(&mut self, to: &str) -> Step {
        let hosts = self.way.hosts();
        let start = start_address(hosts);
        let next = hosts.login.join(to).unwrap_or_else(|_| start.clone());
        for url in [next, start] {
            match self.way.hop(&mut self.jar, url).await {
                HopEnd::Cabinet => return self.open(),
                HopEnd::LoginPage { page } => self.last = page,
                HopEnd::Refused(outcome) => return Step::Otherwise(outcome),
            }
        }
        Step::Otherwise(LoginOutcome::PageChanged {
            what: "the end of the login",
        })
    }

    fn open(&self) -> Step {
        Step::Open(self.jar.clone())
    }
}
