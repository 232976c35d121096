//! All SQL of the program: one named function per query on a connection it is given. No transactions are
//! started here, and nothing knows of HTTP.

pub mod accounts;
pub mod alert_channels;
pub mod alerts;
pub mod api_lists;
pub mod audit;
pub mod batch;
pub mod brakes;
pub mod catalogue;
pub mod connections;
pub mod db;
pub mod decisions;
pub mod due_products;
pub mod error;
pub mod evidence;
pub mod kill_switches;
pub mod leases;
pub mod market;
pub mod migrate;
pub mod months;
pub mod overview;
pub mod page;
pub mod preorders;
pub mod product_states;
pub mod products;
pub mod proxies;
pub mod push_lists;
pub mod push_queue;
pub mod pushes;
pub mod put_backs;
pub mod repriced;
pub mod rule_reach;
pub mod rules;
pub mod sealed;
pub mod sessions;
pub mod sql_types;
pub mod stores;
pub mod sync_runs;
pub mod tariffs;
pub mod terms;
pub mod users;

pub use db::Db;
pub use diesel::PgConnection;
pub use error::StoreError;
