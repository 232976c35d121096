//! Trying one proxy: a single harmless request to the public shop, outside of limits, health and pace.

use std::time::{Duration, Instant};

use reqwest::{StatusCode, header::ACCEPT};

use super::{client::address, route::Route};
use crate::kaspi::{KaspiClient, ProxyAddress, addresses::NotPublic};

impl KaspiClient {
    /// Does the proxy lead to the marketplace? With the time it took; the error is the code of what is wrong.
    pub async fn check_proxy(&self, proxy: &ProxyAddress) -> (Result<(), &'static str>, Duration) {
        let began = Instant::now();
        let outcome = self.try_proxy(proxy).await;
        (outcome, began.elapsed())
    }

    async fn try_proxy(&self, proxy: &ProxyAddress) -> Result<(), &'static str> {
        // A client of its own: neither connections nor health of the real way are touched.
        let route = Route::through(&self.hosts, proxy).map_err(|error| why(&error))?;
        let request = route
            .client
            .get(address(&self.hosts.public, "robots.txt"))
            .header(ACCEPT, "text/plain, */*");
        let answer = route.identity.dress(request).send().await;
        match answer.map_err(|error| why(&error))?.status().as_u16() {
            407 => Err(PROXY_REFUSED),
            403 | 405 | 429 => Err("marketplace_blocked"),
            // Of plain HTTP it is not known whose answer it is.
            500.. => Err("proxy_no_answer"),
            _ => Ok(()),
        }
    }
}

/// What an answer, or that there is none, says about the proxy it came through.
pub fn of_answer(answer: &Result<reqwest::Response, reqwest::Error>) -> Option<&'static str> {
    match answer {
        Ok(answer) if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => Some(PROXY_REFUSED),
        Ok(_) => None,
        Err(error) => Some(why(error)),
    }
}

/// Code of a proxy that wants other credentials.
pub(super) const PROXY_REFUSED: &str = "proxy_refused";

/// What an error with all its causes says about the proxy. Whether the proxy or what is behind it does not
/// answer cannot be told from here.
pub(super) fn why(error: &(dyn std::error::Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return "proxy_not_public";
        }
        // hyper's tunnels have no public types for refused credentials, of HTTP and of SOCKS.
        let text = error.to_string();
        if text.contains("proxy authorization required") || text.contains("credentials not accepted") {
            return PROXY_REFUSED;
        }
        cause = error.source();
    }
    "proxy_unreachable"
}
