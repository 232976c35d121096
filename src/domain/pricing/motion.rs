//! How far a move goes: what one run and one day allow, and the crossing of zones where a higher price earns
//! no more (pricing rules, guards G3–G5; exact semantics, guards 9–11).

use super::{
    View,
    decision::{End, Trail},
    projection::Projected,
    reasons::{Code, params},
};

/// The lowest price that one run may come to.
pub(super) fn lowest_of_run(view: &View<'_>) -> i64 {
    let limit = view.input.rule.motion.max_down_percent;
    limit.below_all().of_ceil(view.current)
}

fn highest_of_run(view: &View<'_>) -> i64 {
    let limit = view.input.rule.motion.max_up_percent;
    limit.above_all().of_floor(view.current)
}

/// Moves as far as permitted, and only onto prices of S*.
pub(super) fn go(view: &View<'_>, projected: Projected, trail: &mut Trail) -> End {
    let way = Way::new(view, projected);
    let mut reached = way.after_one_run(view);
    if reached != way.goal {
        trail.note(
            Code::STEP_LIMIT,
            params!["wanted" => way.goal, "price" => reached],
        );
    }
    let mut crossing_refused = false;
    let mut day_refused = false;
    if reached != view.current && !view.set.is_undominated(reached) {
        match way.cross(view, reached) {
            Crossing::To(far_side) => {
                trail.note(
                    Code::ZONE_CROSSED,
                    params!["wanted" => reached, "price" => far_side],
                );
                return End::Change(far_side);
            }
            Crossing::RefusedByDay => (crossing_refused, day_refused) = (true, true),
            Crossing::Refused => crossing_refused = true,
        }
    }
    let today = way.within_day(reached);
    if today != reached || day_refused {
        trail.note(
            Code::DAY_LIMIT,
            params!["wanted" => reached, "price" => today, "opening" => way.opening],
        );
        reached = today;
    }
    match way.last_stop(view, reached) {
        Some(price) => End::Change(price),
        None => {
            if crossing_refused || way.leads_on(view.current, reached) {
                trail.flag("attention");
            }
            End::Hold
        }
    }
}

/// From the present price to the goal, with the bounds of the day.
struct Way {
    goal: i64,
    /// A decrease that is cut short stops here at the lowest.
    cut_stop: i64,
    up: bool,
    opening: i64,
    /// What the day allows in this direction; a move back towards the opening price is not cut by the other.
    day_bound: i64,
}

enum Crossing {
    To(i64),
    RefusedByDay,
    Refused,
}

impl Way {
    fn new(view: &View<'_>, projected: Projected) -> Self {
        let limit = view.input.rule.motion.max_day_percent;
        let opening = view.input.product.opening_price.map_or(view.current, |o| o.0);
        let up = projected.price > view.current;
        Self {
            goal: projected.price,
            cut_stop: projected.unrounded,
            up,
            opening,
            day_bound: if up {
                limit.above_all().of_floor(opening)
            } else {
                limit.below_all().of_ceil(opening)
            },
        }
    }

    /// Lies `price` behind `from` on this way?
    fn leads_on(&self, from: i64, price: i64) -> bool {
        if self.up { price > from } else { price < from }
    }

    /// No further than `bound`. What is cut is not rounded: no later run may raise it again.
    fn cut(&self, price: i64, bound: i64) -> i64 {
        if !self.leads_on(bound, price) {
            price
        } else if self.up {
            bound
        } else {
            bound.max(self.cut_stop)
        }
    }

    fn after_one_run(&self, view: &View<'_>) -> i64 {
        let bound = if self.up {
            highest_of_run(view)
        } else {
            lowest_of_run(view)
        };
        self.cut(self.goal, bound)
    }

    fn within_day(&self, reached: i64) -> i64 {
        self.cut(reached, self.day_bound)
    }

    /// The first price of S* beyond the zone in which `reached` lies.
    fn cross(&self, view: &View<'_>, reached: i64) -> Crossing {
        let far_side = if self.up {
            view.set.at_least(reached)
        } else {
            view.set.at_most(reached)
        };
        let Some(far_side) = far_side.filter(|far_side| !self.leads_on(self.goal, *far_side)) else {
            return Crossing::Refused;
        };
        let quarantine = view.input.rule.motion.quarantine_percent;
        if self.leads_on(self.day_bound, far_side) {
            Crossing::RefusedByDay
        } else if quarantine.is_exceeded_by((far_side - view.current).abs(), view.current) {
            Crossing::Refused
        } else {
            Crossing::To(far_side)
        }
    }

    /// The price of S* nearest to `reached` that lies between it and the present price.
    fn last_stop(&self, view: &View<'_>, reached: i64) -> Option<i64> {
        let stop = if self.up {
            view.set.at_most(reached)
        } else {
            view.set.at_least(reached)
        };
        stop.filter(|stop| self.leads_on(view.current, *stop))
    }
}
