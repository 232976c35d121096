//! Drawing of prices over time: steps, thinning, scales and places of labels, as pure functions on whole numbers.
//! The markup stands in `templates/products/_chart.html`, so that every text passes the escaper.

pub mod bars;

use std::{collections::BTreeMap, fmt};

/// Size of the drawing, in its own units.
pub const WIDTH: i64 = 1000;
/// See [`WIDTH`].
pub const HEIGHT: i64 = 290;
/// Sides of the field in which prices stand; what is left of it belongs to the labels.
pub const LEFT: i64 = 76;
/// See [`LEFT`].
pub const RIGHT: i64 = 844;
/// See [`LEFT`].
pub const TOP: i64 = 14;
/// See [`LEFT`].
pub const BOTTOM: i64 = 256;

/// Points of one drawing, at most: both lines and all marks.
pub const POINTS_MAX: usize = 3 * (OWN_BUCKETS + RIVAL_BUCKETS + MARK_BUCKETS);
const OWN_BUCKETS: usize = 50;
const RIVAL_BUCKETS: usize = 30;
const MARK_BUCKETS: usize = 20;

/// Labels beside the lines stand at least so far apart.
const LABEL_GAP: Px = Px(140);

/// From `at` on the price is this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Seconds since 1970.
    pub at: i64,
    /// Whole tenge; `None`: there is no price.
    pub price: Option<i64>,
}

/// What became of a price that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A read showed it.
    Confirmed,
    /// The marketplace refused it, or shows another one.
    Refused,
    /// It was kept back.
    Held,
}

/// A price that was sent, or was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Seconds since 1970.
    pub at: i64,
    /// Whole tenge.
    pub price: i64,
    /// What became of it.
    pub kind: MarkKind,
}

/// What is drawn: lines in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// Seconds since 1970.
    pub from: i64,
    /// Seconds since 1970, after `from`.
    pub to: i64,
    /// Our own price.
    pub own: Vec<Point>,
    /// The best rival's.
    pub rival: Vec<Point>,
    /// Lowest permitted price.
    pub floor: Option<i64>,
    /// Highest permitted price.
    pub ceiling: Option<i64>,
    /// Writes.
    pub marks: Vec<Mark>,
}

/// A place in the drawing, in tenths of its unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Px(pub i64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let tenths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{}", tenths / 10, tenths % 10)
    }
}

impl Px {
    /// Moved by so many units.
    #[must_use]
    pub fn plus(self, units: i64) -> Self {
        Self(self.0.saturating_add(units.saturating_mul(10)))
    }
}

/// What holds between two moments: what held before stands at `from`, repeats are left out, and nothing lies behind
/// `to`.
#[must_use]
pub fn clip(points: &[Point], from: i64, to: i64) -> Vec<Point> {
    let mut clipped: Vec<Point> = Vec::new();
    for point in points.iter().filter(|point| point.at <= to) {
        let at = point.at.max(from);
        if clipped.last().is_some_and(|last| last.at == at) {
            clipped.pop();
        }
        if clipped.last().is_none_or(|last| last.price != point.price) {
            clipped.push(Point { at, ..*point });
        }
    }
    clipped
}

/// The lowest of several prices that each hold for a while: start, end (`None`: to this day) and price.
#[must_use]
pub fn lowest(spans: &[(i64, Option<i64>, i64)]) -> Vec<Point> {
    let mut moments: BTreeMap<i64, Vec<(i64, bool)>> = BTreeMap::new();
    for (start, end, price) in spans {
        if end.is_some_and(|end| end <= *start) {
            continue;
        }
        moments.entry(*start).or_default().push((*price, true));
        if let Some(end) = end {
            moments.entry(*end).or_default().push((*price, false));
        }
    }
    let (mut open, mut line): (BTreeMap<i64, usize>, Vec<Point>) = (BTreeMap::new(), Vec::new());
    for (at, changes) in moments {
        for (price, begins) in changes {
            let count = open.entry(price).or_default();
            *count = if begins {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                open.remove(&price);
            }
        }
        let price = open.first_key_value().map(|(price, _)| *price);
        if line.last().is_none_or(|last| last.price != price) {
            line.push(Point { at, price });
        }
    }
    line
}

