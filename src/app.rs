//! What the product does: one file per capability. Transactions start here, every write of every surface
//! passes here. Nothing knows of HTTP or HTML.

pub mod alerts;
pub mod api_tokens;
pub mod cabinet_session;
pub mod connect_store;
pub mod edit;
pub mod import_django;
pub mod imports;
pub mod job_runs;
pub mod kill_switch;
pub mod passwords;
pub mod preorder_edit;
pub mod preorder_export;
pub mod preorder_orders;
pub mod preorder_upload;
pub mod price_feed;
pub mod product_edit;
pub mod proxies;
pub mod push_prices;
pub mod put_back;
pub mod reports;
pub mod reprice;
pub mod retention;
pub mod rules;
pub mod safety_limits;
pub mod sales_brake;
pub mod secret_keys;
pub mod sign_in;
pub mod store_edit;
pub mod sync_products;
pub mod tariff_changes;
pub mod tariffs;
pub mod terms;
pub mod user_accounts;
