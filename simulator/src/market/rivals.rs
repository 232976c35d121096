//! Competitors on a card and how they react. A rival moves only when the market's time reaches its move.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a rival sets its price. Delays are seconds of market time; prices whole tenge.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Behaviour {
    /// Keeps its price.
    #[default]
    Fixed,
    /// Goes below the lowest other offer by `step`, never below `floor` nor above its first price.
    Undercut {
        #[serde(default = "one")]
        step: i64,
        #[serde(default = "minute")]
        delay_seconds: u32,
        #[serde(default)]
        floor: Option<i64>,
        /// After so long at its floor it gives up and returns to its first price.
        #[serde(default)]
        rest_seconds: Option<u32>,
    },
    /// Takes the lowest other offer plus `offset`, within the same bounds.
    Follow {
        #[serde(default)]
        offset: i64,
        #[serde(default = "minute")]
        delay_seconds: u32,
        #[serde(default)]
        floor: Option<i64>,
    },
    /// Takes any price between `min` and `max` every so often.
    Random {
        min: i64,
        max: i64,
        #[serde(default = "minute")]
        every_seconds: u32,
    },
}

fn one() -> i64 {
    1
}

fn minute() -> u32 {
    60
}

/// A competitor's offer on a card.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    pub card: String,
    pub merchant_id: String,
    pub name: String,
    /// City id to price.
    pub prices: BTreeMap<String, i64>,
    #[serde(default = "usual_rating")]
    pub rating: Option<f64>,
    #[serde(default)]
    pub reviews: u32,
    #[serde(default)]
    pub preorder: i64,
    #[serde(default)]
    pub behaviour: Behaviour,
    /// The first price in each city: the most this rival ever asks.
    #[serde(skip_deserializing)]
    pub first_prices: BTreeMap<String, i64>,
}

fn usual_rating() -> Option<f64> {
    Some(4.6)
}

/// One rival in one city: what moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mover {
    pub card: String,
    pub merchant_id: String,
    pub city: String,
}

/// A move that a rival wants to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub price: i64,
    pub delay_seconds: u32,
}

impl Rival {
    /// What the rival would ask in this city now, given the lowest price of everybody else; `None` when it is
    /// content. Random rivals are moved by their own timer and never wish for anything.
    pub fn wish(&self, city: &str, lowest_other: Option<i64>) -> Option<Wish> {
        let current = *self.prices.get(city)?;
        let first = self.first_prices.get(city).copied().unwrap_or(current);
        let (target, floor, delay_seconds) = match &self.behaviour {
            Behaviour::Fixed | Behaviour::Random { .. } => return None,
            Behaviour::Undercut {
                step,
                delay_seconds,
                floor,
                rest_seconds,
            } => {
                let floor = floor.unwrap_or(first / 2).max(1);
                if let (Some(rest), true) = (rest_seconds, current <= floor && current < first) {
                    return Some(Wish {
                        price: first,
                        delay_seconds: (*rest).max(1),
                    });
                }
                (
                    lowest_other.map(|price| price.saturating_sub(*step)),
                    floor,
                    *delay_seconds,
                )
            }
            Behaviour::Follow {
                offset,
                delay_seconds,
                floor,
            } => {
                let floor = floor.unwrap_or(first / 2).max(1);
                (
                    lowest_other.map(|price| price.saturating_add(*offset)),
                    floor,
                    *delay_seconds,
                )
            }
        };
        let price = target.unwrap_or(first).min(first).max(floor);
        (price != current).then_some(Wish {
            price,
            delay_seconds: delay_seconds.max(1),
        })
    }
}
