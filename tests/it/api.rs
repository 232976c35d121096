//! The JSON API: bytes, order of fields and texts that its clients compare.

mod access;
mod health;
mod lists;

use kaspi_panel::{
    app::api_tokens::create_api_token,
    domain::{Actor, Role, StoreId, UserId},
};
use secrecy::ExposeSecret;

use crate::support::{Client, TestApp, db_store, db_user};

/// A seller with a store, and a program that has his key.
async fn seller(app: &mut TestApp, name: &str, merchant_id: &str) -> (UserId, StoreId, Client) {
    let owner = db_user(&mut app.conn(), name, Role::Manager);
    let store = db_store(&mut app.conn(), owner, merchant_id);
    let client = program(app, name).await;
    (owner, store, client)
}

/// A program with a key of the user.
async fn program(app: &mut TestApp, name: &str) -> Client {
    let (_, key) = create_api_token(
        &app.services,
        &Actor::system(),
        &format!("{name}@example.kz"),
        "script",
    )
    .await
    .expect("a token");
    app.api(key.expose_secret())
}
