//! The one HTTP client. A call waits for its turn, leaves through its way out with the headers of one browser,
//! and its answer is judged; reads are repeated where that is harmless.

use std::{sync::Arc, time::Instant};

use backon::Retryable;
use reqwest::{
    RequestBuilder,
    header::{ACCEPT, ACCEPT_ENCODING, COOKIE, ORIGIN, REFERER, SET_COOKIE},
};
use secrecy::ExposeSecret;
use url::Url;

use super::{
    answer::{self, Asked, Refusal},
    body,
    breaker::Breakers,
    check::{PROXY_REFUSED, why},
    jars::Jars,
    pace::Pace,
    retry::{self, RetryBudget},
    route::{Route, Routes},
};
use crate::{
    config,
    kaspi::{CabinetSession, KaspiError, ProxyAddress, ProxyCounts},
    secrets::Secret,
};

/// A pause up to this long is waited out by a public read; a longer one is told to the caller.
const PUBLIC_WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(20);

/// Longest time for a picture: somebody looks at the page.
const IMAGE_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// Client of the marketplace; cheap to clone.
#[derive(Clone)]
pub struct KaspiClient {
    pub(in crate::kaspi) hosts: Arc<config::Kaspi>,
    inner: Arc<Inner>,
}

struct Inner {
    routes: Routes,
    pace: Pace,
    breakers: Breakers,
    repeats: RetryBudget,
    jars: Jars,
}

impl std::fmt::Debug for KaspiClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KaspiClient")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// One question to the marketplace.
struct Question<'a> {
    asked: Asked,
    /// For the log.
    endpoint: &'static str,
    /// Whose breaker and retry budget it falls under.
    payer: &'a str,
    host: &'a Url,
    /// The session that takes over the cookies of the answer.
    session: Option<&'a CabinetSession>,
}

impl KaspiClient {
    /// A client for these hosts.
    ///
    /// # Errors
    /// The TLS library cannot start.
    pub fn new(config: &config::Kaspi) -> Result<Self, KaspiError> {
        let (hosts, limits) = (Arc::new(config.clone()), &config.limits);
        Ok(Self {
            inner: Arc::new(Inner {
                routes: Routes::new(hosts.clone())?,
                pace: Pace::new(limits),
                breakers: Breakers::new(limits.breaker_failures, limits.breaker_pause),
                repeats: RetryBudget::default(),
                jars: Jars::default(),
            }),
            hosts,
        })
    }

    /// Sends everything through these proxies from now on; none means directly.
    ///
    /// # Errors
    /// One of them cannot be used at all; then nothing changes.
    pub fn set_proxies(&self, proxies: Vec<ProxyAddress>) -> Result<(), KaspiError> {
        self.inner.routes.set(proxies)
    }

    /// What happened through each proxy since this was asked last.
    #[must_use]
    pub fn take_proxy_counts(&self) -> Vec<ProxyCounts> {
        self.inner.routes.take_counts(Instant::now())
    }

    /// Sessions whose cookies were replaced by answers since this was asked last: they are to be kept. The client
    /// says the new ones by itself.
    #[must_use]
    pub fn take_rotated(&self) -> Vec<CabinetSession> {
        self.inner.jars.take_changed()
    }

    /// How long no price of a merchant can be written: it was told to slow down, or its half hour is used up.
    #[must_use]
    pub fn write_wait(&self, merchant_id: &str) -> std::time::Duration {
        self.inner.pace.write_wait(merchant_id, Instant::now())
    }

    /// Reads from the cabinet with a session; repeated where no answer comes. A 403 may mean a dead session or
    /// a missing right: the list of merchants tells which.
    pub(in crate::kaspi) async fn read_cabinet(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        endpoint: &'static str,
        request: impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let question = self.of_cabinet(session, merchant_id, endpoint);
        let once = || self.cabinet_once(session, &question, &request);
        self.repeated(&question, once).await
    }

    /// Makes `changes` in the cabinet: sent once, and only when the merchant may write so many. Its turn may have to
    /// be waited for: nothing leaves when `may_leave` says no by then (`Paused`).
    pub(in crate::kaspi) async fn write_cabinet(
        &self,
        session: &CabinetSession,
        merchant_id: &str,
        endpoint: &'static str,
        changes: usize,
        may_leave: impl Fn() -> bool,
        request: impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let pace = &self.inner.pace;
        pace.write_turn(merchant_id, changes)
            .await
            .map_err(|wait| KaspiError::Paused { wait })?;
        if !may_leave() {
            let wait = std::time::Duration::ZERO;
            return Err(KaspiError::Paused { wait });
        }
        let question = self.of_cabinet(session, merchant_id, endpoint);
        let answer = self.cabinet_once(session, &question, &request).await;
        if let Err(KaspiError::RateLimited { after }) = &answer {
            pace.pause_writes(merchant_id, *after, Instant::now());
        }
        answer
    }

