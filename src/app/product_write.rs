//! Products as programs write them by the API: all fields of the catalogue at once, made, changed or switched in bulk.
//! Never sends a price. Automatic prices may be switched on before there is a floor: the robot's hands stay off a product
//! until a floor or costs hold for it, its own or those of its store or category.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    alerts,
    edit::{EditError, FieldError, changed_fields, filled, store_for_change},
    product_edit::{ProductEditError, catalogue_errors, change_errors, change_of, entry},
    reprice::supersede,
};
use crate::{
    domain::{Actor, AlertKind, ProductId, Publishing, StoreId, Tenge, terms::Terms},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert, audit_insert_all},
        error::Unique,
        price_feeds::feed_fetch,
        product_writes::{
            preorders_follow, product_has_rule, product_prices_forget, product_write, products_hold,
            products_of_offers, products_switch,
        },
        products::{Product, ProductRow, product_fetch, product_insert},
        public_looks::public_look_end,
        pushes::{product_price_set, push_in_flight, push_waiting},
        stores::{Store, store_fetch},
        terms::{TermsPlace, terms_beyond_product, terms_fetch},
    },
};

/// What is written; outside `None` leaves a field as it is, inside `None` empties it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductWrite {
    /// The store; of a product that is there only to another store of the same owner.
    pub store_id: Option<StoreId>,
    /// The cabinet's offer id.
    pub kaspi_product_id: Option<String>,
    /// The seller's article.
    pub sku: Option<Option<String>>,
    /// The marketplace's page of the product.
    pub card_id: Option<Option<String>>,
    /// Title.
    pub name: Option<String>,
    /// Category.
    pub category: Option<Option<String>>,
    /// Picture.
    pub image_url: Option<Option<String>>,
    /// The price that the marketplace shows in the store's main city, until it is read there.
    pub price: Option<Tenge>,
    /// Opt-in of automatic prices.
    pub repricing_enabled: Option<bool>,
    /// Lowest permitted price.
    pub floor: Option<Option<Tenge>>,
    /// Highest permitted price.
    pub ceiling: Option<Option<Tenge>>,
    /// The predecessor's field: names one of our strategies, or anything, which the robot refuses to play.
    pub strategy: Option<Option<String>>,
}

impl ProductWrite {
    fn apply(self, product: Product) -> Product {
        Product {
            store_id: self.store_id.unwrap_or(product.store_id),
            kaspi_product_id: self.kaspi_product_id.unwrap_or(product.kaspi_product_id),
            sku: self.sku.map_or(product.sku, filled),
            card_id: self.card_id.map_or(product.card_id, filled),
            name: self.name.unwrap_or(product.name),
            category: self.category.map_or(product.category, filled),
            image_url: self.image_url.map_or(product.image_url, filled),
            repricing_enabled: self.repricing_enabled.unwrap_or(product.repricing_enabled),
            floor_tenge: self.floor.unwrap_or(product.floor_tenge),
            ceiling_tenge: self.ceiling.unwrap_or(product.ceiling_tenge),
            strategy: self.strategy.map_or(product.strategy, filled),
            ..product
        }
    }
}

/// Adds a product.
///
/// # Errors
/// See [`EditError`]; `Invalid` also when the store has the sku already, or is not the actor's.
pub async fn write_new_product(
    services: &Services,
    actor: &Actor,
    write: ProductWrite,
) -> Result<ProductId, ProductEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store_id = write.store_id.ok_or_else(unknown_store)?;
            let store = store_of(conn, &actor, store_id)?;
            if publishes_by_list(conn, &store)? {
                return Err(invalid("price_tenge", "product-error-price-published"));
            }
            let price = write.price;
            let product = write.apply(blank(store_id, now));
            check(conn, &product)?;
            match product_insert(conn, &product) {
                Err(StoreError::Duplicate(Unique::ProductSku)) => return Err(taken()),
                result => result?,
            }
            if let Some(price) = price {
                product_price_set(conn, product.id, &store.main_city_id, price, now)?;
            }
            let after = json_of(&product, price);
            audit_insert(
                conn,
                &entry(&actor, now, &product, "create").change(json!({}), after),
            )?;
            Ok(product.id)
        })
        .await
}

