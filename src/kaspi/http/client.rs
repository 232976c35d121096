//! The one HTTP client: time limits, size limits, browser-like headers, no redirects followed, and the pace
//! of public reads.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use reqwest::{
    RequestBuilder, Response,
    header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, ORIGIN, REFERER, USER_AGENT},
    redirect,
};
use url::Url;

use super::answer::{self, Asked, Refusal};
use crate::{
    config,
    kaspi::{CabinetSession, KaspiError},
};

/// Largest answer that is read, after decompression.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Public reads a second from one address: ten went well, fifteen were blocked (contract, "Limits").
const PUBLIC_READS_PER_SECOND: NonZeroU32 = NonZeroU32::new(8).unwrap();
/// Pages of a merchant's own list a second: two to three at most.
const LIST_READS_PER_SECOND: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// Client of the marketplace; cheap to clone.
#[derive(Clone)]
pub struct KaspiClient {
    client: reqwest::Client,
    pub(in crate::kaspi) hosts: Arc<config::Kaspi>,
    public_reads: Arc<DefaultDirectRateLimiter>,
    list_reads: Arc<DefaultKeyedRateLimiter<String>>,
}

impl std::fmt::Debug for KaspiClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KaspiClient")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

impl KaspiClient {
    /// A client for these hosts.
    ///
    /// # Errors
    /// The TLS library cannot start.
    pub fn new(config: &config::Kaspi) -> Result<Self, KaspiError> {
        let client = reqwest::Client::builder()
            .connect_timeout(config.timeout.min(Duration::from_secs(10)))
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60))
            .no_proxy()
            .gzip(true)
            .brotli(true)
            .zstd(true)
            .build()
            .map_err(unavailable)?;
        let evenly = |reads| Quota::per_second(reads).allow_burst(NonZeroU32::MIN);
        Ok(Self {
            client,
            hosts: Arc::new(config.clone()),
            public_reads: Arc::new(RateLimiter::direct(evenly(PUBLIC_READS_PER_SECOND))),
            list_reads: Arc::new(RateLimiter::keyed(evenly(LIST_READS_PER_SECOND))),
        })
    }

    /// Asks the cabinet with a session. A 403 may mean a dead session or a missing right: the list of
    /// merchants tells which.
    pub(in crate::kaspi) async fn ask_cabinet(
        &self,
        session: &CabinetSession,
        endpoint: &'static str,
        request: impl FnOnce(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let request = self.cabinet_request(session, request);
        match self.send(Asked::Cabinet, endpoint, request).await {
            Ok(body) => Ok(body),
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::Forbidden { message }) => match self.session_alive(session).await {
                Ok(true) => Err(KaspiError::Rejected { status: 403, message }),
                Ok(false) | Err(KaspiError::SessionExpired) => Err(KaspiError::SessionExpired),
                Err(other) => Err(other),
            },
        }
    }

    /// Asks the public shop, no faster than it likes.
    pub(in crate::kaspi) async fn ask_public(
        &self,
        endpoint: &'static str,
        request: impl FnOnce(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        self.public_reads.until_ready().await;
        let request = request(&self.client, &self.hosts.public)
            .header(USER_AGENT, crate::kaspi::USER_AGENT)
            .header(ACCEPT, "application/json, text/*");
        let request = self.of_the_shop(request);
        match self.send(Asked::Public, endpoint, request).await {
            Ok(body) => Ok(body),
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::Forbidden { .. }) => Err(KaspiError::Blocked),
        }
    }

    /// Waits for the merchant's turn to read its list.
    pub(in crate::kaspi) async fn list_turn(&self, merchant_id: &str) {
        self.list_reads.until_key_ready(&merchant_id.to_owned()).await;
    }

    async fn session_alive(&self, session: &CabinetSession) -> Result<bool, KaspiError> {
        let request = self.cabinet_request(session, |client, base| client.get(address(base, "s/m")));
        match self.send(Asked::Cabinet, "merchants", request).await {
            Ok(body) => Ok(!super::convert::merchants(&body)?.is_empty()),
            Err(Refusal::Forbidden { .. }) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    fn cabinet_request(
        &self,
        session: &CabinetSession,
        request: impl FnOnce(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> RequestBuilder {
        let request = request(&self.client, &self.hosts.cabinet)
            .header(USER_AGENT, session.user_agent())
            .header(ACCEPT, "application/json, text/plain, */*")
            .header("x-auth-version", "3");
        let request = self.of_the_shop(request);
        match session.cookie_header(&self.hosts.cabinet) {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    /// Headers of a request that a page of the shop makes.
    fn of_the_shop(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header(ORIGIN, self.hosts.public.origin().ascii_serialization())
            .header(REFERER, address(&self.hosts.public, "").as_str())
            .header(ACCEPT_LANGUAGE, "ru-RU,ru;q=0.9,en;q=0.8")
    }

    /// Sends one request and judges the answer by status and content type together.
    async fn send(
        &self,
        asked: Asked,
        endpoint: &'static str,
        request: RequestBuilder,
    ) -> Result<Vec<u8>, Refusal> {
        let response = request.send().await.map_err(|e| Refusal::Error(unavailable(e)))?;
        let head = answer::Head::of(&response);
        tracing::debug!(
            kaspi.endpoint = endpoint,
            kaspi.status = head.status,
            "marketplace answered"
        );
        let body = read_bounded(response).await.map_err(Refusal::Error)?;
        answer::judge(asked, &head, body, &self.hosts)
    }
}

/// `path` below a base address, whether or not that ends with a slash.
pub(in crate::kaspi) fn address(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let whole = format!("{}/{path}", base.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}

/// [`address`] with a query.
pub(in crate::kaspi) fn question(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = address(base, path);
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// Transport trouble, without the address (it may name a merchant).
fn unavailable(error: reqwest::Error) -> KaspiError {
    KaspiError::Unavailable(Some(Box::new(error.without_url())))
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, KaspiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(KaspiError::malformed("an answer above 10 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
