//! How fast the marketplace is asked: one limiter per merchant for writes, one per outgoing address for public
//! reads, one per merchant for its list and one per token for orders. The program stays inside the limits and
//! waits when it is told to; it does not try to get round a block.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::{config::KaspiLimits, metrics};

const HALF_HOUR: Duration = Duration::from_secs(30 * 60);

/// The limiters of one process.
pub struct Pace {
    limits: KaspiLimits,
    writes: Option<DefaultKeyedRateLimiter<String>>,
    public_reads: Option<DefaultKeyedRateLimiter<String>>,
    list_reads: Option<DefaultKeyedRateLimiter<String>>,
    order_calls: Option<DefaultKeyedRateLimiter<String>>,
    written: Mutex<HashMap<String, VecDeque<Instant>>>,
    write_pauses: Mutex<HashMap<String, Instant>>,
    public_pauses: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// Limiters with these limits.
    pub fn new(limits: &KaspiLimits) -> Self {
        Self {
            writes: evenly(limits.write_interval),
            public_reads: evenly(limits.public_interval),
            list_reads: evenly(limits.list_interval),
            order_calls: evenly(limits.orders_interval),
            written: Mutex::default(),
            write_pauses: Mutex::default(),
            public_pauses: Mutex::default(),
            limits: limits.clone(),
        }
    }

    /// Waits for the merchant's turn to write; its `changes` count from then on.
    ///
    /// # Errors
    /// How long no write of the merchant is possible: it was told to pause, or its half hour is used up.
    pub async fn write_turn(&self, merchant_id: &str, changes: usize) -> Result<(), Duration> {
        self.count_write(merchant_id, changes, Instant::now())?;
        turn("write", self.writes.as_ref(), merchant_id).await;
        Ok(())
    }

    /// How long no write of a merchant is possible; zero when it is.
    pub fn write_wait(&self, merchant_id: &str, now: Instant) -> Duration {
        let paused = rest(&self.write_pauses, merchant_id, now);
        let mut written = lock(&self.written);
        let Some(times) = written.get_mut(merchant_id) else {
            return paused;
        };
        while times
            .front()
            .is_some_and(|at| now.saturating_duration_since(*at) >= HALF_HOUR)
        {
            times.pop_front();
        }
        let full = u32::try_from(times.len()).is_ok_and(|count| count >= self.limits.writes_per_half_hour);
        let used_up = times.front().filter(|_| full).map_or(Duration::ZERO, |at| {
            HALF_HOUR.saturating_sub(now.saturating_duration_since(*at))
        });
        paused.max(used_up)
    }

    fn count_write(&self, merchant_id: &str, changes: usize, now: Instant) -> Result<(), Duration> {
        let wait = self.write_wait(merchant_id, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let mut written = lock(&self.written);
        let times = written.entry(merchant_id.to_owned()).or_default();
        if u32::try_from(times.len() + changes).is_ok_and(|all| all <= self.limits.writes_per_half_hour) {
            times.extend(std::iter::repeat_n(now, changes));
            return Ok(());
        }
        // Enough of the oldest must be half an hour old; more than a half hour's writes never fit.
        Err(times.get(changes.saturating_sub(1)).map_or(HALF_HOUR, |at| {
            HALF_HOUR.saturating_sub(now.saturating_duration_since(*at))
        }))
    }

    /// The marketplace asked a merchant to slow its writes down.
    pub fn pause_writes(&self, merchant_id: &str, told: Option<Duration>, now: Instant) {
        let pause = told.unwrap_or_default().max(self.limits.write_pause);
        lock(&self.write_pauses).insert(merchant_id.to_owned(), now + pause);
    }

    /// Waits for an address' turn to read the public shop.
    pub async fn public_turn(&self, address: &str) {
        turn("public", self.public_reads.as_ref(), address).await;
    }

    /// How long an address should not ask the public shop.
    pub fn public_wait(&self, address: &str, now: Instant) -> Duration {
        rest(&self.public_pauses, address, now)
    }

    /// The public shop refused an address.
    pub fn pause_public(&self, address: &str, told: Option<Duration>, now: Instant) {
        let pause = told.unwrap_or_default().max(self.limits.public_pause);
        lock(&self.public_pauses).insert(address.to_owned(), now + pause);
    }

    /// Waits for a merchant's turn to read its list.
    pub async fn list_turn(&self, merchant_id: &str) {
        turn("list", self.list_reads.as_ref(), merchant_id).await;
    }

    /// Waits for a merchant's turn to call the orders API.
    pub async fn order_turn(&self, merchant_id: &str) {
        turn("orders", self.order_calls.as_ref(), merchant_id).await;
    }
}

/// One at a time, `interval` apart; `None`: no limit.
fn evenly(interval: Duration) -> Option<DefaultKeyedRateLimiter<String>> {
    let quota = Quota::with_period(interval)?.allow_burst(NonZeroU32::MIN);
    Some(RateLimiter::keyed(quota))
}

/// Waits at the limit that is called so in the metrics.
async fn turn(name: &str, limiter: Option<&DefaultKeyedRateLimiter<String>>, key: &str) {
    if let Some(limiter) = limiter {
        let began = Instant::now();
        limiter.until_key_ready(&key.to_owned()).await;
        metrics::limiter_waited(name, began.elapsed());
    }
}

fn rest(pauses: &Mutex<HashMap<String, Instant>>, key: &str, now: Instant) -> Duration {
    lock(pauses)
        .get(key)
        .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
}

/// A panic elsewhere leaves plain numbers behind, so a poisoned lock is no reason to stop.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
