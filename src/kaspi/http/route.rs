//! The ways out: directly, or through proxies where there are any. What belongs to one account leaves through
//! one proxy; public reads are spread over the healthy ones. With proxies set up nothing goes out directly.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Proxy, redirect};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use super::{client::unavailable, pace::lock};
use crate::{
    config,
    domain::ProxyScheme,
    kaspi::{Identity, KaspiError, ProxyAddress, ProxyCounts, addresses::PublicAddresses},
};

/// Failures in a row after which a proxy is left alone: one less than the tries of a read, so that the last try
/// goes through another one.
const FAILURES_MAX: u32 = 2;
/// For how long the first time; doubles up to [`COOL_DOWN_MAX`].
const COOL_DOWN: Duration = Duration::from_secs(60);
const COOL_DOWN_MAX: Duration = Duration::from_secs(600);

/// One way out.
pub struct Route {
    /// Names the outgoing address in limits; never shown, credentials are part of it.
    pub key: String,
    /// The HTTP client that uses it.
    pub client: reqwest::Client,
    /// The browser that public reads from this address say to be.
    pub identity: Identity,
    /// What it leads through; `None`: directly.
    pub(super) proxy: Option<ProxyAddress>,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    requests: u64,
    failures: u64,
    last_error: Option<&'static str>,
    in_a_row: u32,
    cool_down: Duration,
    cooling_until: Option<Instant>,
}

impl Route {
    fn new(config: &config::Kaspi, key: String, proxy: Option<&ProxyAddress>) -> Result<Self, KaspiError> {
        let builder = reqwest::Client::builder()
            .connect_timeout(connect_max(config))
            .timeout(config.timeout)
            // Only the login follows redirects, and it looks at each.
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60))
            // Neither proxies of the environment nor decoding behind our back.
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .dns_resolver(Arc::new(PublicAddresses::new(config)));
        let builder = match proxy {
            Some(address) => builder.proxy(proxy_of(address).map_err(unavailable)?),
            None => builder,
        };
        Ok(Self {
            identity: Identity::for_key(&key),
            client: builder.build().map_err(unavailable)?,
            key,
            proxy: proxy.cloned(),
            health: Mutex::default(),
        })
    }

    /// The way through a proxy.
    ///
    /// # Errors
    /// The proxy cannot be used at all.
    pub fn through(config: &config::Kaspi, address: &ProxyAddress) -> Result<Self, KaspiError> {
        PublicAddresses::new(config)
            .check_proxy(&address.host)
            .map_err(|error| KaspiError::Unavailable(Some(error.into())))?;
        Self::new(config, fingerprint(address), Some(address))
    }

    /// How long the proxy is left alone; zero when it is healthy.
    pub fn cooling(&self, now: Instant) -> Duration {
        lock(&self.health)
            .cooling_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Counts a request and what the way out was to blame for; a direct way is never left alone.
    pub fn note(&self, failure: Option<&'static str>, now: Instant) {
        let mut health = lock(&self.health);
        health.requests += 1;
        let Some(code) = failure else {
            health.in_a_row = 0;
            health.cool_down = Duration::ZERO;
            return;
        };
        health.failures += 1;
        health.last_error = Some(code);
        health.in_a_row = health.in_a_row.saturating_add(1);
        if let Some(proxy) = self.proxy.as_ref().filter(|_| health.in_a_row >= FAILURES_MAX) {
            health.cool_down = (health.cool_down * 2).clamp(COOL_DOWN, COOL_DOWN_MAX);
            health.cooling_until = Some(now + health.cool_down);
            tracing::warn!(proxy.id = %proxy.id, error = code, "a proxy is left alone for a while");
        }
    }
}

/// Longest time until a connection stands.
pub(super) fn connect_max(config: &config::Kaspi) -> Duration {
    config.timeout.min(Duration::from_secs(10))
}

/// All ways out of one process.
pub struct Routes {
    config: Arc<config::Kaspi>,
    direct: Arc<Route>,
    proxies: RwLock<Arc<[Arc<Route>]>>,
    next: AtomicUsize,
}

impl Routes {
    /// The direct way alone.
    pub fn new(config: Arc<config::Kaspi>) -> Result<Self, KaspiError> {
        Ok(Self {
            direct: Arc::new(Route::new(&config, "direct".to_owned(), None)?),
            proxies: RwLock::new(Arc::new([])),
            next: AtomicUsize::new(0),
            config,
        })
    }

