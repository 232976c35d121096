//! Where the client may connect to: names are looked up here and nowhere else, directly before the connection,
//! and answers that lead into our own network are left out. A name that was harmless when it was entered and
//! points elsewhere now (rebinding) leads nowhere.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{
    config,
    domain::addresses::{is_public, is_public_host},
};

/// Every address that a name has came from our own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to no public address")]
pub struct NotPublic;

type Answer = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Lookup = dyn Fn(String) -> Answer + Send + Sync;

/// The only way from names to addresses. Cheap to clone.
#[derive(Clone)]
pub struct PublicAddresses {
    lookup: Arc<Lookup>,
    /// Private proxies are allowed, for tests against this machine.
    private: bool,
    /// Names of other marketplaces than the real one, which may well be inside.
    hosts: Arc<[String]>,
}

impl std::fmt::Debug for PublicAddresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicAddresses")
            .field("private", &self.private)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

impl PublicAddresses {
    /// By the system's resolver.
    #[must_use]
    pub fn new(config: &config::Kaspi) -> Self {
        Self::with_lookup(config, |name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
        })
    }

    /// By another resolver; tests let names change their mind.
    pub fn with_lookup(
        config: &config::Kaspi,
        lookup: impl Fn(String) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let all = [
            &config.login,
            &config.cabinet,
            &config.public,
            &config.orders,
            &config.cdn,
        ];
        let names = all
            .into_iter()
            .filter_map(|url| url.host_str().map(str::to_owned));
        Self {
            lookup: Arc::new(lookup),
            private: config.private_proxies,
            hosts: names.filter(|_| config.other_hosts).collect(),
        }
    }

    /// May a proxy with this host be used at all? For hosts that are addresses: those are not looked up.
    ///
    /// # Errors
    /// It may not.
    pub fn check_proxy(&self, host: &str) -> Result<(), NotPublic> {
        if self.private || is_public_host(host) {
            Ok(())
        } else {
            Err(NotPublic)
        }
    }

    /// The addresses of a name that may be connected to.
    ///
    /// # Errors
    /// The name is unknown, or [`NotPublic`].
    pub async fn addresses_of(
        &self,
        name: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let mut addresses = (self.lookup)(name.to_owned()).await?;
        if !self.private && !self.hosts.iter().any(|host| host == name) {
            addresses.retain(|address| is_public(address.ip()));
        }
        if addresses.is_empty() {
            return Err(NotPublic.into());
        }
        Ok(addresses)
    }
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses_of(name.as_str()).await?;
            Ok::<Addrs, _>(Box::new(addresses.into_iter()))
        })
    }
}

/// The same for connections that are no requests of `reqwest`.
impl tower_service::Service<dns::Name> for PublicAddresses {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: dns::Name) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.addresses_of(name.as_str()).await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests;
