//! Driving Chromium through the login. Success and every error element are awaited together, so that a wrong
//! password is known in seconds; the browser reaches what its [`Relay`] lets through and nothing else.

mod device;

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use thirtyfour::{
    ChromiumLikeCapabilities, TimeoutConfiguration, WebDriver,
    error::{WebDriverErrorInner, WebDriverResult},
};
use tokio::time::Instant;

use self::device::identify;
use super::{
    CodeBy, Evidence, Hosts, Login, LoginOutcome, Step,
    evidence::{PICTURE_BYTES_MAX, address_of, cleaned},
    pages::{Complaint, LoginPage, Shown, complaint},
    phone_for_people,
    relay::Relay,
    start_address,
    wire::{self, Answer},
};
use crate::{
    domain::AccountKind,
    kaspi::{Identity, KaspiClient, http::tunnel::Tunnels},
    metrics::BrowserCounted,
    os::{BrowserError, BrowserOptions, ChromeDriver},
    secrets::Secret,
    telemetry,
};

/// Pause between two looks at the page.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// So long an error that stood there before is not taken for the answer.
const STALE_ERROR: Duration = Duration::from_secs(3);
/// Longest wait for a sign that the browser is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// A login in a browser under way.
pub struct Talk {
    hosts: Hosts,
    /// Longest time of one step.
    time_max: Duration,
    login: Login,
    driver: ChromeDriver,
    browser: WebDriver,
    identity: Identity,
    by: CodeBy,
    /// What was typed that nobody may see.
    typed: Vec<Secret>,
    /// The browser's way out, kept open.
    _relay: Relay,
    _counted: BrowserCounted,
}

impl Talk {
    /// Starts a browser of its own, and the relay of the account's way out before it.
    pub async fn open(
        client: &KaspiClient,
        options: BrowserOptions,
        time_max: Duration,
        login: Login,
    ) -> Result<Self, LoginOutcome> {
        let hosts = client.hosts.clone();
        let relay = relay(client, &login.key()).await?;
        let driver = match telemetry::spawn_blocking(move || ChromeDriver::start(&options)).await {
            Ok(Ok(driver)) => driver,
            Ok(Err(error)) => return Err(no_browser(&error)),
            Err(_) => return Err(LoginOutcome::Unavailable),
        };
        let begun = async {
            let mut capabilities = driver.capabilities()?;
            for argument in relay.arguments() {
                capabilities.add_arg(&argument)?;
            }
            capabilities.add_arg("--lang=ru-RU")?;
            let browser = WebDriver::new(driver.url(), capabilities).await?;
            let timeouts = TimeoutConfiguration::new(Some(time_max), Some(time_max), None);
            browser.update_timeouts(timeouts).await?;
            let identity = identify(&browser, &login.key()).await?;
            WebDriverResult::Ok((browser, identity))
        };
        match tokio::time::timeout(time_max, begun).await {
            Ok(Ok((browser, identity))) => Ok(Self {
                hosts,
                time_max,
                by: match login.kind {
                    AccountKind::Email => CodeBy::Mail,
                    AccountKind::Phone => CodeBy::Sms,
                },
                login,
                driver,
                browser,
                identity,
                typed: Vec::new(),
                _relay: relay,
                _counted: BrowserCounted::new(),
            }),
            _ => {
                tracing::warn!("a browser started and did not answer");
                end(driver).await;
                Err(LoginOutcome::Unavailable)
            }
        }
    }

    pub async fn begin(&mut self) -> Step {
        let ended = tokio::time::timeout(self.time_max, self.through_the_pages()).await;
        stepped(ended)
    }

    pub async fn answer(&mut self, code: &Secret) -> Step {
        self.typed.push(code.clone());
        let ended = tokio::time::timeout(self.time_max, self.type_code(code)).await;
        stepped(ended)
    }

    pub async fn give_password(&mut self, password: &Secret) -> Step {
        let ended = tokio::time::timeout(self.time_max, self.type_password(password)).await;
        stepped(ended)
    }

    pub async fn choose(&mut self, merchant_id: &str) -> Step {
        let ended = tokio::time::timeout(self.time_max, self.choose_merchant(merchant_id)).await;
        stepped(ended)
    }

    pub async fn resend(&mut self) -> Step {
        let ended = tokio::time::timeout(self.time_max, self.send_again()).await;
        stepped(ended)
    }

    /// A browser that was killed, or whose page crashed, does not tell its title.
    pub async fn is_alive(&self) -> bool {
        let title = tokio::time::timeout(SIGN_OF_LIFE, self.browser.title()).await;
        matches!(title, Ok(Ok(_)))
    }

