//! The administration area, through its pages: lists, forms, conflicts, deletion, actions, rights.

mod access;
mod forms;
mod lists;

use diesel::prelude::*;
use kaspi_panel::{
    domain::{PreorderId, ProductId, Role, StoreId},
    schema::preorders,
};

use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user, now};

/// An administrator at a panel with one seller's store.
async fn panel(app: &mut TestApp) -> (Client, StoreId) {
    let owner = db_user(&mut app.conn(), "anna", Role::Manager);
    let store = db_store(&mut app.conn(), owner, "30000001");
    (app.signed_in("root", Role::Admin).await, store)
}

/// A product called `name`.
fn product(app: &TestApp, store: StoreId, sku: &str, name: &str, price: i64) -> ProductId {
    let new = NewProduct {
        sku,
        name,
        price,
        ..NewProduct::default()
    };
    db_product(&mut app.conn(), store, &new)
}

/// A preorder of the product.
fn preorder(app: &TestApp, store: StoreId, product: ProductId) -> PreorderId {
    let id = PreorderId::new();
    diesel::insert_into(preorders::table)
        .values((
            preorders::id.eq(id),
            preorders::store_id.eq(store),
            preorders::product_id.eq(product),
            preorders::name.eq("Kettle, ordered"),
            preorders::created_at.eq(now()),
            preorders::updated_at.eq(now()),
        ))
        .execute(&mut app.conn())
        .expect("a preorder");
    id
}
