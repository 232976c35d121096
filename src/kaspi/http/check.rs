//! Trying one proxy: a single harmless request to the public shop, outside of limits, health and pace.

use std::time::{Duration, Instant};

use reqwest::header::ACCEPT;

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
            407 => Err("proxy_refused"),
            403 | 405 | 429 => Err("marketplace_blocked"),
            // Of plain HTTP it is not known whose answer it is.
            500.. => Err("proxy_no_answer"),
            _ => Ok(()),
        }
    }
}

/// What an error with all its causes says about the proxy.
fn why(error: &(dyn std::error::Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return "proxy_not_public";
        }
        // hyper's tunnel has no public type for a 407.
        if error.to_string().contains("proxy authorization required") {
            return "proxy_refused";
        }
        cause = error.source();
    }
    "proxy_unreachable"
}
