//! The JSON API: bytes, order of fields and texts that its clients compare.

mod access;
mod actions;
mod bodies;
mod fuzz;
mod health;
mod idempotency;
mod lists;
mod logins;
mod matrix;
mod preorders;
mod products;
mod resources;
mod schema;
mod stores;

use kaspi_panel::{
    app::api_tokens::create_api_token,
    domain::{Actor, Role, StoreId, UserId},
};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Answer, Client, TestApp, db_store, db_user};

/// A JSON body as it is, byte for byte.
async fn send(client: &Client, method: Method, path: &str, body: &str) -> Answer {
    let json = [("content-type", "application/json")];
    client.raw(method, path, &json, body.as_bytes().to_vec()).await
}

/// `POST` of a JSON body as it is.
async fn post(client: &Client, path: &str, body: &str) -> Answer {
    send(client, Method::POST, path, body).await
}

/// A text of an object.
fn text(object: &Value, name: &str) -> String {
    object[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {object}"))
        .to_owned()
}

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
        &format!("script {}", Uuid::now_v7()),
    )
    .await
    .expect("a token");
    app.api(key.expose_secret())
}
