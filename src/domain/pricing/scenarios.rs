//! What to do where the market leaves no plain answer (pricing rules, scenario table): below or at the lowest
//! safe price, above the ceiling, fewer rivals than places, first already. Each that fires is noted with the
//! rule's choice.

use super::{
    View,
    competitors::Seen,
    decision::{End, Trail},
    reasons::{Code, Param, params},
    rule::{AboveCeilingChoice, Amount, AtFloorChoice, BelowFloorChoice, FirstChoice, RoomyChoice},
    strategies::{self, Aim, Wish},
};

/// Places that the choice `reachable` looks at.
const PLACES: i64 = 20;

/// Which scenarios a strategy is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// All of them.
    LimitsAndFirst,
    /// All but *first*: the strategy is not about a place.
    Limits,
    /// Its target is a safe price already.
    CeilingAndFirst,
    /// The same, and being first is what it is about.
    Ceiling,
}

impl Asks {
    const fn about_floor(self) -> bool {
        matches!(self, Self::LimitsAndFirst | Self::Limits)
    }

    const fn about_first(self) -> bool {
        matches!(self, Self::LimitsAndFirst | Self::CeilingAndFirst)
    }
}

/// The ceiling, where a scenario wants it; without one nothing is raised.
pub(super) fn ceiling(view: &View<'_>, trail: &mut Trail) -> Result<i64, End> {
    view.set.ceiling.ok_or_else(|| {
        trail.flag("ceiling_missing");
        trail.hold(Code::NO_CEILING, params![])
    })
}

/// Puts the target through the scenarios.
pub(super) fn apply(view: &View<'_>, seen: &Seen<'_>, aim: Aim, trail: &mut Trail) -> Result<Wish, End> {
    let lowest = view.set.min();
    let mut wish = Wish {
        price: aim.target,
        place: aim.place,
    };
    if aim.asks.about_floor() {
        if aim.reference == Some(lowest) && wish.price <= lowest {
            wish.price = at_floor(view, trail)?;
        } else if wish.price < lowest && aim.reference.is_some_and(|reference| reference < lowest) {
            wish = below_floor(view, seen, (aim.step, PLACES), wish.place, aim.reference, trail)?;
        }
    }
    first(
        view,
        seen,
        below_ceiling(view, wish, trail)?,
        aim.asks.about_first(),
        trail,
    )
}

/// Fewer rivals than the wanted place.
pub(super) fn roomy(view: &View<'_>, seen: &Seen<'_>, place: i64, trail: &mut Trail) -> Result<Wish, End> {
    let choice = view.input.rule.scenarios.roomy;
    trail.note(
        Code::ROOMY_SCENARIO,
        params!["choice" => choice.as_str(), "place" => place],
    );
    if choice == RoomyChoice::Hold {
        return Err(End::Hold);
    }
    let price = ceiling(view, trail)?;
    trail.want(price);
    let wish = Wish {
        price,
        place: Some(place),
    };
    first(view, seen, wish, true, trail)
}

/// No place that the strategy looks at is reached by a safe price.
pub(super) fn out_of_reach(view: &View<'_>, seen: &Seen<'_>, trail: &mut Trail) -> Result<Wish, End> {
    let leader = seen.competitors.first().map(|first| first.price);
    // The strategy has looked at every place already, so `reachable` finds none again.
    let wish = below_floor(view, seen, (Amount::ONE, 0), None, leader, trail)?;
    trail.want(wish.price);
    first(view, seen, wish, true, trail)
}

fn at_floor(view: &View<'_>, trail: &mut Trail) -> Result<i64, End> {
    let (choice, lowest) = (view.input.rule.scenarios.leader_at_floor, view.set.min());
    trail.note(
        Code::AT_FLOOR_SCENARIO,
        params!["choice" => choice.as_str(), "floor" => lowest],
    );
    match choice {
        AtFloorChoice::Match => Ok(lowest),
        AtFloorChoice::Hold => Err(End::Hold),
        AtFloorChoice::Ceiling => ceiling(view, trail),
    }
}

fn below_floor(
    view: &View<'_>,
    seen: &Seen<'_>,
    (step, places): (Amount, i64),
    place: Option<i64>,
    leader: Option<i64>,
    trail: &mut Trail,
) -> Result<Wish, End> {
    let (choice, lowest) = (view.input.rule.scenarios.leader_below_floor, view.set.min());
    trail.note(
        Code::BELOW_FLOOR_SCENARIO,
        params!["choice" => choice.as_str(), "rival" => Param::from(leader), "floor" => lowest],
    );
    match choice {
        BelowFloorChoice::Reachable => strategies::reachable(view, seen, step, places)
            .ok_or_else(|| trail.hold(Code::NO_REACHABLE_PLACE, params!["floor" => lowest])),
        BelowFloorChoice::Hold => Err(End::Hold),
        BelowFloorChoice::Floor => Ok(Wish { price: lowest, place }),
        BelowFloorChoice::Ceiling => Ok(Wish {
            price: ceiling(view, trail)?,
            place,
        }),
    }
}

fn below_ceiling(view: &View<'_>, wish: Wish, trail: &mut Trail) -> Result<Wish, End> {
    let Some(ceiling) = view.set.ceiling.filter(|ceiling| wish.price > *ceiling) else {
        return Ok(wish);
    };
    let choice = view.input.rule.scenarios.leader_above_ceiling;
    trail.note(
        Code::ABOVE_CEILING_SCENARIO,
        params!["choice" => choice.as_str(), "ceiling" => ceiling],
    );
    match choice {
        AboveCeilingChoice::Ceiling => Ok(Wish {
            price: ceiling,
            ..wish
        }),
        AboveCeilingChoice::Hold => Err(End::Hold),
    }
}

/// The last question: we are first and could ask more.
fn first(view: &View<'_>, seen: &Seen<'_>, wish: Wish, asked: bool, trail: &mut Trail) -> Result<Wish, End> {
    if !asked || wish.price <= view.current || seen.place(view.current) != 1 {
        return Ok(wish);
    }
    let choice = view.input.rule.scenarios.first;
    trail.note(
        Code::FIRST_SCENARIO,
        params!["choice" => choice.as_str(), "price" => wish.price],
    );
    match choice {
        FirstChoice::Capture => Ok(wish),
        FirstChoice::Hold => Err(End::Hold),
    }
}
