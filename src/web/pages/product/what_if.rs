//! "What if": the same steps as "why this price" for supposed values. Nothing is stored or sent.

use actix_web::HttpRequest;
use askama::Template;
use chrono::{DateTime, Utc};

use super::why::{self, Step};
use crate::{
    app::{
        edit::FieldError,
        what_if::{Basis, Supposed},
    },
    domain::{ProductId, Tenge, pricing::Strategy},
    store::decisions::StoredDecision,
    web::{
        filters, format,
        pages::{listing::Params, products::limits::price_of},
        texts::Texts,
    },
};

const NAMES: &[&str] = &["try", "rival", "floor", "ceiling", "strategy"];

/// What was asked, as it was typed; nothing where nothing was.
#[must_use]
pub fn asked(req: &HttpRequest) -> Option<Params> {
    let params = Params::read(req, "/products", NAMES);
    (!params.get("try").is_empty()).then_some(params)
}

/// The form, and what would be decided.
#[derive(Template)]
#[template(path = "products/_what_if.html")]
pub struct WhatIf {
    t: Texts,
    product_id: ProductId,
    /// When the data were decided about; `None`: nothing can be played.
    data: Option<DateTime<Utc>>,
    rival: String,
    /// Is there a rival whose price could be another one?
    has_rival: bool,
    floor: String,
    ceiling: String,
    strategies: Vec<(&'static str, String, bool)>,
    strategy_was: String,
    errors: Vec<FieldError>,
    steps: Vec<Step>,
}

impl WhatIf {
    /// The form with the values of the last decision, or with what was asked and its answer.
    #[must_use]
    pub fn new(
        product_id: ProductId,
        decision: Option<&StoredDecision>,
        asked: Option<&Params>,
        t: Texts,
    ) -> Self {
        let mut view = Self {
            t,
            product_id,
            data: None,
            rival: String::new(),
            has_rival: false,
            floor: String::new(),
            ceiling: String::new(),
            strategies: Vec::new(),
            strategy_was: String::new(),
            errors: Vec::new(),
            steps: Vec::new(),
        };
        let Some((decision, basis)) = decision.and_then(|decision| Some((decision, Basis::of(decision)?)))
        else {
            return view;
        };
        let typed = |amount: Option<Tenge>| amount.map_or_else(String::new, |a| format::number(a.0));
        let was = basis.as_it_was();
        view.data = Some(decision.decided_at);
        view.has_rival = was.rival.is_some();
        view.strategy_was = t.get_or(&format!("strategy-{}", basis.strategy()), "strategy-other");
        let (rival, floor, ceiling) = (typed(was.rival), typed(was.floor), typed(was.ceiling));
        let value = |name: &str, was: String| asked.map_or(was, |asked| asked.get(name).to_owned());
        view.rival = value("rival", rival);
        view.floor = value("floor", floor);
        view.ceiling = value("ceiling", ceiling);
        let chosen = asked.map_or("", |asked| asked.get("strategy"));
        view.strategies = Strategy::named_kinds()
            .map(|kind| {
                let words = t.get_or(&format!("strategy-{kind}"), "strategy-other");
                (kind, words, kind == chosen)
            })
            .collect();
        if asked.is_some() {
            view.play(&basis, chosen);
        }
        view
    }

    fn play(&mut self, basis: &Basis<'_>, strategy: &str) {
        let supposed = Supposed {
            rival: price_of("rival", &self.rival, &mut self.errors),
            floor: price_of("floor", &self.floor, &mut self.errors),
            ceiling: price_of("ceiling", &self.ceiling, &mut self.errors),
            strategy: (!strategy.is_empty()).then(|| strategy.to_owned()),
        };
        if self.errors.is_empty() {
            self.steps = why::steps_supposed(&basis.play(&supposed), &self.t);
        }
    }

    /// Is something typed that cannot be read?
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }

    fn error(&self, field: &str) -> String {
        let error = self.errors.iter().find(|error| error.field == field);
        error.map_or_else(String::new, |error| self.t.get(error.code))
    }
}
