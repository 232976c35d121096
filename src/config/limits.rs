//! How fast the marketplace is asked. The defaults stay below what it is known to tolerate (contract,
//! "Limits in one table"); towards the real hosts nothing faster than that is accepted.

use std::time::Duration;

use super::Reader;

/// Pace towards the marketplace, and what happens after trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KaspiLimits {
    /// Least time between two writes of a merchant.
    pub write_interval: Duration,
    /// Writes of a merchant in any 30 minutes.
    pub writes_per_half_hour: u32,
    /// No write of a merchant for so long after a 429, unless it asked for more.
    pub write_pause: Duration,
    /// Least time between two public reads from one outgoing address.
    pub public_interval: Duration,
    /// No public read from an address for so long after it was refused, unless it was told more.
    pub public_pause: Duration,
    /// Least time between two pages of a merchant's own list.
    pub list_interval: Duration,
    /// Least time between two calls of the orders API with one token.
    pub orders_interval: Duration,
    /// Before the first repeat of a failed read; doubles, with jitter.
    pub retry_pause: Duration,
    /// Failures in a row after which a host is left alone for a merchant.
    pub breaker_failures: u32,
    /// How long it is left alone the first time; doubles up to 10 minutes.
    pub breaker_pause: Duration,
}

impl Default for KaspiLimits {
    fn default() -> Self {
        Self {
            write_interval: Duration::from_millis(667),
            writes_per_half_hour: 200,
            write_pause: Duration::from_secs(30 * 60),
            public_interval: Duration::from_millis(125),
            public_pause: Duration::from_secs(15),
            list_interval: Duration::from_millis(400),
            orders_interval: Duration::from_millis(250),
            retry_pause: Duration::from_millis(400),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(30),
        }
    }
}

impl KaspiLimits {
    /// For a simulated marketplace whose time moves by itself: no waiting in real time, and no breaker unless
    /// a test asks for one.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            // The simulator counts writes a second in real time.
            write_interval: Duration::from_millis(667),
            writes_per_half_hour: 200,
            write_pause: Duration::ZERO,
            public_interval: Duration::ZERO,
            public_pause: Duration::ZERO,
            list_interval: Duration::ZERO,
            orders_interval: Duration::ZERO,
            retry_pause: Duration::from_millis(1),
            breaker_failures: u32::MAX,
            breaker_pause: Duration::ZERO,
        }
    }
}

/// A time of the push protocol in seconds: `least`, which is the default, or more; a simulated marketplace may have
/// it shorter.
pub(super) fn push_time(
    read: &mut Reader<'_>,
    name: &'static str,
    least: u64,
    other_hosts: bool,
) -> Duration {
    let seconds = read.parsed(name, least, "a number of seconds");
    if seconds == 0 || (seconds < least && !other_hosts) || seconds > 86_400 {
        read.errors.push(format!("{name}={seconds}: {least} to 86400"));
    }
    Duration::from_secs(seconds)
}

/// Reads the limits; values that would get a shop or an address blocked are refused for the real hosts.
pub(super) fn read(read: &mut Reader<'_>, other_hosts: bool) -> KaspiLimits {
    let usual = KaspiLimits::default();
    let least = |number: u64| if other_hosts { 0 } else { number };
    let mut bounded = |name: &'static str, default: Duration, unit: Unit, least: u64| {
        let value = read.parsed(name, unit.count(default), unit.expected());
        if value < least {
            read.errors.push(format!(
                "{name}={value}: at least {least}, or the marketplace blocks"
            ));
        }
        unit.duration(value)
    };
    let limits = KaspiLimits {
        write_interval: bounded(
            "KASPI_WRITE_INTERVAL_MS",
            usual.write_interval,
            Unit::Millis,
            least(500),
        ),
        write_pause: bounded(
            "KASPI_WRITE_PAUSE_SECONDS",
            usual.write_pause,
            Unit::Seconds,
            least(60),
        ),
        public_interval: bounded(
            "KASPI_PUBLIC_INTERVAL_MS",
            usual.public_interval,
            Unit::Millis,
            least(100),
        ),
        public_pause: bounded(
            "KASPI_PUBLIC_PAUSE_SECONDS",
            usual.public_pause,
            Unit::Seconds,
            least(10),
        ),
        list_interval: bounded(
            "KASPI_LIST_INTERVAL_MS",
            usual.list_interval,
            Unit::Millis,
            least(333),
        ),
        orders_interval: bounded(
            "KASPI_ORDERS_INTERVAL_MS",
            usual.orders_interval,
            Unit::Millis,
            least(166),
        ),
        ..usual.clone()
    };
    let writes_per_half_hour = read.parsed(
        "KASPI_WRITES_PER_HALF_HOUR",
        usual.writes_per_half_hour,
        "a number of writes",
    );
    if !(1..=240).contains(&writes_per_half_hour) && !other_hosts {
        read.errors.push(format!(
            "KASPI_WRITES_PER_HALF_HOUR={writes_per_half_hour}: 1 to 240, or the marketplace blocks"
        ));
    }
    KaspiLimits {
        writes_per_half_hour,
        ..limits
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Millis,
    Seconds,
}

impl Unit {
    fn count(self, duration: Duration) -> u64 {
        match self {
            Self::Millis => u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            Self::Seconds => duration.as_secs(),
        }
    }

    fn duration(self, count: u64) -> Duration {
        match self {
            Self::Millis => Duration::from_millis(count),
            Self::Seconds => Duration::from_secs(count),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Millis => "a number of milliseconds",
            Self::Seconds => "a number of seconds",
        }
    }
}
