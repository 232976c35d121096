//! Setting limits and economics for a store, a category or a product. Never sends a price: the products concerned
//! become due, and the next decision counts with what is set.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::edit::{EditError, FieldError, changed_fields, store_for_change};
use crate::{
    domain::{
        Actor, TariffKind, Tenge, percent::Percent, pricing::Goal, product::LOWEST_PRICE, tariffs::Tariffs,
        terms::Terms,
    },
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        products::product_fetch,
        tariffs::tariffs_load,
        terms::{
            PricingTerms, TermsPlace, products_make_due, store_has_category, terms_delete, terms_fetch,
            terms_insert, terms_update,
        },
    },
};

/// Why terms were not set.
pub type TermsEditError = EditError<PricingTerms>;

/// Heaviest parcel, in grams.
const WEIGHT_MAX: i32 = 1_000_000;

/// Sets what holds at a place, in place of what was set there with `version` (0: nothing). Nothing set at all
/// removes it: what is set more widely holds again. A change to the same values writes nothing.
///
/// # Errors
/// See [`EditError`].
pub async fn set_terms(
    services: &Services,
    actor: &Actor,
    place: TermsPlace,
    version: i32,
    terms: Terms,
) -> Result<(), TermsEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| set_terms_in(conn, &actor, &place, version, &terms, now))
        .await
}

/// [`set_terms`] within a transaction.
///
/// # Errors
/// See [`EditError`].
pub(super) fn set_terms_in(
    conn: &mut PgConnection,
    actor: &Actor,
    place: &TermsPlace,
    version: i32,
    terms: &Terms,
    now: DateTime<Utc>,
) -> Result<(), TermsEditError> {
    let store = store_for_change::<PricingTerms>(conn, actor, place.store_id())?;
    let name = match place {
        TermsPlace::Store(_) => store.name,
        // Of one that no product belongs to any more, what is set can still be cleared.
        TermsPlace::Category(id, category) => {
            let known = store_has_category(conn, *id, category)? || terms_fetch(conn, place)?.is_some();
            known.then(|| category.clone()).ok_or(EditError::NotFound)?
        }
        TermsPlace::Product(store_id, id) => {
            let row = product_fetch(conn, actor.tenant(), *id)?;
            let row = row.filter(|row| row.product.store_id == *store_id);
            row.ok_or(EditError::NotFound)?.product.name
        }
    };
    let wider = match place {
        TermsPlace::Category(id, _) => terms_fetch(conn, &TermsPlace::Store(*id))?,
        TermsPlace::Store(_) | TermsPlace::Product(..) => None,
    };
    let wider = wider.map(|row| row.terms()).unwrap_or_default();
    let errors = terms_errors(terms, &wider, &tariffs_load(conn)?);
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let new = PricingTerms::new(place, terms, now);
    let old = terms_fetch(conn, place)?;
    let theirs = |row: Option<PricingTerms>| {
        row.unwrap_or_else(|| PricingTerms {
            version: 0,
            ..PricingTerms::new(place, &Terms::default(), now)
        })
    };
    if old.as_ref().map_or(0, |old| old.version) != version {
        return Err(EditError::Conflict(Box::new(theirs(old))));
    }
    let before = terms_json(&old.as_ref().map(PricingTerms::terms).unwrap_or_default());
    let Some((before, after)) = changed_fields(before, terms_json(&new.terms())) else {
        return Ok(());
    };
    let written = match &old {
        None => terms_insert(conn, &new),
        Some(old) if new.is_empty() => terms_delete(conn, (old.id, version)),
        Some(old) => terms_update(conn, (old.id, version), &new),
    };
    match written {
        Err(StoreError::Stale) => {
            let row = terms_fetch(conn, place)?;
            return Err(EditError::Conflict(Box::new(theirs(row))));
        }
        // The failed statement ended the transaction: nothing more can be asked in it.
        Err(StoreError::Duplicate(Unique::Terms)) => {
            return Err(EditError::Conflict(Box::new(theirs(None))));
        }
        result => result?,
    }
    products_make_due(conn, place, now)?;
    let id = old.map_or(new.id, |old| old.id);
    let object = ("pricing_terms", id.0, name.as_str());
    let entry = AuditEntry::new(actor, now, Some(place.store_id()), object, "update").change(before, after);
    Ok(audit_insert(conn, &entry)?)
}

fn terms_json(terms: &Terms) -> Value {
    json!({
        "floor_tenge": terms.floor,
        "ceiling_tenge": terms.ceiling,
        "unit_cost_tenge": terms.unit_cost,
        "commission": terms.commission,
        "tax": terms.tax,
        "delivery": terms.delivery,
        "weight_grams": terms.weight_grams,
        "goal": terms.goal,
    })
}

/// `wider`: what holds where these terms are silent.
fn terms_errors(terms: &Terms, wider: &Terms, tariffs: &Tariffs) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |field, code| errors.push(FieldError::new(field, code));
    let inherited_ceiling = wider.ceiling.filter(|_| terms.ceiling.is_none());
    match terms.floor {
        Some(floor) if floor < LOWEST_PRICE => wrong("floor_tenge", "product-error-floor-low"),
        Some(floor) if floor > Tenge::MAX => wrong("floor_tenge", "product-error-price-high"),
        Some(floor) if inherited_ceiling.is_some_and(|ceiling| ceiling < floor) => {
            wrong("floor_tenge", "terms-error-floor-high");
        }
        _ => {}
    }
    let floor = terms.floor.or(wider.floor).unwrap_or(LOWEST_PRICE);
    match terms.ceiling {
        Some(ceiling) if ceiling < floor => wrong("ceiling_tenge", "product-error-ceiling-low"),
        Some(ceiling) if ceiling > Tenge::MAX => wrong("ceiling_tenge", "product-error-price-high"),
        _ => {}
    }
    match terms.unit_cost {
        Some(cost) if cost < Tenge(1) => wrong("unit_cost_tenge", "error-money-not-positive"),
        Some(cost) if cost > Tenge::MAX => wrong("unit_cost_tenge", "product-error-price-high"),
        _ => {}
    }
    if terms
        .weight_grams
        .is_some_and(|grams| !(1..=WEIGHT_MAX).contains(&grams))
    {
        wrong("weight_grams", "terms-error-weight");
    }
    match terms.goal {
        Some(Goal::Profit(amount)) if !(0..=Tenge::MAX.0).contains(&amount) => {
            wrong("goal_value", "product-error-price-high");
        }
        Some(Goal::Margin(share) | Goal::Roi(share))
            if share < Percent::whole(0) || share > Percent::whole(1_000) =>
        {
            wrong("goal_value", "terms-error-goal");
        }
        _ => {}
    }
    for (field, kind, name) in [
        ("commission", TariffKind::Commission, &terms.commission),
        ("tax", TariffKind::Tax, &terms.tax),
        ("delivery", TariffKind::Delivery, &terms.delivery),
    ] {
        if name.as_deref().is_some_and(|name| !tariffs.has(kind, name)) {
            wrong(field, "terms-error-tariff");
        }
    }
    errors
}

#[cfg(test)]
mod tests;
