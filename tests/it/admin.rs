//! The administration area, through its pages: lists, forms, conflicts, deletion, actions, rights.

mod access;
mod forms;
mod lists;
mod matrix;
mod million;
mod models;
mod rows;
mod wide_lists;

use kaspi_panel::domain::{ProductId, Role, StoreId};

use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user};

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
