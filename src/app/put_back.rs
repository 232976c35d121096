//! Putting the confirmed prices of an earlier moment back: a preview that sends nothing, and an act that plans the
//! writes. They go through the journal, the last gate and the pace of every other write; what limits, goals or stops
//! forbid today is left out and told.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    edit::{EditError, store_for_change},
    reprice::supersede,
};
use crate::{
    domain::{
        Actor, ProductId, PushOrigin, PutBackId, SessionState, StoreId, Tenge, WriteClass,
        pricing::{Worth, brought_inside, lowest_safe},
        product::LOWEST_PRICE,
        tariffs::Tariffs,
        terms::Terms,
    },
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert_all},
        kill_switches::{NamedStop, kill_switch_list_active},
        product_writes::products_hold,
        pushes::{NewPush, almaty_day, push_in_flight, push_insert},
        put_backs::{
            PastPrice, PutBackRow, past_prices, products_lock, put_back_fetch, put_back_insert, put_back_own,
            put_back_waiting,
        },
        stores::Store,
        tariffs::tariffs_load,
        terms::terms_of_products,
    },
};

/// So long the robot leaves a product alone whose price was put back.
pub const HANDS_OFF: TimeDelta = TimeDelta::hours(1);
/// Writes planned by one statement.
const PLANNED_AT_ONCE: usize = 1_000;

/// Why nothing was put back.
#[derive(Debug, thiserror::Error)]
pub enum PutBackError {
    /// There is no such store for this actor.
    #[error("there is no such store")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this")]
    Forbidden,
    /// The moment lies ahead.
    #[error("this moment has not come yet")]
    Ahead,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for PutBackError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// What is to be put back.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The store.
    pub store_id: StoreId,
    /// Only these products; `None`: all of the store.
    pub products: Option<Vec<ProductId>>,
    /// The moment whose prices are wanted.
    pub at: DateTime<Utc>,
}

/// A product whose price of then is not its price of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub product_id: ProductId,
    /// Its title.
    pub name: String,
    /// The seller's article.
    pub sku: Option<String>,
    /// City, price of now, price to be set. Cities whose price of then is not known keep theirs.
    pub cities: Vec<(String, Tenge, Tenge)>,
    /// Code of what forbids it now; a text for each stands in the locales.
    pub refusal: Option<&'static str>,
    pub(super) lowest: Tenge,
}

impl Line {
    /// The city that moves furthest: price of now and price to be set.
    #[must_use]
    pub fn biggest(&self) -> (Tenge, Tenge) {
        let moved = |(_, now, then): &&(String, Tenge, Tenge)| (then.0 - now.0).abs();
        let city = self.cities.iter().max_by_key(moved);
        city.map_or((Tenge(0), Tenge(0)), |(_, now, then)| (*now, *then))
    }
}

/// What a put-back would do now.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The store.
    pub store: Store,
    /// Products with another price than then, those that move furthest (in percent) first.
    pub lines: Vec<Line>,
    /// Products that have the price of then.
    pub same: usize,
    /// Products whose price of then is not known.
    pub unknown: usize,
}

impl Preview {
    /// Products whose price would be set.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.lines.iter().filter(|line| line.refusal.is_none()).count()
    }

    /// Products that may not have their price of then now, by the code of why; the most frequent first.
    #[must_use]
    pub fn refused(&self) -> Vec<(&'static str, usize)> {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for code in self.lines.iter().filter_map(|line| line.refusal) {
            *counts.entry(code).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// What came of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Planned {
    /// Key: its progress is looked at by it.
    pub id: PutBackId,
    /// Writes planned.
    pub planned: usize,
    /// Products left out, because something forbids their price of then.
    pub refused: usize,
}

/// What would change; sends nothing and writes nothing down.
///
/// # Errors
/// See [`PutBackError`].
pub async fn preview_put_back(
    services: &Services,
    actor: &Actor,
    wish: Wish,
) -> Result<Preview, PutBackError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .read(move |conn| preview(conn, &actor, &wish, now))
        .await
}

