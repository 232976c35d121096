//! In what state a product is, in one word with its icon and tint.

use chrono::{DateTime, Utc};

use crate::{
    domain::{Outcome, PushState, Tenge, terms::Terms},
    store::{product_states::DecisionBrief, products::ProductRow},
};

/// A state as lists and pages show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Class of the mark: `st ok`, `st held`, …
    pub class: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Key of the word.
    pub word: &'static str,
}

const fn state(class: &'static str, icon: &'static str, word: &'static str) -> State {
    State { class, icon, word }
}

/// What is known about a product besides its own row.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Price in the main city.
    pub price: Option<Tenge>,
    /// Last decision.
    pub decision: Option<&'a DecisionBrief>,
    /// Push on its way.
    pub push: Option<PushState>,
    /// The store waits for a login.
    pub needs_login: bool,
    /// The present moment.
    pub now: DateTime<Utc>,
}

/// The state that says most: what stops the robot goes before what it does.
#[must_use]
pub fn state_of(ProductRow { product, terms, .. }: &ProductRow, around: Around<'_>) -> State {
    if product.archived_at.is_some() || !product.on_sale {
        state("st ghost", "x-circle", "product-state-withdrawn")
    } else if product.stock == Some(0) {
        state("st ghost", "box", "product-state-no-stock")
    } else if terms.floor.is_none() && terms.unit_cost.is_none() {
        state("st ghost", "floor", "product-state-no-floor")
    } else if !product.repricing_enabled {
        state("st ghost", "pause", "product-state-off")
    } else if product.locked_until.is_some_and(|until| until > around.now) {
        state("st ghost", "lock", "product-state-locked")
    } else if around.needs_login {
        state("st bad", "key", "product-state-needs-login")
    } else if around
        .push
        .is_some_and(|push| matches!(push, PushState::Sent | PushState::Accepted | PushState::Unknown))
    {
        state("st info", "clock", "product-state-waiting")
    } else if around.push.is_some() {
        state("st info", "send", "product-state-queued")
    } else {
        state_of_decision(terms, around)
    }
}

fn state_of_decision(terms: &Terms, around: Around<'_>) -> State {
    let at_floor = around.price.is_some() && around.price == terms.floor;
    match around.decision.map(|decision| decision.outcome) {
        Some(Outcome::Keep | Outcome::Change | Outcome::Hold) if at_floor => {
            state("st warn", "floor", "product-state-at-floor")
        }
        None => state("st ghost", "clock", "product-state-unchecked"),
        Some(Outcome::Refuse) => state("st bad", "alert", "product-state-refused"),
        Some(Outcome::Hold) => state("st held", "hand", "product-state-held"),
        Some(Outcome::Keep | Outcome::Change) => state("st ok", "check-circle", "product-state-works"),
    }
}