    /// Asks the public shop, no faster than it likes and through whichever way out is free.
    pub(in crate::kaspi) async fn read_public(
        &self,
        endpoint: &'static str,
        request: impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let question = Question {
            asked: Asked::Public,
            endpoint,
            payer: "public",
            host: &self.hosts.public,
            session: None,
        };
        let once = || self.public_once(&question, &request);
        self.repeated(&question, once).await
    }

    /// Reads a file of at most `most` bytes from the image host, through whichever way out is free.
    pub(in crate::kaspi) async fn read_image(
        &self,
        address: Url,
        most: usize,
    ) -> Result<Vec<u8>, KaspiError> {
        let (breakers, host) = (
            &self.inner.breakers,
            self.hosts.cdn.host_str().unwrap_or_default(),
        );
        let now = Instant::now();
        let route = self.inner.routes.of_public(now, |_| std::time::Duration::ZERO);
        let route = route.map_err(|wait| KaspiError::Paused { wait })?;
        breakers
            .allow("images", host, now)
            .map_err(|wait| KaspiError::Paused { wait })?;
        let request = route.identity.dress(route.client.get(address));
        let request = request
            .header(ACCEPT, "image/webp,image/png,image/jpeg")
            .timeout(self.hosts.timeout.min(IMAGE_MAX));
        let outcome = image(request, most).await;
        let now = Instant::now();
        let answered = !matches!(
            &outcome,
            Err(Trouble::Reach(_) | Trouble::Judged(Refusal::Error(KaspiError::Unavailable(_))))
        );
        breakers.note("images", host, answered, now);
        // A host of pictures that does not answer says nothing about a proxy: accounts go on through it.
        if let Err(trouble) = &outcome
            && trouble.is_refused_by_proxy()
        {
            route.note(trouble.of_route(), now);
        }
        outcome.map_err(|trouble| match trouble {
            Trouble::Reach(error) => unavailable(error),
            Trouble::Judged(Refusal::Error(error)) => error,
            Trouble::Proxy | Trouble::Judged(Refusal::Forbidden { .. }) => KaspiError::Unavailable(None),
        })
    }

    /// Asks the official orders API with a merchant's token; `repeat` only where asking twice is harmless.
    pub(in crate::kaspi) async fn ask_orders(
        &self,
        token: &Secret,
        merchant_id: &str,
        endpoint: &'static str,
        repeat: bool,
        request: impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let question = Question {
            asked: Asked::Orders,
            endpoint,
            payer: merchant_id,
            host: &self.hosts.orders,
            session: None,
        };
        let once = || self.orders_once(token, &question, &request);
        if repeat {
            self.repeated(&question, once).await
        } else {
            once().await
        }
    }

    /// Waits for the merchant's turn to read its list.
    pub(in crate::kaspi) async fn list_turn(&self, merchant_id: &str) {
        self.inner.pace.list_turn(merchant_id).await;
    }

    async fn repeated<F>(&self, question: &Question<'_>, once: impl Fn() -> F) -> Result<Vec<u8>, KaspiError>
    where
        F: Future<Output = Result<Vec<u8>, KaspiError>>,
    {
        let repeats = &self.inner.repeats;
        repeats.request(question.payer, Instant::now());
        once.retry(retry::pauses(self.hosts.limits.retry_pause))
            .when(|error| retry::may_help(error) && repeats.repeat(question.payer, Instant::now()))
            .await
    }

    async fn cabinet_once(
        &self,
        session: &CabinetSession,
        question: &Question<'_>,
        request: &impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let route = self.route_of(session)?;
        match self
            .send(question, &route, self.cabinet_request(&route, session, request))
            .await
        {
            Ok(body) => Ok(body),
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::Forbidden { message }) => match self.session_alive(session, question.payer).await {
                Ok(true) => Err(KaspiError::Rejected { status: 403, message }),
                Ok(false) | Err(KaspiError::SessionExpired) => Err(KaspiError::SessionExpired),
                Err(other) => Err(other),
            },
        }
    }

