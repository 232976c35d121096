//! Pure rules of the trade. Nothing here reads a clock, a file, the network or the database.

pub mod actor;
pub mod addresses;
pub mod brakes;
pub mod city;
pub mod django;
pub mod ids;
pub mod imports;
pub mod moment;
pub mod money;
pub mod names;
pub mod offer;
pub mod order;
pub mod percent;
pub mod preorder;
pub mod price_feed;
pub mod pricing;
pub mod product;
pub mod proxy;
pub mod report;
pub mod states;
pub mod stop;
pub mod tariff_effects;
pub mod tariffs;
pub mod terms;
mod text_enum;

pub use text_enum::UnknownWord;

pub use actor::{Actor, Tenant};
pub use ids::*;
pub use money::Tenge;
pub use price_feed::{FeedRefusal, Publishing};
pub use proxy::{ProxyFault, ProxyOrigin, ProxyScheme};
pub use report::{ReportKind, ReportState};
pub use states::*;
pub use stop::StopTarget;
pub use tariffs::TariffKind;
