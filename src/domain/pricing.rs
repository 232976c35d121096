//! The price decision: a pure function of what is known about a product and its market. The same input
//! always gives the same answer, so a stored decision can be replayed.
//!
//! So far one strategy (beat the lowest by a step) inside the whole order of the decision: limits, early
//! holds, evidence, competitors, bound repair, target, scenarios, projection, motion guards. Shapes and
//! codes are those of the complete engine, which will stand behind the same signature.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Outcome, Tenge, percent::Percent};

mod guards;
mod market;

pub use market::{Market, Offer, Removed};

/// Version of this function; stored with each decision.
pub const DECISION_VERSION: i32 = 1;

/// Lowest price that the marketplace sensibly carries, in tenge.
pub const LOWEST_PRICE: i64 = 10;

/// Everything a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The moment of the decision.
    pub now: DateTime<Utc>,
    /// The seller's own offer.
    pub product: Product,
    /// Merchant ids of all stores of the account: never competitors.
    pub own_merchants: Vec<String>,
    /// Floor and ceiling.
    pub limits: Limits,
    /// Strategy and motion limits.
    pub rule: Rule,
    /// What was read of the card; `None`: not read.
    pub market: Option<Market>,
    /// A snapshot older than this is no evidence.
    pub market_max_age_seconds: i64,
}

/// The seller's own offer as last observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Our shop on this card.
    pub merchant: String,
    /// Current price observed on the marketplace, whole tenge.
    pub price: Tenge,
    /// `None`: unlimited or unknown; 0: out of stock.
    pub stock: Option<i32>,
    /// Days until the goods arrive; 0: in stock.
    pub preorder_days: i32,
    /// Own rating in hundredths; `None`: unknown.
    pub rating_centi: Option<i32>,
    /// Earlier snapshots in a row in which we were alone; this one not counted.
    pub alone_streak: i32,
    /// Last confirmed price change.
    pub last_change_at: Option<DateTime<Utc>>,
    /// Price at the start of the Almaty day.
    pub opening_price: Option<Tenge>,
    /// Confirmed changes since the start of the Almaty day.
    pub changes_today: i64,
    /// Hands off until then.
    pub locked_until: Option<DateTime<Utc>>,
}

/// The corridor of permitted prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Lowest permitted price. `None`: never touched.
    pub floor: Option<Tenge>,
    /// Highest permitted price. `None`: never raised.
    pub ceiling: Option<Tenge>,
}

/// How the price is found and how fast it may move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// By how much the lowest competitor is undercut, whole tenge, ≥ 1.
    pub step: Tenge,
    /// Match instead of undercut where our rating is better.
    pub match_if_better_rated: bool,
    /// Offers below this share of the median are no evidence (0: off).
    pub outlier_median_percent: Percent,
    /// Largest decrease of one run.
    pub max_down_percent: Percent,
    /// Largest increase of one run.
    pub max_up_percent: Percent,
    /// Largest distance from the opening price of the day.
    pub max_day_percent: Percent,
    /// Changes per product and day.
    pub max_changes_per_day: i64,
    /// No raise within this time after any change.
    pub raise_cooldown_minutes: i64,
    /// Smallest useful move, tenge.
    pub min_move: Tenge,
    /// Smallest useful move, share of the price.
    pub min_move_percent: Percent,
    /// A larger decrease waits for a person.
    pub quarantine_percent: Percent,
    /// May the price fall?
    pub allow_down: bool,
    /// May the price rise?
    pub allow_up: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            step: Tenge(1),
            match_if_better_rated: false,
            outlier_median_percent: Percent::whole(50),
            max_down_percent: Percent::whole(10),
            max_up_percent: Percent::whole(10),
            max_day_percent: Percent::whole(20),
            max_changes_per_day: 48,
            raise_cooldown_minutes: 30,
            min_move: Tenge(1),
            min_move_percent: min_move_percent(),
            quarantine_percent: Percent::whole(30),
            allow_down: true,
            allow_up: true,
        }
    }
}

/// 0.1 %.
#[expect(clippy::expect_used, reason = "a constant text")]
fn min_move_percent() -> Percent {
    "0.1".parse().expect("a decimal")
}

/// One step of the explanation: a stable code and the numbers for its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, upper snake case; never given a new meaning.
    pub code: String,
    /// Numbers and names for the text.
    pub params: Value,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    pub outcome: Outcome,
    /// The new price for `Change`, else `None`.
    pub price: Option<Tenge>,
    /// Place among the competitors at the new price, or at the present one; `None` without a complete list.
    pub place: Option<i32>,
    /// What the strategy wanted before limits and guards.
    pub target: Option<Tenge>,
    /// Offers that do not count, with the first reason for each.
    pub removed: Vec<Removed>,
    /// How many competitors are left.
    pub competitors: i32,
    /// Price of the cheapest of them.
    pub best_rival: Option<Tenge>,
    /// Ordered explanation, never empty.
    pub reasons: Vec<Reason>,
    /// Sorted: `attention`, `ceiling_missing`, `floor`, `outlier`, `own_absent`, `quarantine`.
    pub flags: Vec<String>,
    /// Does this snapshot show us alone on the card? (For `Product::alone_streak` of the next.)
    pub alone: bool,
}

