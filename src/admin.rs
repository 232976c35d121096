//! The administration area, driven by one declaration per model: `framework` knows how a list, a form and a
//! deletion work, the files beside it say what a store or a preorder is. Holds no HTTP; `web::admin` mounts it.
//!
//! Start reading at [`site`], then at `stores.rs`.

pub mod framework;

mod audit;
mod choices;
mod decisions;
mod jobs;
mod preorders;
mod products;
mod pushes;
mod staff;
mod stores;
mod users;

pub use staff::Staff;

use framework::Site;

/// Every model of the administration area, in the order of its front page.
#[must_use]
pub fn site() -> Site<Staff> {
    Site::new()
        .with::<stores::Stores>()
        .with::<products::Products>()
        .with::<preorders::Preorders>()
        .with::<users::Users>()
        .with::<pushes::PricePushes>()
        .with::<decisions::PriceDecisions>()
        .with::<jobs::JobRuns>()
        .with::<audit::AuditLog>()
}

#[cfg(test)]
mod tests;
