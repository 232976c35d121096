//! The history of a product's price as a drawing, a sentence and a table of the same points.

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;

use super::{offers::removed_of, sales::Sales};
use crate::{
    domain::{ProductId, PushState, Tenge},
    store::{
        PgConnection, StoreError,
        decisions::StoredDecision,
        price_history::{HISTORY_MAX, asked_prices, ended_writes, price_history},
        products::ProductRow,
        stock_falls::stock_falls_by_hour,
        stores::Store,
    },
    web::{
        chart::{self, Drawing, Label, Mark, MarkKind, Point, Px, Series, bars},
        filters, format,
        texts::{TextValue, Texts},
    },
};

/// How far back it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
}

impl Range {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// The range of a word in an address; a week for words that are not known.
    #[must_use]
    pub fn named(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|range| range.word() == word);
        known.unwrap_or(Self::Week)
    }

    /// Its word in addresses and keys of texts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    const fn length(self) -> TimeDelta {
        match self {
            Self::Day => TimeDelta::days(1),
            Self::Week => TimeDelta::days(7),
            Self::Month => TimeDelta::days(30),
            Self::Quarter => TimeDelta::days(90),
        }
    }

    /// Hours of the day at which there is a line of time, and each how many of them counts.
    const fn ticks(self) -> (&'static [u32], usize) {
        match self {
            Self::Day => (&[0, 4, 8, 12, 16, 20], 1),
            Self::Week => (&[0], 1),
            Self::Month => (&[0], 5),
            Self::Quarter => (&[0], 15),
        }
    }
}

/// One line of the table: what held from a moment on, and what was sent then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartRow {
    /// The moment.
    pub at: DateTime<Utc>,
    /// Our own price.
    pub own: Option<Tenge>,
    /// The best rival's.
    pub rival: Option<Tenge>,
    /// What became of writes, in words.
    pub events: String,
}

/// The history as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceHistory {
    product_id: ProductId,
    name: String,
    range: Range,
    series: Series,
    falls: Vec<(DateTime<Utc>, i64)>,
}

impl PriceHistory {
    /// Reads what the drawing is made of. Rivals are those that the last decision counts: sellers that it left out,
    /// and own stores, are not in the line.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fetch(
        conn: &mut PgConnection,
        row: &ProductRow,
        store: &Store,
        decision: Option<&StoredDecision>,
        (range, now): (Range, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        let (id, city, from) = (
            (row.product.id, store.id),
            store.main_city_id.as_str(),
            now - range.length(),
        );
        let own = price_history(conn, id, city, from)?
            .into_iter()
            .map(|(at, price)| point(at, price));
        let rival = match &row.product.card_id {
            Some(card) => rivals(conn, (card, city), &not_rivals(store, decision), from)?,
            None => Vec::new(),
        };
        let states: Vec<PushState> = MARKED.iter().map(|(state, _)| *state).collect();
        let writes = ended_writes(conn, id, city, &states, from)?;
        let marks = writes.into_iter().filter_map(|write| {
            let (_, kind) = MARKED.iter().find(|(state, _)| *state == write.state)?;
            Some(Mark {
                at: write.at.timestamp(),
                price: write.price_tenge.0,
                kind: *kind,
            })
        });
        Ok(Self {
            product_id: id.0,
            name: row.product.name.clone(),
            range,
            falls: stock_falls_by_hour(conn, id.0, from)?,
            series: Series {
                from: from.timestamp(),
                to: now.timestamp(),
                own: own.collect(),
                rival,
                floor: row.terms.floor.map(|floor| floor.0),
                ceiling: row.terms.ceiling.map(|ceiling| ceiling.0),
                marks: marks.collect(),
            },
        })
    }
}

/// Ends of writes that are marked. What was replaced by a newer plan, or came too late, never reached anybody.
const MARKED: &[(PushState, MarkKind)] = &[
    (PushState::Confirmed, MarkKind::Confirmed),
    (PushState::Rejected, MarkKind::Refused),
    (PushState::Mismatch, MarkKind::Refused),
    (PushState::Removed, MarkKind::Refused),
    (PushState::Held, MarkKind::Held),
];

fn point(at: DateTime<Utc>, price: Option<Tenge>) -> Point {
    Point {
        at: at.timestamp(),
        price: price.map(|price| price.0),
    }
}