/// Changes a product. A change to the same values writes nothing.
///
/// # Errors
/// See [`EditError`]; `Conflict` while a write of its price is on its way and the change would make it another offer.
pub async fn write_product(
    services: &Services,
    actor: &Actor,
    id: ProductId,
    write: ProductWrite,
) -> Result<(), ProductEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            products_hold(conn, &[id])?;
            let row = product_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
            let store = store_for_change::<ProductRow>(conn, &actor, row.product.store_id)?;
            write_in(conn, &actor, (row, store), write, now)
        })
        .await
}

fn write_in(
    conn: &mut PgConnection,
    actor: &Actor,
    (row, store): (ProductRow, Store),
    write: ProductWrite,
    now: DateTime<Utc>,
) -> Result<(), ProductEditError> {
    let before_price = row.price.as_ref().map(|price| price.price_tenge);
    let stated = write.price;
    let before = row.product.clone();
    let mut after = write.apply(before.clone());
    let moved_to = if after.store_id == before.store_id {
        None
    } else {
        Some(may_move(conn, actor, &store, &after)?)
    };
    // What the old store asks is no price of the new one: there it is not known until it is stated or read.
    let price = if moved_to.is_some() {
        stated
    } else {
        stated.or(before_price)
    };
    check(conn, &after)?;
    let other_offer = moved_to.is_some() || after.sku != before.sku || after.card_id != before.card_id;
    let other_price = price != before_price;
    if other_offer || other_price {
        let ids = [before.id];
        // What was planned rests on what is no more. Ended first, so that nothing can be taken up after the look.
        supersede(conn, &ids, now)?;
        if !push_in_flight(conn, &ids)?.is_empty() || !push_waiting(conn, &ids)?.is_empty() {
            return Err(EditError::Conflict(Box::new(row)));
        }
    }
    if other_offer {
        // The last gate lets nothing pass that was planned for the old one, nobody looks for its price any more, and its
        // troubles are not the new one's.
        after.push_sequence += 1;
        public_look_end(conn, before.id)?;
        alerts::resolve(conn, AlertKind::ALL, Some(before.store_id), Some(before.id), now)?;
    }
    if moved_to.is_some() {
        (after.stock, after.availabilities, after.availabilities_read_at) = (None, None, None);
    }
    let Some((old, new)) = changed_fields(json_of(&before, before_price), json_of(&after, price)) else {
        return Ok(());
    };
    if moved_to.is_some() {
        // Before it moves: the end of a price is kept with the store that asked it.
        product_prices_forget(conn, after.id)?;
    }
    match product_write(conn, before.version, &after, now) {
        Err(StoreError::Stale) => return Err(EditError::Conflict(Box::new(row))),
        Err(StoreError::Duplicate(Unique::ProductSku)) => return Err(taken()),
        result => result?,
    }
    if moved_to.is_some() {
        follow(conn, actor, (&before, &after), now)?;
    }
    if let Some(price) = price.filter(|_| other_price || moved_to.is_some()) {
        let store = moved_to.unwrap_or(store);
        if publishes_by_list(conn, &store)? {
            return Err(invalid("price_tenge", "product-error-price-published"));
        }
        product_price_set(conn, after.id, &store.main_city_id, price, now)?;
    }
    Ok(audit_insert(
        conn,
        &entry(actor, now, &after, "update").change(old, new),
    )?)
}

/// Takes along what goes with a product to another store.
fn follow(
    conn: &mut PgConnection,
    actor: &Actor,
    (before, after): (&Product, &Product),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let entries: Vec<AuditEntry> = preorders_follow(conn, after)?
        .iter()
        .map(|(id, name)| {
            let object = ("preorder", id.0, name.as_str());
            AuditEntry::new(actor, now, Some(after.store_id), object, "update").change(
                json!({ "store_id": before.store_id }),
                json!({ "store_id": after.store_id }),
            )
        })
        .collect();
    audit_insert_all(conn, &entries)
}

/// A price list shows confirmed prices to buyers: nobody states one there.
fn publishes_by_list(conn: &mut PgConnection, store: &Store) -> Result<bool, StoreError> {
    Ok(feed_fetch(conn, store.id)?.is_some_and(|feed| feed.publishing != Publishing::Cabinet))
}