/// Decides about one product in one city.
#[must_use]
pub fn decide(input: &Input) -> Decision {
    let mut trail = Trail::default();
    let outcome = decide_into(input, &mut trail);
    trail.finish(input, outcome)
}

/// Prices that may be charged at all: `[lo, hi]`, `hi` `None` without a ceiling.
#[derive(Debug, Clone, Copy)]
struct Corridor {
    lo: i64,
    hi: Option<i64>,
}

impl Corridor {
    fn contains(self, price: i64) -> bool {
        price >= self.lo && self.hi.is_none_or(|hi| price <= hi)
    }
}

/// The decision in the making.
#[derive(Debug, Default)]
struct Trail {
    reasons: Vec<Reason>,
    flags: Vec<&'static str>,
    target: Option<i64>,
    seen: Option<market::Seen>,
}

impl Trail {
    fn note(&mut self, code: &str, params: Value) {
        self.reasons.push(Reason {
            code: code.to_owned(),
            params,
        });
    }

    fn flag(&mut self, flag: &'static str) {
        self.flags.push(flag);
        if matches!(flag, "outlier" | "own_absent" | "quarantine") {
            self.flags.push("attention");
        }
    }

    fn place(&self, price: i64) -> Option<i32> {
        self.seen
            .as_ref()
            .filter(|seen| seen.usable && seen.complete)
            .map(|seen| seen.place(price))
    }

