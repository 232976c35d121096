//! kaspi-panel: stores, safe prices and preorders for people who sell on Kaspi.kz.
//!
//! | layer | what it holds | what is absent from it |
//! | --- | --- | --- |
//! | [`domain`] | pure rules: money, prices, states | IO, clocks, logging, SQL |
//! | [`store`] | all SQL | HTTP words, transactions of its own |
//! | [`last_gate`] | the last check before a price leaves | code of the engine |
//! | [`kaspi`] | the marketplace client and the browser login | SQL, pages |
//! | [`notify`] | messages to people: Telegram, mail, webhook | SQL, who hears what |
//! | [`sheets`] | spreadsheets as bytes | IO |
//! | [`metrics`] | what a process counts for monitoring | IO |
//! | [`queue`] | background jobs: payloads and enqueueing | what a job does |
//! | [`app`] | what the product does, one file per capability | HTTP, HTML |
//! | [`worker`] | jobs and loops: payload → `app` call | SQL, HTTP |
//! | [`admin`] | the registry-driven administration area | actix |
//! | [`web`] | pages and JSON API | SQL, writes that bypass `app` |
//! | [`cli`] | commands: wiring | logic |
//!
//! Start reading at [`services`], then at `app/reprice.rs`.

pub mod admin;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod fail_points;
pub mod kaspi;
pub mod last_gate;
pub mod metrics;
pub mod notify;
pub mod os;
pub mod queue;
pub mod schema;
pub mod secrets;
pub mod services;
pub mod sheets;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod worker;

/// The version that decisions, pushes and audit rows are stamped with.
pub const BUILD_ID: &str = env!("CARGO_PKG_VERSION");