    async fn public_once(
        &self,
        question: &Question<'_>,
        request: &impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        let pace = &self.inner.pace;
        let free = || {
            let now = Instant::now();
            self.inner
                .routes
                .of_public(now, |route| pace.public_wait(&route.key, now))
        };
        let route = match free() {
            Err(wait) if wait <= PUBLIC_WAIT_MAX => {
                tokio::time::sleep(wait).await;
                free()
            }
            other => other,
        }
        .map_err(|wait| KaspiError::Paused { wait })?;
        pace.public_turn(&route.key).await;
        let request = request(&route.client, &self.hosts.public).header(ACCEPT, "application/json, text/*");
        let request = route.identity.dress(self.of_the_shop(request));
        let told = match self.send(question, &route, request).await {
            Ok(body) => return Ok(body),
            Err(Refusal::Error(error)) => error,
            Err(Refusal::Forbidden { .. }) => KaspiError::Blocked,
        };
        match told {
            KaspiError::Blocked => pace.pause_public(&route.key, None, Instant::now()),
            KaspiError::RateLimited { after } => pace.pause_public(&route.key, after, Instant::now()),
            _ => {}
        }
        Err(told)
    }

    async fn orders_once(
        &self,
        token: &Secret,
        question: &Question<'_>,
        request: &impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> Result<Vec<u8>, KaspiError> {
        self.inner.pace.order_turn(question.payer).await;
        let now = Instant::now();
        let route = self
            .inner
            .routes
            .of_account(question.payer, now)
            .map_err(|wait| KaspiError::Paused { wait })?;
        let request = request(&route.client, &self.hosts.orders).header(ACCEPT, ORDERS_JSON);
        let request = route
            .identity
            .dress(request)
            .header("x-auth-token", sensitive(token)?);
        match self.send(question, &route, request).await {
            Ok(body) => Ok(body),
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::Forbidden { .. }) => Err(KaspiError::Blocked),
        }
    }