/// Plans the writes. The same `id` again does nothing more: it tells what was planned the first time. The robot leaves
/// the products alone for [`HANDS_OFF`].
///
/// # Errors
/// See [`PutBackError`].
pub async fn put_back(
    services: &Services,
    actor: &Actor,
    id: PutBackId,
    wish: Wish,
) -> Result<Planned, PutBackError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            if let Some(before) = put_back_fetch(conn, actor.tenant(), id)? {
                return Ok(planned(&before));
            }
            let first = preview(conn, &actor, &wish, now)?;
            let ids: Vec<ProductId> = first.lines.iter().map(|line| line.product_id).collect();
            products_hold(conn, &ids)?;
            // Looked at once more, now that nobody else plans for them.
            let wish = Wish {
                products: Some(ids),
                ..wish
            };
            let found = preview(conn, &actor, &wish, now)?;
            plan(conn, &actor, id, &wish, &found, now)
        })
        .await
}

fn planned(row: &PutBackRow) -> Planned {
    let count = |count: i32| usize::try_from(count).unwrap_or_default();
    Planned {
        id: row.id,
        planned: count(row.planned),
        refused: count(row.refused),
    }
}

fn preview(
    conn: &mut PgConnection,
    actor: &Actor,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<Preview, PutBackError> {
    let store = store_for_change::<()>(conn, actor, wish.store_id)?;
    if wish.at > now {
        return Err(PutBackError::Ahead);
    }
    let (mut lines, mut same, mut unknown) = (Vec::new(), 0, 0);
    let prices = past_prices(conn, store.id, wish.products.as_deref(), wish.at)?;
    for cities in prices.chunk_by(|a, b| a.product_id == b.product_id) {
        let Some(first) = cities.first() else { continue };
        let differs = |past: Option<Tenge>, present| past.is_some_and(|past| past != present);
        if cities.iter().all(|city| city.past.is_none()) {
            unknown += 1;
        } else if !cities.iter().any(|city| differs(city.past, city.present)) {
            same += 1;
        } else {
            let told = |city: &PastPrice| {
                (
                    city.city_id.clone(),
                    city.present,
                    city.past.unwrap_or(city.present),
                )
            };
            lines.push(Line {
                product_id: first.product_id,
                name: first.name.clone(),
                sku: first.sku.clone(),
                cities: cities.iter().map(told).collect(),
                refusal: (!first.on_sale).then_some("not_on_sale"),
                lowest: LOWEST_PRICE,
            });
        }
    }
    judge(conn, actor, &store, &mut lines, now)?;
    lines.sort_by_key(|line| {
        let (now, then) = line.biggest();
        std::cmp::Reverse((then.0 - now.0).abs().saturating_mul(10_000) / now.0.max(1))
    });
    Ok(Preview {
        store,
        lines,
        same,
        unknown,
    })
}

/// Finds for each line what forbids it now. The last gate will ask all of it again.
pub(super) fn judge(
    conn: &mut PgConnection,
    actor: &Actor,
    store: &Store,
    lines: &mut [Line],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids: Vec<ProductId> = lines.iter().map(|line| line.product_id).collect();
    let mut busy: HashSet<ProductId> = push_in_flight(conn, &ids)?;
    busy.extend(put_back_waiting(conn, &ids)?);
    let stops = kill_switch_list_active(conn, actor.tenant())?;
    let terms = terms_of_products(conn, &ids)?;
    let tariffs = tariffs_load(conn)?;
    let of_store = if !store.active || store.session_state != SessionState::Connected {
        Some("store_not_connected")
    } else if store.frozen_until.is_some_and(|until| until > now) {
        Some("store_frozen")
    } else {
        None
    };
    for line in lines {
        // A strategy that is stopped finds no prices; these were found before.
        let covers = |stop: &NamedStop| stop.stop.covers(store.id, line.product_id, Some(""));
        line.refusal = line.refusal.or(of_store);
        if line.sku.is_none() {
            line.refusal = Some("no_sku");
        } else if stops.iter().any(covers) {
            line.refusal = Some("stopped");
        } else if busy.contains(&line.product_id) {
            line.refusal = Some("in_flight");
        } else if line.refusal.is_none() {
            let found = limits(line, &terms, &tariffs, now);
            line.refusal = found.err();
            line.lowest = found.unwrap_or(LOWEST_PRICE);
        }
    }
    Ok(())
}

/// The lowest permitted price, when every city's price is permitted today.
fn limits(
    line: &Line,
    terms: &HashMap<ProductId, Terms>,
    tariffs: &Tariffs,
    now: DateTime<Utc>,
) -> Result<Tenge, &'static str> {
    let terms = terms.get(&line.product_id).ok_or("no_floor")?;
    let (limits, economics) = (terms.limits(), terms.economics(tariffs, almaty_day(now)).ok());
    if limits.floor.is_none() && economics.is_none() {
        return Err("no_floor");
    }
    let lowest = lowest_safe(limits, economics.as_ref());
    for (_, present, price) in &line.cities {
        if *price < limits.floor.unwrap_or(LOWEST_PRICE).max(LOWEST_PRICE) {
            return Err("below_floor");
        }
        if limits.ceiling.is_some_and(|ceiling| *price > ceiling) {
            return Err("above_ceiling");
        }
        if brought_inside(limits, economics.as_ref(), *price) != Some(*price) {
            return Err("below_goal");
        }
        // Nobody raises without a ceiling, except up to the lowest permitted price itself.
        let raise = price > present;
        if limits.ceiling.is_none() && raise && lowest.is_none_or(|lowest| *price != lowest.max(LOWEST_PRICE))
        {
            return Err("no_ceiling");
        }
    }
    Ok(lowest.unwrap_or(LOWEST_PRICE))
}

