//! What the browser is to the marketplace: its name and its cookies.

use serde_json::{Value, json};
use thirtyfour::{WebDriver, error::WebDriverResult};

use super::{
    super::{session, wire},
    Talk,
};
use crate::kaspi::{CabinetSession, Cookie, Identity};

impl Talk {
    /// Gives the browser what the login host knows the device by. Not the login itself: what is typed is to
    /// be checked.
    pub(super) async fn be_known_again(&self) -> WebDriverResult<()> {
        let Some(known) = &self.login.known else {
            return Ok(());
        };
        let secure = self.hosts.login.scheme() == "https";
        let cookies: Vec<Value> = known
            .cookies_for(&self.hosts.login)
            .filter(|cookie| cookie.name != wire::SSO_COOKIE)
            .map(|cookie| {
                let mut set = json!({ "name": cookie.name, "value": cookie.value, "path": cookie.path,
                    "secure": secure, "httpOnly": true });
                // Only a domain that is not named makes a cookie of one host.
                let (place, value) = if cookie.domain.starts_with('.') {
                    ("domain", cookie.domain.as_str())
                } else {
                    ("url", self.hosts.login.as_str())
                };
                if let Some(set) = set.as_object_mut() {
                    set.insert(place.to_owned(), json!(value));
                }
                set
            })
            .collect();
        let cdp = self.browser.cdp();
        cdp.send_raw("Network.setCookies", json!({ "cookies": cookies }))
            .await?;
        Ok(())
    }

    /// The cookies of all configured hosts, HttpOnly ones included.
    pub(super) async fn session(&self) -> WebDriverResult<CabinetSession> {
        let hosts = [&self.hosts.login, &self.hosts.cabinet, &self.hosts.public];
        let ours = |domain: &str| {
            let domain = domain.trim_start_matches('.');
            hosts.iter().filter_map(|url| url.host_str()).any(|host| {
                host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
            })
        };
        let mut cookies = self.all_cookies().await?;
        cookies.retain(|cookie| ours(&cookie.domain));
        Ok(session(cookies, self.identity.clone()))
    }

    pub(super) async fn all_cookies(&self) -> WebDriverResult<Vec<Cookie>> {
        let answer = self
            .browser
            .cdp()
            .send_raw("Network.getAllCookies", json!({}))
            .await?;
        Ok(answer
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
            .collect())
    }
}

/// Lets the browser say what it is, without the word that it has no window: name, brands and languages agree
/// with each other, with its real version, and with what later requests of the session say.
pub(super) async fn identify(browser: &WebDriver, key: &str) -> WebDriverResult<Identity> {
    let version = browser.cdp().send_raw("Browser.getVersion", json!({})).await?;
    let text = |name: &str| version.get(name).and_then(Value::as_str).unwrap_or_default();
    let identity = Identity::of_browser(key, text("userAgent"));
    let full = text("product").split('/').nth(1).unwrap_or_default().to_owned();
    let brands = |version: &str, filler: &str| {
        let filler = json!({ "brand": "Not/A)Brand", "version": filler });
        json!([{ "brand": "Chromium", "version": version }, filler])
    };
    let major = full.split('.').next().unwrap_or_default();
    let shown = json!({
        "userAgent": identity.user_agent(),
        "acceptLanguage": identity.accept_language(),
        "platform": "Linux x86_64",
        "userAgentMetadata": {
            "brands": brands(major, "24"),
            "fullVersionList": brands(&full, "24.0.0.0"),
            "fullVersion": full,
            "platform": "Linux",
            "platformVersion": "",
            "architecture": "x86",
            "bitness": "64",
            "model": "",
            "mobile": false,
        },
    });
    browser
        .cdp()
        .send_raw("Network.setUserAgentOverride", shown)
        .await?;
    Ok(identity)
}
