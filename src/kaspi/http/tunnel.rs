//! Connections through a way out that carry what others say: those of a login's browser, which can neither give
//! a proxy its credentials nor leave the looking up of names to [`PublicAddresses`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::connect::{
        HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    rt::TokioIo,
};
use reqwest::header::HeaderValue;
use rustls::{ClientConfig, crypto::aws_lc_rs};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{
    check::why,
    route::{Route, connect_max},
};
use crate::{
    config,
    domain::ProxyScheme,
    kaspi::{KaspiError, ProxyAddress, addresses::PublicAddresses},
};

type Connector = HttpsConnector<HttpConnector<PublicAddresses>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connection, ready for the first byte of the one who asked for it.
pub type Connection = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Opens connections through one way out, and counts for its health.
pub struct Tunnels {
    route: Arc<Route>,
    by: By,
    /// Longest time until one is open.
    time_max: Duration,
}

/// How the other end is reached. Proxies look its name up themselves.
enum By {
    Direct(Connector),
    Http(Tunnel<Connector>),
    Socks5(SocksV5<Connector>),
}

impl Tunnels {
    /// Connects nowhere yet.
    ///
    /// # Errors
    /// The TLS library cannot start, or the proxy cannot be used at all.
    pub fn through(route: Arc<Route>, config: &config::Kaspi) -> Result<Self, KaspiError> {
        let by = || By::of(connector(config, as_the_system_trusts()?), route.proxy.as_ref());
        Ok(Self {
            by: by().map_err(|error| KaspiError::Unavailable(Some(error)))?,
            route,
            time_max: connect_max(config),
        })
    }

    /// A connection to this host (an IPv6 address in brackets); `None`: there is none, and no other way.
    pub async fn open(&self, host: &str, port: u16) -> Option<Connection> {
        let opened = tokio::time::timeout(self.time_max, self.by.connect(host, port)).await;
        let failure = match &opened {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(why(error.as_ref())),
            Err(_) => Some("proxy_unreachable"),
        };
        self.route.note(failure, Instant::now());
        if let Some(code) = failure {
            tracing::warn!(error = code, "a connection of a login could not be opened");
        }
        opened.ok()?.ok()
    }
}

impl By {
    fn of(connector: Connector, proxy: Option<&ProxyAddress>) -> Result<Self, BoxError> {
        let Some(proxy) = proxy else {
            return Ok(Self::Direct(connector));
        };
        let scheme = match proxy.scheme {
            ProxyScheme::Https => "https",
            // SOCKS has no scheme here: it only means that there is no TLS up to the proxy.
            ProxyScheme::Http | ProxyScheme::Socks5 => "http",
        };
        let address = format!("{scheme}://{}", proxy.authority()).parse()?;
        let credentials = proxy.username.as_deref().map(|name| {
            let password = proxy.password.as_ref().map(ExposeSecret::expose_secret);
            (name, password.unwrap_or_default())
        });
        Ok(match (proxy.scheme, credentials) {
            (ProxyScheme::Socks5, None) => Self::Socks5(SocksV5::new(address, connector)),
            (ProxyScheme::Socks5, Some((name, password))) => {
                let socks = SocksV5::new(address, connector);
                Self::Socks5(socks.with_auth(name.to_owned(), password.to_owned()))
            }
            (_, None) => Self::Http(Tunnel::new(address, connector)),
            (_, Some((name, password))) => {
                Self::Http(Tunnel::new(address, connector).with_auth(basic(name, password)?))
            }
        })
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Connection, BoxError> {
        // No TLS of ours: what goes through is the affair of the two ends.
        let target = format!("http://{host}:{port}").parse()?;
        let stream = match self {
            Self::Direct(connector) => connector.clone().call(target).await?,
            Self::Http(tunnel) => tunnel.clone().call(target).await?,
            Self::Socks5(socks) => socks.clone().call(target).await?,
        };
        Ok(TokioIo::new(stream))
    }
}

/// An https proxy has to show a certificate that the system trusts, as to the HTTP client.
fn as_the_system_trusts() -> Result<ClientConfig, BoxError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .try_with_platform_verifier()?
        .with_no_client_auth())
}

fn connector(config: &config::Kaspi, tls: ClientConfig) -> Connector {
    let mut http = HttpConnector::new_with_resolver(PublicAddresses::new(config));
    http.enforce_http(false);
    http.set_connect_timeout(Some(connect_max(config)));
    http.set_nodelay(true);
    HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
}

fn basic(name: &str, password: &str) -> Result<HeaderValue, BoxError> {
    let pair = zeroize::Zeroizing::new(format!("{name}:{password}"));
    Ok(HeaderValue::try_from(format!(
        "Basic {}",
        STANDARD.encode(pair.as_bytes())
    ))?)
}

#[cfg(test)]
mod tests;
