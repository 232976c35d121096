//! How the stock of a product fell: bars below the chart of its price, a sentence and a table of the same amounts.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;

use super::chart::{Range, moment};
use crate::{
    app::retention::STOCK_FALLS_LIFE,
    web::{
        chart::bars::{self, Amount, Bar},
        format,
        texts::{TextValue, Texts},
    },
};

/// More bars than these leave no room for numbers above them.
const NUMBERED: usize = 16;

/// What is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sales {
    /// The bars in their places, oldest first.
    pub bars: Vec<Bar>,
    /// What they say, in words.
    pub sentence: String,
    /// For so many days falls are remembered.
    pub known_days: i64,
    hourly: bool,
}

impl Sales {
    /// The amounts of hours where a day is shown, else of days of Almaty.
    #[must_use]
    pub fn new(
        falls: &[(DateTime<Utc>, i64)],
        range: Range,
        span: (i64, i64),
        period: &str,
        t: &Texts,
    ) -> Self {
        let hourly = range == Range::Day;
        let amounts = if hourly { by_hour(falls) } else { by_day(falls) };
        let bars = bars::place(&amounts, span);
        let shown = || bars.iter().map(|bar| bar.amount);
        let total: i64 = shown().map(|amount| amount.units).sum();
        // Of equal ones the latest.
        let sentence = match shown().max_by_key(|amount| (amount.units, amount.from)) {
            Some(most) => {
                let when = words(&most, hourly);
                let values: [(&'static str, &dyn TextValue); 4] = [
                    ("period", &period),
                    ("n", &total),
                    ("most", &most.units),
                    ("when", &when),
                ];
                t.with_all("sales-sentence", &values)
            }
            None => t.with("sales-none", "period", period),
        };
        Self {
            bars,
            sentence,
            known_days: STOCK_FALLS_LIFE.num_days(),
            hourly,
        }
    }

    /// The time of an amount in words.
    #[must_use]
    pub fn when(&self, amount: &Amount) -> String {
        words(amount, self.hourly)
    }

    /// Is there room for a number above each bar?
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.bars.len() <= NUMBERED
    }

    /// The amounts for the table: when, and how much.
    #[must_use]
    pub fn newest_first(&self) -> Vec<(String, i64)> {
        let amounts = self.bars.iter().rev().map(|bar| bar.amount);
        amounts.map(|amount| (self.when(&amount), amount.units)).collect()
    }
}

fn words(amount: &Amount, hourly: bool) -> String {
    if hourly {
        format::date_time(moment(amount.from))
    } else {
        format::day(moment(amount.from).with_timezone(&Almaty).date_naive())
    }
}

fn by_hour(falls: &[(DateTime<Utc>, i64)]) -> Vec<Amount> {
    let amount = |(hour, units): &(DateTime<Utc>, i64)| Amount {
        from: hour.timestamp(),
        to: (*hour + TimeDelta::hours(1)).timestamp(),
        units: *units,
    };
    falls.iter().map(amount).collect()
}

fn by_day(falls: &[(DateTime<Utc>, i64)]) -> Vec<Amount> {
    let mut days = BTreeMap::new();
    for (hour, units) in falls {
        *days
            .entry(hour.with_timezone(&Almaty).date_naive())
            .or_insert(0_i64) += units;
    }
    days.into_iter()
        .filter_map(|(day, units)| {
            let midnight = Almaty.from_local_datetime(&day.and_time(NaiveTime::MIN));
            let from = midnight.earliest()?.timestamp();
            Some(Amount {
                from,
                to: from + TimeDelta::days(1).num_seconds(),
                units,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_of_one_almaty_day_are_one_amount() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // In Almaty these are 23:00 of the 21st, 00:00 and 04:00 of the 22nd.
        let falls = [
            (at("2026-11-21T18:00:00Z"), 2),
            (at("2026-11-21T19:00:00Z"), 1),
            (at("2026-11-21T23:00:00Z"), 4),
        ];
        let days = by_day(&falls);
        assert_eq!(days.iter().map(|day| day.units).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(days[1].from, at("2026-11-21T19:00:00Z").timestamp());
        assert_eq!(days[1].to - days[1].from, 86_400);
        assert_eq!(by_hour(&falls).len(), 3);

        let span = (
            at("2026-11-16T07:00:00Z").timestamp(),
            at("2026-11-23T07:00:00Z").timestamp(),
        );
        let sales = Sales::new(&falls, Range::Week, span, "7 дней", &Texts::default());
        assert!(sales.sentence.contains('7') && sales.sentence.contains("22.11.2026"));
        let table: i64 = sales.newest_first().iter().map(|(_, units)| units).sum();
        assert_eq!(table, 7);
        let none = Sales::new(&[], Range::Week, span, "7 дней", &Texts::default());
        assert!(none.bars.is_empty() && !none.sentence.is_empty());
    }
}
