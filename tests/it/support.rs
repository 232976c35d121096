//! The test harness: databases, the simulator, the application, clients, waiting. Helpers named `db_*`
//! write to the database; all others go through HTTP.

mod app;
mod browser;
mod cabinet;
mod client;
mod cluster;
mod codes;
mod door;
mod fixtures;
mod listener;
mod process;
mod proxy;
mod simulator;
mod small_disk;
mod standby;
mod wait;
mod wire;

pub use app::TestApp;
pub use browser::Browser;
pub use cabinet::{Cabinet, cabinet_session, db_account, db_connected_store, db_log_in, renewable_session};
pub use client::{Answer, Client, Form, Listening, PASSWORD};
pub use cluster::{TestDb, migrate, signal};
pub use codes::code_at;
pub use door::{Door, Failure};
pub use fixtures::{
    CITY, NewProduct, db_job_run, db_preorder, db_price, db_product, db_rule, db_store, db_user,
    db_waiting_runs, now,
};
pub use listener::{HttpListener, MailListener};
pub use process::{Process, entries, worker_temp_dir};
pub use proxy::TestProxy;
pub use simulator::Simulator;
pub use standby::Bouncer;
pub use wait::wait_until;
pub use wire::{Far, Trouble, Wire};

/// The file of the program of before, where one is named.
#[expect(
    clippy::disallowed_methods,
    reason = "which program is older is no setting of the program"
)]
fn program_of_before() -> Option<std::ffi::OsString> {
    std::env::var_os("KASPI_PANEL_BEFORE")
}

/// Do the long forms run?
#[expect(
    clippy::disallowed_methods,
    reason = "how long the tests run is no setting of the program"
)]
pub fn long() -> bool {
    std::env::var("KASPI_PANEL_TEST").is_ok_and(|word| word == "long")
}