/// Leaves of many points at most three in each of `buckets` equal parts of the time: the lowest and the highest,
/// and the last, which holds on. Few points stay as they are.
#[must_use]
pub fn thin(points: &[Point], (from, to): (i64, i64), buckets: usize) -> Vec<Point> {
    if points.len() <= buckets.saturating_mul(3) {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    for part in points.chunk_by(|a, b| bucket(a.at, from, to, buckets) == bucket(b.at, from, to, buckets)) {
        let priced = || {
            part.iter()
                .enumerate()
                .filter_map(|(index, point)| Some((point.price?, index)))
        };
        let wanted = [
            priced().min_by_key(|(price, _)| *price).map(|(_, index)| index),
            priced().max_by_key(|(price, _)| *price).map(|(_, index)| index),
            part.len().checked_sub(1),
        ];
        let points = part.iter().enumerate();
        kept.extend(
            points
                .filter(|(index, _)| wanted.contains(&Some(*index)))
                .map(|(_, point)| *point),
        );
    }
    kept
}

/// Leaves of many marks one of each kind in each of `buckets` equal parts of the time: the newest.
#[must_use]
pub fn thin_marks(marks: &[Mark], (from, to): (i64, i64), buckets: usize) -> Vec<Mark> {
    if marks.len() <= buckets.saturating_mul(3) {
        return marks.to_vec();
    }
    let newest: BTreeMap<(usize, MarkKind), Mark> = marks
        .iter()
        .map(|mark| ((bucket(mark.at, from, to, buckets), mark.kind), *mark))
        .collect();
    let mut kept: Vec<Mark> = newest.into_values().collect();
    kept.sort_by_key(|mark| mark.at);
    kept
}

fn bucket(at: i64, from: i64, to: i64, buckets: usize) -> usize {
    let last = buckets.saturating_sub(1);
    let part = i128::from(at.saturating_sub(from).max(0)) * i128::try_from(buckets).unwrap_or(0);
    let length = i128::from(to.saturating_sub(from).max(1));
    usize::try_from(part / length).map_or(last, |index| index.min(last))
}

/// Lines of the grid for prices between `low` and `high`: round numbers, from below the lowest to above the highest.
#[must_use]
pub fn grid(low: i64, high: i64) -> Vec<i64> {
    let span = i128::from(high.max(low)) - i128::from(low);
    // Room above and below, so that lines do not lie on the edges.
    let room = (span / 20).max(i128::from(low.max(20)) / 20);
    let (low, high) = ((i128::from(low) - room).max(0), i128::from(high.max(low)) + room);
    let step = round_step((high - low + 4) / 5);
    let mut lines = Vec::new();
    let mut line = low / step * step;
    while line < high + step {
        lines.push(i64::try_from(line).unwrap_or(i64::MAX));
        line += step;
    }
    lines
}

/// The first of 1, 2, 5, 10, 20, 50 … that is not below `least`.
fn round_step(least: i128) -> i128 {
    let mut power = 1;
    loop {
        if let Some(step) = [power, 2 * power, 5 * power]
            .into_iter()
            .find(|step| *step >= least)
        {
            return step;
        }
        power *= 10;
    }
}

/// What a label beside the lines speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Highest permitted price.
    Ceiling,
    /// Our own price of now.
    Own,
    /// The best rival's price of now.
    Rival,
    /// Lowest permitted price.
    Floor,
}

impl LabelKind {
    /// Its word in keys of texts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ceiling => "ceiling",
            Self::Own => "own",
            Self::Rival => "rival",
            Self::Floor => "floor",
        }
    }

    /// Its class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Own => "t-own",
            Self::Rival => "t-s",
            Self::Ceiling | Self::Floor => "",
        }
    }
}

/// A label at the right end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// What it speaks of.
    pub kind: LabelKind,
    /// Whole tenge.
    pub price: i64,
    /// Line of its letters.
    pub y: Px,
    /// The line itself is too far away to be drawn.
    pub outside: bool,
}

/// A mark in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedMark {
    /// Middle.
    pub x: Px,
    /// Middle.
    pub y: Px,
    /// The mark.
    pub mark: Mark,
}

/// Everything in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawing {
    /// Horizontal lines with their prices.
    pub grid: Vec<(Px, i64)>,
    /// Path of our own price; empty: none.
    pub own: String,
    /// Path of the rival's; empty: none.
    pub rival: String,
    /// Where our own price stands now: a line that has only begun would not be seen.
    pub now: Option<(Px, Px)>,
    /// Where the lowest permitted price lies.
    pub floor: Option<Px>,
    /// Where the highest permitted price lies.
    pub ceiling: Option<Px>,
    /// Writes.
    pub marks: Vec<PlacedMark>,
    /// Texts at the right end, from above.
    pub labels: Vec<Label>,
    /// What the lines are made of, for the table.
    pub shown: Series,
    from: i64,
    to: i64,
}