    /// Uses these proxies from now on; those that stay keep their health and their connections.
    pub fn set(&self, addresses: Vec<ProxyAddress>) -> Result<(), KaspiError> {
        let known = self.all();
        let routes = addresses
            .into_iter()
            .map(|address| {
                let key = fingerprint(&address);
                match known.iter().find(|route| route.key == key) {
                    Some(route) => Ok(route.clone()),
                    None => Route::through(&self.config, &address).map(Arc::new),
                }
            })
            .collect::<Result<Vec<_>, KaspiError>>()?;
        *self.proxies.write().unwrap_or_else(PoisonError::into_inner) = routes.into();
        Ok(())
    }

    fn all(&self) -> Arc<[Arc<Route>]> {
        self.proxies
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The way of an account: always the same, while it is healthy.
    ///
    /// # Errors
    /// How long no proxy can be used.
    pub fn of_account(&self, key: &str, now: Instant) -> Result<Arc<Route>, Duration> {
        let proxies = self.all();
        if proxies.is_empty() {
            return Ok(self.direct.clone());
        }
        // Each account ranks all proxies in an order of its own: when one goes, only its accounts move.
        proxies
            .iter()
            .filter(|route| route.cooling(now).is_zero())
            .max_by_key(|route| rank(key, &route.key))
            .cloned()
            .ok_or_else(|| shortest(proxies.iter().map(|route| route.cooling(now))))
    }

    /// The next way for a public read; `paused` tells how long an address should not be used.
    ///
    /// # Errors
    /// How long none can be used.
    pub fn of_public(
        &self,
        now: Instant,
        paused: impl Fn(&Route) -> Duration,
    ) -> Result<Arc<Route>, Duration> {
        let proxies = self.all();
        let direct = [self.direct.clone()];
        let routes: &[Arc<Route>] = if proxies.is_empty() { &direct } else { &proxies };
        let wait = |route: &Arc<Route>| route.cooling(now).max(paused(route));
        let first = self.next.fetch_add(1, Ordering::Relaxed) % routes.len().max(1);
        routes
            .iter()
            .cycle()
            .skip(first)
            .take(routes.len())
            .find(|route| wait(route).is_zero())
            .cloned()
            .ok_or_else(|| shortest(routes.iter().map(wait)))
    }

    /// What happened through each proxy since this was asked last.
    pub fn take_counts(&self, now: Instant) -> Vec<ProxyCounts> {
        self.all()
            .iter()
            .filter_map(|route| {
                let cooling = route.cooling(now);
                let mut health = lock(&route.health);
                Some(ProxyCounts {
                    id: route.proxy.as_ref()?.id,
                    requests: std::mem::take(&mut health.requests),
                    failures: std::mem::take(&mut health.failures),
                    last_error: health.last_error.take(),
                    cooling_for: (!cooling.is_zero()).then_some(cooling),
                })
            })
            .collect()
    }
}

fn shortest(waits: impl Iterator<Item = Duration>) -> Duration {
    waits.min().unwrap_or_default()
}

/// Names a proxy with everything that decides about its connections, without telling any of it.
fn fingerprint(address: &ProxyAddress) -> String {
    let mut digest = Sha256::new();
    let password = address.password.as_ref().map(ExposeSecret::expose_secret);
    for part in [
        address.scheme.as_str(),
        &address.host,
        &address.port.to_string(),
        address.username.as_deref().unwrap_or_default(),
        password.unwrap_or_default(),
    ] {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    let short: String = digest
        .finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{}-{short}", address.id)
}

fn rank(account: &str, route: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(account)
        .chain_update([0])
        .chain_update(route)
        .finalize()
        .into()
}

fn proxy_of(address: &ProxyAddress) -> Result<Proxy, reqwest::Error> {
    let scheme = match address.scheme {
        ProxyScheme::Http => "http",
        ProxyScheme::Https => "https",
        // The proxy looks the marketplace's names up: what it sees there is what counts.
        ProxyScheme::Socks5 => "socks5h",
    };
    let mut url = format!("{scheme}://{}", address.authority());
    if let (ProxyScheme::Socks5, Ok(mut parsed)) = (address.scheme, Url::parse(&url)) {
        // SOCKS takes its credentials from the address alone.
        let name = parsed.set_username(address.username.as_deref().unwrap_or_default());
        let password = parsed.set_password(address.password.as_ref().map(ExposeSecret::expose_secret));
        if name.is_ok() && password.is_ok() {
            url = parsed.into();
        }
        return Proxy::all(url);
    }
    let proxy = Proxy::all(url)?;
    Ok(match &address.username {
        Some(name) => proxy.basic_auth(
            name,
            address
                .password
                .as_ref()
                .map(ExposeSecret::expose_secret)
                .unwrap_or_default(),
        ),
        None => proxy,
    })
}

#[cfg(test)]
mod tests;
