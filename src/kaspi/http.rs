//! HTTP with the marketplace: sending, judging and reading answers. Nothing of it leaves `kaspi`.

pub mod answer;
mod body;
mod breaker;
pub mod check;
pub mod client;
pub mod convert;
mod jars;
mod pace;
mod retry;
pub mod route;
pub mod tunnel;
pub mod wire;
