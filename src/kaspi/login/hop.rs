//! The OAuth hop over plain HTTP: the redirects that turn a signed-in browser into a cabinet session. The only
//! place where redirects are followed, by hand, between the configured hosts and nowhere else.

use std::{sync::Arc, time::Instant};

use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE},
};
use url::Url;

use super::{LoginOutcome, is_ours, start_address};
use crate::{
    config,
    kaspi::{
        CabinetSession, KaspiClient,
        http::{check::of_answer, client::address, route::Route},
    },
};

/// A browser follows twenty; the hop takes five.
const REDIRECTS_MAX: usize = 15;
/// Largest page that is read.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Where the hop ended.
pub enum HopEnd {
    /// In the cabinet.
    Cabinet,
    /// At the login page: nobody is signed in.
    LoginPage {
        /// Its source.
        page: String,
    },
    /// Nowhere.
    Refused(LoginOutcome),
}

/// How renewing a session without a login ended.
#[derive(Debug)]
pub enum Renewed {
    /// The cookies of the jar opened the cabinet once more.
    Ready(CabinetSession),
    /// The login host knows nobody by these cookies.
    NeedsLogin,
    /// It could not be found out now.
    Unavailable,
}

/// Renews a cabinet session by the cookies of the login host, without password or browser.
pub async fn renew(client: &KaspiClient, session: &CabinetSession) -> Renewed {
    let Ok(way) = Way::new(client, session) else {
        return Renewed::Unavailable;
    };
    let mut jar = session.clone();
    match way.hop(&mut jar, start_address(way.hosts())).await {
        // A jar of its own, so that the old one is never written over it.
        HopEnd::Cabinet => Renewed::Ready(jar.renewed()),
        HopEnd::LoginPage { .. } => Renewed::NeedsLogin,
        HopEnd::Refused(outcome) => {
            tracing::warn!(?outcome, "a session could not be renewed silently");
            Renewed::Unavailable
        }
    }
}

/// A way out whose client keeps no cookies of its own and follows nothing by itself.
pub struct Way {
    kaspi: KaspiClient,
    route: Arc<Route>,
}

impl Way {
    /// The way out that belongs to this session.
    pub fn new(kaspi: &KaspiClient, session: &CabinetSession) -> Result<Self, LoginOutcome> {
        Ok(Self {
            route: kaspi
                .way_of(session.identity().key())
                .map_err(|_| LoginOutcome::Unavailable)?,
            kaspi: kaspi.clone(),
        })
    }

    /// The hosts it goes between.
    pub fn hosts(&self) -> &config::Kaspi {
        &self.kaspi.hosts
    }

    /// Follows the redirects from `start` and takes every cookie on the way into `jar`.
    pub async fn hop(&self, jar: &mut CabinetSession, start: Url) -> HopEnd {
        let mut url = start;
        for _ in 0..REDIRECTS_MAX {
            if !is_ours(self.hosts(), &url) {
                return HopEnd::Refused(LoginOutcome::PageChanged {
                    what: "a redirect to another host",
                });
            }
            let request = self
                .route
                .client
                .get(url.clone())
                .header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
            let response = match self.send(jar, &url, request).await {
                Ok(response) => response,
                Err(outcome) => return HopEnd::Refused(outcome),
            };
            match response.status().as_u16() {
                300..=399 => {
                    let next = header(&response, &LOCATION).and_then(|to| url.join(&to).ok());
                    let Some(next) = next else {
                        return HopEnd::Refused(LoginOutcome::PageChanged {
                            what: "a redirect without an address",
                        });
                    };
                    url = next;
                }
                200..=299 => return self.arrived(&url, response).await,
                403 | 405 | 429 => {
                    let wait = header(&response, &RETRY_AFTER)
                        .and_then(|seconds| seconds.trim().parse().ok())
                        .map(super::with_margin);
                    return HopEnd::Refused(LoginOutcome::Blocked { wait });
                }
                500..=599 => return HopEnd::Refused(LoginOutcome::Unavailable),
                _ => {
                    return HopEnd::Refused(LoginOutcome::PageChanged {
                        what: "an address of the login",
                    });
                }
            }
        }
        HopEnd::Refused(LoginOutcome::PageChanged {
            what: "the end of the redirects",
        })
    }

    async fn arrived(&self, url: &Url, response: Response) -> HopEnd {
        let hosts = self.hosts();
        let is_cabinet = url.origin() == hosts.public.origin()
            && url.path().starts_with(address(&hosts.public, "mc").path());
        if is_cabinet {
            return HopEnd::Cabinet;
        }
        let Ok(page) = read_bounded(response).await else {
            return HopEnd::Refused(LoginOutcome::Unavailable);
        };
        if url.origin() == hosts.login.origin() {
            HopEnd::LoginPage {
                page: String::from_utf8_lossy(&page).into_owned(),
            }
        } else {
            HopEnd::Refused(LoginOutcome::PageChanged {
                what: "the end of the redirects",
            })
        }
    }

    /// Posts JSON to the login host; answers status and body. A request that never left is sent once more.
    pub async fn post(
        &self,
        jar: &mut CabinetSession,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(u16, Vec<u8>), LoginOutcome> {
        let url = address(&self.hosts().login, path);
        let page = address(&self.hosts().login, "login");
        let request = || {
            self.route
                .client
                .post(url.clone())
                .header(ACCEPT, "application/json, text/plain, */*")
                .header("X-Requested-With", "XMLHttpRequest")
                .header("Origin", self.hosts().login.origin().ascii_serialization())
                .header("Referer", page.as_str())
                .json(body)
        };
        let response = self.send(jar, &url, request()).await?;
        let status = response.status().as_u16();
        let body = read_bounded(response)
            .await
            .map_err(|_| LoginOutcome::Unavailable)?;
        Ok((status, body))
    }

    async fn send(
        &self,
        jar: &mut CabinetSession,
        url: &Url,
        request: reqwest::RequestBuilder,
    ) -> Result<Response, LoginOutcome> {
        let mut request = jar.identity().dress(request);
        if let Some(cookies) = jar.cookie_header(url) {
            request = request.header(COOKIE, cookies);
        }
        let again = request.try_clone();
        let response = match (self.try_once(request).await, again) {
            // No connection, so nothing was sent.
            (Err(error), Some(again)) if error.is_connect() => self.try_once(again).await,
            (first, _) => first,
        };
        // Never the error's text: it holds the address with its tokens.
        let response = response.map_err(|error| {
            tracing::warn!(timeout = error.is_timeout(), "the login host did not answer");
            LoginOutcome::Unavailable
        })?;
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(LoginOutcome::Unavailable);
        }
        let lines: Vec<&str> = response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .collect();
        if let Some(host) = url.host_str() {
            jar.absorb(&lines, host);
        }
        Ok(response)
    }

    async fn try_once(&self, request: reqwest::RequestBuilder) -> Result<Response, reqwest::Error> {
        let answer = request.send().await;
        self.route.note(of_answer(&answer), Instant::now());
        answer
    }
}

fn header(response: &Response, name: &reqwest::header::HeaderName) -> Option<String> {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > PAGE_BYTES_MAX {
            body.truncate(PAGE_BYTES_MAX);
            break;
        }
    }
    Ok(body)
}
