//! A live price outside the safe set goes straight back, ahead of any strategy and without evidence (pricing
//! rules, bound repair).

use super::{
    View,
    decision::{End, Trail},
    guards,
    reasons::{Code, params},
};

/// A raise asks nobody; a decrease is still held by direction, quarantine and the daily count.
pub(super) fn repair(view: &View<'_>, trail: &mut Trail) -> End {
    let (current, motion) = (view.current, &view.input.rule.motion);
    let price = nearest(view);
    trail.note(
        Code::BOUND_REPAIR,
        params!["price" => price, "floor" => view.set.min(), "ceiling" => view.set.ceiling],
    );
    if price < current {
        let held = if !motion.allow_down {
            Some(Code::DIRECTION_OFF)
        } else if guards::is_quarantined(view, price) {
            Some(Code::QUARANTINE)
        } else if view.input.product.changes_today >= motion.max_changes_per_day {
            Some(Code::CHANGES_PER_DAY)
        } else {
            None
        };
        if let Some(code) = held {
            trail.flag(if code == Code::QUARANTINE {
                "quarantine"
            } else {
                "attention"
            });
            return trail.hold(code, params!["price" => price, "current" => current]);
        }
    }
    End::Change(price)
}

/// The nearest price of S*; at equal distance the higher, without a ceiling only lower ones. Below all of them
/// it is the lowest, with or without a ceiling.
fn nearest(view: &View<'_>) -> i64 {
    let current = view.current;
    let above = view.set.at_least(current).filter(|_| view.set.ceiling.is_some());
    match (view.set.at_most(current), above) {
        (Some(below), Some(above)) if above - current <= current - below => above,
        (Some(below), _) => below,
        (None, _) => view.set.min(),
    }
}
