//! A simulated marketplace that behaves like the seller-facing parts of Kaspi.kz: login pages, the
//! cabinet back end, public offers and images, plus a control interface for tests and demonstrations.
//! State comes first (`market`), HTTP handlers are thin. It shares no type with the client under test.
//! It must not talk to anything but loopback. Start reading at `market`, then `call`.

#[doc(hidden)]
pub mod bench;
mod cabinet;
mod call;
mod cdn;
mod clock;
mod control;
mod faults;
mod form;
mod journal;
mod listening;
mod login;
mod market;
mod oauth;
mod options;
mod orders;
mod pricelist;
mod process;
mod public;
mod reply;
mod reviews;
mod routes;
mod rows;
mod seed;
mod server;
mod upload;

pub use listening::Hosts;
pub use options::{Options, TimeMode};
pub use server::run;