/// To another store of the same owner, with nothing that belongs to the old one, and to none whose prices buyers see
/// through a price list. The store.
fn may_move(
    conn: &mut PgConnection,
    actor: &Actor,
    from: &Store,
    product: &Product,
) -> Result<Store, ProductEditError> {
    let to = store_of(conn, actor, product.store_id)?;
    if to.owner_id != from.owner_id {
        return Err(unknown_store());
    }
    let own_terms = terms_fetch(conn, &TermsPlace::Product(from.id, product.id))?;
    if own_terms.is_some() || product_has_rule(conn, product.id)? {
        return Err(invalid("store_id", "product-error-move"));
    }
    if publishes_by_list(conn, &to)? {
        return Err(invalid("store_id", "product-error-move-published"));
    }
    Ok(to)
}

/// The store, as the value of a field: one that the actor does not see does not exist.
fn store_of(conn: &mut PgConnection, actor: &Actor, id: StoreId) -> Result<Store, ProductEditError> {
    store_fetch(conn, actor.tenant(), id)?.ok_or_else(unknown_store)?;
    store_for_change::<ProductRow>(conn, actor, id)
}

fn check(conn: &mut PgConnection, product: &Product) -> Result<(), ProductEditError> {
    let key = (product.id, product.category.as_deref());
    let beyond: Terms = terms_beyond_product(conn, product.store_id, key)?;
    let change = change_of(product);
    let mut errors = change_errors(&change, &beyond);
    errors.retain(|error| error.code != "product-error-floor-needed");
    errors.extend(catalogue_errors(product));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EditError::Invalid(errors))
    }
}

/// Switches automatic prices of the products of a store with these offer ids. Counts all of them, those that were
/// switched so before included.
///
/// # Errors
/// `NotFound` and `Forbidden` of the store, `Store`.
pub async fn switch_offers(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    offers: Vec<String>,
    enabled: bool,
) -> Result<usize, EditError<()>> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            store_for_change::<()>(conn, &actor, store_id)?;
            let found = products_of_offers(conn, store_id, &offers)?;
            let changed: Vec<_> = found.iter().filter(|(_, _, on)| *on != enabled).collect();
            let ids: Vec<ProductId> = changed.iter().map(|(id, ..)| *id).collect();
            products_switch(conn, &ids, enabled, now)?;
            let entries: Vec<AuditEntry> = changed
                .iter()
                .map(|(id, name, on)| {
                    let object = ("product", id.0, name.as_str());
                    AuditEntry::new(&actor, now, Some(store_id), object, "update").change(
                        json!({ "repricing_enabled": on }),
                        json!({ "repricing_enabled": enabled }),
                    )
                })
                .collect();
            audit_insert_all(conn, &entries)?;
            Ok(found.len())
        })
        .await
}

fn blank(store_id: StoreId, now: DateTime<Utc>) -> Product {
    Product {
        id: ProductId::new(),
        store_id,
        kaspi_product_id: String::new(),
        sku: None,
        card_id: None,
        name: String::new(),
        brand: None,
        category: None,
        image_url: None,
        on_sale: true,
        archived_at: None,
        stock: None,
        preorder_days: 0,
        availabilities: None,
        availabilities_read_at: None,
        repricing_enabled: true,
        floor_tenge: None,
        ceiling_tenge: None,
        strategy: None,
        locked_until: None,
        push_sequence: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn json_of(product: &Product, price: Option<Tenge>) -> Value {
    json!({
        "store_id": product.store_id,
        "kaspi_product_id": product.kaspi_product_id,
        "sku": product.sku,
        "card_id": product.card_id,
        "name": product.name,
        "category": product.category,
        "image_url": product.image_url,
        "price_tenge": price,
        "repricing_enabled": product.repricing_enabled,
        "floor_tenge": product.floor_tenge,
        "ceiling_tenge": product.ceiling_tenge,
        "strategy": product.strategy,
    })
}

fn invalid(field: &'static str, code: &'static str) -> ProductEditError {
    EditError::Invalid(vec![FieldError::new(field, code)])
}

fn unknown_store() -> ProductEditError {
    invalid("store_id", "product-error-store-unknown")
}

fn taken() -> ProductEditError {
    invalid("sku", "product-error-sku-taken")
}
