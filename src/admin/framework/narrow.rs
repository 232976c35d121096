//! What narrows a list: choices, stretches of numbers and days, rows of other tables, years, months and days, search.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use diesel::PgConnection;
use uuid::Uuid;

use super::{
    AdminError, Label, Meant, Model, SpanApply, Spec,
    params::{BadParameter, ListParams, SEARCH},
};
use crate::{domain::Tenge, store::page::search_words};

/// Ends of the parameter of a stretch.
const FROM: &str = "-from";
const UNTIL: &str = "-until";
/// Months that are offered where nothing is narrowed to days yet.
const MONTHS: u32 = 12;

/// A value of a filter.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its label; `None`: no narrowing.
    pub label: Option<Label>,
    /// The list with it.
    pub link: String,
    /// Is it the present one?
    pub chosen: bool,
}

/// A filter with its values.
#[derive(Debug, Clone)]
pub struct Facet {
    /// Name of the filter.
    pub name: &'static str,
    /// The first one lifts it.
    pub choices: Vec<Choice>,
}

/// A filter by a stretch, as a small form.
#[derive(Debug, Clone)]
pub struct SpanView {
    /// Name of the filter.
    pub name: &'static str,
    /// Is it about days?
    pub days: bool,
    /// Name of the lower end's parameter, and what stands in it.
    pub from: (String, String),
    /// Name of the upper end's parameter, and what stands in it.
    pub until: (String, String),
    /// What the form carries along.
    pub hidden: Vec<(String, String)>,
}

/// A filter by a row of another table, as a small form.
#[derive(Debug, Clone)]
pub struct RelationView {
    /// Name of the filter.
    pub name: &'static str,
    /// What stands in its input: the name of the chosen row, or what was typed.
    pub typed: String,
    /// The chosen row.
    pub chosen: Option<Uuid>,
    /// Where what was typed means several rows, or none: those that it finds, with the list of each.
    pub found: Option<Vec<(String, String)>>,
    /// The list without it, where it narrows.
    pub lift: Option<String>,
    /// What the form carries along.
    pub hidden: Vec<(String, String)>,
}

/// Years, months or days to go into.
#[derive(Debug, Clone)]
pub struct DrillView {
    /// The column it is about.
    pub name: &'static str,
    /// The present stretch, and the list one step out.
    pub present: Option<(String, String)>,
    /// Stretches within it.
    pub steps: Vec<(String, String)>,
}

/// Parameters that narrow lists of the model.
pub(super) fn names<M: Model>(spec: &Spec<M>) -> Vec<String> {
    let spans = spec
        .spans
        .iter()
        .flat_map(|span| [end(span.name, FROM), end(span.name, UNTIL)]);
    let others = (spec.filters.iter().map(|filter| filter.name))
        .chain(spec.relations.iter().map(|relation| relation.name))
        .chain(spec.drill.iter().map(|drill| drill.name));
    spans.chain(others.map(str::to_owned)).collect()
}

fn end(name: &str, end: &str) -> String {
    format!("{name}{end}")
}

/// The rows that are wanted, in no order. `None`: what was typed for a relation means several rows or none, so that
/// nothing is shown before it is clear.
///
/// # Errors
/// A value that the filter does not know.
pub(super) fn narrowed<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    relations: &[RelationView],
    now: DateTime<Utc>,
) -> Result<Option<M::Query>, BadParameter> {
    let value = |name: &str| params.filters.get(name).map(String::as_str);
    let mut query = M::base();
    for filter in &spec.filters {
        if let Some(value) = value(filter.name) {
            query = (filter.apply)(query, value, now).ok_or_else(|| bad(filter.name, value))?;
        }
    }
    for span in &spec.spans {
        let (from, until) = (end(span.name, FROM), end(span.name, UNTIL));
        let (low, high) = (value(&from), value(&until));
        if low.is_none() && high.is_none() {
            continue;
        }
        query = match span.apply {
            SpanApply::Number(apply) => {
                let low = number(&from, low, i64::MIN, plain)?;
                apply(query, low, number(&until, high, i64::MAX, plain)?)
            }
            SpanApply::Money(apply) => {
                let low = number(&from, low, i64::MIN, money)?;
                apply(query, low, number(&until, high, i64::MAX, money)?)
            }
            SpanApply::Days(apply) => {
                let low = low
                    .map(|low| day(low).ok_or_else(|| bad(&from, low)))
                    .transpose()?;
                let high = high
                    .map(|high| day(high).ok_or_else(|| bad(&until, high)))
                    .transpose()?;
                let (first, last) = far();
                apply(
                    query,
                    low.map_or(first, |(begin, _)| begin),
                    high.map_or(last, |(_, end)| end),
                )
            }
        };
    }
    for (relation, view) in spec.relations.iter().zip(relations) {
        match (view.chosen, &view.found) {
            (Some(id), _) => query = (relation.apply)(query, id),
            (None, Some(_)) => return Ok(None),
            (None, None) => {}
        }
    }
    if let Some(drill) = &spec.drill
        && let Some(value) = value(drill.name)
    {
        let stretch = Stretch::parse(value).ok_or_else(|| bad(drill.name, value))?;
        let (from, until) = stretch.moments().ok_or_else(|| bad(drill.name, value))?;
        query = (drill.apply)(query, from, until);
    }
    match &spec.search {
        Some(search) => {
            for word in search_words(&params.search) {
                query = (search.apply)(query, word);
            }
        }
        None if params.search.is_empty() => {}
        None => return Err(bad(SEARCH, &params.search)),
    }
    Ok(Some(query))
}

