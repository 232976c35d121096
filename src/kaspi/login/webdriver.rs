//! Driving Chromium through the login. Success and every error element are awaited together, so that a wrong
//! password is known in seconds; the browser reaches the configured hosts and no others.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use thirtyfour::{ChromiumLikeCapabilities, WebDriver, error::WebDriverResult};
use tokio::time::Instant;
use url::Url;

use super::{
    BrowserLogin, Credentials, LoginOutcome,
    pages::{Complaint, LoginPage, Shown, complaint},
};
use crate::{
    config,
    kaspi::{CabinetSession, Cookie, Identity},
    os::{BrowserError, ChromeDriver},
    telemetry,
};

/// How a login in the browser ended.
pub enum Ended {
    /// With a session.
    Open(CabinetSession),
    /// Without one.
    Otherwise(LoginOutcome),
}

/// Pause between two looks at the page.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Logs in with a browser of its own, which is gone afterwards.
pub async fn log_in(login: &BrowserLogin, credentials: &Credentials) -> Ended {
    let options = login.browser.clone();
    let driver = match telemetry::spawn_blocking(move || ChromeDriver::start(&options)).await {
        Ok(Ok(driver)) => driver,
        Ok(Err(error)) => return Ended::Otherwise(no_browser(&error)),
        Err(_) => return Ended::Otherwise(LoginOutcome::Unavailable),
    };
    let ended = tokio::time::timeout(login.time_max, in_browser(login, &driver, credentials)).await;
    // Ending the browser blocks for a moment.
    let gone = telemetry::spawn_blocking(move || drop(driver)).await;
    if gone.is_err() {
        tracing::warn!("the browser of a login may not have ended");
    }
    match ended {
        Ok(Ok(ended)) => ended,
        // Never the error's text: it can repeat what was typed.
        Ok(Err(_)) => {
            tracing::warn!("the browser failed during a login");
            Ended::Otherwise(LoginOutcome::Unavailable)
        }
        Err(_) => {
            tracing::warn!("a login took too long");
            Ended::Otherwise(LoginOutcome::Unavailable)
        }
    }
}

fn no_browser(error: &BrowserError) -> LoginOutcome {
    tracing::warn!(%error, "no browser for a login");
    LoginOutcome::BrowserMissing {
        advice: error.to_string(),
    }
}

async fn in_browser(
    login: &BrowserLogin,
    driver: &ChromeDriver,
    credentials: &Credentials,
) -> WebDriverResult<Ended> {
    let mut capabilities = driver.capabilities()?;
    capabilities.add_arg(&format!("--user-agent={}", identity().user_agent()))?;
    capabilities.add_arg(&format!("--host-resolver-rules={}", resolver_rules(&login.hosts)))?;
    capabilities.add_arg("--lang=ru-RU")?;
    let browser = WebDriver::new(driver.url(), capabilities).await?;
    let ended = through_the_pages(login, &browser, credentials).await;
    // The driver is killed right after; a browser that does not quit politely changes nothing.
    let _quit = browser.quit().await;
    ended
}

/// Every name outside the configured hosts is unknown to the browser.
fn resolver_rules(hosts: &config::Kaspi) -> String {
    let known = [&hosts.login, &hosts.cabinet, &hosts.public, &hosts.cdn];
    let excluded = known
        .iter()
        .filter_map(|url| url.host_str())
        .map(|host| format!(" , EXCLUDE {host}"));
    std::iter::once("MAP * ~NOTFOUND".to_owned())
        .chain(excluded)
        .collect()
}

/// Where the login begins: the cabinet's own hop, so that its end belongs to this browser.
fn start_address(hosts: &config::Kaspi) -> Url {
    let mut url = crate::kaspi::http::client::address(&hosts.cabinet, "oauth2/authorization/1");
    let cabinet_page = crate::kaspi::http::client::address(&hosts.public, "mc/");
    url.query_pairs_mut()
        .append_pair("redirectUrl", cabinet_page.as_str());
    url
}

