//! HTTP with the marketplace: sending, judging and reading answers. Nothing of it leaves `kaspi`.

pub mod answer;
pub mod client;
pub mod convert;
pub mod wire;
