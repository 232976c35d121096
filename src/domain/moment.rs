//! A moment as people write it: by the clock of Almaty.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;

/// `14:05` (of today), `2026-11-25 14:05`, `2026-11-25T14:05:30`, all in Almaty, or a time with its zone.
#[must_use]
pub fn parse_moment(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let local = if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
        now.with_timezone(&Almaty).date_naive().and_time(time)
    } else {
        [
            "%Y-%m-%d %H:%M",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%dT%H:%M:%S",
        ]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?
    };
    Almaty
        .from_local_datetime(&local)
        .latest()
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_almatys_unless_they_say_their_zone() {
        let now: DateTime<Utc> = "2026-11-25T20:30:00Z".parse().unwrap();
        for (text, at) in [
            ("14:05", Some("2026-11-26T09:05:00Z")),
            (" 2026-11-25 14:05 ", Some("2026-11-25T09:05:00Z")),
            ("2026-11-25T14:05", Some("2026-11-25T09:05:00Z")),
            ("2026-11-25T14:05:30", Some("2026-11-25T09:05:30Z")),
            ("2026-11-25T14:05:30.250Z", Some("2026-11-25T14:05:30.250Z")),
            ("25:05", None),
            ("yesterday", None),
            ("", None),
        ] {
            let expected = at.map(|at| at.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(parse_moment(text, now), expected, "{text}");
        }
    }
}
