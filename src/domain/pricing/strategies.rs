//! The wanted price of each strategy, ST1–ST12 (pricing rules, strategies; exact semantics, target and
//! scenarios). What a strategy wants is not yet a price: scenarios, safe set and guards follow.

use super::{
    View,
    competitors::{Competitor, Seen},
    decision::{End, Trail},
    evidence,
    reasons::{Code, params},
    rule::{AloneChoice, Amount, Strategy},
    scenarios::{self, Asks},
};
use crate::domain::percent::Percent;

/// What strategy and scenarios want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// The wanted price; any number.
    pub price: i64,
    /// The wanted place, where the strategy is about one.
    pub place: Option<i64>,
}

/// What a strategy wants, with what the scenarios ask of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub target: i64,
    /// The price that the target was made from.
    pub reference: Option<i64>,
    pub place: Option<i64>,
    /// How to stand before an offer.
    pub step: Amount,
    pub asks: Asks,
}

/// The wanted price and place, or how the decision ends without them.
pub(super) fn wish(view: &View<'_>, trail: &mut Trail) -> Result<Wish, End> {
    let strategy = &*view.strategy;
    if let Some(wish) = without_offers(view, strategy, trail) {
        return Ok(wish);
    }
    let seen = evidence::gate(view, trail)?;
    if seen.competitors.is_empty() && !matches!(strategy, Strategy::Follow { .. }) && seen.chosen_only {
        return Err(trail.hold(Code::NO_CHOSEN, params![]));
    }
    if seen.competitors.is_empty() && !seen.chosen_only {
        return alone(view, seen, trail);
    }
    if let Strategy::Follow {
        merchants,
        delta,
        fallback,
    } = strategy
    {
        return follow(view, seen, (merchants, *delta, fallback.as_deref()), trail);
    }
    among_competitors(view, seen, strategy, trail)
}

/// ST11 and ST12: the card is not looked at.
fn without_offers(view: &View<'_>, strategy: &Strategy, trail: &mut Trail) -> Option<Wish> {
    let (code, price) = match strategy {
        Strategy::Fixed { price } => (Code::FIXED, *price),
        Strategy::TargetMargin => (Code::TARGET_MARGIN, view.set.min()),
        _ => return None,
    };
    trail.note(code, params!["price" => price]);
    trail.want(price);
    Some(Wish { price, place: None })
}

/// ST10, and every other strategy where nobody else is left: up in steps, once that is proven.
fn alone(view: &View<'_>, seen: &Seen<'_>, trail: &mut Trail) -> Result<Wish, End> {
    evidence::proven_alone(view, seen, trail)?;
    let (choice, percent) = if let Strategy::Alone { up_percent } = *view.strategy {
        trail.note(Code::ALONE, params!["percent" => up_percent]);
        (AloneChoice::Raise, up_percent)
    } else {
        let (choice, percent) = (view.input.rule.scenarios.alone, Percent::whole(5));
        trail.note(
            Code::ALONE_SCENARIO,
            params!["choice" => choice.as_str(), "percent" => percent],
        );
        (choice, percent)
    };
    if choice == AloneChoice::Hold {
        return Err(End::Hold);
    }
    let ceiling = scenarios::ceiling(view, trail)?;
    let price = match choice {
        AloneChoice::Ceiling => ceiling,
        _ => percent.above_all().of_floor(view.current).min(ceiling),
    };
    trail.want(price);
    Ok(Wish { price, place: None })
}

/// ST7: after the cheapest of the chosen merchants, or by the fallback where none of them sells.
fn follow(
    view: &View<'_>,
    seen: &Seen<'_>,
    (merchants, delta, fallback): (&[String], Amount, Option<&Strategy>),
    trail: &mut Trail,
) -> Result<Wish, End> {
    let lowest = seen
        .competitors
        .iter()
        .find(|rival| merchants.iter().any(|chosen| chosen == rival.merchant));
    if let Some(lowest) = lowest {
        let aim = Aim {
            target: delta.added_to(lowest.price),
            reference: Some(lowest.price),
            place: None,
            step: Amount::ONE,
            asks: Asks::Limits,
        };
        note_rival(Code::FOLLOW, lowest, trail);
        trail.want(aim.target);
        return scenarios::apply(view, seen, aim, trail);
    }
    trail.note(Code::FOLLOW, params![]);
    if !seen.complete {
        return Err(trail.hold(Code::INCOMPLETE_MARKET, params![]));
    }
    let Some(fallback) = fallback else {
        return Err(trail.hold(Code::FOLLOWED_ABSENT, params![]));
    };
    trail.note(Code::FOLLOW_FALLBACK, params![]);
    if let Some(wish) = without_offers(view, fallback, trail) {
        return Ok(wish);
    }
    if seen.competitors.is_empty() {
        return Err(trail.hold(Code::NO_CHOSEN, params![]));
    }
    among_competitors(view, seen, fallback, trail)
}