fn not_rivals(store: &Store, decision: Option<&StoredDecision>) -> Vec<String> {
    let mut merchants = vec![store.merchant_id.clone()];
    if let Some(decision) = decision {
        let own = decision
            .input
            .pointer("/own_merchants")
            .and_then(|own| own.as_array());
        let own = own.into_iter().flatten().filter_map(|merchant| merchant.as_str());
        merchants.extend(own.map(str::to_owned));
        // Of a seller that stands there twice the other offer counts.
        let left_out = removed_of(decision)
            .into_iter()
            .filter(|(_, reason)| *reason != "duplicate");
        merchants.extend(left_out.map(|(merchant, _)| merchant));
    }
    merchants
}

fn rivals(
    conn: &mut PgConnection,
    card: (&str, &str),
    without: &[String],
    from: DateTime<Utc>,
) -> Result<Vec<Point>, StoreError> {
    let asked = asked_prices(conn, card, without, from)?;
    let ended = asked.iter().filter_map(|asked| asked.ends);
    // Of too many only the later ones were read: the line begins where they are all there.
    let whole_since = match usize::try_from(HISTORY_MAX) {
        Ok(most) if ended.clone().count() >= most => ended.min().map(|end| end.timestamp()),
        _ => None,
    };
    let spans: Vec<(i64, Option<i64>, i64)> = asked
        .iter()
        .map(|asked| {
            let begins = asked.begins.timestamp();
            (
                whole_since.map_or(begins, |since| begins.max(since)),
                asked.ends.map(|end| end.timestamp()),
                asked.price_tenge.0,
            )
        })
        .collect();
    Ok(chart::lowest(&spans))
}

/// A link to another range.
struct RangeLink {
    range: Range,
    text: String,
    label: String,
    current: bool,
}

/// The part of the page that htmx swaps.
#[derive(Template)]
#[template(path = "products/_chart.html")]
pub struct ChartView {
    t: Texts,
    csrf: String,
    product_id: ProductId,
    links: Vec<RangeLink>,
    drawing: Option<Drawing>,
    ticks: Vec<(Px, String)>,
    title: String,
    sentence: String,
    rows: Vec<ChartRow>,
    days: (String, String),
    sales: Sales,
}

impl ChartView {
    /// Puts drawing, sentence and table together.
    #[must_use]
    pub fn new(history: &PriceHistory, csrf: &str, t: Texts) -> Self {
        let (range, series) = (history.range, &history.series);
        let drawing = Drawing::of(series);
        let period = t.get(format!("chart-period-{}", range.word()));
        let day = |at: i64| moment(at).with_timezone(&Almaty).date_naive().to_string();
        Self {
            links: Range::ALL
                .into_iter()
                .map(|each| RangeLink {
                    range: each,
                    text: t.get(format!("chart-range-{}", each.word())),
                    label: t.get(format!("chart-period-{}", each.word())),
                    current: each == range,
                })
                .collect(),
            ticks: drawing
                .as_ref()
                .map(|drawing| ticks(range, series, drawing))
                .unwrap_or_default(),
            title: t.with2("chart-title-period", "name", &history.name, "period", &period),
            sentence: sentence(series, &period, &t),
            rows: drawing
                .as_ref()
                .map(|drawing| rows(&drawing.shown, &t))
                .unwrap_or_default(),
            days: (day(series.from), day(series.to)),
            sales: Sales::new(&history.falls, range, (series.from, series.to), &period, &t),
            csrf: csrf.to_owned(),
            product_id: history.product_id,
            drawing,
            t,
        }
    }

    fn label(&self, label: &Label) -> String {
        let outside = if label.outside { "-outside" } else { "" };
        let key = format!("chart-label-{}{outside}", label.kind.word());
        self.t.with(key, "price", format::number(label.price))
    }

    fn mark(&self, mark: &Mark) -> String {
        let at = format::date_time(moment(mark.at));
        format!(
            "{at}: {}, {}",
            event(mark.kind, &self.t),
            format::money(Tenge(mark.price))
        )
    }
}

fn event(kind: MarkKind, t: &Texts) -> String {
    t.get(match kind {
        MarkKind::Confirmed => "chart-confirmed",
        MarkKind::Refused => "chart-refused",
        MarkKind::Held => "chart-held",
    })
}

/// A moment of the drawing.
pub(super) fn moment(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap_or_default()
}