impl Drawing {
    /// Draws a series; `None` where there is no price to draw.
    #[must_use]
    pub fn of(series: &Series) -> Option<Self> {
        let span = (series.from, series.to);
        let shown = Series {
            own: thin(&clip(&series.own, span.0, span.1), span, OWN_BUCKETS),
            rival: thin(&clip(&series.rival, span.0, span.1), span, RIVAL_BUCKETS),
            marks: thin_marks(&series.marks, span, MARK_BUCKETS),
            ..*series
        };
        let lines = shown.own.iter().chain(&shown.rival);
        let prices = || {
            let marks = shown.marks.iter().map(|mark| mark.price);
            lines.clone().filter_map(|point| point.price).chain(marks)
        };
        let (low, high) = (prices().min()?, prices().max()?);
        let near = |limit: &i64| is_near(*limit, low, high);
        let limits = || [shown.floor, shown.ceiling].into_iter().flatten().filter(near);
        let low = limits().chain([low]).min()?;
        let high = limits().chain([high]).max()?;
        let prices = grid(low, high);
        let field = Field {
            span,
            low: *prices.first()?,
            high: *prices.last()?,
        };
        let line = |limit: Option<i64>| limit.filter(near).map(|limit| field.y(limit));
        Some(Self {
            grid: prices.iter().map(|price| (field.y(*price), *price)).collect(),
            own: field.path(&shown.own),
            rival: field.path(&shown.rival),
            now: shown
                .own
                .last()
                .and_then(|point| Some((field.x(span.1), field.y(point.price?)))),
            floor: line(shown.floor),
            ceiling: line(shown.ceiling),
            marks: shown
                .marks
                .iter()
                .map(|mark| PlacedMark {
                    x: field.x(mark.at),
                    y: field.y(mark.price),
                    mark: *mark,
                })
                .collect(),
            labels: labels(&shown, &field, near),
            from: span.0,
            to: span.1,
            shown,
        })
    }

    /// Where a moment lies.
    #[must_use]
    pub fn x(&self, at: i64) -> Px {
        x_of(at, (self.from, self.to))
    }
}

/// A limit far away from all prices would press them into one line.
fn is_near(limit: i64, low: i64, high: i64) -> bool {
    let (limit, low, high) = (i128::from(limit), i128::from(low), i128::from(high));
    let room = 2 * (high - low).max(low / 8);
    (low - room..=high + room).contains(&limit)
}

/// The field in which prices stand.
struct Field {
    span: (i64, i64),
    low: i64,
    high: i64,
}

impl Field {
    fn x(&self, at: i64) -> Px {
        x_of(at, self.span)
    }

    fn y(&self, price: i64) -> Px {
        let height = i128::from((BOTTOM - TOP) * 10);
        let above = i128::from(price.clamp(self.low, self.high)) - i128::from(self.low);
        let range = (i128::from(self.high) - i128::from(self.low)).max(1);
        let up = i64::try_from(height * above / range).unwrap_or_default();
        Px(BOTTOM * 10 - up)
    }

    /// Steps: a price holds until the next one.
    fn path(&self, points: &[Point]) -> String {
        use fmt::Write as _;
        let (mut path, mut pen_down) = (String::new(), false);
        for point in points {
            let x = self.x(point.at);
            let written = match (point.price.map(|price| self.y(price)), pen_down) {
                (Some(y), false) => write!(path, "M{x} {y}"),
                (Some(y), true) => write!(path, "H{x}V{y}"),
                (None, true) => write!(path, "H{x}"),
                (None, false) => Ok(()),
            };
            debug_assert!(written.is_ok(), "a text takes everything");
            pen_down = point.price.is_some();
        }
        if pen_down {
            let written = write!(path, "H{}", self.x(self.span.1));
            debug_assert!(written.is_ok(), "a text takes everything");
        }
        path
    }
}

fn x_of(at: i64, (from, to): (i64, i64)) -> Px {
    let width = i128::from((RIGHT - LEFT) * 10);
    let passed = i128::from(at.clamp(from, to.max(from))) - i128::from(from);
    let length = (i128::from(to) - i128::from(from)).max(1);
    Px(LEFT * 10 + i64::try_from(width * passed / length).unwrap_or_default())
}

fn labels(shown: &Series, field: &Field, near: impl Fn(&i64) -> bool) -> Vec<Label> {
    let now = |points: &[Point]| points.last().and_then(|point| point.price);
    let wanted = [
        (LabelKind::Ceiling, shown.ceiling),
        (LabelKind::Own, now(&shown.own)),
        (LabelKind::Rival, now(&shown.rival)),
        (LabelKind::Floor, shown.floor),
    ];
    let mut labels: Vec<Label> = wanted
        .into_iter()
        .filter_map(|(kind, price)| {
            let price = price?;
            Some(Label {
                kind,
                price,
                // The letters' middle stands at the line.
                y: Px(field.y(price).0 + 40),
                outside: !near(&price),
            })
        })
        .collect();
    labels.sort_by_key(|label| (label.y, std::cmp::Reverse(label.price)));
    let mut places: Vec<Px> = labels.iter().map(|label| label.y).collect();
    spread(&mut places, LABEL_GAP, Px((BOTTOM + 4) * 10));
    for (label, place) in labels.iter_mut().zip(places) {
        label.y = place;
    }
    labels
}

/// Moves sorted places apart until each two are `gap` from each other, none below `bottom`.
fn spread(places: &mut [Px], gap: Px, bottom: Px) {
    let mut next = Px(i64::MIN);
    for place in places.iter_mut() {
        *place = (*place).max(next);
        next = Px(place.0.saturating_add(gap.0));
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = (*place).min(most);
        most = Px(place.0.saturating_sub(gap.0));
    }
}

#[cfg(test)]
mod tests;
