//! The guards of a move, in their order (pricing rules, guards G3–G9; exact semantics, guards). The first that
//! ends the decision gives the last code. How far a move goes is `motion`'s business.

use chrono::TimeDelta;

use super::{
    View,
    decision::{End, Trail},
    motion,
    projection::Projected,
    reasons::{Code, Params, params},
};

/// Lets the price pass, cuts the way to it, or says why not.
pub(super) fn guard(view: &View<'_>, projected: Projected, trail: &mut Trail) -> End {
    let (current, price) = (view.current, projected.price);
    if price == current {
        return trail.keep(Code::ALREADY_RIGHT, params!["price" => current]);
    }
    if let Some(place) = held_place(view, projected) {
        return trail.keep(Code::PLACE_HELD, params!["place" => place, "price" => current]);
    }
    if !is_worth_a_write(view, price) {
        return trail.keep(Code::MIN_MOVE, wanted(view, price));
    }
    if let Some(code) = forbidden(view, price, trail) {
        return trail.hold(code, wanted(view, price));
    }
    motion::go(view, projected, trail)
}

fn wanted(view: &View<'_>, price: i64) -> Params {
    params!["price" => price, "current" => view.current]
}

/// Nobody lowers a price for a place that is held already.
fn held_place(view: &View<'_>, projected: Projected) -> Option<i64> {
    let place = view.usable()?.place(view.current);
    (projected.price < view.current && place <= projected.place?).then_some(place)
}

/// Large enough, measured on the whole way, or with another place at its end.
fn is_worth_a_write(view: &View<'_>, price: i64) -> bool {
    let (least, distance) = (&view.input.rule.motion.min_move, (price - view.current).abs());
    let useful = distance >= least.tenge.0 && least.percent.is_reached_by(distance, view.current);
    useful
        || view
            .usable()
            .is_some_and(|seen| seen.place(view.current) != seen.place(price))
}

/// The code that holds the move, if any.
fn forbidden(view: &View<'_>, price: i64, trail: &mut Trail) -> Option<Code> {
    let (motion, product) = (&view.input.rule.motion, &view.input.product);
    let raise = price > view.current;
    if !(if raise { motion.allow_up } else { motion.allow_down }) {
        return Some(Code::DIRECTION_OFF);
    }
    if raise {
        if view.set.ceiling.is_none() {
            trail.flag("ceiling_missing");
            return Some(Code::NO_CEILING);
        }
        if view.reads_offers && !view.seen.as_ref().is_some_and(|seen| seen.complete) {
            return Some(Code::INCOMPLETE_MARKET);
        }
        if view.reads_offers && !view.seen.as_ref().is_some_and(|seen| seen.own_present) {
            return Some(Code::OWN_OFFER_ABSENT);
        }
    }
    let suspicious = view.reads_offers
        && view
            .seen
            .as_ref()
            .is_none_or(|seen| !seen.complete || seen.outliers);
    if is_quarantined(view, price) || (suspicious && price < motion::lowest_of_run(view)) {
        trail.flag("quarantine");
        return Some(Code::QUARANTINE);
    }
    if raise && cools_down(view) {
        return Some(Code::RAISE_COOLDOWN);
    }
    if product.changes_today >= motion.max_changes_per_day {
        return Some(Code::CHANGES_PER_DAY);
    }
    None
}

/// A decrease so large that a person has to look.
pub(super) fn is_quarantined(view: &View<'_>, price: i64) -> bool {
    let limit = view.input.rule.motion.quarantine_percent;
    limit.is_exceeded_by(view.current - price, view.current)
}

/// A change is so recent that nothing is raised yet.
fn cools_down(view: &View<'_>) -> bool {
    view.input.product.last_change_at.is_some_and(|at| {
        let cooldown = TimeDelta::try_minutes(view.input.rule.motion.raise_cooldown_minutes);
        cooldown.is_none_or(|cooldown| view.input.now.signed_duration_since(at) < cooldown)
    })
}
