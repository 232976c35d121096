//! What a rule would do, before it does: decides again from the inputs that were stored with the last decisions,
//! or counts those decisions themselves before a store goes live. Reads only: nothing is sent, nothing is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Attached;
use crate::{
    domain::{
        Outcome, ProductId, RuleId, RuleScope, StoreId, Tenge,
        pricing::{Input, Rule, decide},
    },
    store::{
        PgConnection, StoreError,
        decisions::{StoredDecision, decision_list_newest},
        rule_reach::{
            TrialProduct, rule_governed, rule_would_govern, trial_products, trial_products_of_store,
        },
    },
};

/// Products looked at, at most.
pub const TRIAL_MAX: i64 = 2_000;
/// Moves that are told one by one.
const MOVES: usize = 20;
/// Decisions read at once: each holds a whole market.
const AT_ONCE: usize = 200;

/// What would become of the products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    /// Products that are governed.
    pub of: i64,
    /// Products looked at: the first [`TRIAL_MAX`].
    pub looked_at: usize,
    /// Prices that would rise.
    pub rise: usize,
    /// Prices that would fall.
    pub fall: usize,
    /// Prices that would stay: right, or not worth a write.
    pub stay: usize,
    /// Held or refused, by the last code of the reasons.
    pub held: BTreeMap<String, usize>,
    /// The robot is off for them.
    pub off: usize,
    /// Nothing was decided about them that could be decided again.
    pub without_input: usize,
    /// The oldest and the newest of the data.
    pub data: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The biggest moves first, measured by their share of the price; at most 20.
    pub moves: Vec<Move>,
}

/// One price that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub name: String,
    /// The price that the data knew.
    pub before: Tenge,
    /// The price that it would get.
    pub after: Tenge,
}

impl Move {
    /// Size as a share of the price, in millionths.
    fn share(&self) -> i64 {
        let distance = self.after.0.abs_diff(self.before.0);
        i64::try_from(distance)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000)
            .checked_div(self.before.0)
            .unwrap_or(i64::MAX)
    }
}

/// What would be decided about a product.
struct Verdict {
    outcome: Outcome,
    before: Tenge,
    price: Option<Tenge>,
    last_code: String,
}

impl Trial {
    fn count(&mut self, product: &TrialProduct, at: DateTime<Utc>, verdict: Verdict) {
        self.data = Some(
            self.data
                .map_or((at, at), |(from, to)| (from.min(at), to.max(at))),
        );
        match (verdict.outcome, verdict.price) {
            (Outcome::Change, Some(after)) => {
                if after > verdict.before {
                    self.rise += 1;
                } else {
                    self.fall += 1;
                }
                self.moves.push(Move {
                    product_id: product.id,
                    name: product.name.clone(),
                    before: verdict.before,
                    after,
                });
            }
            (Outcome::Change | Outcome::Keep, _) => self.stay += 1,
            (Outcome::Hold | Outcome::Refuse, _) => *self.held.entry(verdict.last_code).or_default() += 1,
        }
    }

    /// Held or refused.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.held.values().sum()
    }
}

/// Plays a rule over the products that the rule `id` governs, or would were it switched on.
///
/// # Errors
/// See [`StoreError`].
pub fn try_rule(conn: &mut PgConnection, id: RuleId, rule: &Rule) -> Result<Trial, StoreError> {
    let (ids, of) = rule_governed(conn, id, TRIAL_MAX)?;
    play(conn, &ids, of, rule)
}

/// Plays a rule that is not there yet over the products that it would govern, were it made and switched on.
///
/// # Errors
/// See [`StoreError`].
pub fn try_new_rule(
    conn: &mut PgConnection,
    store_id: StoreId,
    attached: &Attached,
    rule: &Rule,
) -> Result<Trial, StoreError> {
    let (scope, category, chosen): (_, _, &[ProductId]) = match attached {
        Attached::Store => (RuleScope::Store, None, &[]),
        Attached::Category(name) => (RuleScope::Category, Some(name.as_str()), &[]),
        Attached::Selection(ids) => (RuleScope::Selection, None, ids),
        Attached::Product(id) => (RuleScope::Product, None, std::slice::from_ref(id)),
    };
    let (ids, of) = rule_would_govern(conn, store_id, (scope, category, chosen), TRIAL_MAX)?;
    play(conn, &ids, of, rule)
}

fn play(conn: &mut PgConnection, ids: &[ProductId], of: i64, rule: &Rule) -> Result<Trial, StoreError> {
    let products = trial_products(conn, ids)?;
    over(conn, products, of, |product, decision| {
        let mut input = Input::from_stored(decision.decision_version, &decision.input).ok()?;
        input.rule = rule.played_for(product.strategy.as_deref());
        let decided = decide(&input);
        Some(Verdict {
            outcome: decided.outcome,
            before: input.product.price,
            price: decided.price,
            last_code: decided
                .reasons
                .last()
                .map_or_else(String::new, |reason| reason.code.as_str().to_owned()),
        })
    })
}

/// What the last decisions about a store's products wanted: what it would send if it went live.
///
/// # Errors
/// See [`StoreError`].
pub fn preview_of_store(conn: &mut PgConnection, id: StoreId) -> Result<Trial, StoreError> {
    let (products, of) = trial_products_of_store(conn, id, TRIAL_MAX)?;
    over(conn, products, of, |_, decision| {
        let code = decision.reasons.as_array().and_then(|reasons| reasons.last());
        let code = code.and_then(|reason| reason.get("code")?.as_str());
        Some(Verdict {
            outcome: decision.outcome,
            before: decision.current_tenge,
            price: decision.price_tenge,
            last_code: code.unwrap_or_default().to_owned(),
        })
    })
}

fn over(
    conn: &mut PgConnection,
    products: Vec<TrialProduct>,
    of: i64,
    verdict: impl Fn(&TrialProduct, &StoredDecision) -> Option<Verdict>,
) -> Result<Trial, StoreError> {
    let mut trial = Trial {
        of,
        looked_at: products.len(),
        ..Trial::default()
    };
    let (on, off): (Vec<_>, Vec<_>) = products
        .into_iter()
        .partition(|product| product.repricing_enabled);
    trial.off = off.len();
    for part in on.chunks(AT_ONCE) {
        let ids: Vec<ProductId> = part.iter().map(|product| product.id).collect();
        let decisions: BTreeMap<ProductId, StoredDecision> = decision_list_newest(conn, &ids)?
            .into_iter()
            .map(|decision| (decision.product_id, decision))
            .collect();
        for product in part {
            let decision = decisions.get(&product.id);
            match decision.and_then(|decision| Some((decision.decided_at, verdict(product, decision)?))) {
                Some((at, verdict)) => trial.count(product, at, verdict),
                None => trial.without_input += 1,
            }
        }
    }
    trial
        .moves
        .sort_by_key(|step| (std::cmp::Reverse(step.share()), step.product_id));
    trial.moves.truncate(MOVES);
    Ok(trial)
}