fn bad(name: &str, value: &str) -> BadParameter {
    BadParameter {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn plain(text: &str) -> Option<i64> {
    text.split_whitespace().collect::<String>().parse().ok()
}

fn money(text: &str) -> Option<i64> {
    Tenge::parse_price(text).ok().map(|amount| amount.0)
}

fn number(
    name: &str,
    value: Option<&str>,
    open: i64,
    read: fn(&str) -> Option<i64>,
) -> Result<i64, BadParameter> {
    value.map_or(Ok(open), |value| read(value).ok_or_else(|| bad(name, value)))
}

/// A day of Almaty: its beginning, and that of the next one.
fn day(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some((begin(day)?, begin(day.succ_opt()?)?))
}

fn begin(day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = Almaty
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest()?;
    Some(midnight.with_timezone(&Utc))
}

/// Before and after everything that the database has.
fn far() -> (DateTime<Utc>, DateTime<Utc>) {
    (
        DateTime::UNIX_EPOCH,
        DateTime::UNIX_EPOCH + TimeDelta::days(400_000),
    )
}

/// A year, a month or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Year(NaiveDate),
    Month(NaiveDate),
    Day(NaiveDate),
}

impl Stretch {
    /// `2026`, `2026-11`, `2026-11-25`.
    fn parse(text: &str) -> Option<Self> {
        let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        match text.len() {
            4 => date(&format!("{text}-01-01")).map(Self::Year),
            7 => date(&format!("{text}-01")).map(Self::Month),
            10 => date(text).map(Self::Day),
            _ => None,
        }
    }

    fn moments(self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (first, after) = match self {
            Self::Year(first) => (first, first.checked_add_months(Months::new(12))?),
            Self::Month(first) => (first, first.checked_add_months(Months::new(1))?),
            Self::Day(day) => (day, day.succ_opt()?),
        };
        Some((begin(first)?, begin(after)?))
    }

    fn value(self) -> String {
        match self {
            Self::Year(first) => first.format("%Y"),
            Self::Month(first) => first.format("%Y-%m"),
            Self::Day(day) => day.format("%Y-%m-%d"),
        }
        .to_string()
    }

    fn label(self) -> String {
        match self {
            Self::Year(first) => first.format("%Y"),
            Self::Month(first) => first.format("%m.%Y"),
            Self::Day(day) => day.format("%d.%m.%Y"),
        }
        .to_string()
    }

    /// One step out.
    fn out(self) -> Option<Self> {
        match self {
            Self::Year(_) => None,
            Self::Month(first) => first.with_month(1).map(Self::Year),
            Self::Day(day) => day.with_day(1).map(Self::Month),
        }
    }

    /// One step in, up to today.
    fn within(self, today: NaiveDate) -> Vec<Self> {
        let months = |first: NaiveDate| (0..12).filter_map(move |n| first.checked_add_months(Months::new(n)));
        match self {
            Self::Year(first) => months(first)
                .filter(|month| *month <= today)
                .map(Self::Month)
                .collect(),
            Self::Month(first) => first
                .iter_days()
                .take_while(|day| day.month() == first.month() && *day <= today)
                .map(Self::Day)
                .collect(),
            Self::Day(_) => Vec::new(),
        }
    }
}

pub(super) fn drill_view<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    now: DateTime<Utc>,
) -> Option<DrillView> {
    let name = spec.drill.as_ref()?.name;
    let today = now.with_timezone(&Almaty).date_naive();
    let link = |stretch: Option<Stretch>| {
        let value = stretch.map(Stretch::value);
        params.with_filter(name, value.as_deref()).link()
    };
    let present = params.filters.get(name).and_then(|value| Stretch::parse(value));
    let steps = match present {
        Some(stretch) => stretch.within(today),
        None => {
            let this = today.with_day(1)?;
            let months = (0..MONTHS).rev();
            months
                .filter_map(|back| this.checked_sub_months(Months::new(back)))
                .map(Stretch::Month)
                .collect()
        }
    };
    Some(DrillView {
        name,
        present: present.map(|stretch| (stretch.label(), link(stretch.out()))),
        steps: steps
            .into_iter()
            .map(|stretch| (stretch.label(), link(Some(stretch))))
            .collect(),
    })
}