    /// Empties the fields, then takes picture and source.
    pub async fn evidence(&self) -> Option<Evidence> {
        const EMPTY_FIELDS: &str = "document.querySelectorAll('input, textarea').forEach((field) => {
            field.value = ''; field.removeAttribute('value'); });";
        let taken = async {
            let url = self.browser.current_url().await?;
            let cookies = self.all_cookies().await?;
            let source = self.browser.source().await?;
            self.browser.execute(EMPTY_FIELDS, Vec::new()).await?;
            let picture = self.browser.screenshot_as_png().await.ok();
            let secrets: Vec<String> = self
                .typed
                .iter()
                .map(|secret| secret.expose_secret().to_owned())
                .chain(cookies.iter().map(|cookie| cookie.value.clone()))
                .collect();
            WebDriverResult::Ok(Evidence {
                picture: picture.filter(|picture| picture.len() <= PICTURE_BYTES_MAX),
                page: cleaned(&source, &secrets),
                address: address_of(&url),
            })
        };
        tokio::time::timeout(SIGN_OF_LIFE * 2, taken).await.ok()?.ok()
    }

    /// Ends the browser and waits until it is gone.
    pub async fn finish(self) {
        // The driver is killed right after; a browser that does not quit politely changes nothing.
        let _quit = tokio::time::timeout(SIGN_OF_LIFE, self.browser.quit()).await;
        end(self.driver).await;
    }

    async fn through_the_pages(&mut self) -> WebDriverResult<Step> {
        self.be_known_again().await?;
        let start = start_address(&self.hosts);
        // Nothing of the account has been sent yet: one more try harms nobody.
        if let Err(error) = self.browser.goto(start.as_str()).await
            && (is_timeout(&error) || self.browser.goto(start.as_str()).await.is_err())
        {
            return otherwise(LoginOutcome::Unavailable);
        }
        if let Some(refusal) = self.refused().await? {
            return otherwise(refusal);
        }
        let page = LoginPage(&self.browser);
        // The page has loaded; its form is drawn a moment later. Nothing to wait for long.
        let form = |shown: &Shown| !matches!(shown, Shown::Nothing);
        match wait_for(&page, self.time_max / 6, form, None).await? {
            Shown::Cabinet => return Ok(Step::Open(self.session().await?)),
            Shown::Captcha => return otherwise(LoginOutcome::Captcha),
            Shown::EmailField | Shown::PasswordField | Shown::PhoneField => {}
            Shown::FormError(text) | Shown::FieldError(text) => return self.complained(&text),
            Shown::CodeField | Shown::Choice(_) | Shown::Nothing => return changed("the login form"),
        }
        match self.login.kind {
            AccountKind::Email => self.by_email().await,
            AccountKind::Phone => self.by_phone().await,
        }
    }

    async fn by_email(&mut self) -> WebDriverResult<Step> {
        let email = self.login.account.clone();
        let page = LoginPage(&self.browser);
        if !page.type_email(&email).await? || !page.submit().await? {
            return changed("the button of the e-mail step");
        }
        let next = |shown: &Shown| !matches!(shown, Shown::EmailField | Shown::Nothing);
        match wait_for(&page, self.time_max / 2, next, None).await? {
            Shown::PasswordField => {}
            Shown::FormError(text) | Shown::FieldError(text) => return self.complained(&text),
            Shown::Captcha => return otherwise(LoginOutcome::Captcha),
            _ => return changed("the password field"),
        }
        match self.login.password.clone() {
            Some(password) => self.type_password(&password).await,
            None => otherwise(LoginOutcome::NeedsPassword),
        }
    }

    async fn by_phone(&mut self) -> WebDriverResult<Step> {
        let number = phone_for_people(&self.login.account);
        let page = LoginPage(&self.browser);
        if !page.choose_phone().await? {
            return changed("the tab of the telephone");
        }
        let field = |shown: &Shown| matches!(shown, Shown::PhoneField);
        if wait_for(&page, self.time_max / 6, field, None).await? != Shown::PhoneField {
            return changed("the telephone field");
        }
        if !page.type_phone(&number).await? || !page.submit().await? {
            return changed("the button of the telephone step");
        }
        let waiting = [Shown::PhoneField, Shown::EmailField, Shown::Nothing];
        self.after_submit(None, &waiting).await
    }

    async fn type_password(&mut self, password: &Secret) -> WebDriverResult<Step> {
        self.typed.push(password.clone());
        // What is typed next is secret: it goes to the login host or nowhere.
        if !self.is_at_login_host().await? {
            return changed("the address of the login page");
        }
        let page = LoginPage(&self.browser);
        let mark = page.error_mark().await?;
        let named = self.login.kind == AccountKind::Phone || page.type_email(&self.login.account).await?;
        if !named || !page.type_password(password.expose_secret()).await? || !page.submit().await? {
            return changed("a field of the password step");
        }
        let waiting = [
            Shown::PasswordField,
            Shown::EmailField,
            Shown::PhoneField,
            Shown::Nothing,
        ];
        self.after_submit(mark, &waiting).await
    }

    async fn type_code(&mut self, code: &Secret) -> WebDriverResult<Step> {
        if !self.is_at_login_host().await? {
            return changed("the address of the login page");
        }
        let page = LoginPage(&self.browser);
        let mark = page.error_mark().await?;
        if !page.type_code(code.expose_secret()).await? || !page.submit().await? {
            return changed("a field of the code step");
        }
        let waiting = [
            Shown::CodeField,
            Shown::PasswordField,
            Shown::EmailField,
            Shown::PhoneField,
            Shown::Nothing,
        ];
        self.after_submit(mark, &waiting).await
    }

    async fn choose_merchant(&mut self, merchant_id: &str) -> WebDriverResult<Step> {
        let page = LoginPage(&self.browser);
        let mark = page.error_mark().await?;
        if !page.choose(merchant_id).await? {
            return otherwise(LoginOutcome::NoMerchants);
        }
        self.after_submit(mark, &[Shown::Nothing]).await
    }

    /// What the page answers to a step: anything but what it showed before.
    async fn after_submit(&mut self, mark: Option<String>, waiting: &[Shown]) -> WebDriverResult<Step> {
        let page = LoginPage(&self.browser);
        let chosen = waiting == [Shown::Nothing];
        let answered =
            |shown: &Shown| !(waiting.contains(shown) || chosen && matches!(shown, Shown::Choice(_)));
        match wait_for(&page, self.time_max / 2, answered, mark).await? {
            Shown::Cabinet => Ok(Step::Open(self.session().await?)),
            Shown::FormError(text) | Shown::FieldError(text) => self.complained(&text),
            Shown::CodeField if !waiting.contains(&Shown::CodeField) => otherwise(self.code_wanted(false)),
            Shown::PasswordField if !waiting.contains(&Shown::PasswordField) => {
                otherwise(LoginOutcome::NeedsPassword)
            }
            Shown::PasswordField if self.login.kind == AccountKind::Phone && self.typed.is_empty() => {
                otherwise(LoginOutcome::NeedsPassword)
            }
            Shown::Choice(merchants) if !chosen && !merchants.is_empty() => {
                otherwise(LoginOutcome::ChooseMerchant { merchants })
            }
            Shown::Captcha => otherwise(LoginOutcome::Captcha),
            _ if page.has_captcha().await? => otherwise(LoginOutcome::Captcha),
            _ => changed("the end of a login step"),
        }
    }

    /// By the page's own control, or by the request that it would make.
    async fn send_again(&mut self) -> WebDriverResult<Step> {
        const FETCH: &str = "const [path, body, done] = arguments;
            fetch(path, { method: 'POST', body: JSON.stringify(body),
                headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'XMLHttpRequest' } })
              .then(async (answer) => done({ status: answer.status, text: await answer.text() }))
              .catch(() => done(null));";
        let page = LoginPage(&self.browser);
        let mark = page.error_mark().await?;
        if page.resend().await? {
            let error = |shown: &Shown| matches!(shown, Shown::FormError(_) | Shown::FieldError(_));
            return match wait_for(&page, STALE_ERROR, error, mark).await? {
                Shown::FormError(text) | Shown::FieldError(text) => self.complained(&text),
                _ => otherwise(self.code_wanted(false)),
            };
        }
        let (path, body) = match self.by {
            CodeBy::Sms => (wire::LOGIN, wire::phone(&phone_for_people(&self.login.account))),
            CodeBy::Mail => (wire::RESEND, json!({})),
        };
        let answer = self
            .browser
            .execute_async(FETCH, vec![json!(format!("/{path}")), body])
            .await?;
        let answer = answer.json();
        let status = answer.get("status").and_then(Value::as_u64).unwrap_or_default();
        let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
        let status = u16::try_from(status).unwrap_or_default();
        otherwise(match wire::answer(status, text.as_bytes(), self.by) {
            Answer::Refused(outcome) => outcome,
            Answer::Code { .. } | Answer::Done => self.code_wanted(false),
            _ => LoginOutcome::Unavailable,
        })
    }

    fn code_wanted(&self, wrong: bool) -> LoginOutcome {
        LoginOutcome::NeedsCode {
            by: self.by,
            // The page tells it in words only.
            sent_to: None,
            wrong,
        }
    }

    fn complained(&self, text: &str) -> WebDriverResult<Step> {
        otherwise(match complaint(text) {
            Complaint::Wait(wait) => LoginOutcome::Blocked { wait: Some(wait) },
            Complaint::WaitSomeTime => LoginOutcome::Blocked { wait: None },
            Complaint::WrongCode => self.code_wanted(true),
            Complaint::CodeExpired => LoginOutcome::CodeExpired,
            Complaint::NoShop => LoginOutcome::NoMerchants,
            Complaint::NoPermission => LoginOutcome::NoPermission,
            Complaint::StartAgain => LoginOutcome::StartAgain,
            Complaint::TryAgain => LoginOutcome::Unavailable,
            Complaint::Credentials => LoginOutcome::WrongCredentials,
        })
    }

    async fn is_at_login_host(&self) -> WebDriverResult<bool> {
        Ok(self.browser.current_url().await?.origin() == self.hosts.login.origin())
    }

    /// A page that was refused says so by its status.
    async fn refused(&self) -> WebDriverResult<Option<LoginOutcome>> {
        const STATUS: &str = "const entry = performance.getEntriesByType('navigation')[0];
            return entry ? entry.responseStatus : 0;";
        let status = self.browser.execute(STATUS, Vec::new()).await?;
        Ok(match status.json().as_u64() {
            Some(403 | 405 | 429) => Some(LoginOutcome::Blocked { wait: None }),
            Some(500..=599) => Some(LoginOutcome::Unavailable),
            _ => None,
        })
    }
}

