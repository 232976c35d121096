//! What follows from all that is set for a product: its lowest price, what the present price earns, or what is
//! missing to know it.

use chrono::NaiveDate;

use crate::{
    domain::{
        Tenge,
        pricing::lowest_safe,
        tariffs::Tariffs,
        terms::{Terms, TermsGap},
    },
    store::products::ProductRow,
    web::{format, texts::Texts},
};

/// The outcome, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Cost of a piece, in words; empty: not set.
    pub unit_cost: String,
    /// Lowest price, in words; empty: none.
    pub lowest: String,
    /// Profit at the present price, in words; empty: not known.
    pub profit: String,
    /// Its share of the price, in words.
    pub share: String,
    /// The present price earns less than nothing.
    pub loss: bool,
    /// It earns something, but less than the goal.
    pub below_goal: bool,
    /// What is missing to know it; then only the floor holds.
    pub gaps: Vec<TermsGap>,
    /// No floor holds either: the robot leaves the product alone.
    pub hands_off: bool,
}

impl Outcome {
    /// By the tariffs of a day.
    #[must_use]
    pub fn of(row: &ProductRow, tariffs: &Tariffs, day: NaiveDate, t: &Texts) -> Self {
        let price = row.price.as_ref().map(|price| price.price_tenge);
        Self::at(&row.terms, price, tariffs, day, t)
    }

    fn at(terms: &Terms, price: Option<Tenge>, tariffs: &Tariffs, day: NaiveDate, t: &Texts) -> Self {
        let (economics, gaps) = match terms.economics(tariffs, day) {
            Ok(economics) => (Some(economics), Vec::new()),
            Err(gaps) => (None, gaps),
        };
        let lowest = lowest_safe(terms.limits(), economics.as_ref());
        let earned = economics.as_ref().zip(price).and_then(|(economics, price)| {
            Some((economics.profit(price)?, price, economics.meets_goal(price)))
        });
        let money = |amount: Option<Tenge>| amount.map_or_else(String::new, format::money);
        Self {
            unit_cost: money(terms.unit_cost),
            lowest: money(lowest),
            profit: money(earned.map(|(profit, ..)| profit)),
            share: earned.map_or_else(String::new, |(profit, price, _)| {
                format::percent(profit.0, price.0, t.language)
            }),
            loss: earned.is_some_and(|(profit, ..)| profit < Tenge(0)),
            below_goal: earned.is_some_and(|(profit, _, met)| !met && profit >= Tenge(0)),
            hands_off: !gaps.is_empty() && terms.floor.is_none(),
            gaps,
        }
    }

    /// What is missing, a sentence each.
    #[must_use]
    pub fn sentences(&self, t: &Texts) -> Vec<String> {
        let mut sentences: Vec<String> = self
            .gaps
            .iter()
            .map(|gap| t.get(format!("terms-gap-{}", gap.as_str().replace('_', "-"))))
            .collect();
        if self.hands_off {
            sentences.push(t.get("terms-hands-off"));
        }
        sentences
    }
}
