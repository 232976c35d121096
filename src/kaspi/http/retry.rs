//! Repeats: only of reads, only when no answer came, with jitter, and within a budget, so that an outage is
//! not made worse by asking again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::{Duration, Instant},
};

use backon::ExponentialBuilder;

use super::pace::lock;
use crate::kaspi::KaspiError;

/// Tries of a read, the first included.
const TRIES: usize = 3;
const MINUTE: Duration = Duration::from_secs(60);
/// Repeats a minute that are always granted: a merchant with few products asks seldom.
const REPEATS_MIN: usize = 2;
/// One repeat in so many requests.
const REQUESTS_PER_REPEAT: usize = 10;

/// The pauses between the tries of a read.
pub fn pauses(first: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(Duration::from_secs(5))
        .with_factor(2.0)
        .with_max_times(TRIES - 1)
        .with_jitter()
}

/// May asking again help? A refusal stays one, and a block or a limit only grows by insisting.
pub fn may_help(error: &KaspiError) -> bool {
    matches!(error, KaspiError::Unavailable(_))
}

/// How many repeats each merchant has left.
#[derive(Default)]
pub struct RetryBudget(Mutex<HashMap<String, Minute>>);

#[derive(Default)]
struct Minute {
    requests: VecDeque<Instant>,
    repeats: VecDeque<Instant>,
}

impl RetryBudget {
    /// Counts a first try.
    pub fn request(&self, merchant: &str, now: Instant) {
        let mut minutes = lock(&self.0);
        let minute = minutes.entry(merchant.to_owned()).or_default();
        forget(&mut minute.requests, now);
        minute.requests.push_back(now);
    }

    /// Grants a repeat, or does not: at most a tenth of the last minute's requests.
    pub fn repeat(&self, merchant: &str, now: Instant) -> bool {
        let mut minutes = lock(&self.0);
        let minute = minutes.entry(merchant.to_owned()).or_default();
        forget(&mut minute.requests, now);
        forget(&mut minute.repeats, now);
        let granted = minute.repeats.len() < REPEATS_MIN.max(minute.requests.len() / REQUESTS_PER_REPEAT);
        if granted {
            minute.repeats.push_back(now);
        }
        granted
    }
}

fn forget(times: &mut VecDeque<Instant>, now: Instant) {
    while times
        .front()
        .is_some_and(|at| now.saturating_duration_since(*at) >= MINUTE)
    {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests;