/// Moments of the clock of Almaty, with their places.
fn ticks(range: Range, series: &Series, drawing: &Drawing) -> Vec<(Px, String)> {
    let (hours, each) = range.ticks();
    let first = moment(series.from).with_timezone(&Almaty).date_naive();
    let last = moment(series.to).with_timezone(&Almaty).date_naive();
    let mut moments: Vec<DateTime<Utc>> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .flat_map(|day| {
            hours
                .iter()
                .filter_map(move |hour| NaiveTime::from_hms_opt(*hour, 0, 0).map(|time| day.and_time(time)))
        })
        .filter_map(|local| Almaty.from_local_datetime(&local).earliest())
        .map(|local| local.with_timezone(&Utc))
        .filter(|at| (series.from..=series.to).contains(&at.timestamp()))
        .collect();
    // Counted from today, so that the newest day has its line.
    moments.reverse();
    moments
        .into_iter()
        .step_by(each)
        .map(|at| {
            let text = match range {
                Range::Day => format::clock_time(at),
                _ => at.with_timezone(&Almaty).format("%d.%m").to_string(),
            };
            (drawing.x(at.timestamp()), text)
        })
        .collect()
}

/// What the drawing says, in words.
fn sentence(series: &Series, period: &str, t: &Texts) -> String {
    let own = chart::clip(&series.own, series.from, series.to);
    let prices = || own.iter().filter_map(|point| point.price);
    let mut sentences = Vec::new();
    if let (Some(first), Some(last), Some(low), Some(high)) = (
        prices().next(),
        prices().next_back(),
        prices().min(),
        prices().max(),
    ) {
        let key = match (low == high, last.cmp(&first)) {
            (true, _) => "chart-still",
            (_, std::cmp::Ordering::Less) => "chart-fell",
            (_, std::cmp::Ordering::Greater) => "chart-rose",
            (_, std::cmp::Ordering::Equal) => "chart-returned",
        };
        let (first, last, low, high) = (Tenge(first), Tenge(last), Tenge(low), Tenge(high));
        let values: [(&'static str, &dyn TextValue); 5] = [
            ("period", &period),
            ("first", &first),
            ("last", &last),
            ("low", &low),
            ("high", &high),
        ];
        sentences.push(t.with_all(key, &values));
    }
    if let Some(known) = own.first().filter(|point| point.at > series.from) {
        let at = format::date_time(moment(known.at));
        sentences.push(t.with("chart-known-since", "time", at));
    }
    if own.last().is_some_and(|point| point.price.is_none()) {
        sentences.push(t.get("chart-off-sale"));
    }
    if let Some(rival) = series.rival.last().and_then(|point| point.price) {
        sentences.push(t.with("chart-rival-now", "price", Tenge(rival)));
    }
    let count = |kind| series.marks.iter().filter(|mark| mark.kind == kind).count();
    let (confirmed, refused, held) = (
        count(MarkKind::Confirmed),
        count(MarkKind::Refused),
        count(MarkKind::Held),
    );
    if confirmed + refused + held > 0 {
        sentences.push(t.with_all(
            "chart-writes",
            &[("confirmed", &confirmed), ("refused", &refused), ("held", &held)],
        ));
    }
    sentences.join(" ")
}

/// The points of the drawing, newest first: what held from each moment on.
fn rows(shown: &Series, t: &Texts) -> Vec<ChartRow> {
    #[derive(Default)]
    struct Moment {
        own: Option<Option<i64>>,
        rival: Option<Option<i64>>,
        events: Vec<String>,
    }
    let mut moments: BTreeMap<i64, Moment> = BTreeMap::new();
    for point in &shown.own {
        moments.entry(point.at).or_default().own = Some(point.price);
    }
    for point in &shown.rival {
        moments.entry(point.at).or_default().rival = Some(point.price);
    }
    for mark in &shown.marks {
        let text = format!("{}, {}", event(mark.kind, t), format::money(Tenge(mark.price)));
        moments.entry(mark.at).or_default().events.push(text);
    }
    let (mut own, mut rival) = (None, None);
    let mut rows: Vec<ChartRow> = moments
        .into_iter()
        .map(|(at, moment_then)| {
            own = moment_then.own.unwrap_or(own);
            rival = moment_then.rival.unwrap_or(rival);
            ChartRow {
                at: moment(at),
                own: own.map(Tenge),
                rival: rival.map(Tenge),
                events: moment_then.events.join("; "),
            }
        })
        .collect();
    rows.reverse();
    rows
}
