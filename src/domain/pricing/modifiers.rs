//! What the hour and a price war make of a rule (pricing rules, stage 5 and price war). Modifiers change how the
//! price is found or let it rest; they never set it, and a price outside its limits is repaired before they are
//! asked.

use std::borrow::Cow;

use super::{
    View,
    decision::{End, Trail},
    reasons::{Code, params},
    rule::{Amount, Strategy, WarChoice},
    schedule::{self, WindowAction},
    war::War,
};

/// Nights after which a rival counts as one that does not follow a raise.
const RESETS: i64 = 2;

/// Lets the price rest, or changes the strategy of this decision.
pub(super) fn apply(view: &mut View<'_>, trail: &mut Trail) -> Result<(), End> {
    let (rule, now) = (&view.input.rule, view.input.now);
    if let Some((window, until)) = schedule::open(&rule.schedule, now) {
        match window.action {
            WindowAction::Normal => {}
            WindowAction::Hold => return Err(trail.hold(Code::QUIET_HOURS, params!["until" => until])),
            WindowAction::Suggest => {
                trail.note(Code::SUGGESTIONS_ONLY, params!["until" => until]);
                trail.only_suggest();
            }
        }
    }
    if let Some((war, price)) = reset(view) {
        trail.note(
            Code::NIGHT_RESET,
            params!["rival" => war.rival.clone(), "price" => price],
        );
        // The market is still to be read for it: the strategy of the rule decides about evidence.
        view.strategy = Cow::Owned(Strategy::Fixed { price });
        return Ok(());
    }
    answer(view, trail);
    Ok(())
}

/// The wars that are on with rivals who count.
fn wars<'a>(view: &View<'a>) -> Vec<&'a War> {
    let Some(seen) = view.usable() else {
        return Vec::new();
    };
    let counts = |war: &&War| seen.competitors.iter().any(|rival| rival.merchant == war.rival);
    let wars = view.input.wars.iter();
    wars.filter(|war| war.is_on(view.input.now))
        .filter(counts)
        .collect()
}

/// In the quiet hours: back to the price with which the war began, and no lower until they end. Only on proof that
/// would justify any other raise.
fn reset<'a>(view: &View<'a>) -> Option<(&'a War, i64)> {
    let hours = view.input.rule.night_reset?;
    let proven = view.reads_offers
        && view
            .usable()
            .is_some_and(|seen| seen.complete && seen.own_present);
    if !proven || !hours.is_open(view.input.now) {
        return None;
    }
    let war = wars(view)
        .into_iter()
        .filter(|war| war.resets < RESETS)
        .max_by_key(|war| (war.from, &war.rival))?;
    let price = view.set.ceiling?.min(war.from.0).max(view.current);
    Some((war, price))
}

/// Matches a rival instead of undercutting it, or leaves it its place.
fn answer(view: &mut View<'_>, trail: &mut Trail) {
    let wars = wars(view);
    let about = |war: &War| params!["rival" => war.rival.clone(), "count" => war.duel.exchanges];
    match view.input.rule.war {
        WarChoice::Off => {}
        WarChoice::Match => {
            if let Some(war) = wars.first().filter(|_| view.strategy.undercuts()) {
                trail.note(Code::WAR_MATCH, about(war));
                view.matched = wars.iter().map(|war| war.rival.clone()).collect();
            }
        }
        WarChoice::Yield => {
            let leader = view.usable().and_then(|seen| seen.competitors.first());
            let with_leader = wars
                .iter()
                .find(|war| leader.is_some_and(|leader| leader.merchant == war.rival));
            if let Some(war) = with_leader.filter(|_| view.strategy.wants_first_place()) {
                trail.note(Code::WAR_YIELD, about(war));
                let step = view.strategy.step();
                view.strategy = Cow::Owned(Strategy::BehindLeader {
                    gap: Amount::ONE,
                    step,
                });
            }
        }
    }
}
