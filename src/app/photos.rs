//! Pictures of products through our own server: fetched from the image host when somebody looks, kept in memory for
//! the next who does. Browsers never ask the marketplace themselves.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::Semaphore;

use super::proxies::upkeep::ProxyUpkeep;
use crate::{
    kaspi::{KaspiError, pictures::Picture},
    services::Services,
};

/// Memory for pictures, bytes.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// Pictures that are likely kept at once.
const KEPT: usize = 1_000;
/// Pictures that are fetched at once.
const AT_ONCE: usize = 4;
/// For so long somebody waits for a picture before a place for one is shown: longer than the client waits for the
/// host, because pictures wait for one another as well.
const PATIENCE: Duration = Duration::from_secs(10);
/// For so long a picture that is none is not asked for again.
const REFUSED_FOR: TimeDelta = TimeDelta::minutes(10);
/// For so long a host that does not answer is not asked again.
const AWAY_FOR: TimeDelta = TimeDelta::seconds(30);

/// What is known of an address.
#[derive(Debug, Clone)]
enum Known {
    Picture(Arc<Picture>),
    /// None was to be had.
    Missing {
        until: DateTime<Utc>,
    },
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Known> for Bytes {
    fn weight(&self, address: &String, known: &Known) -> u64 {
        let picture = match known {
            Known::Picture(picture) => picture.bytes.len(),
            Known::Missing { .. } => 0,
        };
        u64::try_from(address.len() + picture).unwrap_or(u64::MAX) + 64
    }
}

/// The pictures of one process.
#[derive(Debug)]
pub struct Photos {
    known: Cache<String, Known, Bytes>,
    places: Semaphore,
    patience: Duration,
    /// With proxies switched on, nothing goes out directly: not even for a picture.
    proxies: ProxyUpkeep,
}

impl Default for Photos {
    fn default() -> Self {
        Self::with_patience(PATIENCE)
    }
}

impl Photos {
    /// As `default`, for somebody who waits so long for a picture.
    #[must_use]
    pub fn with_patience(patience: Duration) -> Self {
        Self {
            known: Cache::with_weighter(KEPT, KEPT_BYTES, Bytes),
            places: Semaphore::new(AT_ONCE),
            patience,
            proxies: ProxyUpkeep::default(),
        }
    }

    /// The picture at an address that a product has; `None`: there is none, or none to be had now.
    pub async fn photo(&self, services: &Services, address: &str) -> Option<Arc<Picture>> {
        if let Some(known) = self.known_of(services, address) {
            return known;
        }
        let fetched = tokio::time::timeout(self.patience, self.fetch(services, address)).await;
        fetched.unwrap_or_else(|_| {
            tracing::debug!("no picture within the time for it");
            let until = services.now() + AWAY_FOR;
            self.known.insert(address.to_owned(), Known::Missing { until });
            None
        })
    }

    async fn fetch(&self, services: &Services, address: &str) -> Option<Arc<Picture>> {
        let _place = self.places.acquire().await.ok()?;
        // Somebody else may have fetched it meanwhile.
        if let Some(known) = self.known_of(services, address) {
            return known;
        }
        if let Err(error) = self.proxies.load_reading(services).await {
            tracing::warn!(error = %error, "no picture is fetched without the proxies");
            return None;
        }
        let known = match services.kaspi.picture(address).await {
            Ok(picture) => Known::Picture(Arc::new(picture)),
            Err(error) => {
                tracing::debug!(error = %error, "no picture");
                let pause = match error {
                    KaspiError::Malformed { .. } | KaspiError::Rejected { .. } => REFUSED_FOR,
                    _ => AWAY_FOR,
                };
                Known::Missing {
                    until: services.now() + pause,
                }
            }
        };
        self.known.insert(address.to_owned(), known.clone());
        match known {
            Known::Picture(picture) => Some(picture),
            Known::Missing { .. } => None,
        }
    }

    /// `None`: not known, or not any more.
    fn known_of(&self, services: &Services, address: &str) -> Option<Option<Arc<Picture>>> {
        match self.known.get(address)? {
            Known::Picture(picture) => Some(Some(picture)),
            Known::Missing { until } => (services.now() < until).then_some(None),
        }
    }
}
