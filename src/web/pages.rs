//! The panel's pages: one file per area with its table of addresses, its forms, templates and handlers.

pub mod dashboard;
pub mod sign_in;
