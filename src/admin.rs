//! The administration area, driven by one declaration per model: `framework` knows how a list, a form and a
//! deletion work, the files beside it say what a store or a preorder is. Holds no HTTP; `web::admin` mounts it.
//!
//! Start reading at [`site`], then at `stores.rs`.

pub mod framework;

mod access;
mod alerts;
mod api_tokens;
mod attempts;
mod audit;
mod channels;
mod choices;
mod decisions;
mod jobs;
mod limits;
mod market_offers;
mod preorders;
mod price_changes;
mod products;
mod proxies;
mod pushes;
mod rules;
mod sessions;
mod staff;
mod stores;
mod tariffs;
mod uploads;
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
        .with::<rules::Rules>()
        .with::<pushes::PricePushes>()
        .with::<decisions::PriceDecisions>()
        .with::<price_changes::PriceChanges>()
        .with::<market_offers::MarketOffers>()
        .with::<alerts::Alerts>()
        .with::<uploads::PreorderUploads>()
        .with::<attempts::ConnectionAttempts>()
        .with::<jobs::JobRuns>()
        .with::<users::Users>()
        .with::<access::StoreAccesses>()
        .with::<sessions::Sessions>()
        .with::<api_tokens::ApiTokens>()
        .with::<proxies::Proxies>()
        .with::<channels::AlertChannels>()
        .with::<limits::Limits>()
        .with::<tariffs::Tariffs>()
        .with::<audit::AuditLog>()
}

#[cfg(test)]
mod tests;