/// The relay through the way out of an account: where that cannot be used now, there is no login.
async fn relay(client: &KaspiClient, key: &str) -> Result<Relay, LoginOutcome> {
    let route = client.way_of(key).map_err(|_| LoginOutcome::Unavailable)?;
    let tunnels = Tunnels::through(route, &client.hosts).map_err(|_| LoginOutcome::Unavailable)?;
    Relay::start(&client.hosts, tunnels).await.map_err(|error| {
        tracing::warn!(%error, "no port for the browser of a login");
        LoginOutcome::Unavailable
    })
}

fn otherwise(outcome: LoginOutcome) -> WebDriverResult<Step> {
    Ok(Step::Otherwise(outcome))
}

fn changed(what: &'static str) -> WebDriverResult<Step> {
    otherwise(LoginOutcome::PageChanged { what })
}

fn is_timeout(error: &thirtyfour::error::WebDriverError) -> bool {
    matches!(**error, WebDriverErrorInner::WebDriverTimeout(_))
}

fn stepped(ended: Result<WebDriverResult<Step>, tokio::time::error::Elapsed>) -> Step {
    match ended {
        Ok(Ok(step)) => step,
        // Never the error's text: it can repeat what was typed.
        Ok(Err(_)) => {
            tracing::warn!("the browser failed during a login");
            Step::Otherwise(LoginOutcome::Unavailable)
        }
        Err(_) => {
            tracing::warn!("a step of a login took too long");
            Step::Otherwise(LoginOutcome::Unavailable)
        }
    }
}

