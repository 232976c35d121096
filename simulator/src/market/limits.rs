//! How many requests the marketplace puts up with, and what it does to those who send more.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

const PENALTY_PROCESS_MS: i64 = 30 * 60 * 1000;
const PENALTY_PUBLIC_MS: i64 = 10 * 1000;

/// The switchable figures and habits. Rates are counted in real time, penalties and the half hour in market time.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub enabled: bool,
    /// Price changes per second and account.
    pub process_rps: usize,
    /// Price changes per rolling 30 minutes and merchant.
    pub process_per_30min: usize,
    /// Requests for public offers per second; absent means no limit.
    pub public_rps: Option<usize>,
    /// Requests to the orders interface per second and token; absent means no limit.
    pub orders_rps: Option<usize>,
    /// Seconds until an accepted change shows in the cabinet list.
    pub apply_list_seconds: u32,
    /// Seconds until an accepted change shows to buyers.
    pub apply_public_seconds: u32,
    /// Refuse what the marketplace is only believed to refuse: reads without `x-auth-version`, pages above 100.
    pub strict: bool,
    /// A price above this is refused.
    pub price_max: i64,
    /// A price change that sends `cityPrices` alone is refused.
    pub base_price_required: bool,
    /// An edit that sends a stock withdraws the offer.
    pub stock_count_withdraws: bool,
    /// An edit that leaves a selling point out withdraws the offer everywhere, not only there.
    pub left_out_point_withdraws: bool,
    /// A point sent without stock and preorder loses both; else it keeps them.
    pub empty_resets: bool,
    /// Wrong codes until the account is blocked for `break_seconds`.
    pub code_tries: u32,
    /// Seconds between two codes for an account.
    pub code_gap_seconds: u32,
    /// Life of a code.
    pub code_life_seconds: u32,
    pub break_seconds: u32,
    /// Seconds a file stays `UPLOADED`, and `PROCESSING` after that.
    pub file_uploaded_seconds: u32,
    pub file_processing_seconds: u32,
    /// The status that says `Unfinished file found`.
    pub unfinished_status: u16,
    /// An offer that a price list leaves out is withdrawn.
    pub file_replaces: bool,
    /// The columns an Excel price list must have.
    pub excel_columns: Vec<String>,
    /// Files above this are answered with 413.
    pub file_bytes_max: usize,
    /// Seconds until an accepted change of an order's status shows.
    pub order_apply_seconds: u32,
}

/// A price above this is refused: nobody sells anything for a billion tenge.
const PRICE_MAX: i64 = 1_000_000_000;

impl Limits {
    pub fn new(apply_seconds: u32) -> Self {
        let columns = [
            "SKU", "model", "brand", "price", "PP1", "PP2", "PP3", "PP4", "PP5", "preorder",
        ];
        Self {
            enabled: true,
            process_rps: 3,
            process_per_30min: 250,
            public_rps: None,
            orders_rps: None,
            apply_list_seconds: apply_seconds,
            apply_public_seconds: apply_seconds,
            strict: false,
            price_max: PRICE_MAX,
            base_price_required: false,
            stock_count_withdraws: false,
            left_out_point_withdraws: false,
            empty_resets: true,
            code_tries: 3,
            code_gap_seconds: 60,
            code_life_seconds: 600,
            break_seconds: 60,
            file_uploaded_seconds: 10.min(apply_seconds),
            file_processing_seconds: apply_seconds,
            unfinished_status: 400,
            file_replaces: false,
            excel_columns: columns.map(str::to_owned).to_vec(),
            file_bytes_max: 16 * 1024 * 1024,
            order_apply_seconds: 0,
        }
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
        let second = self.seconds.entry(key.clone()).or_default();
        if fits(second, real_ms, 1000, 1, limit) {
            return true;
        }
        second.clear();
        self.blocked_until_ms
            .insert(key, now_ms.saturating_add(PENALTY_PUBLIC_MS));
        false
    }

    /// Whether another request with this token may pass now; the next second is free again.
    pub fn allow_orders(&mut self, limits: &Limits, merchant: &str, real_ms: i64) -> bool {
        let (true, Some(limit)) = (limits.enabled, limits.orders_rps) else {
            return true;
        };
        let marks = self.seconds.entry(format!("orders {merchant}")).or_default();
        fits(marks, real_ms, 1000, 1, limit)
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