async fn through_the_pages(
    login: &BrowserLogin,
    browser: &WebDriver,
    credentials: &Credentials,
) -> WebDriverResult<Ended> {
    let otherwise = |outcome| Ok(Ended::Otherwise(outcome));
    let changed = |what| Ok(Ended::Otherwise(LoginOutcome::PageChanged { what }));
    if browser.goto(start_address(&login.hosts).as_str()).await.is_err() {
        return otherwise(LoginOutcome::Unavailable);
    }
    if let Some(refusal) = refused(browser).await? {
        return otherwise(refusal);
    }
    let page = LoginPage(browser);
    // The page has loaded; its form is drawn a moment later. Nothing to wait for long.
    let form = |shown: &Shown| matches!(shown, Shown::EmailField | Shown::PasswordField);
    if !form(&wait_for(&page, login.time_max / 6, form, &[]).await?) {
        return changed("the e-mail field");
    }
    let step_max = login.time_max / 2;
    if !page.type_email(&credentials.email).await? || !page.submit().await? {
        return changed("the button of the e-mail step");
    }
    match wait_for(
        &page,
        step_max,
        |shown| *shown != Shown::EmailField,
        &[Shown::Nothing],
    )
    .await?
    {
        Shown::PasswordField => {}
        Shown::FormError(text) | Shown::FieldError(text) => return otherwise(complained(&text)),
        _ => return changed("the password field"),
    }
    // What is typed next is secret: it goes to the login host or nowhere.
    if browser.current_url().await?.origin() != login.hosts.login.origin() {
        return changed("the address of the login page");
    }
    if !page.type_email(&credentials.email).await?
        || !page.type_password(credentials.password.expose_secret()).await?
        || !page.submit().await?
    {
        return changed("a field of the password step");
    }
    let waiting = [Shown::PasswordField, Shown::EmailField, Shown::Nothing];
    let mut shown = wait_for(&page, step_max, |_| true, &waiting).await?;
    if let (Shown::Choice(_), Some(merchant_id)) = (&shown, &credentials.merchant_id)
        && page.choose(merchant_id).await?
    {
        shown = wait_for(
            &page,
            step_max,
            |shown| !matches!(shown, Shown::Choice(_)),
            &waiting,
        )
        .await?;
    }
    match shown {
        Shown::Cabinet => Ok(Ended::Open(session(login, browser).await?)),
        Shown::FormError(text) | Shown::FieldError(text) => otherwise(complained(&text)),
        Shown::CodeField => otherwise(LoginOutcome::NeedsCode),
        Shown::Choice(merchants) if merchants.is_empty() => changed("the choice of merchants"),
        Shown::Choice(merchants) => otherwise(LoginOutcome::ChooseMerchant { merchants }),
        Shown::PasswordField | Shown::EmailField | Shown::Nothing => changed("the end of the login"),
    }
}

/// Looks until the page shows something wanted that is none of `ignored`, or the time is up; then whatever
/// it shows.
async fn wait_for(
    page: &LoginPage<'_>,
    time_max: Duration,
    wanted: impl Fn(&Shown) -> bool,
    ignored: &[Shown],
) -> WebDriverResult<Shown> {
    let end = Instant::now() + time_max;
    loop {
        // A page that is being replaced has no elements to read: that is no fault, look again.
        let shown = page.look().await.unwrap_or(Shown::Nothing);
        let good = wanted(&shown) && !ignored.contains(&shown);
        if good || Instant::now() >= end {
            return Ok(shown);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn complained(text: &str) -> LoginOutcome {
    match complaint(text) {
        Complaint::Wait(wait) => LoginOutcome::Blocked { wait: Some(wait) },
        Complaint::WaitSomeTime => LoginOutcome::Blocked { wait: None },
        Complaint::NoShop => LoginOutcome::NoMerchants,
        Complaint::TryAgain => LoginOutcome::Unavailable,
        Complaint::Credentials => LoginOutcome::WrongCredentials,
    }
}

/// A page that was refused says so by its status.
async fn refused(browser: &WebDriver) -> WebDriverResult<Option<LoginOutcome>> {
    const STATUS: &str = "const entry = performance.getEntriesByType('navigation')[0];
        return entry ? entry.responseStatus : 0;";
    let status = browser.execute(STATUS, Vec::new()).await?;
    Ok(match status.json().as_u64() {
        Some(403 | 405 | 429) => Some(LoginOutcome::Blocked { wait: None }),
        Some(500..=599) => Some(LoginOutcome::Unavailable),
        _ => None,
    })
}

/// The cookies of all configured hosts, HttpOnly ones included.
async fn session(login: &BrowserLogin, browser: &WebDriver) -> WebDriverResult<CabinetSession> {
    let answer = browser.cdp().send_raw("Network.getAllCookies", json!({})).await?;
    let hosts = [&login.hosts.login, &login.hosts.cabinet, &login.hosts.public];
    let ours = |domain: &str| {
        let domain = domain.trim_start_matches('.');
        hosts
            .iter()
            .filter_map(|url| url.host_str())
            .any(|host| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    };
    let cookies = answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|cookie| {
            let text = |name: &str| cookie.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Cookie {
                name: text("name")?,
                value: text("value")?,
                domain: text("domain")?,
                path: text("path")?,
            })
        })
        .filter(|cookie| ours(&cookie.domain))
        .collect();
    Ok(CabinetSession::new(cookies, identity()))
}

/// What the browser says to be.
fn identity() -> Identity {
    Identity::for_key("login")
}
