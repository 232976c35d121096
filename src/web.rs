//! Pages and the JSON API on actix: parse the request, call `app` (or a read of `store`), render. Holds no SQL
//! and never writes past `app`.

pub mod admin;
pub mod api;
pub mod assets;
pub mod auth;
pub mod chart;
pub mod csrf;
pub mod error;
pub mod filters;
pub mod form;
pub mod format;
pub mod header;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod middleware;
pub mod pages;
pub mod render;
pub mod routes;
pub mod server;
pub mod session;
pub mod texts;
pub mod unsent;

pub use error::{WebError, WebResult};
pub use render::Shell;
