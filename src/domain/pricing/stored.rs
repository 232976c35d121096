//! Inputs as they are stored with decisions: those of this version as they are, those of version 1 translated,
//! so that pages can still tell of them. A decision of another version is not decided again.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Amount, DECISION_VERSION, Filters, Input, Limits, Market, MinMove, Motion, Offer, Product, Rating,
    Removed, Rule, Strategy, competitors,
};
use crate::domain::{Tenge, percent::Percent};

/// What was stored is no input of that version.
#[derive(Debug, thiserror::Error)]
pub enum NotAnInput {
    /// A version that this program does not read.
    #[error("inputs of version {0} are not known")]
    Version(i32),
    /// The shape differs.
    #[error(transparent)]
    Shape(#[from] serde_json::Error),
}

impl Input {
    /// Reads an input that was stored with a decision of this version.
    ///
    /// # Errors
    /// [`NotAnInput`]: the page then shows the decision without it.
    pub fn from_stored(version: i32, stored: &Value) -> Result<Self, NotAnInput> {
        match version {
            DECISION_VERSION => Ok(Self::deserialize(stored)?),
            1 => Ok(First::deserialize(stored)?.into()),
            other => Err(NotAnInput::Version(other)),
        }
    }

    /// Which offers of the card do not count, and why.
    #[must_use]
    pub fn removed(&self) -> Vec<Removed> {
        self.market
            .as_ref()
            .map(|market| competitors::look(market, self).removed)
            .unwrap_or_default()
    }
}

/// Version 1: one strategy, ratings in hundredths, no economics.
#[derive(Deserialize)]
struct First {
    now: DateTime<Utc>,
    product: FirstProduct,
    own_merchants: Vec<String>,
    limits: Limits,
    rule: FirstRule,
    market: Option<FirstMarket>,
    market_max_age_seconds: i64,
}

#[derive(Deserialize)]
struct FirstProduct {
    merchant: String,
    price: Tenge,
    stock: Option<i64>,
    preorder_days: i64,
    rating_centi: Option<i32>,
    alone_streak: i64,
    last_change_at: Option<DateTime<Utc>>,
    opening_price: Option<Tenge>,
    changes_today: i64,
    locked_until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct FirstRule {
    step: i64,
    match_if_better_rated: bool,
    outlier_median_percent: Percent,
    max_down_percent: Percent,
    max_up_percent: Percent,
    max_day_percent: Percent,
    max_changes_per_day: i64,
    raise_cooldown_minutes: i64,
    min_move: Tenge,
    min_move_percent: Percent,
    quarantine_percent: Percent,
    allow_down: bool,
    allow_up: bool,
}

#[derive(Deserialize)]
struct FirstMarket {
    taken_at: DateTime<Utc>,
    complete: bool,
    total: i64,
    offers: Vec<FirstOffer>,
}

#[derive(Deserialize)]
struct FirstOffer {
    merchant: Option<String>,
    price: Option<i64>,
    rating_centi: Option<i32>,
    preorder_days: i64,
}

impl From<First> for Input {
    fn from(first: First) -> Self {
        Self {
            now: first.now,
            product: first.product.into(),
            own_merchants: first.own_merchants,
            limits: first.limits,
            economics: None,
            rule: first.rule.into(),
            market: first.market.map(Into::into),
            market_max_age_seconds: first.market_max_age_seconds,
            own_stores: None,
            wars: Vec::new(),
        }
    }
}

impl From<FirstProduct> for Product {
    fn from(first: FirstProduct) -> Self {
        Self {
            merchant: first.merchant,
            price: first.price,
            stock: first.stock,
            preorder_days: first.preorder_days,
            rating: first.rating_centi.map(Rating::from_centi),
            delivery: None,
            alone_streak: first.alone_streak,
            last_change_at: first.last_change_at,
            opening_price: first.opening_price,
            changes_today: first.changes_today,
            locked_until: first.locked_until,
        }
    }
}

impl From<FirstRule> for Rule {
    fn from(first: FirstRule) -> Self {
        Self {
            strategy: Strategy::BeatLowest {
                step: Amount::Tenge(first.step),
            },
            match_if_better_rated: first.match_if_better_rated,
            filters: Filters {
                outlier_median_percent: first.outlier_median_percent,
                ..Filters::default()
            },
            scenarios: super::Scenarios::default(),
            motion: Motion {
                max_down_percent: first.max_down_percent,
                max_up_percent: first.max_up_percent,
                max_day_percent: first.max_day_percent,
                max_changes_per_day: first.max_changes_per_day,
                raise_cooldown_minutes: first.raise_cooldown_minutes,
                min_move: MinMove {
                    tenge: first.min_move,
                    percent: first.min_move_percent,
                },
                allow_down: first.allow_down,
                allow_up: first.allow_up,
                quarantine_percent: first.quarantine_percent,
                endings: Vec::new(),
            },
            // Version 1 knew no wars.
            war: super::WarChoice::Off,
            schedule: Vec::new(),
            night_reset: None,
        }
    }
}

impl From<FirstMarket> for Market {
    fn from(first: FirstMarket) -> Self {
        let offers = first.offers.into_iter().map(|offer| Offer {
            merchant: offer.merchant,
            price: offer.price,
            rating: offer.rating_centi.map(Rating::from_centi),
            reviews: None,
            delivery: None,
            preorder_days: Some(offer.preorder_days),
        });
        Self {
            taken_at: first.taken_at,
            complete: first.complete,
            total: first.total,
            offers: offers.collect(),
        }
    }
}