/// Ending the browser blocks for a moment.
async fn end(driver: ChromeDriver) {
    if telemetry::spawn_blocking(move || drop(driver)).await.is_err() {
        tracing::warn!("the browser of a login may not have ended");
    }
}

fn no_browser(error: &BrowserError) -> LoginOutcome {
    tracing::warn!(%error, "no browser for a login");
    LoginOutcome::BrowserMissing {
        advice: error.to_string(),
    }
}

/// Looks until the page shows something wanted, or the time is up; then whatever it shows. An error that stood
/// there before (`mark`) counts only when it still does after a while.
async fn wait_for(
    page: &LoginPage<'_>,
    time_max: Duration,
    wanted: impl Fn(&Shown) -> bool,
    mark: Option<String>,
) -> WebDriverResult<Shown> {
    let begun = Instant::now();
    loop {
        // A page that is being replaced has no elements to read: that is no fault, look again.
        let shown = page.look().await.unwrap_or(Shown::Nothing);
        let mut good = wanted(&shown);
        if good
            && mark.is_some()
            && matches!(shown, Shown::FormError(_) | Shown::FieldError(_))
            && begun.elapsed() < STALE_ERROR
        {
            good = page.error_mark().await.unwrap_or_default() != mark;
        }
        if good || begun.elapsed() >= time_max {
            return Ok(shown);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