fn plan(
    conn: &mut PgConnection,
    actor: &Actor,
    id: PutBackId,
    wish: &Wish,
    found: &Preview,
    now: DateTime<Utc>,
) -> Result<Planned, PutBackError> {
    let allowed: Vec<&Line> = found.lines.iter().filter(|line| line.refusal.is_none()).collect();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let row = PutBackRow {
        id,
        store_id: found.store.id,
        wanted_at: wish.at,
        requested_by: actor.name.clone(),
        planned: count(allowed.len()),
        refused: count(found.lines.len() - allowed.len()),
        created_at: now,
    };
    if !put_back_insert(conn, &row)? {
        // The same form, sent a second time while the first was being planned.
        let before = put_back_fetch(conn, actor.tenant(), id)?.ok_or(PutBackError::NotFound)?;
        return Ok(planned(&before));
    }
    let mut entries = vec![
        AuditEntry::new(
            actor,
            now,
            Some(found.store.id),
            ("store", found.store.id.0, &found.store.name),
            "put_back",
        )
        .change(
            json!({}),
            json!({ "wanted_at": wish.at, "planned": row.planned, "refused": row.refused }),
        ),
    ];
    for lines in allowed.chunks(PLANNED_AT_ONCE) {
        let pushes: Vec<NewPush> = lines
            .iter()
            .map(|line| NewPush {
                store_id: found.store.id,
                product_id: line.product_id,
                decision_id: None,
                origin: PushOrigin::PutBack,
                actor_id: actor.user_id,
                market_taken_at: None,
                lowest_tenge: line.lowest,
                // Writes of people go before all others; among them the order does not matter.
                worth: Worth {
                    class: WriteClass::Place,
                    per_day: Tenge(0),
                },
                cities: line.cities.clone(),
                restore_image: None,
            })
            .collect();
        let products: Vec<ProductId> = lines.iter().map(|line| line.product_id).collect();
        let replaced = supersede(conn, &products, now)?;
        let ids = push_insert(conn, &pushes, &replaced, now)?;
        put_back_own(conn, id, &ids)?;
        products_lock(conn, &products, now + HANDS_OFF)?;
        entries.extend(lines.iter().zip(ids).map(|(line, push)| {
            let prices: Vec<_> = line
                .cities
                .iter()
                .map(|(city, before, price)| json!({ "city": city, "before": before, "price": price }))
                .collect();
            let object = ("price_push", push.0, line.name.as_str());
            AuditEntry::new(actor, now, Some(found.store.id), object, "put_back")
                .change(json!({}), json!({ "prices": prices }))
        }));
    }
    audit_insert_all(conn, &entries)?;
    Ok(planned(&row))
}
