//! Rows for tests, written straight to the tables. What a test does not care about gets a fixed value.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use kaspi_panel::{
    domain::{
        JobKind, JobRunId, JobState, PreorderId, ProductId, RepricingMode, Role, RuleId, SessionState,
        StoreId, Tenge, UserId,
    },
    schema::{job_runs, preorders, product_prices, products, rules, stores, users},
};
use serde_json::{Value, json};

use super::PASSWORD;

/// Where the clock of every test starts: 23 November 2026, 12:00 in Almaty.
pub fn now() -> DateTime<Utc> {
    "2026-11-23T07:00:00Z".parse().expect("a time")
}

/// The city of the main price in every fixture.
pub const CITY: &str = "750000000";

/// A user with an e-mail made of the name, who signs in with [`PASSWORD`].
pub fn db_user(conn: &mut PgConnection, name: &str, role: Role) -> UserId {
    let id = UserId::new();
    diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::external_id.eq(name),
            users::email.eq(format!("{name}@example.kz")),
            users::name.eq(name),
            users::password_hash.eq(password_hash()),
            users::role.eq(role),
            users::created_at.eq(now()),
            users::updated_at.eq(now()),
        ))
        .execute(conn)
        .expect("a user");
    id
}

/// [`PASSWORD`] hashed as cheaply as it can be.
fn password_hash() -> String {
    let params = Params::new(64, 1, 1, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(PASSWORD.as_bytes())
        .expect("a hash")
        .to_string()
}

/// A store of `owner` that is connected and repriced live.
pub fn db_store(conn: &mut PgConnection, owner: UserId, merchant_id: &str) -> StoreId {
    let id = StoreId::new();
    diesel::insert_into(stores::table)
        .values((
            stores::id.eq(id),
            stores::owner_id.eq(owner),
            stores::merchant_id.eq(merchant_id),
            stores::name.eq(format!("Store {merchant_id}")),
            stores::api_key.eq("reference"),
            stores::session_state.eq(SessionState::Connected),
            stores::repricing_mode.eq(RepricingMode::Live),
            stores::main_city_id.eq(CITY),
            stores::created_at.eq(now()),
            stores::updated_at.eq(now()),
        ))
        .execute(conn)
        .expect("a store");
    id
}

/// A product to insert; `..NewProduct::default()` for what does not matter.
#[derive(Debug, Clone)]
pub struct NewProduct<'a> {
    /// The seller's own number.
    pub sku: &'a str,
    /// Its page on the marketplace.
    pub card_id: Option<&'a str>,
    /// Name.
    pub name: &'a str,
    /// Price in the main city.
    pub price: i64,
    /// Lowest price.
    pub floor: Option<i64>,
    /// Highest price.
    pub ceiling: Option<i64>,
    /// Opt-in of automatic prices.
    pub repricing: bool,
}

impl Default for NewProduct<'_> {
    fn default() -> Self {
        Self {
            sku: "SKU-1",
            card_id: Some("100000001"),
            name: "Kettle",
            price: 10_000,
            floor: Some(8_000),
            ceiling: Some(12_000),
            repricing: true,
        }
    }
}

/// A product on sale that is due, with its price in the main city.
pub fn db_product(conn: &mut PgConnection, store: StoreId, new: &NewProduct<'_>) -> ProductId {
    let id = ProductId::new();
    diesel::insert_into(products::table)
        .values((
            products::id.eq(id),
            products::store_id.eq(store),
            products::kaspi_product_id.eq(new.sku),
            products::sku.eq(new.sku),
            products::card_id.eq(new.card_id),
            products::name.eq(new.name),
            products::floor_tenge.eq(new.floor),
            products::ceiling_tenge.eq(new.ceiling),
            products::repricing_enabled.eq(new.repricing),
            products::created_at.eq(now()),
            products::updated_at.eq(now()),
        ))
        .execute(conn)
        .expect("a product");
    diesel::insert_into(product_prices::table)
        .values((
            product_prices::product_id.eq(id),
            product_prices::city_id.eq(CITY),
            product_prices::price_tenge.eq(new.price),
            product_prices::read_at.eq(now()),
        ))
        .execute(conn)
        .expect("its price");
    id
}

/// The last confirmed price of a product in the main city.
pub fn db_price(conn: &mut PgConnection, product: ProductId) -> Tenge {
    product_prices::table
        .find((product, CITY))
        .select(product_prices::price_tenge)
        .first(conn)
        .expect("a price")
}

/// Runs of a kind that wait, the oldest first.
pub fn db_waiting_runs(conn: &mut PgConnection, kind: JobKind) -> Vec<JobRunId> {
    job_runs::table
        .filter(job_runs::kind.eq(kind))
        .filter(job_runs::state.eq(JobState::Queued))
        .order(job_runs::id)
        .select(job_runs::id)
        .load(conn)
        .expect("runs")
}

/// A preorder in work of the product.
pub fn db_preorder(conn: &mut PgConnection, store: StoreId, product: ProductId, name: &str) -> PreorderId {
    let id = PreorderId::new();
    diesel::insert_into(preorders::table)
        .values((
            preorders::id.eq(id),
            preorders::store_id.eq(store),
            preorders::product_id.eq(product),
            preorders::name.eq(name),
            preorders::created_at.eq(now()),
            preorders::updated_at.eq(now()),
        ))
        .execute(conn)
        .expect("a preorder");
    id
}

/// A run of background work for the store that nobody has begun.
pub fn db_job_run(conn: &mut PgConnection, kind: JobKind, store: StoreId, summary: &Value) -> JobRunId {
    let id = JobRunId::new();
    diesel::insert_into(job_runs::table)
        .values((
            job_runs::id.eq(id),
            job_runs::kind.eq(kind),
            job_runs::store_id.eq(store),
            job_runs::summary.eq(summary),
            job_runs::created_at.eq(now()),
        ))
        .execute(conn)
        .expect("a run");
    id
}

/// A rule for the whole store that goes with the cheapest rival.
pub fn db_rule(conn: &mut PgConnection, store: StoreId, name: &str) -> RuleId {
    let id = RuleId::new();
    diesel::insert_into(rules::table)
        .values((
            rules::id.eq(id),
            rules::store_id.eq(store),
            rules::name.eq(name),
            rules::definition.eq(json!({"strategy": {"kind": "match_lowest"}})),
            rules::created_at.eq(now()),
            rules::updated_at.eq(now()),
        ))
        .execute(conn)
        .expect("a rule");
    id
}