    fn finish(mut self, input: &Input, end: End) -> Decision {
        let price = match end {
            End::Change(price) => Some(price),
            _ => None,
        };
        self.flags.sort_unstable();
        self.flags.dedup();
        Decision {
            outcome: match end {
                End::Change(_) => Outcome::Change,
                End::Keep => Outcome::Keep,
                End::Hold => Outcome::Hold,
                End::Refuse => Outcome::Refuse,
            },
            price: price.map(Tenge),
            place: self.place(price.unwrap_or(input.product.price.0)),
            target: self.target.map(Tenge),
            competitors: self
                .seen
                .as_ref()
                .map_or(0, |s| i32::try_from(s.competitors.len()).unwrap_or(i32::MAX)),
            best_rival: self
                .seen
                .as_ref()
                .and_then(|s| s.competitors.first())
                .map(|c| Tenge(c.price)),
            alone: self.seen.as_ref().is_some_and(|s| s.alone()),
            removed: self.seen.map(|s| s.removed).unwrap_or_default(),
            reasons: self.reasons,
            flags: self.flags.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// How a decision ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Change(i64),
    Keep,
    Hold,
    Refuse,
}

fn decide_into(input: &Input, trail: &mut Trail) -> End {
    let current = input.product.price.0;
    // 1. Limits: without a floor nothing is ever touched.
    let corridor = match corridor(input.limits) {
        Ok(corridor) => corridor,
        Err(code) => {
            trail.note(
                code,
                json!({ "floor": input.limits.floor, "ceiling": input.limits.ceiling }),
            );
            return End::Refuse;
        }
    };
    // 2. Early holds.
    if input.product.locked_until.is_some_and(|until| input.now < until) {
        trail.note("LOCKED", json!({ "until": input.product.locked_until }));
        if !corridor.contains(current) {
            trail.flag("attention");
        }
        return End::Hold;
    }
    if input.product.stock == Some(0) {
        trail.note("OUT_OF_STOCK", json!({ "stored_price": corridor.hi }));
        return End::Hold;
    }
    // 3. What the market shows.
    if let Some(snapshot) = &input.market {
        let seen = market::look(snapshot, input);
        if seen.outliers {
            trail.flag("outlier");
        }
        if seen.usable && !seen.own_present {
            trail.flag("own_absent");
        }
        trail.seen = Some(seen);
    }
    // 4. A live price outside the corridor is repaired before anything else.
    if !corridor.contains(current) {
        return guards::repair(input, corridor, trail);
    }
    // 5. Target and scenarios.
    let (target, wanted_place) = match target(input, corridor, trail) {
        Ok(found) => found,
        Err(end) => return end,
    };
    // 6. Projection into the corridor.
    let price = if target < corridor.lo {
        trail.flag("floor");
        trail.note("FLOOR_REACHED", json!({ "floor": corridor.lo }));
        corridor.lo
    } else {
        target.min(corridor.hi.unwrap_or(target))
    };
    if price < target {
        trail.note("OUTSIDE_SAFE_SET", json!({ "ceiling": corridor.hi }));
    }
    if price < current && current <= target {
        trail.note("ALREADY_RIGHT", json!({ "price": current }));
        return End::Keep;
    }
    // 7. Motion guards.
    guards::guard(input, corridor, price, wanted_place, trail)
}

fn corridor(limits: Limits) -> Result<Corridor, &'static str> {
    let floor = limits.floor.filter(|floor| floor.0 > 0).ok_or("NO_FLOOR")?;
    if limits.ceiling.is_some_and(|ceiling| ceiling < floor) {
        return Err("INVERTED_LIMITS");
    }
    let corridor = Corridor {
        lo: floor.0.max(LOWEST_PRICE),
        hi: limits.ceiling.map(|c| c.0),
    };
    if corridor.hi.is_some_and(|hi| hi < corridor.lo) {
        Err("EMPTY_SAFE_SET")
    } else {
        Ok(corridor)
    }
}

/// The wanted price and the wanted place, or how the decision ends without them.
fn target(input: &Input, corridor: Corridor, trail: &mut Trail) -> Result<(i64, Option<i32>), End> {
    let current = input.product.price.0;
    let hold = |trail: &mut Trail, code: &str, params: Value| {
        trail.note(code, params);
        Err(End::Hold)
    };
    let Some(seen) = trail.seen.clone() else {
        return hold(trail, "NO_EVIDENCE", json!({}));
    };
    if seen.stale {
        return hold(trail, "STALE_MARKET", json!({ "age_seconds": seen.age_seconds }));
    }
    if !seen.usable {
        return hold(trail, "NO_EVIDENCE", json!({}));
    }
    let Some(lowest) = seen.competitors.first() else {
        return alone(input, corridor, &seen, trail);
    };
    let mut target = lowest.price - input.rule.step.0;
    let mut wanted_place = Some(1);
    trail.target = Some(target);
    trail.note(
        "BEAT_LOWEST",
        json!({ "rival": lowest.merchant, "price": lowest.price, "step": input.rule.step }),
    );
    if lowest.price == corridor.lo && target <= corridor.lo {
        trail.note(
            "AT_FLOOR_SCENARIO",
            json!({ "choice": "match", "floor": corridor.lo }),
        );
        target = corridor.lo;
    } else if target < corridor.lo && lowest.price < corridor.lo {
        trail.note(
            "BELOW_FLOOR_SCENARIO",
            json!({ "choice": "reachable", "rival": lowest.price, "floor": corridor.lo }),
        );
        let reachable = seen
            .competitors
            .iter()
            .take(20)
            .zip(1..)
            .find_map(|(rival, place)| {
                let ahead = seen.ahead(rival, &input.rule);
                (ahead >= corridor.lo).then_some((ahead, place))
            });
        match reachable {
            Some((ahead, place)) => {
                target = ahead;
                wanted_place = Some(place);
            }
            None => return hold(trail, "NO_REACHABLE_PLACE", json!({ "floor": corridor.lo })),
        }
    }
    if let Some(hi) = corridor.hi.filter(|hi| target > *hi) {
        trail.note(
            "ABOVE_CEILING_SCENARIO",
            json!({ "choice": "ceiling", "ceiling": hi }),
        );
        target = hi;
    }
    if target > current && seen.place(current) == 1 {
        trail.note("FIRST_SCENARIO", json!({ "choice": "capture" }));
    }
    Ok((target, wanted_place))
}

/// Nobody else sells the card: only a proof lets the price rise, step by step.
fn alone(
    input: &Input,
    corridor: Corridor,
    seen: &market::Seen,
    trail: &mut Trail,
) -> Result<(i64, Option<i32>), End> {
    let unproven = if !seen.complete {
        Some("INCOMPLETE_MARKET")
    } else if !seen.own_present {
        Some("OWN_OFFER_ABSENT")
    } else if !seen.alone() || input.product.alone_streak + 1 < 3 {
        Some("ALONE_UNPROVEN")
    } else {
        None
    };
    if let Some(code) = unproven {
        trail.note(code, json!({ "streak": input.product.alone_streak }));
        return Err(End::Hold);
    }
    trail.note("ALONE_SCENARIO", json!({ "choice": "raise", "percent": "5" }));
    let Some(hi) = corridor.hi else {
        trail.flag("ceiling_missing");
        trail.note("NO_CEILING", json!({}));
        return Err(End::Hold);
    };
    let target = Percent::whole(5)
        .above_all()
        .of_floor(input.product.price.0)
        .min(hi);
    trail.target = Some(target);
    Ok((target, None))
}

#[cfg(test)]
mod tests;
