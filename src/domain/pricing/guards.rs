//! Motion guards: how far and how often a price may move, and the repair of a price outside its corridor.
//! The order is fixed; the first guard that ends the decision gives the last code.

use serde_json::json;

use super::{Corridor, End, Input, Trail};

/// A live price outside the corridor goes straight back. A raise asks nobody; a decrease is still held by
/// direction, quarantine and the daily count.
pub(super) fn repair(input: &Input, corridor: Corridor, trail: &mut Trail) -> End {
    let (current, rule) = (input.product.price.0, &input.rule);
    let price = if current < corridor.lo {
        corridor.lo
    } else {
        corridor.hi.unwrap_or(corridor.lo)
    };
    trail.note(
        "BOUND_REPAIR",
        json!({ "price": price, "floor": corridor.lo, "ceiling": corridor.hi }),
    );
    if price < current {
        let held = if !rule.allow_down {
            Some("DIRECTION_OFF")
        } else if rule.quarantine_percent.is_exceeded_by(current - price, current) {
            Some("QUARANTINE")
        } else if input.product.changes_today >= rule.max_changes_per_day {
            Some("CHANGES_PER_DAY")
        } else {
            None
        };
        if let Some(code) = held {
            trail.flag(if code == "QUARANTINE" {
                "quarantine"
            } else {
                "attention"
            });
            trail.note(code, json!({ "price": price }));
            return End::Hold;
        }
    }
    End::Change(price)
}

/// Lets `price` pass, cuts it, or says why not.
pub(super) fn guard(
    input: &Input,
    corridor: Corridor,
    price: i64,
    wanted_place: Option<i32>,
    trail: &mut Trail,
) -> End {
    let (current, rule) = (input.product.price.0, &input.rule);
    let usable = trail.seen.as_ref().is_some_and(|s| s.usable);
    let place = |price| trail.seen.as_ref().filter(|_| usable).map(|s| s.place(price));
    let (place_now, place_then) = (place(current), place(price));
    let complete = trail.seen.as_ref().is_some_and(|s| s.complete);
    let own_present = trail.seen.as_ref().is_some_and(|s| s.own_present);
    let suspicious = !complete || trail.seen.as_ref().is_some_and(|s| s.outliers);
    let hold = |trail: &mut Trail, code: &str| {
        trail.note(code, json!({ "price": price, "current": current }));
        End::Hold
    };

    if price == current {
        trail.note("ALREADY_RIGHT", json!({ "price": current }));
        return End::Keep;
    }
    // Nobody lowers a price for a place that is held already.
    if price < current
        && wanted_place
            .zip(place_now)
            .is_some_and(|(wanted, now)| now <= wanted)
    {
        trail.note("PLACE_HELD", json!({ "place": place_now, "price": current }));
        return End::Keep;
    }
    let distance = (price - current).abs();
    let useful = distance >= rule.min_move.0 && rule.min_move_percent.is_reached_by(distance, current);
    if !useful && (!usable || place_now == place_then) {
        trail.note("MIN_MOVE", json!({ "price": price, "current": current }));
        return End::Keep;
    }
    let raise = price > current;
    if (raise && !rule.allow_up) || (!raise && !rule.allow_down) {
        return hold(trail, "DIRECTION_OFF");
    }
    if raise {
        if corridor.hi.is_none() {
            trail.flag("ceiling_missing");
            return hold(trail, "NO_CEILING");
        }
        if !complete {
            return hold(trail, "INCOMPLETE_MARKET");
        }
        if !own_present {
            return hold(trail, "OWN_OFFER_ABSENT");
        }
    }
    let lowest_of_run = rule.max_down_percent.below_all().of_ceil(current);
    if rule.quarantine_percent.is_exceeded_by(current - price, current)
        || (suspicious && price < lowest_of_run)
    {
        trail.flag("quarantine");
        return hold(trail, "QUARANTINE");
    }
    let since_change = input
        .product
        .last_change_at
        .map(|at| (input.now - at).num_minutes());
    if raise && since_change.is_some_and(|minutes| minutes < rule.raise_cooldown_minutes) {
        return hold(trail, "RAISE_COOLDOWN");
    }
    if input.product.changes_today >= rule.max_changes_per_day {
        return hold(trail, "CHANGES_PER_DAY");
    }
    motion(input, corridor, price, lowest_of_run, trail)
}

/// Cuts the move to what one run and one day allow.
fn motion(input: &Input, corridor: Corridor, price: i64, lowest_of_run: i64, trail: &mut Trail) -> End {
    let (current, rule) = (input.product.price.0, &input.rule);
    let step = price.clamp(
        lowest_of_run,
        rule.max_up_percent.above_all().of_floor(current).max(current),
    );
    if step != price {
        trail.note("STEP_LIMIT", json!({ "wanted": price, "price": step }));
    }
    let opening = input.product.opening_price.unwrap_or(input.product.price).0;
    // A move back towards the opening price is never cut by the other side.
    let day = if step < current {
        step.max(rule.max_day_percent.below_all().of_ceil(opening))
    } else {
        step.min(rule.max_day_percent.above_all().of_floor(opening))
    };
    if day != step {
        trail.note(
            "DAY_LIMIT",
            json!({ "wanted": step, "price": day, "opening": opening }),
        );
    }
    let forward = if price < current {
        day < current
    } else {
        day > current
    };
    if forward && corridor.contains(day) {
        End::Change(day)
    } else {
        End::Hold
    }
}