/// The strategies that look at competitors, of whom there is one at least.
fn among_competitors(
    view: &View<'_>,
    seen: &Seen<'_>,
    strategy: &Strategy,
    trail: &mut Trail,
) -> Result<Wish, End> {
    let Some(first) = seen.competitors.first() else {
        return Err(trail.hold(Code::NO_EVIDENCE, params![]));
    };
    let step = strategy.step();
    let below = |rival: &Competitor<'_>| below(view, step, rival);
    let ahead = |rival: &Competitor<'_>| ahead(view, seen, step, rival);
    let aim = |target: i64, place: i64| Aim {
        target,
        reference: Some(first.price),
        place: Some(place),
        step,
        asks: Asks::LimitsAndFirst,
    };
    let aim = match strategy {
        Strategy::BeatLowest { .. } => {
            note_step(Code::BEAT_LOWEST, first, step, trail);
            aim(below(first), 1)
        }
        Strategy::MatchLowest => {
            note_rival(Code::MATCH_LOWEST, first, trail);
            aim(first.price, 1)
        }
        Strategy::SmartMatch { .. } => {
            note_step(Code::SMART_MATCH, first, step, trail);
            let target = if seen.tie_wins(first) {
                first.price
            } else {
                below(first)
            };
            aim(target, 1)
        }
        Strategy::HoldPlace { place, .. } => {
            trail.note(Code::HOLD_PLACE, params!["place" => *place]);
            let Some(there) = seen.on_place(*place) else {
                if !seen.complete {
                    return Err(trail.hold(Code::INCOMPLETE_MARKET, params![]));
                }
                return scenarios::roomy(view, seen, *place, trail);
            };
            // A big step overtakes nobody whom it need not.
            let behind = seen.on_place(place - 1).map(|above| above.price + 1);
            let target = behind
                .filter(|behind| *behind < there.price)
                .map_or(ahead(there), |behind| behind.max(ahead(there)));
            Aim {
                reference: Some(there.price),
                ..aim(target, *place)
            }
        }
        Strategy::BehindLeader { gap, .. } => {
            note_rival(Code::BEHIND_LEADER, first, trail);
            let mut target = first.price + gap.step_of(first.price);
            if let Some(second) = seen.on_place(2) {
                target = target.min(ahead(second));
            }
            aim(target.max(first.price), 2)
        }
        Strategy::BestReachable { max_place, .. } => {
            trail.note(Code::BEST_REACHABLE, params!["places" => *max_place]);
            let Some(wish) = reachable(view, seen, step, *max_place) else {
                return scenarios::out_of_reach(view, seen, trail);
            };
            Aim {
                place: wish.place,
                asks: Asks::CeilingAndFirst,
                ..aim(wish.price, 1)
            }
        }
        Strategy::Average { count, delta } => {
            let mean = mean_of_cheapest(seen, *count);
            trail.note(Code::AVERAGE, params!["price" => mean, "count" => *count]);
            Aim {
                target: delta.added_to(mean),
                reference: Some(mean),
                place: None,
                step,
                asks: Asks::Limits,
            }
        }
        Strategy::CaptureGap { min_gain, .. } => {
            note_step(Code::CAPTURE_GAP, first, step, trail);
            let place = seen.place(view.current);
            if place != 1 {
                return Err(trail.hold(Code::NOT_FIRST, params!["place" => place]));
            }
            let gain = ahead(first) - view.current;
            trail.want(ahead(first));
            if gain != 0 && gain < *min_gain {
                return Err(trail.hold(Code::GAP_SMALL, params!["gain" => gain, "wanted" => *min_gain]));
            }
            Aim {
                place: None,
                asks: Asks::Ceiling,
                ..aim(ahead(first), 1)
            }
        }
        Strategy::Alone { up_percent } => {
            trail.note(Code::ALONE, params!["percent" => *up_percent]);
            return Err(trail.hold(
                Code::NOT_ALONE,
                params!["rival" => first.merchant.to_owned(), "price" => first.price],
            ));
        }
        // These have gone their own ways before.
        Strategy::Follow { .. }
        | Strategy::Fixed { .. }
        | Strategy::TargetMargin
        | Strategy::Unavailable { .. } => return Err(trail.hold(Code::STRATEGY_UNAVAILABLE, params![])),
    };
    trail.want(aim.target);
    scenarios::apply(view, seen, aim, trail)
}

/// The price that stands before this competitor.
fn ahead(view: &View<'_>, seen: &Seen<'_>, step: Amount, rival: &Competitor<'_>) -> i64 {
    if view.input.rule.match_if_better_rated && seen.tie_wins(rival) {
        rival.price
    } else {
        below(view, step, rival)
    }
}

/// The price that goes below this competitor, or meets it where it is matched.
fn below(view: &View<'_>, step: Amount, rival: &Competitor<'_>) -> i64 {
    if view.matched.iter().any(|matched| matched == rival.merchant) {
        rival.price
    } else {
        rival.price - step.step_of(rival.price)
    }
}

/// The best of the first places that a safe price reaches.
pub(super) fn reachable(view: &View<'_>, seen: &Seen<'_>, step: Amount, places: i64) -> Option<Wish> {
    (1..=places).zip(&seen.competitors).find_map(|(place, rival)| {
        let price = ahead(view, seen, step, rival);
        (price >= view.set.min()).then_some(Wish {
            price,
            place: Some(place),
        })
    })
}

fn mean_of_cheapest(seen: &Seen<'_>, count: i64) -> i64 {
    let (mut sum, mut counted) = (0, 0);
    for (_, rival) in (0..count).zip(&seen.competitors) {
        sum += rival.price;
        counted += 1;
    }
    sum.div_euclid(counted.max(1))
}

fn note_rival(code: Code, rival: &Competitor<'_>, trail: &mut Trail) {
    trail.note(
        code,
        params!["rival" => rival.merchant.to_owned(), "price" => rival.price],
    );
}

fn note_step(code: Code, rival: &Competitor<'_>, step: Amount, trail: &mut Trail) {
    trail.note(
        code,
        params!["rival" => rival.merchant.to_owned(), "price" => rival.price, "step" => step.step_of(rival.price)],
    );
}
