//! The panel's pages: one file per area with its table of addresses, its forms, templates and handlers.

pub mod alerts;
pub mod connect;
pub mod dashboard;
pub mod imports;
pub mod jobs;
pub mod listing;
pub mod log;
pub mod preorders;
pub mod price_feed;
pub mod product;
pub mod products;
pub mod profile;
pub mod put_back;
pub mod reports;
pub mod rules;
pub mod search;
pub mod second_factor;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod stop;
pub mod stores;
pub mod tariffs;
pub mod terms;
pub mod tokens;
pub mod undo;