pub(super) fn span_views<M: Model>(spec: &Spec<M>, params: &ListParams) -> Vec<SpanView> {
    let spans = spec.spans.iter().map(|span| {
        let (from, until) = (end(span.name, FROM), end(span.name, UNTIL));
        let value = |name: &str| params.filters.get(name).cloned().unwrap_or_default();
        SpanView {
            name: span.name,
            days: matches!(span.apply, SpanApply::Days(_)),
            hidden: params.hidden_but(&[&from, &until]),
            from: (from.clone(), value(&from)),
            until: (until.clone(), value(&until)),
        }
    });
    spans.collect()
}

/// Which rows of other tables are meant.
pub(super) fn relation_views<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    conn: &mut PgConnection,
) -> Result<Vec<RelationView>, AdminError> {
    let mut views = Vec::new();
    for relation in &spec.relations {
        let typed = params.filters.get(relation.name).cloned().unwrap_or_default();
        let mut view = RelationView {
            name: relation.name,
            chosen: None,
            found: None,
            lift: (!typed.is_empty()).then(|| params.with_filter(relation.name, None).link()),
            hidden: params.hidden_but(&[relation.name]),
            typed,
        };
        if let Ok(id) = view.typed.parse::<Uuid>() {
            // One that is no more is nobody's: an empty list, not the whole one.
            view.chosen = Some(id);
            if let Some(name) = (relation.lookup.name_of)(conn, id)? {
                view.typed = name;
            }
        } else if !view.typed.is_empty() {
            match relation.lookup.meant(conn, &view.typed)? {
                Meant::Row(id, name) => {
                    view.chosen = Some(id);
                    view.typed = name;
                }
                Meant::Unclear(found) => {
                    let link = |id: &Uuid| params.with_filter(relation.name, Some(&id.to_string())).link();
                    view.found = Some(found.iter().map(|(id, name)| (name.clone(), link(id))).collect());
                }
            }
        }
        views.push(view);
    }
    Ok(views)
}

pub(super) fn facets<M: Model>(
    spec: &Spec<M>,
    params: &ListParams,
    conn: &mut PgConnection,
) -> Result<Vec<Facet>, AdminError> {
    let mut facets = Vec::new();
    for filter in &spec.filters {
        let present = params.filters.get(filter.name);
        let choice = |label: Option<Label>, value: Option<&str>| Choice {
            label,
            link: params.with_filter(filter.name, value).link(),
            chosen: present.map(String::as_str) == value,
        };
        let mut choices = vec![choice(None, None)];
        for (value, label) in filter.choices.get(conn)? {
            choices.push(choice(Some(label), Some(&value)));
        }
        facets.push(Facet {
            name: filter.name,
            choices,
        });
    }
    Ok(facets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_its_days_in_almaty() {
        for (text, from, until) in [
            ("2026", "2025-12-31T19:00:00Z", "2026-12-31T19:00:00Z"),
            ("2026-11", "2026-10-31T19:00:00Z", "2026-11-30T19:00:00Z"),
            ("2026-11-25", "2026-11-24T19:00:00Z", "2026-11-25T19:00:00Z"),
        ] {
            let stretch = Stretch::parse(text).unwrap();
            assert_eq!(stretch.value(), text);
            let (begins, ends) = stretch.moments().unwrap();
            assert_eq!(
                (begins, ends),
                (from.parse().unwrap(), until.parse().unwrap()),
                "{text}"
            );
        }
        for text in ["", "26", "2026-13", "2026-02-30", "2026-1-1"] {
            assert_eq!(Stretch::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_steps_of_a_stretch_end_today_and_lead_back() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let year = Stretch::parse("2026").unwrap();
        let months = year.within(today);
        assert_eq!(months.len(), 11);
        let days = months[10].within(today);
        assert_eq!((days.len(), days[24].value()), (25, "2026-11-25".to_owned()));
        assert_eq!(days[24].out(), Some(months[10]));
        assert_eq!(months[10].out(), Some(year));
        assert!(days[0].within(today).is_empty());
    }
}
