//! The form of limits and economics: what was typed, and what it means.

use serde::Deserialize;

use super::tariff_name;
use crate::{
    app::edit::FieldError,
    domain::{
        TariffKind, Tenge,
        money::MoneyError,
        percent::Percent,
        pricing::{Goal, GoalKind},
        tariffs::Tariffs,
        terms::{Terms, USUAL_COMMISSION, USUAL_DELIVERY},
    },
    web::{form, format, pages::products::limits::price_of, texts::Texts},
};

/// What the form sends; every field may be empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TermsForm {
    /// The category, for its terms.
    pub category: String,
    /// The version that was on the screen; 0: nothing was set.
    pub version: i32,
    /// Lowest price as typed.
    pub floor_tenge: String,
    /// Highest price as typed.
    pub ceiling_tenge: String,
    /// Cost of a piece as typed.
    pub unit_cost_tenge: String,
    /// Name of a commission tariff.
    pub commission: String,
    /// Name of a tax tariff.
    pub tax: String,
    /// Name of a delivery tariff.
    pub delivery: String,
    /// Weight as typed, in grams.
    pub weight_grams: String,
    /// Word of the goal.
    pub goal_kind: String,
    /// Amount or percentage as typed.
    pub goal_value: String,
}

/// A goal as people read it.
pub fn goal_in_words(goal: Goal, t: &Texts) -> String {
    match goal {
        Goal::Profit(amount) => t.with("terms-goal-profit-of", "amount", format::money(Tenge(amount))),
        Goal::Margin(share) => t.with(
            "terms-goal-margin-of",
            "share",
            format::exact_percent(share, t.language),
        ),
        Goal::Roi(share) => t.with(
            "terms-goal-roi-of",
            "share",
            format::exact_percent(share, t.language),
        ),
    }
}

impl TermsForm {
    /// The form with what is set.
    pub fn of(terms: &Terms, version: i32) -> Self {
        let typed = |amount: Option<Tenge>| amount.map_or_else(String::new, |a| format::number(a.0));
        let share = |share: Percent| share.to_string().replace('.', ",");
        let (goal_kind, goal_value) = match terms.goal {
            None => (String::new(), String::new()),
            Some(Goal::Profit(amount)) => (GoalKind::Profit.to_string(), format::number(amount)),
            Some(Goal::Margin(margin)) => (GoalKind::Margin.to_string(), share(margin)),
            Some(Goal::Roi(roi)) => (GoalKind::Roi.to_string(), share(roi)),
        };
        Self {
            category: String::new(),
            version,
            floor_tenge: typed(terms.floor),
            ceiling_tenge: typed(terms.ceiling),
            unit_cost_tenge: typed(terms.unit_cost),
            commission: terms.commission.clone().unwrap_or_default(),
            tax: terms.tax.clone().unwrap_or_default(),
            delivery: terms.delivery.clone().unwrap_or_default(),
            weight_grams: terms
                .weight_grams
                .map(|grams| grams.to_string())
                .unwrap_or_default(),
            goal_kind,
            goal_value,
        }
    }

    /// What was typed.
    ///
    /// # Errors
    /// The fields that cannot be read.
    pub fn terms(&self) -> Result<Terms, Vec<FieldError>> {
        let mut errors = Vec::new();
        let named = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let terms = Terms {
            floor: price_of("floor_tenge", &self.floor_tenge, &mut errors),
            ceiling: price_of("ceiling_tenge", &self.ceiling_tenge, &mut errors),
            unit_cost: price_of("unit_cost_tenge", &self.unit_cost_tenge, &mut errors),
            commission: named(&self.commission),
            tax: named(&self.tax),
            delivery: named(&self.delivery),
            weight_grams: self.weight(&mut errors),
            goal: self.goal(&mut errors),
        };
        if errors.is_empty() { Ok(terms) } else { Err(errors) }
    }

    fn weight(&self, errors: &mut Vec<FieldError>) -> Option<i32> {
        let digits: String = self.weight_grams.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.is_empty() {
            return None;
        }
        let weight = digits.parse().ok();
        if weight.is_none() {
            errors.push(FieldError::new("weight_grams", "terms-error-weight"));
        }
        weight
    }

    fn goal(&self, errors: &mut Vec<FieldError>) -> Option<Goal> {
        if self.goal_kind.is_empty() {
            return None;
        }
        let Ok(kind) = self.goal_kind.parse::<GoalKind>() else {
            errors.push(FieldError::new("goal_kind", "terms-error-goal-kind"));
            return None;
        };
        let goal = match kind {
            GoalKind::Profit => match Tenge::parse(&self.goal_value) {
                Ok(amount) => Some(Goal::Profit(amount.0)),
                Err(MoneyError::Fraction) => {
                    errors.push(FieldError::new("goal_value", "error-money-fraction"));
                    return None;
                }
                Err(_) => None,
            },
            GoalKind::Margin => form::percent(&self.goal_value).map(Goal::Margin),
            GoalKind::Roi => form::percent(&self.goal_value).map(Goal::Roi),
        };
        if goal.is_none() {
            errors.push(FieldError::new("goal_value", "terms-error-goal"));
        }
        goal
    }
}

