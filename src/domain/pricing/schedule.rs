//! Windows of the week in which a rule behaves otherwise (pricing rules, schedules): quiet hours and hours of mere
//! suggestions, in the local time of Almaty. At most one is open at a moment; a rule whose windows overlap is
//! refused.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    check::{Invalid, invalid},
    strict,
};
use crate::domain::text_enum::text_enum;

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// More windows than anybody draws up.
const WINDOWS: usize = 50;

text_enum! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

impl Weekday {
    /// Minutes of the week before its midnight.
    fn start(self) -> i64 {
        let before = Self::ALL.iter().take_while(|day| **day != self).count();
        i64::try_from(before).unwrap_or_default() * DAY
    }
}

text_enum! {
    /// What a rule does while a window is open.
    WindowAction {
        /// As always.
        Normal = "normal",
        /// The price stays, but for the repair of a price outside its limits.
        Hold = "hold",
        /// Prices are decided and shown, none is sent.
        Suggest = "suggest",
    }
}

/// A time of day as `07:30`; `24:00` ends a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// From hours and minutes; anything after `24:00` is `24:00`.
    #[must_use]
    pub const fn new(hour: u8, minute: u8) -> Self {
        #[expect(clippy::as_conversions, reason = "widening, in a constant")]
        let minutes = hour as i64 * 60 + minute as i64;
        Self(if minutes > DAY { DAY } else { minutes })
    }
}

impl FromStr for TimeOfDay {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (hour, minute) = text.split_once(':').ok_or(())?;
        let number = |digits: &str| -> Result<i64, ()> {
            let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if two {
                digits.parse().map_err(|_| ())
            } else {
                Err(())
            }
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        if minute > 59 || hour * 60 + minute > DAY {
            return Err(());
        }
        Ok(Self(hour * 60 + minute))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A stretch of some days of the week. One that ends before it begins goes on until the next day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Days on which it begins.
    #[serde(deserialize_with = "strict::words")]
    pub days: Vec<Weekday>,
    /// Begins at.
    #[serde(deserialize_with = "strict::word")]
    pub from: TimeOfDay,
    /// Ends before.
    #[serde(deserialize_with = "strict::word")]
    pub to: TimeOfDay,
    /// What the rule does meanwhile.
    #[serde(deserialize_with = "strict::word")]
    pub action: WindowAction,
}

/// The hours in which a price war may be answered by a raise; every night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NightReset {
    /// Begins at.
    #[serde(deserialize_with = "strict::word")]
    pub from: TimeOfDay,
    /// Ends before.
    #[serde(deserialize_with = "strict::word")]
    pub to: TimeOfDay,
}

impl Default for NightReset {
    fn default() -> Self {
        Self {
            from: TimeOfDay::new(2, 0),
            to: TimeOfDay::new(5, 0),
        }
    }
}

impl NightReset {
    /// Is it open?
    pub(super) fn is_open(self, now: DateTime<Utc>) -> bool {
        let stretches = stretches(Weekday::ALL, self.from, self.to);
        stretches
            .into_iter()
            .any(|stretch| stretch.rest(minute_of_week(now)).is_some())
    }
}

/// The open window, and when it ends.
pub(super) fn open(windows: &[Window], now: DateTime<Utc>) -> Option<(&Window, DateTime<Utc>)> {
    let minute = minute_of_week(now);
    windows.iter().find_map(|window| {
        let stretches = stretches(&window.days, window.from, window.to);
        let rest = stretches.into_iter().find_map(|stretch| stretch.rest(minute))?;
        let begun = TimeDelta::seconds(i64::from(now.second()));
        let nanos = TimeDelta::nanoseconds(i64::from(now.nanosecond()));
        Some((window, now - begun - nanos + TimeDelta::minutes(rest)))
    })
}

/// Minutes since Monday, 00:00 in Almaty.
fn minute_of_week(now: DateTime<Utc>) -> i64 {
    let local = now.with_timezone(&chrono_tz::Asia::Almaty);
    i64::from(local.weekday().num_days_from_monday()) * DAY + i64::from(local.hour() * 60 + local.minute())
}

/// Minutes of the week, perhaps beyond its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    start: i64,
    length: i64,
}

impl Stretch {
    /// Minutes that are left at this minute of the week; `None`: it is not open.
    fn rest(self, minute: i64) -> Option<i64> {
        let passed = (minute - self.start).rem_euclid(WEEK);
        (passed < self.length).then(|| self.length - passed)
    }

    fn overlaps(self, other: Self) -> bool {
        self.rest(other.start).is_some() || other.rest(self.start).is_some()
    }
}

fn stretches(days: &[Weekday], from: TimeOfDay, to: TimeOfDay) -> Vec<Stretch> {
    let length = if to > from {
        to.0 - from.0
    } else {
        to.0 - from.0 + DAY
    };
    days.iter()
        .map(|day| Stretch {
            start: day.start() + from.0,
            length,
        })
        .collect()
}

/// Do the windows make sense, and is at most one open at any moment?
pub(super) fn check(windows: &[Window], reset: Option<NightReset>) -> Result<(), Invalid> {
    if windows.len() > WINDOWS {
        return invalid("rule.schedule", format!("at most {WINDOWS} windows"));
    }
    let mut taken: Vec<Stretch> = Vec::new();
    let mut quiet: Vec<Stretch> = Vec::new();
    for (at, window) in windows.iter().enumerate() {
        if window.days.is_empty() {
            return invalid(format!("rule.schedule[{at}].days"), "at least one day");
        }
        check_times(&format!("rule.schedule[{at}]"), window.from, window.to)?;
        for stretch in stretches(&window.days, window.from, window.to) {
            if taken.iter().any(|other| other.overlaps(stretch)) {
                return invalid(format!("rule.schedule[{at}]"), "overlaps another window");
            }
            taken.push(stretch);
            if window.action != WindowAction::Normal {
                quiet.push(stretch);
            }
        }
    }
    let Some(reset) = reset else { return Ok(()) };
    check_times("rule.night_reset", reset.from, reset.to)?;
    let nights = stretches(Weekday::ALL, reset.from, reset.to);
    if nights
        .iter()
        .any(|night| quiet.iter().any(|other| other.overlaps(*night)))
    {
        return invalid("rule.night_reset", "overlaps a window in which nothing is sent");
    }
    Ok(())
}

fn check_times(path: &str, from: TimeOfDay, to: TimeOfDay) -> Result<(), Invalid> {
    if from.0 == DAY {
        return invalid(format!("{path}.from"), "a day begins at 00:00");
    }
    if from == to {
        return invalid(
            format!("{path}.to"),
            "the same as `from`; a whole day ends at 24:00",
        );
    }
    Ok(())
}
