//! The only place where the time is read, so that tests can hold and move it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Source of the present moment (UTC).
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;

    /// What the machine's own clock shows, which is held against the database's; a clock that stands still is no
    /// wrong clock.
    fn machine(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> DateTime<Utc> {
        // PostgreSQL keeps microseconds: a value that went through the database must stay equal to itself.
        let now = Utc::now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    fn machine(&self) -> DateTime<Utc> {
        self.now()
    }
}

/// A clock that stands still until it is moved; for tests and replay.
#[derive(Debug, Clone)]
pub struct FixedClock {
    shows: Arc<Mutex<DateTime<Utc>>>,
    /// How far the machine's clock is made to be off.
    skew: Arc<Mutex<TimeDelta>>,
}

impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            shows: Arc::new(Mutex::new(now)),
            skew: Arc::default(),
        }
    }

    /// Lets the machine's clock go wrong by so much.
    pub fn skew_machine(&self, by: TimeDelta) {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = by;
    }

    /// Moves the clock forward (or back, with a negative value).
    pub fn advance(&self, by: TimeDelta) {
        let mut now = self.shows.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.shows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn machine(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
