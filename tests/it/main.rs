//! The integration tests: real PostgreSQL, a real simulator process, real Chromium. One binary, one
//! module per area; `support` is the harness.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it must be"
)]

mod admin;
mod api;
mod backup;
mod browser;
mod canaries;
mod crash;

mod delivery;
mod deploy;
mod faults;
mod harness;
mod import_django;
mod imports;
mod kaspi;
mod login;
mod metrics;
mod os;
mod pages;
mod preorders;
mod price_feed;
mod pricing;
mod proxies;
mod reports;
mod reprice;
mod retention;
mod routes;
mod runbooks;
mod secrets;
mod store;
mod support;
mod sync;
mod tariffs;
mod tidy;
mod without_scripts;
mod worker;
