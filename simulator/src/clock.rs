//! The clock of the simulated market: the machine's time or a time that only the control interface moves.

use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::TimeMode;

/// Where virtual time starts: 2026-09-01 08:00:00 UTC, in milliseconds.
const VIRTUAL_START_MS: i64 = 1_788_249_600_000;

/// Tells the time of the market.
#[derive(Debug)]
pub struct Clock {
    mode: TimeMode,
    added_ms: i64,
    started: Instant,
}

impl Clock {
    /// A clock of the given kind, with nothing added yet.
    pub fn new(mode: TimeMode) -> Self {
        Self {
            mode,
            added_ms: 0,
            started: Instant::now(),
        }
    }

    /// Milliseconds since 1970, UTC.
    pub fn now_ms(&self) -> i64 {
        let base = match self.mode {
            TimeMode::Virtual => VIRTUAL_START_MS,
            TimeMode::Real => wall_clock().timestamp_millis(),
        };
        base.saturating_add(self.added_ms)
    }

    /// Moves the clock forward; time never goes back.
    pub fn advance(&mut self, seconds: u32) {
        self.added_ms = self
            .added_ms
            .saturating_add(i64::from(seconds).saturating_mul(1000));
    }

    /// Milliseconds that really passed since the start. Requests per second are counted with this one: in
    /// virtual time every request happens at the same instant, and a rate would mean nothing.
    pub fn real_elapsed_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place of the simulator that reads the clock"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}

/// A time of the market as the marketplace writes it: RFC 3339 in UTC.
pub fn text(time_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(time_ms)
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
        .unwrap_or_default()
}

/// A time as HTTP headers write it.
pub fn http_date(time_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(time_ms)
        .map(|time| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

/// The day of a time in Kazakhstan (UTC+5), `dd.mm.yyyy`.
pub fn day(time_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(time_ms.saturating_add(5 * 60 * 60 * 1000))
        .map(|time| time.format("%d.%m.%Y").to_string())
        .unwrap_or_default()
}