/// What is set more widely, the nearest first, each with the word of its place.
#[derive(Debug, Clone, Default)]
pub struct Wider(pub Vec<(&'static str, Terms)>);

impl Wider {
    /// The nearest value, and where it is set.
    fn find<T>(&self, value: impl Fn(&Terms) -> Option<T>) -> Option<(&'static str, T)> {
        self.0
            .iter()
            .find_map(|(place, terms)| Some((*place, value(terms)?)))
    }
}

/// `обычная (от магазина)`
fn inherited(found: Option<(&str, String)>, t: &Texts) -> String {
    found.map_or_else(String::new, |(place, name)| {
        t.with(format!("terms-inherited-{place}"), "name", name)
    })
}

/// A choice among tariffs.
pub struct Choice {
    /// The value; empty: inherited.
    pub value: String,
    /// The word.
    pub word: String,
    /// It stands in the form.
    pub chosen: bool,
}

/// The form as it is shown, with what is inherited beside each field.
pub struct Filled {
    /// What was typed.
    pub form: TermsForm,
    /// Commissions to choose from.
    pub commissions: Vec<Choice>,
    /// Taxes to choose from.
    pub taxes: Vec<Choice>,
    /// Deliveries to choose from.
    pub deliveries: Vec<Choice>,
    /// Goals to choose from.
    pub goals: Vec<Choice>,
    /// Inherited lowest price; empty: none.
    pub floor: String,
    /// Inherited highest price.
    pub ceiling: String,
    /// Inherited cost.
    pub unit_cost: String,
    /// Inherited weight.
    pub weight: String,
}

impl Filled {
    /// With the words of a language.
    pub fn new(form: TermsForm, wider: &Wider, tariffs: &Tariffs, t: &Texts) -> Self {
        let money = |value: fn(&Terms) -> Option<Tenge>| {
            let found = wider.find(value);
            inherited(found.map(|(place, amount)| (place, format::money(amount))), t)
        };
        let named = |kind, value: fn(&Terms) -> Option<String>, usual: Option<&str>| {
            let found = wider.find(value);
            let found = found.or_else(|| usual.map(|name| ("usual", name.to_owned())));
            inherited(found.map(|(place, name)| (place, tariff_name(kind, &name, t))), t)
        };
        let choices = |kind, none: String, chosen: &str| {
            let choice = |value: &str, word| Choice {
                chosen: value == chosen,
                value: value.to_owned(),
                word,
            };
            let none = if none.is_empty() {
                t.get("terms-not-set")
            } else {
                none
            };
            let names = tariffs.names(kind).into_iter();
            let named = names.map(|name| choice(name, tariff_name(kind, name, t)));
            [choice("", none)].into_iter().chain(named).collect()
        };
        let goal = wider.find(|terms| terms.goal);
        let none = match goal {
            Some((place, goal)) => inherited(Some((place, goal_in_words(goal, t))), t),
            None => t.get("terms-goal-none"),
        };
        let kinds = GoalKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), t.get(format!("terms-goal-{kind}"))));
        let goals = [("", none)]
            .into_iter()
            .chain(kinds)
            .map(|(value, word)| Choice {
                chosen: value == form.goal_kind,
                value: value.to_owned(),
                word,
            })
            .collect();
        let commission = named(
            TariffKind::Commission,
            |terms| terms.commission.clone(),
            Some(USUAL_COMMISSION),
        );
        let tax = named(TariffKind::Tax, |terms| terms.tax.clone(), None);
        let delivery = named(
            TariffKind::Delivery,
            |terms| terms.delivery.clone(),
            Some(USUAL_DELIVERY),
        );
        let weight = wider.find(|terms| terms.weight_grams);
        Self {
            commissions: choices(TariffKind::Commission, commission, &form.commission),
            taxes: choices(TariffKind::Tax, tax, &form.tax),
            deliveries: choices(TariffKind::Delivery, delivery, &form.delivery),
            goals,
            floor: money(|terms| terms.floor),
            ceiling: money(|terms| terms.ceiling),
            unit_cost: money(|terms| terms.unit_cost),
            weight: inherited(
                weight.map(|(place, grams)| (place, t.with("terms-grams", "n", grams))),
                t,
            ),
            form,
        }
    }
}

#[cfg(test)]
mod tests;