    fn of_cabinet<'a>(
        &'a self,
        session: &'a CabinetSession,
        merchant_id: &'a str,
        endpoint: &'static str,
    ) -> Question<'a> {
        Question {
            asked: Asked::Cabinet,
            endpoint,
            payer: merchant_id,
            host: &self.hosts.cabinet,
            session: Some(session),
        }
    }

    fn route_of(&self, session: &CabinetSession) -> Result<Arc<Route>, KaspiError> {
        self.way_of(session.identity().key())
    }

    /// The way out of an account, by the key of its identity: a login takes the one of the requests after it.
    pub(in crate::kaspi) fn way_of(&self, key: &str) -> Result<Arc<Route>, KaspiError> {
        let routes = &self.inner.routes;
        routes
            .of_account(key, Instant::now())
            .map_err(|wait| KaspiError::Paused { wait })
    }

    async fn session_alive(&self, session: &CabinetSession, merchant_id: &str) -> Result<bool, KaspiError> {
        let route = self.route_of(session)?;
        let request = self.cabinet_request(&route, session, &|client, base| client.get(address(base, "s/m")));
        match self
            .send(
                &self.of_cabinet(session, merchant_id, "merchants"),
                &route,
                request,
            )
            .await
        {
            Ok(body) => Ok(!super::convert::merchants(&body)?.is_empty()),
            Err(Refusal::Forbidden { .. }) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    fn cabinet_request(
        &self,
        route: &Route,
        session: &CabinetSession,
        request: &impl Fn(&reqwest::Client, &Url) -> RequestBuilder,
    ) -> RequestBuilder {
        let request = request(&route.client, &self.hosts.cabinet)
            .header(ACCEPT, "application/json, text/plain, */*")
            .header("x-auth-version", "3");
        let request = session.identity().dress(self.of_the_shop(request));
        match self.inner.jars.newest(session).cookie_header(&self.hosts.cabinet) {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    /// Where a request of a page of the shop comes from.
    fn of_the_shop(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header(ORIGIN, self.hosts.public.origin().ascii_serialization())
            .header(REFERER, address(&self.hosts.public, "").as_str())
    }

    /// Sends one request, unless the host is left alone, and judges the answer by status and content type
    /// together.
    async fn send(
        &self,
        question: &Question<'_>,
        route: &Route,
        request: RequestBuilder,
    ) -> Result<Vec<u8>, Refusal> {
        let (breakers, host) = (&self.inner.breakers, question.host.host_str().unwrap_or_default());
        breakers
            .allow(question.payer, host, Instant::now())
            .map_err(|wait| KaspiError::Paused { wait })?;
        let outcome = exchange(question, request, &self.hosts, &self.inner.jars).await;
        let now = Instant::now();
        let answered = !matches!(
            &outcome,
            Err(Trouble::Reach(_) | Trouble::Judged(Refusal::Error(KaspiError::Unavailable(_))))
        );
        breakers.note(question.payer, host, answered, now);
        route.note(outcome.as_ref().err().and_then(Trouble::of_route), now);
        outcome.map_err(|trouble| match trouble {
            Trouble::Reach(error) => unavailable(error).into(),
            Trouble::Proxy => KaspiError::Unavailable(None).into(),
            Trouble::Judged(refusal) => refusal,
        })
    }
}

/// Why an exchange gave no body.
enum Trouble {
    /// No answer at all.
    Reach(reqwest::Error),
    /// The proxy refused.
    Proxy,
    /// An answer that is no good.
    Judged(Refusal),
}

impl Trouble {
    /// Did the proxy want other credentials?
    fn is_refused_by_proxy(&self) -> bool {
        self.of_route() == Some(PROXY_REFUSED)
    }

    /// What a proxy is to blame for.
    fn of_route(&self) -> Option<&'static str> {
        match self {
            Self::Reach(error) => Some(why(error)),
            Self::Proxy => Some(PROXY_REFUSED),
            Self::Judged(Refusal::Error(error @ KaspiError::Blocked)) => Some(error.code()),
            Self::Judged(_) => None,
        }
    }
}

async fn exchange(
    question: &Question<'_>,
    request: RequestBuilder,
    hosts: &config::Kaspi,
    jars: &Jars,
) -> Result<Vec<u8>, Trouble> {
    let response = request
        .header(ACCEPT_ENCODING, body::ACCEPTED)
        .send()
        .await
        .map_err(Trouble::Reach)?;
    let head = answer::Head::of(&response);
    tracing::debug!(
        kaspi.endpoint = question.endpoint,
        kaspi.status = head.status,
        "marketplace answered"
    );
    if head.status == 407 {
        return Err(Trouble::Proxy);
    }
    // A refusal sets cookies of nobody: only answers that are given to the session may change its jar.
    if let Some(session) = question.session.filter(|_| response.status().is_success()) {
        let lines = response.headers().get_all(SET_COOKIE).iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        jars.absorb(session, &lines, question.host.host_str().unwrap_or_default());
    }
    let body = body::read(response)
        .await
        .map_err(|error| Trouble::Judged(error.into()))?;
    answer::judge(question.asked, &head, body, hosts).map_err(Trouble::Judged)
}

/// The file of an answer, as long as it is short; nothing is unfolded.
async fn image(request: RequestBuilder, most: usize) -> Result<Vec<u8>, Trouble> {
    let refused = |error: KaspiError| Trouble::Judged(error.into());
    let mut response = request.send().await.map_err(Trouble::Reach)?;
    match response.status().as_u16() {
        200 => {}
        407 => return Err(Trouble::Proxy),
        status @ 400..=499 => {
            let message = String::new();
            return Err(refused(KaspiError::Rejected { status, message }));
        }
        500..=599 => return Err(refused(KaspiError::Unavailable(None))),
        _ => return Err(refused(KaspiError::malformed("no file"))),
    }
    let mut file = Vec::new();
    while let Some(part) = response.chunk().await.map_err(Trouble::Reach)? {
        if part.len() > most.saturating_sub(file.len()) {
            return Err(refused(KaspiError::malformed("a file that is too large")));
        }
        file.extend_from_slice(&part);
    }
    Ok(file)
}

/// What the orders API speaks.
pub(in crate::kaspi) const ORDERS_JSON: &str = "application/vnd.api+json";

fn sensitive(token: &Secret) -> Result<reqwest::header::HeaderValue, KaspiError> {
    let mut value = reqwest::header::HeaderValue::from_str(token.expose_secret())
        .map_err(|_| KaspiError::TokenRefused)?;
    value.set_sensitive(true);
    Ok(value)
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
pub(super) fn unavailable(error: reqwest::Error) -> KaspiError {
    KaspiError::Unavailable(Some(Box::new(error.without_url())))
}
