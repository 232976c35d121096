//! Reports that people ask for: which there are, what they are asked for with, how their files are named.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use serde::{Deserialize, Serialize};

use super::{PreorderStatus, ProductId, StoreId, text_enum::text_enum};

text_enum! {
    /// What a report lists.
    ReportKind {
        /// Products with prices, limits and stock.
        Products = "products",
        /// Every change of a price, with its reason.
        PriceChanges = "price_changes",
        /// Preorders.
        Preorders = "preorders",
        /// Everybody's offers on the cards of the products.
        Competitors = "competitors",
    }
}

text_enum! {
    /// Where a report stands.
    ReportState {
        /// Waits for a worker.
        Queued = "queued",
        /// Being made.
        Running = "running",
        /// Can be fetched.
        Ready = "ready",
        /// Given up; `failure` names the cause.
        Failed = "failed",
        /// Called off by its owner.
        Cancelled = "cancelled",
    }
}

impl ReportState {
    /// Waits or is being made.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl ReportKind {
    /// Does it list what happened in a period?
    #[must_use]
    pub fn has_period(self) -> bool {
        self == Self::PriceChanges
    }

    /// Name of a file made at this moment: `products_2026-11-22_1405.xlsx`, by the clock of Almaty.
    #[must_use]
    pub fn file_name(self, at: DateTime<Utc>) -> String {
        let at = at.with_timezone(&Almaty);
        format!("{self}_{}.xlsx", at.format("%Y-%m-%d_%H%M"))
    }
}

/// Days that a period has where nobody says otherwise.
const USUAL_DAYS: u64 = 30;

/// What a report is asked for with: the filters of the list it comes from. What a kind does not know is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportQuery {
    /// Only this store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_id: Option<StoreId>,
    /// Only this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// Words that all stand in the names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// Only this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Word of the catalogue's view.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub view: String,
    /// Only preorders with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PreorderStatus>,
    /// First day of the period, in Almaty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day of the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

impl ReportQuery {
    /// With first and last day where the kind has a period: the last 30 days where none is given, in order.
    #[must_use]
    pub fn with_period(self, kind: ReportKind, now: DateTime<Utc>) -> Self {
        if !kind.has_period() {
            return Self {
                from: None,
                to: None,
                ..self
            };
        }
        let today = now.with_timezone(&Almaty).date_naive();
        let (from, to) = match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => (to, from),
            (Some(from), to) => (from, to.unwrap_or(today).max(from)),
            (None, to) => {
                let to = to.unwrap_or(today);
                (to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to), to)
            }
        };
        Self {
            from: Some(from),
            to: Some(to),
            ..self
        }
    }

    /// The period as moments: from the first one on, until before the second one. All time where there is none.
    #[must_use]
    pub fn moments(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let from = self.from.and_then(start_of);
        let to = self
            .to
            .and_then(|day| day.checked_add_days(Days::new(1)))
            .and_then(start_of);
        (
            from.unwrap_or(DateTime::UNIX_EPOCH),
            // The last day that tables and spreadsheets agree about.
            to.or_else(|| start_of(NaiveDate::from_ymd_opt(9999, 12, 31)?))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }
}

/// The first moment of a day in Almaty, of the years that spreadsheets know.
fn start_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    let known = NaiveDate::from_ymd_opt(1970, 1, 1)?..=NaiveDate::from_ymd_opt(9999, 12, 31)?;
    if !known.contains(&day) {
        return None;
    }
    let start = Almaty
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest()?;
    Some(start.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        // The 23rd in Almaty.
        "2026-11-22T20:05:00Z".parse().unwrap()
    }

    #[test]
    fn files_are_named_by_kind_and_local_time() {
        let at = "2026-11-22T09:05:59Z".parse().unwrap();
        assert_eq!(
            ReportKind::Products.file_name(at),
            "products_2026-11-22_1405.xlsx"
        );
        assert_eq!(
            ReportKind::PriceChanges.file_name(now()),
            "price_changes_2026-11-23_0105.xlsx"
        );
    }

    #[test]
    fn a_period_is_the_last_thirty_days_unless_said_otherwise() {
        let of = |from: Option<&str>, to: Option<&str>| {
            let query = ReportQuery {
                from: from.map(day),
                to: to.map(day),
                ..ReportQuery::default()
            };
            let query = query.with_period(ReportKind::PriceChanges, now());
            (query.from.unwrap().to_string(), query.to.unwrap().to_string())
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(of(None, None), pair("2026-10-25", "2026-11-23"));
        assert_eq!(of(None, Some("2026-10-01")), pair("2026-09-02", "2026-10-01"));
        assert_eq!(of(Some("2026-11-01"), None), pair("2026-11-01", "2026-11-23"));
        assert_eq!(
            of(Some("2026-11-09"), Some("2026-11-01")),
            pair("2026-11-01", "2026-11-09")
        );
        let products = ReportQuery::default().with_period(ReportKind::Products, now());
        assert_eq!((products.from, products.to), (None, None));
    }

    #[test]
    fn days_begin_at_midnight_of_almaty() {
        let query = ReportQuery {
            from: Some(day("2026-11-01")),
            to: Some(day("2026-11-02")),
            ..ReportQuery::default()
        };
        let (from, to) = query.moments();
        assert_eq!(from.to_rfc3339(), "2026-10-31T19:00:00+00:00");
        assert_eq!(to.to_rfc3339(), "2026-11-02T19:00:00+00:00");
    }

    #[test]
    fn what_is_not_asked_for_is_not_kept() {
        assert_eq!(
            serde_json::to_value(ReportQuery::default()).unwrap(),
            serde_json::json!({})
        );
    }
}
