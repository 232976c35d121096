//! How many requests the marketplace puts up with, and what it does to those who send more.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

const PENALTY_PROCESS_MS: i64 = 30 * 60 * 1000;
const PENALTY_PUBLIC_MS: i64 = 10 * 1000;

/// The switchable figures. Rates are counted in real time, penalties and the half hour in market time.
#[derive(Clone, Debug, Serialize)]
pub struct Limits {
    pub enabled: bool,
    /// Price changes per second and account.
    pub process_rps: usize,
    /// Price changes per rolling 30 minutes and merchant.
    pub process_per_30min: usize,
    /// Requests for public offers per second; absent means no limit.
    pub public_rps: Option<usize>,
    /// Seconds until an accepted change shows in the cabinet list.
    pub apply_list_seconds: u32,
    /// Seconds until an accepted change shows to buyers.
    pub apply_public_seconds: u32,
    /// Refuse what the marketplace is only believed to refuse: reads without `x-auth-version`, pages above 100.
    pub strict: bool,
}

/// A change of some of the figures.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsChange {
    pub enabled: Option<bool>,
    pub process_rps: Option<usize>,
    pub process_per_30min: Option<usize>,
    #[serde(default, with = "double_option")]
    pub public_rps: Option<Option<usize>>,
    pub apply_list_seconds: Option<u32>,
    pub apply_public_seconds: Option<u32>,
    pub strict: Option<bool>,
}

/// Tells "absent" from "null": null switches a limit off.
mod double_option {
    use serde::{Deserialize, Deserializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<usize>>, D::Error> {
        Option::<usize>::deserialize(input).map(Some)
    }
}

impl Limits {
    pub fn new(apply_seconds: u32) -> Self {
        Self {
            enabled: true,
            process_rps: 3,
            process_per_30min: 250,
            public_rps: None,
            apply_list_seconds: apply_seconds,
            apply_public_seconds: apply_seconds,
            strict: false,
        }
    }

    pub fn change(&mut self, change: LimitsChange) {
        self.enabled = change.enabled.unwrap_or(self.enabled);
        self.process_rps = change.process_rps.unwrap_or(self.process_rps);
        self.process_per_30min = change.process_per_30min.unwrap_or(self.process_per_30min);
        self.public_rps = change.public_rps.unwrap_or(self.public_rps);
        self.apply_list_seconds = change.apply_list_seconds.unwrap_or(self.apply_list_seconds);
        self.apply_public_seconds = change.apply_public_seconds.unwrap_or(self.apply_public_seconds);
        self.strict = change.strict.unwrap_or(self.strict);
    }
}

/// Counts requests and remembers who is blocked.
#[derive(Debug, Default)]
pub struct Limiter {
    seconds: BTreeMap<String, VecDeque<i64>>,
    half_hours: BTreeMap<String, VecDeque<i64>>,
    blocked_until_ms: BTreeMap<String, i64>,
}

impl Limiter {
    /// Whether `writes` price changes of this account and merchant may pass now. One too many blocks the
    /// account (rate) or the merchant (half hour) for 30 minutes.
    pub fn allow_process(
        &mut self,
        limits: &Limits,
        (account, merchant): (&str, &str),
        writes: usize,
        now_ms: i64,
        real_ms: i64,
    ) -> bool {
        if !limits.enabled {
            return true;
        }
        let account_key = format!("process account {account}");
        let merchant_key = format!("process merchant {merchant}");
        if self.is_blocked(&account_key, now_ms) || self.is_blocked(&merchant_key, now_ms) {
            return false;
        }
        let second = self.seconds.entry(account_key.clone()).or_default();
        if !fits(second, real_ms, 1000, 1, limits.process_rps) {
            second.clear();
            self.blocked_until_ms
                .insert(account_key, now_ms.saturating_add(PENALTY_PROCESS_MS));
            return false;
        }
        let half_hour = self.half_hours.entry(merchant_key.clone()).or_default();
        if !fits(
            half_hour,
            now_ms,
            PENALTY_PROCESS_MS,
            writes,
            limits.process_per_30min,
        ) {
            self.blocked_until_ms
                .insert(merchant_key, now_ms.saturating_add(PENALTY_PROCESS_MS));
            return false;
        }
        true
    }

    /// Whether another request for public offers may pass now; one too many is refused for 10 seconds.
    pub fn allow_public(&mut self, limits: &Limits, now_ms: i64, real_ms: i64) -> bool {
        let (true, Some(limit)) = (limits.enabled, limits.public_rps) else {
            return true;
        };
        let key = "public".to_owned();
        if self.is_blocked(&key, now_ms) {
            return false;
        }
        if fits(
            self.seconds.entry(key.clone()).or_default(),
            real_ms,
            1000,
            1,
            limit,
        ) {
            return true;
        }
        self.blocked_until_ms
            .insert(key, now_ms.saturating_add(PENALTY_PUBLIC_MS));
        false
    }

    fn is_blocked(&self, key: &str, now_ms: i64) -> bool {
        self.blocked_until_ms
            .get(key)
            .is_some_and(|until| now_ms < *until)
    }

    /// Forgets every count and every penalty.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Drops what left the window, then adds `count` marks if they fit.
fn fits(marks: &mut VecDeque<i64>, now_ms: i64, window_ms: i64, count: usize, limit: usize) -> bool {
    while marks
        .front()
        .is_some_and(|mark| mark.saturating_add(window_ms) <= now_ms)
    {
        marks.pop_front();
    }
    if marks.len().saturating_add(count) > limit {
        return false;
    }
    marks.extend(std::iter::repeat_n(now_ms, count));
    true
}
