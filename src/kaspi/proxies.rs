//! Outgoing proxies as the client sees them: plain values. Where they come from (the table, the
//! environment) and what people are told about them is not known here.

use std::time::Duration;

use crate::{
    domain::{ProxyId, ProxyScheme},
    secrets::Secret,
};

/// A proxy to send requests through. `Debug` shows neither user name nor password.
#[derive(Clone)]
pub struct ProxyAddress {
    /// Whose counts [`ProxyCounts`] are.
    pub id: ProxyId,
    /// How it is spoken to.
    pub scheme: ProxyScheme,
    /// A name or an address, an IPv6 one without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// User name, where the proxy wants one.
    pub username: Option<String>,
    /// Password, where the proxy wants one.
    pub password: Option<Secret>,
}

impl ProxyAddress {
    /// Host and port as they stand in an address.
    pub(super) fn authority(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

impl std::fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyAddress")
            .field("id", &self.id)
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What happened through one proxy since the counts were taken last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyCounts {
    /// Which proxy.
    pub id: ProxyId,
    /// Requests sent, the failed ones included.
    pub requests: u64,
    /// Requests that the proxy is to blame for: not reached, refused, or blocked by the marketplace.
    pub failures: u64,
    /// Code of the last failure; a text for each stands in the locales.
    pub last_error: Option<&'static str>,
    /// It is left alone for so long from now.
    pub cooling_for: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_credentials_are_not_printed() {
        let proxy = ProxyAddress {
            id: ProxyId::new(),
            scheme: ProxyScheme::Socks5,
            host: "proxy.example.kz".to_owned(),
            port: 1080,
            username: Some("canary-user".to_owned()),
            password: Some(Secret::from("canary-password")),
        };
        let shown = format!("{proxy:?} {proxy:#?}");
        assert!(
            shown.contains("proxy.example.kz") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
